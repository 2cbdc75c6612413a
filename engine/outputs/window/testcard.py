"""Projection test card: every edge pixel, true circles, greys down to the last step of black."""

from __future__ import annotations

from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from engine.outputs.window.overlay import font

Colour = tuple[int, int, int]

_GROUND: Colour = (24, 25, 28)
_GRID: Colour = (66, 68, 74)
_AXIS: Colour = (150, 152, 156)
_WHITE: Colour = (255, 255, 255)
_BARS: tuple[Colour, ...] = tuple(
    (191 * (n >> 1 & 1), 191 * (n >> 2 & 1), 191 * (n & 1)) for n in range(7, -1, -1)
)  # 75 % bars, brightest first
_NEAR_BLACK = (0, 2, 4, 6, 8, 10, 12, 16, 20, 24)
_NEAR_WHITE = (231, 235, 239, 243, 245, 247, 249, 251, 253, 255)
_CORNERS: tuple[tuple[str, Colour], ...] = (
    ("1", (226, 74, 66)), ("2", (92, 190, 104)), ("3", (74, 128, 232)), ("4", (236, 190, 76)),
)  # fmt: skip
_MIDDLE_UNITS = 16  # width of the middle block; the height of the card is 24 units
_WIDE_UNITS = 85  # from 32:9 on, the sides have circles of their own


def draw(size_px: tuple[int, int], name: str = "") -> NDArray[np.uint8]:
    """Draw the card for a picture of any aspect, 32:9 and portrait included.

    It shows: overscan (the white line is the outermost pixel), aspect (circles), geometry (grid,
    diagonals), focus and scaling (1-pixel patterns turn grey or stripe if anything is resampled),
    flips (TOP, numbered corners), colour (75 % bars), and both ends of the grey scale.

    Returns
    -------
    ndarray
        sRGB, row 0 at the top [shape=(H, W, 3)].
    """
    width, height = size_px
    unit = min(height / 24, width / 26)
    card = Image.new("RGB", size_px, _GROUND)
    pen = ImageDraw.Draw(card)
    _draw_grid(pen, size_px, unit)
    pixels = np.array(card, dtype=np.float32)
    for x, y, radius in _circles(size_px, unit):
        _ring(pixels, (x, y), radius, max(1.0, unit * 0.1))
    card = Image.fromarray(np.rint(pixels).astype(np.uint8))
    pen = ImageDraw.Draw(card)
    _draw_corners(pen, size_px, unit)
    _draw_middle(pen, size_px, unit, name)
    out = np.array(card)
    _patterns(out, unit)
    _border(out)
    return out


