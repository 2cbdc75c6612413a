"""Finished picture of one frame, with readback shared by all outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from engine.compositor.gl.surface import Surface

FORMATS = ("rgb24", "rgba", "rgb48", "linear16f")


class Picture:
    """A finished composite.

    `texture` is RGBA8, sRGB-encoded, opaque, with row 0 at the top. It holds until the frame after
    the next one is composed; what was read stays for ever.
    """

    def __init__(
        self, surface: Surface, linear: Callable[[], Surface], deepen: Callable[[], Surface],
        is_current: Callable[[], bool],
    ) -> None:  # fmt: skip
        self.texture: moderngl.Texture = surface.texture
        self.size_px = surface.size_px
        self._surface = surface
        self._linear = linear
        self._deepen = deepen
        self._is_current = is_current
        self._read: dict[str, NDArray[Any]] = {}

    def read(self, format: str) -> NDArray[Any]:
        """Pixels, row 0 at the top; each format is read back once and must not be written to.

        Parameters
        ----------
        format
            ``rgb24`` and ``rgba``: uint8, sRGB, dithered. ``rgb48``: uint16, sRGB. ``linear16f``:
            float16, linear light, premultiplied RGBA, before master brightness.

        Returns
        -------
        ndarray [shape=(H, W, C)]

        Raises
        ------
        ValueError
            If the format is unknown.
        RuntimeError
            If a later frame has been composed since.
        """
        if format not in self._read:
            if format not in FORMATS:
                raise ValueError(f"'{format}' is no pixel format: {', '.join(FORMATS)}")
            if not self._is_current():
                raise RuntimeError(f"this picture is gone: read {format} before the next frame")
            self._read[format] = self._fetch(format)
        return self._read[format]

    def _fetch(self, format: str) -> NDArray[Any]:
        if format == "rgb24":
            return _pixels(self._surface, 3, "f1", np.uint8)
        if format == "rgba":
            return _pixels(self._surface, 4, "f1", np.uint8)
        if format == "rgb48":
            return _pixels(self._deepen(), 3, "nu2", np.uint16)
        return np.ascontiguousarray(_pixels(self._linear(), 4, "f2", np.float16)[::-1])


def _pixels(surface: Surface, channels: int, dtype: str, kind: type[Any]) -> NDArray[Any]:
    width, height = surface.size_px
    data = surface.fbo.read(components=channels, alignment=1, dtype=dtype)
    return np.frombuffer(data, kind).reshape(height, width, channels)
