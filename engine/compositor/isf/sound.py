"""Sound as textures for shaders: waveform and spectrum of what was heard up to a moment."""

from __future__ import annotations

import math
from collections.abc import Callable

import moderngl
import numpy as np
from numpy.typing import NDArray

from engine.core.audio import textures

Read = Callable[[int, int], NDArray[np.float32]]
_SLACK = 1e-6  # of a sample: n / rate * rate must not fall just short of n


def _nothing(_start: int, _count: int) -> NDArray[np.float32]:
    return np.zeros((0, 2), np.float32)


class Sound:
    """Owns a texture for each kind and number of columns that shaders ask for."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._read: Read = _nothing
        self._rate_hz = 48_000
        self._rows: dict[tuple[str, int], tuple[moderngl.Texture, int]] = {}

    def listen(self, read: Read, rate_hz: int) -> None:
        """Hear something else; see `Compositor.listen`."""
        self._read, self._rate_hz = read, rate_hz
        self.release()

    def texture(self, kind: str, columns: int, heard_s: float) -> moderngl.Texture:
        """Row for each channel of what was heard up to a show time.

        Parameters
        ----------
        kind
            ``audio`` or ``audioFFT``.
        columns
            How many the shader wants; 0: as many as there are.
        """
        place = math.floor(heard_s * self._rate_hz + _SLACK)
        known = self._rows.get((kind, columns))
        if known and known[1] == place:
            return known[0]
        is_spectrum = kind == "audioFFT"
        samples = self._newest(place, textures.reach(is_spectrum, columns))
        rows = (textures.spectrum if is_spectrum else textures.waveform)(samples, columns)
        size = rows.shape[1], rows.shape[0]
        if known and known[0].size == size:
            texture = known[0]
            texture.write(rows.tobytes())
        else:
            if known:
                known[0].release()
            texture = self._ctx.texture(size, 1, rows.tobytes(), dtype="f4")
            texture.swizzle = "RRR1"
            texture.repeat_x = texture.repeat_y = False
        self._rows[kind, columns] = texture, place
        return texture

    def _newest(self, place: int, count: int) -> NDArray[np.float32]:
        """Samples before a place; what lies before the beginning or was not heard is silent."""
        first = max(place - count, 0)
        found = self._read(first, place - first) if place > first else _nothing(0, 0)
        samples = np.zeros((count, found.shape[1]), np.float32)
        begin = count - (place - first)
        samples[begin : begin + len(found)] = found[: count - begin]
        return samples

    def release(self) -> None:
        """Give the GL objects back."""
        for texture, _ in self._rows.values():
            texture.release()
        self._rows.clear()
