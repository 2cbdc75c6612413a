"""Operator overlay: help panel, frame times and messages, never part of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

_PANEL = (14, 15, 18, 216)
_TEXT = (232, 230, 225, 255)
_DIM = (150, 148, 144, 255)
_KEY = (240, 190, 104, 255)
_BAR = (112, 178, 168, 255)
_LATE = (232, 96, 62, 255)
# Pillow's font is ASCII only.
_ASCII = str.maketrans({"×": "x", "–": "-", "—": "-", "…": "...", "·": "-", "’": "'", "→": ">"})


@lru_cache(maxsize=16)
def font(size_px: int) -> Any:
    """Load Pillow's own font, so that nothing needs to be installed."""
    return ImageFont.load_default(max(6, size_px))


def plain(text: str) -> str:
    """Spell a text with the letters that the font has."""
    return text.translate(_ASCII).encode("ascii", "replace").decode()


def draw_help(
    lines: Sequence[str],
    frame_ms: Sequence[float],
    period_ms: float,
    size_px: tuple[int, int],
    title: str = "Latent Cinema",
) -> NDArray[np.uint8]:
    """Draw the help panel.

    Parameters
    ----------
    lines
        From top to bottom. A tab parts a key or name from what it means; an empty line is a gap.
        They flow into one or two columns, whichever is easier to read.
    frame_ms
        Times of the newest frames, newest last.
    period_ms
        What a frame may take; longer ones are marked.
    size_px
        Width and height of the panel.

    Returns
    -------
    ndarray
        Straight alpha, row 0 at the top [shape=(H, W, 4)], for `Window.overlay`.
    """
    width, height = size_px
    unit, columns = max(_fit(len(lines), n, size_px) for n in (1, 2))
    rows = -(-len(lines) // columns)
    panel, draw = _panel(size_px, round(unit * 0.7))
    margin = round(unit * 1.3)
    draw.text((margin, margin * 0.8), plain(title), _TEXT, font(round(unit * 1.5)))
    top = margin * 0.8 + unit * 2.5
    step = (width - margin) / columns
    for place, line in enumerate(lines):
        column, row = divmod(place, rows)
        _draw_line(draw, line, (margin + column * step, top + row * unit * 1.55), unit)
    bottom = round(height - margin)
    box = (margin, round(bottom - unit * 6), width - margin, bottom)
    _draw_graph(panel, draw, frame_ms, period_ms, box, unit)
    return np.asarray(panel)


def draw_message(text: str, height_px: int = 40, most_px: int = 1600) -> NDArray[np.uint8]:
    """Draw one line of text on a panel as wide as it needs, cut with ... at `most_px`.

    Returns
    -------
    ndarray
        Straight alpha, row 0 at the top [shape=(height_px, W, 4)].
    """
    face = font(round(height_px * 0.46))
    line, room = plain(" ".join(text.split())), most_px - height_px
    if face.getlength(line) > room:
        while line and face.getlength(line + "...") > room:
            line = line[: int(len(line) * 0.95)]
        line += "..."
    panel, draw = _panel((round(face.getlength(line)) + height_px, height_px), height_px // 4)
    draw.rectangle((0, 0, max(2, height_px // 10), height_px), fill=_KEY)
    draw.text((height_px * 0.55, height_px / 2), line, _TEXT, face, anchor="lm")
    return np.asarray(panel)


def _fit(lines: int, columns: int, size_px: tuple[int, int]) -> tuple[float, int]:
    """Find the height of letters with which so many lines fit."""
    rows = -(-lines // columns)
    return max(6.0, min(size_px[1] / (1.55 * rows + 13.5), size_px[0] / (21 * columns))), columns


def _panel(size_px: tuple[int, int], radius: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    panel = Image.new("RGBA", size_px, _PANEL)
    panel.putalpha(_mask(size_px, radius))
    return panel, ImageDraw.Draw(panel)


@lru_cache(maxsize=4)
def _mask(size_px: tuple[int, int], radius: int) -> Image.Image:
    """Round the corners, smoothly: opacity by the distance to the rounded edge."""
    x, y = (np.arange(n, dtype=np.float32) + 0.5 for n in size_px)
    away_x = np.maximum(np.maximum(radius - x, x - (size_px[0] - radius)), 0)
    away_y = np.maximum(np.maximum(radius - y, y - (size_px[1] - radius)), 0)
    inside = np.clip(radius + 0.5 - np.hypot(away_x, away_y[:, None]), 0, 1)
    return Image.fromarray((inside * _PANEL[3]).astype(np.uint8))


def _draw_line(
    draw: ImageDraw.ImageDraw, line: str, place: tuple[float, float], unit: float
) -> None:
    name, tab, meaning = plain(line).partition("\t")
    face = font(round(unit))
    if tab:
        draw.text(place, name, _KEY, face)
        draw.text((place[0] + unit * 6.5, place[1]), meaning, _TEXT, face)
    else:
        draw.text(place, name, _DIM, face)


def _draw_graph(
    panel: Image.Image,
    draw: ImageDraw.ImageDraw,
    frame_ms: Sequence[float],
    period_ms: float,
    box: tuple[int, int, int, int],
    unit: float,
) -> None:
    """Draw one bar per frame, up to twice the period high, and a line where the period is."""
    left, top, right, bottom = box
    face, bar_px = font(round(unit * 0.85)), max(1, round(unit / 6))
    times = np.clip(np.nan_to_num(np.asarray(frame_ms, dtype=float)), 0, 1e6)
    times = times[-((right - left) // bar_px) :]
    graph = np.zeros((bottom - top, right - left, 4), np.uint8)
    graph[:] = (255, 255, 255, 12)
    scale = (bottom - top) / (2 * period_ms)
    start = (right - left) - bar_px * len(times)
    for place, time_ms in enumerate(times):
        height = int(np.clip(time_ms * scale, 1, bottom - top))
        x = start + place * bar_px
        gap = 1 if bar_px > 2 else 0
        graph[-height:, x : x + bar_px - gap] = _LATE if time_ms > period_ms * 1.05 else _BAR
    graph[(bottom - top) // 2, ::2] = _TEXT
    graph[-1] = _DIM
    panel.alpha_composite(Image.fromarray(graph), (left, top))
    above = top - unit * 0.45
    draw.text((left, above), _summary(times), _TEXT, face, anchor="lb")
    draw.text((right, above), f"{period_ms:.1f} ms a frame", _DIM, face, anchor="rb")


def _summary(times: NDArray[np.float64]) -> str:
    if len(times) == 0:
        return "no frames yet"
    p50, p95, p99 = np.percentile(times, (50, 95, 99))
    return f"p50 {p50:.1f}   p95 {p95:.1f}   p99 {p99:.1f} ms"