def _draw_grid(pen: ImageDraw.ImageDraw, size_px: tuple[int, int], unit: float) -> None:
    """Rule squares outward from the centre, so that the margins are equal on both sides."""
    width, height = size_px
    cell = max(4, round(unit * 2))
    for x in (*range(width // 2, width, cell), *range(width // 2, -1, -cell)):
        pen.line((x, 0, x, height), _GRID)
    for y in (*range(height // 2, height, cell), *range(height // 2, -1, -cell)):
        pen.line((0, y, width, y), _GRID)
    pen.line((0, 0, width - 1, height - 1), _GRID)
    pen.line((0, height - 1, width - 1, 0), _GRID)
    pen.line((width // 2, 0, width // 2, height), _AXIS)
    pen.line((0, height // 2, width, height // 2), _AXIS)


def _circles(size_px: tuple[int, int], unit: float) -> list[tuple[float, float, float]]:
    """Place the circles: one in the middle, one per corner, one at each side of a wide wall."""
    width, height = size_px
    x, y = width / 2, height / 2
    corner = 3 * unit
    inset = corner + 1.5 * unit
    found = [(x, y, 11 * unit)]
    found += [(cx, cy, corner) for cx in (inset, width - inset) for cy in (inset, height - inset)]
    if width >= _WIDE_UNITS * unit:
        away = _side(width, unit)
        found += [(x - away, y, 11 * unit), (x + away, y, 11 * unit)]
    return found


def _side(length: int, unit: float) -> float:
    """Measure from the middle to what stands at the sides, in pixels."""
    half = length / 2
    return half - 20 * unit if length >= _WIDE_UNITS * unit else (half + 11 * unit) / 2


def _ring(
    pixels: NDArray[np.float32], centre: tuple[float, float], radius: float, line_px: float
) -> None:
    """Draw a smooth white circle: coverage by the distance to the line's middle."""
    height, width = pixels.shape[:2]
    reach = radius + line_px + 1
    x0, x1 = max(0, int(centre[0] - reach)), min(width, int(centre[0] + reach) + 1)
    y0, y1 = max(0, int(centre[1] - reach)), min(height, int(centre[1] + reach) + 1)
    x = np.arange(x0, x1, dtype=np.float32) + 0.5 - centre[0]
    y = np.arange(y0, y1, dtype=np.float32)[:, None] + 0.5 - centre[1]
    cover = np.clip(line_px / 2 + 0.5 - np.abs(np.hypot(x, y) - radius), 0, 1)[..., None]
    part = pixels[y0:y1, x0:x1]
    part += (235 - part) * cover


def _draw_corners(pen: ImageDraw.ImageDraw, size_px: tuple[int, int], unit: float) -> None:
    """Mark the corners with numbered angles in colours of their own: flips show at once."""
    width, height = size_px
    long, thick = unit * 3, max(2, round(unit * 0.45))
    for place, (label, colour) in enumerate(_CORNERS):
        x, y = (place % 2) * (width - 1), (place // 2) * (height - 1)
        sx, sy = (-1 if x else 1), (-1 if y else 1)
        _box(pen, (x, y, x + sx * long, y + sy * (thick - 1)), colour)
        _box(pen, (x, y, x + sx * (thick - 1), y + sy * long), colour)
        _text(pen, (x + sx * unit * 4.5, y + sy * unit * 4.5), label, unit * 2.2, colour)


def _draw_middle(
    pen: ImageDraw.ImageDraw, size_px: tuple[int, int], unit: float, name: str
) -> None:
    """Draw words, colour bars and greys inside the middle circle."""
    width, height = size_px
    x, y = width / 2, height / 2
    half = _MIDDLE_UNITS / 2 * unit
    _box(pen, (x - half, y - 6.6 * unit, x + half, y + 7.2 * unit), (0, 0, 0))
    tip = y - 10.4 * unit
    pen.polygon(((x, tip), (x - unit, tip + 1.3 * unit), (x + unit, tip + 1.3 * unit)), _WHITE)
    _text(pen, (x, y - 8.2 * unit), "TOP", unit * 1.1, _WHITE)
    _text(pen, (x, y - 4.9 * unit), f"{width} x {height}", unit * 2.6, _WHITE)
    divisor = gcd(width, height)
    ratio = f"{width // divisor}:{height // divisor}"
    detail = f"{ratio}   {width / height:.3f}" + (f"   {name}" if name else "")
    _text(pen, (x, y - 2.6 * unit), detail, unit * 0.95, _AXIS, most_px=2 * half)
    left = x - half
    steps = tuple(round(255 * n / 15) for n in range(16))
    for top, tall, colours in (
        (-1.6, 3.0, _BARS), (1.4, 1.8, [(g, g, g) for g in steps]),
        (3.2, 2.0, [(g, g, g) for g in _NEAR_BLACK]), (5.2, 2.0, [(g, g, g) for g in _NEAR_WHITE]),
    ):  # fmt: skip
        _row(pen, colours, (left, y + top * unit, 2 * half, tall * unit))
    for levels, top in ((_NEAR_BLACK, 4.75), (_NEAR_WHITE, 6.75)):
        for place, level in enumerate(levels):
            shade = 110 if level < 128 else 150
            at = left + (place + 0.5) * 2 * half / len(levels)
            _text(pen, (at, y + top * unit), str(level), unit * 0.55, (shade, shade, shade))


def _row(pen: ImageDraw.ImageDraw, colours: Any, box: tuple[float, float, float, float]) -> None:
    left, top, width, height = box
    for place, colour in enumerate(colours):
        x0 = left + width * place / len(colours)
        x1 = left + width * (place + 1) / len(colours)
        _box(pen, (round(x0), round(top), round(x1) - 1, round(top + height) - 1), colour)


def _box(
    pen: ImageDraw.ImageDraw, corners: tuple[float, float, float, float], colour: Colour
) -> None:
    x0, y0, x1, y1 = corners
    pen.rectangle((min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)), fill=colour)


def _text(
    pen: ImageDraw.ImageDraw,
    place: tuple[float, float],
    words: str,
    size_px: float,
    colour: Colour,
    most_px: float = 1e9,
) -> None:
    if size_px < 5:
        return
    size_px *= min(1.0, most_px / font(round(size_px)).getlength(words))
    pen.text(place, words, colour, font(round(size_px)), anchor="mm")


def _patterns(out: NDArray[np.uint8], unit: float) -> None:
    """Lay 1-pixel lines and chequers on both sides of the middle circle, where there is room."""
    height, width = out.shape[:2]
    side = int(unit * 3)
    if side < 8 or max(width, height) < 40 * unit:
        return
    y, x = np.mgrid[0:side, 0:side]
    pairs = (x % 2, y % 2), ((x + y) % 2, x // 2 % 2)
    is_wide = width >= height
    away = _side(max(width, height), unit)
    for sign, pair in zip((-1, 1), pairs, strict=True):
        for step, kind in zip((-0.85, 0.85), pair, strict=True):
            along, across = sign * away, step * side
            dx, dy = (along, across) if is_wide else (across, along)
            left, top = int((width - side) / 2 + dx), int((height - side) / 2 + dy)
            out[top : top + side, left : left + side] = (kind * 255).astype(np.uint8)[..., None]


def _border(out: NDArray[np.uint8]) -> None:
    """White outermost pixels, then black, then white: what is cut off can be counted."""
    for inset, level in enumerate((255, 0, 255)):
        last = -1 - inset
        corners = slice(inset, out.shape[0] - inset), slice(inset, out.shape[1] - inset)
        out[inset, corners[1]] = out[last, corners[1]] = level
        out[corners[0], inset] = out[corners[0], last] = level
