"""The network that doubles a generator's pictures, drawn in passes: once for each picture.

Its weights are ours, trained by ``docs/upscaler.py``, which says what it is.
"""

from __future__ import annotations

from pathlib import Path

import moderngl
import numpy as np

from engine.compositor.frames.upscale_shaders import DOUBLE, block, convolution
from engine.compositor.gl.program import Program
from engine.compositor.gl.surface import Pool, Surface

WEIGHTS = Path(__file__).with_name("upscaler.npz")
_MOST_KEPT = 8  # pictures: two for each generator that is seen


class Upscaler:
    """Owns the programs, and the doubled pictures that are seen."""

    def __init__(self, ctx: moderngl.Context, pool: Pool) -> None:
        self._pool = pool
        with np.load(WEIGHTS) as found:
            arrays = {name: found[name].astype(np.float32) for name in found.files}
        last = len(arrays["slopes"])
        # In the picture 1/2 is grey: 0 for the network, outside as inside.
        arrays["bias0"] -= 0.5 * arrays["weight0"].sum((1, 2, 3))
        self._layers = [
            [
                block(
                    arrays[f"weight{n}"][k : k + 4],
                    arrays[f"bias{n}"][k : k + 4],
                    arrays["slopes"][n, k : k + 4] if n < last else np.ones(4, np.float32),
                )
                for k in range(0, len(arrays[f"bias{n}"]), 4)
            ]
            for n in range(last + 1)
        ]
        blocks = [each for layer in self._layers for each in layer]
        self._weights = {each: ctx.buffer(each) for each in blocks}
        counts = {1, arrays["slopes"].shape[1] // 4}
        self._convolve = {count: Program(ctx, convolution(count)) for count in counts}
        self._double = Program(ctx, DOUBLE)
        self._kept: dict[int, Surface] = {}

    def doubled(self, picture: moderngl.Texture, number: int) -> moderngl.Texture:
        """Double a picture of straight alpha; rows stay in their order.

        Parameters
        ----------
        number
            Tells it from other pictures; of one that is kept nothing is drawn.
        """
        found = self._kept.pop(number, None)
        if found is None:
            while len(self._kept) >= _MOST_KEPT:
                self._pool.give(self._kept.pop(next(iter(self._kept))))
            found = self._draw(picture)
        self._kept[number] = found  # the newest last
        return found.texture

    def _draw(self, picture: moderngl.Texture) -> Surface:
        width, height = picture.size
        planes: list[Surface] = []
        for layer in self._layers:
            inputs = [each.texture for each in planes] or [picture]
            made, program = [], self._convolve[len(inputs)]
            for k, texture in enumerate(inputs):
                program.bind(f"planes{k}", texture)
            for each in layer:
                made.append(self._pool.take((width, height)))
                self._weights[each].bind_to_uniform_block(0)
                program.draw(made[-1].fbo)
            for surface in planes:
                self._pool.give(surface)
            planes = made
        self._double.bind("image", picture)
        for name, surface in zip(("red", "green", "blue"), planes, strict=True):
            self._double.bind(name, surface.texture)
        found = self._pool.take((2 * width, 2 * height))
        self._double.draw(found.fbo)
        for surface in planes:
            self._pool.give(surface)
        return found

    def release(self) -> None:
        """Give the GL objects back."""
        for surface in self._kept.values():
            self._pool.give(surface)
        self._kept.clear()
        for buffer in self._weights.values():
            buffer.release()
        for program in (*self._convolve.values(), self._double):
            program.release()
