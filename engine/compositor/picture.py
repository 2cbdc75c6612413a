"""Finished picture of one frame, with readback shared by all outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from engine.compositor.gl.surface import Surface
from engine.compositor.light import Light

FORMATS = ("rgb24", "rgba", "rgb30", "rgb48", "linear16f")


class Picture:
    """A finished composite.

    `texture` is RGBA8, sRGB-encoded, opaque, with row 0 at the top, and smaller than `size_px` on a
    machine that cannot draw as much. It holds until the frame after the next one is composed; what
    was read stays for ever, and is always of `size_px`.

    Parameters
    ----------
    surface
        Where `texture` is.
    depths
        Data type → the picture in it, of `size_px`: ``f1`` and ``nu2`` finished, ``f2`` linear;
        ``rgb30`` in ``nu2``.
    is_current
        Whether it can still be read.
    light
        Shrinks `texture`, see `engine.compositor.light`.
    """

    def __init__(
        self,
        surface: Surface,
        size_px: tuple[int, int],
        depths: Mapping[str, Callable[[], Surface]],
        is_current: Callable[[], bool],
        light: Light,
    ) -> None:
        self.texture: moderngl.Texture = surface.texture
        self.size_px = size_px
        self._depths = depths
        self._is_current = is_current
        self._light = light
        self._read: dict[str, NDArray[Any]] = {}

    def read(self, format: str) -> NDArray[Any]:
        """Pixels, row 0 at the top; each format is read back once and must not be written to.

        Parameters
        ----------
        format
            ``rgb24`` and ``rgba``: uint8, sRGB, dithered. ``rgb48``: uint16, sRGB. ``rgb30``: the
            same, dithered to 1024 steps. ``linear16f``: float16, linear light, premultiplied RGBA,
            before master brightness and colour.

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

    def light(self, size_px: tuple[int, int]) -> NDArray[np.float32] | None:
        """Mean linear light of so many columns and rows of parts, without waiting for it.

        Returns
        -------
        ndarray [shape=(H, W, 3)]
            Of the picture that was asked for its light before, row 0 at the top; None at first.
        """
        return self._light.ask(self.texture, size_px)

    def _fetch(self, format: str) -> NDArray[Any]:
        if format == "rgb24":
            return _pixels(self._depths["f1"](), 3, np.uint8)
        if format == "rgba":
            return _pixels(self._depths["f1"](), 4, np.uint8)
        if format in ("rgb48", "rgb30"):
            depth = "nu2" if format == "rgb48" else "rgb30"
            return _pixels(self._depths[depth](), 3, np.uint16)
        return np.ascontiguousarray(_pixels(self._depths["f2"](), 4, np.float16)[::-1])


def _pixels(surface: Surface, channels: int, kind: type[Any]) -> NDArray[Any]:
    width, height = surface.size_px
    data = surface.fbo.read(components=channels, alignment=1, dtype=surface.dtype)
    return np.frombuffer(data, kind).reshape(height, width, channels)
