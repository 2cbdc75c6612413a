"""Fixtures: which part of the picture a lamp takes its colour from, and what its channels are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.outputs.dmx.packets import CHANNELS

Colours = NDArray[np.float32]
"""Linear light in 0..1: red, green, blue [shape=(N, 3)]."""
GRID_PX = (32, 18), (128, 72)
"""Fewest and most parts that the picture is seen in."""
MOST_PIXELS = 64 * 170  # as many as go into the universes of an output
MOST_CORNERS = 64
_FINE = 4  # parts of a part, on each axis, in which a polygon is drawn


class Fixture(Struct, frozen=True, forbid_unknown_fields=True):
    """A lamp, or a strip or matrix of them.

    Parameters
    ----------
    universe, channel
        First channel, from 1; pixels that do not fit go on with channel 1 of the next universe.
    mode
        Its channels, see `MODES`.
    area
        Left, top, right and bottom of the picture's part, in 0..1. The first pixel lies at the
        first corner: ``[1, 0, 0, 1]`` runs from right to left.
    polygon
        Corners of another part than a rectangle.
    pixels
        Columns and rows of lamps that share the area.
    is_snake
        Whether every second row runs the other way.
    gamma
        Light that the lamp gives = level ** gamma: 1 of most LEDs.
    smoothing_s
        Time in which it comes 63 % nearer.
    """

    universe: int
    channel: int
    mode: Literal["rgb", "grb", "rgbw", "dimmer+rgb", "rgb16", "dimmer"] = "rgb"
    area: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    polygon: tuple[tuple[float, float], ...] = ()
    pixels: tuple[int, int] = (1, 1)
    is_snake: bool = False
    gamma: float = 1.0
    smoothing_s: float = 0.0

    def check(self) -> None:
        """Raise ValueError, with one sentence, where it cannot be."""
        columns, rows = self.pixels
        left, top, right, bottom = self.area
        inside = all(0.0 <= x <= 1.0 for x in (*self.area, *(x for xy in self.polygon for x in xy)))
        why = ""
        if not 1 <= self.channel <= CHANNELS + 1 - self.width:
            why = f"channel: {self.channel} leaves no room for {self.width} channels up to 512"
        elif not inside or left == right or top == bottom:
            why = "area and polygon: numbers from 0 to 1 that enclose something"
        elif self.polygon and (not 3 <= len(self.polygon) <= MOST_CORNERS or columns * rows != 1):
            why = f"polygon: 3 to {MOST_CORNERS} corners, of one lamp"
        elif not (columns >= 1 and rows >= 1 and columns * rows <= MOST_PIXELS):
            why = f"pixels: columns and rows, at most {MOST_PIXELS} in all"
        elif not 0.2 <= self.gamma <= 5.0 or not 0.0 <= self.smoothing_s <= 60.0:
            why = "gamma: from 0.2 to 5; smoothing_s: from 0 to 60"
        if why:
            raise ValueError(why)

    @property
    def width(self) -> int:
        """Channels of one pixel."""
        return int(MODES[self.mode](np.zeros((1, 3), np.float32)).shape[1])

    def channels(self) -> Iterator[tuple[int, int]]:
        """Universe and channel of each pixel's first channel, in order."""
        universe, channel = self.universe, self.channel
        for _ in range(self.pixels[0] * self.pixels[1]):
            if channel + self.width > CHANNELS + 1:
                universe, channel = universe + 1, 1
            yield universe, channel
            channel += self.width

    def seen_in(self, grid_px: tuple[int, int]) -> Callable[[Grid], Colours]:
        """Prepare to take its colours from a picture of `grid_px` parts."""
        if self.polygon:
            mask = _inside(self.polygon, grid_px)
            return lambda grid: np.einsum("hw,hwc->c", mask, grid.light)[None]
        left, top, right, bottom = self.area
        columns, rows = self.pixels
        x = _Edges(left, right, columns, grid_px[0])
        y = _Edges(top, bottom, rows, grid_px[1])
        area = y.step * x.step

        def take(grid: Grid) -> Colours:
            sums = np.diff(x.along(y.along(grid.sums, 0), 1), axis=0)
            found = np.diff(sums, axis=1) / area
            if self.is_snake:
                found[1::2] = found[1::2, ::-1]
            return np.asarray(found.reshape(-1, 3), np.float32)

        return take


