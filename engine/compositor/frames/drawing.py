"""A generator's own shaders, drawn pass by pass into its picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import moderngl
import numpy as np
from numpy.typing import NDArray

from engine.compositor.gl.program import Program
from engine.compositor.gl.surface import Pool, Surface


class Drawer:
    """Owns the programs of one drawing, its numbers and its tables.

    Parameters
    ----------
    passes
        Name, GLSL of the fragments, and pixels more on every side; see
        `engine.generators.drawing.DrawnPass`.
    """

    def __init__(
        self, ctx: moderngl.Context, pool: Pool, passes: Sequence[tuple[str, str, int]]
    ) -> None:
        self._ctx = ctx
        self._pool = pool
        self._passes = [(name, Program(ctx, text), margin) for name, text, margin in passes]
        self._block: moderngl.Buffer | None = None
        self._tables: dict[str, tuple[NDArray[np.float32], moderngl.Texture]] = {}

    def draw(
        self,
        numbers: NDArray[np.float32],
        tables: Mapping[str, NDArray[np.float32]],
        size_px: tuple[int, int],
    ) -> Surface:
        """Draw the picture; the caller gives it back. Between the passes lie whole floats."""
        if self._block is None:
            self._block = self._ctx.buffer(reserve=numbers.nbytes, dynamic=True)
        self._block.write(numbers.tobytes())
        self._block.bind_to_uniform_block(0)
        drawn: dict[str, Surface] = {}
        for place, (name, program, margin) in enumerate(self._passes):
            for there, surface in drawn.items():
                program.bind(there, surface.texture)
            for there, table in tables.items():
                program.bind(there, self._table(there, table))
            is_last = place == len(self._passes) - 1
            size = size_px[0] + 2 * margin, size_px[1] + 2 * margin
            drawn[name] = self._pool.take(size, "f2" if is_last else "f4")
            program.draw(drawn[name].fbo)
        *between, last = drawn.values()
        for surface in between:
            self._pool.give(surface)
        return last

    def _table(self, name: str, table: NDArray[np.float32]) -> moderngl.Texture:
        """Texture of a table, uploaded when it is another one."""
        known, texture = self._tables.get(name, (None, None))
        if texture is not None and known is table:
            return texture
        height, width, _ = table.shape
        if texture is None or texture.size != (width, height):
            if texture is not None:
                texture.release()
            texture = self._ctx.texture((width, height), 4, dtype="f4")
            texture.filter = (moderngl.LINEAR, moderngl.LINEAR)
            texture.repeat_x = texture.repeat_y = False
        texture.write(np.ascontiguousarray(table))
        self._tables[name] = table, texture
        return texture

    def release(self) -> None:
        """Give the GL objects back."""
        for _, texture in self._tables.values():
            texture.release()
        for _, program, _ in self._passes:
            program.release()
        if self._block is not None:
            self._block.release()