class Grid:
    """A picture in a few parts, by the mean linear light of each [shape=(H, W, 3)]."""

    def __init__(self, light: Colours) -> None:
        self.light = light
        self.sums = np.zeros((light.shape[0] + 1, light.shape[1] + 1, 3))
        """Light of all parts above and to the left: any rectangle's is the sum of four."""
        self.sums[1:, 1:] = np.cumsum(np.cumsum(light, axis=0, dtype=np.float64), axis=1)


class _Edges:
    """Where the pieces of a line begin and end among parts, read between two of them."""

    def __init__(self, begin: float, end: float, count: int, parts: int) -> None:
        places = np.linspace(begin, end, count + 1) * parts
        self._low = np.minimum(places.astype(np.intp), parts - 1)
        self._share = (places - self._low)[:, None]
        self.step = (end - begin) * parts / count

    def along(self, sums: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
        low, high = sums.take(self._low, axis), sums.take(self._low + 1, axis)
        share = self._share if axis else self._share[:, None]
        return np.asarray(low + share * (high - low), np.float64)


def grid_for(fixtures: tuple[Fixture, ...]) -> tuple[int, int]:
    """Choose in how many parts the picture is seen: a lamp should be one at least."""
    most = [1.0, 1.0]
    for each in fixtures:
        left, top, right, bottom = each.area
        most[0] = max(most[0], each.pixels[0] / abs(right - left))
        most[1] = max(most[1], each.pixels[1] / abs(bottom - top))
    width, height = (
        int(min(max(np.ceil(number), least), top))
        for number, least, top in zip(most, *GRID_PX, strict=True)
    )
    return width, height


def _inside(corners: tuple[tuple[float, float], ...], grid_px: tuple[int, int]) -> Colours:
    """How much of each part lies inside a polygon (even-odd); sums to 1 [shape=(H, W)]."""
    width, height = grid_px
    x = (np.arange(width * _FINE) + 0.5) / (width * _FINE)
    y = ((np.arange(height * _FINE) + 0.5) / (height * _FINE))[:, None]
    inside = np.zeros((height * _FINE, width * _FINE), bool)
    for (x0, y0), (x1, y1) in zip(corners, (*corners[1:], corners[0]), strict=True):
        if y0 != y1:
            crosses = (y0 <= y) != (y1 <= y)
            inside ^= crosses & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    mask = inside.reshape(height, _FINE, width, _FINE).mean(axis=(1, 3))
    if not mask.any():  # smaller than a part of a part
        middle = np.mean(corners, axis=0)
        mask[min(int(middle[1] * height), height - 1), min(int(middle[0] * width), width - 1)] = 1.0
    shares: Colours = np.asarray(mask / mask.sum(), np.float32)
    return shares


def _with_white(rgb: Colours) -> Colours:
    white = rgb.min(axis=1, keepdims=True)
    return np.hstack([rgb - white, white])


def _with_dimmer(rgb: Colours) -> Colours:
    dimmer = rgb.max(axis=1, keepdims=True)
    return np.hstack([dimmer, np.divide(rgb, dimmer, out=np.zeros_like(rgb), where=dimmer > 0.0)])


MODES: dict[str, Callable[[Colours], Colours]] = {
    "rgb": lambda rgb: rgb,
    "grb": lambda rgb: rgb[:, [1, 0, 2]],
    "rgbw": _with_white,
    "dimmer+rgb": _with_dimmer,
    "rgb16": lambda rgb: np.repeat(rgb, 2, axis=1),  # coarse and fine of each
    "dimmer": lambda rgb: rgb @ np.array([[0.2126], [0.7152], [0.0722]], np.float32),
}
"""Channels of a pixel, from linear light."""


def levels_of(fixture: Fixture, colours: Colours) -> NDArray[np.uint8]:
    """Levels of each pixel's channels [shape=(N, width)]."""
    shares = np.clip(MODES[fixture.mode](colours), 0.0, 1.0) ** (1.0 / fixture.gamma)
    if fixture.mode != "rgb16":
        return np.asarray(np.rint(shares * 255.0), np.uint8)
    wide = np.asarray(np.rint(shares[:, ::2] * np.float64(65_535.0)), ">u2")  # coarse, then fine
    return wide.view(np.uint8).reshape(len(wide), -1)
