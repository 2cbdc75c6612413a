"""Help panel of the window: keys and what they do, state and frame times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from engine.outputs.window.overlay import (
    BAR,
    DIM,
    KEY,
    LATE,
    TEXT,
    cut,
    font,
    new_panel,
)

_LEADING, _GRAPH, _GAP, _BETWEEN = 1.5, 4.5, 1.2, 2.5
"""Height of a line and of the graph, after a key and between columns, in heights of letters."""
_UNITS_PX = (6, 22)


@dataclass(frozen=True, slots=True)
class Help:
    """What the help panel shows.

    Parameters
    ----------
    title
        Name of the show.
    keys
        From top to bottom. A tab parts a key from what it does; a line without one is a heading,
        an empty one a gap. They flow into as many columns as are easiest to read.
    status
        Lines below them that change while it is looked at.
    frame_ms
        Times of the newest frames, newest last.
    period_ms
        What a frame may take; longer ones are marked.
    note
        What was said last, beside the title.

    Notes
    -----
    A tab in a line of `status` parts it into halves.
    """

    title: str
    keys: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    frame_ms: Sequence[float] = ()
    period_ms: float = 1000.0 / 60.0
    note: str = ""


def draw_help(told: Help, room_px: tuple[int, int]) -> NDArray[np.uint8]:
    """Draw the help panel: as large as it needs, never larger than there is room.

    Returns
    -------
    ndarray
        Straight alpha, row 0 at the top [shape=(H, W, 4)], for `Window.overlay`.
    """
    placed = _layout(told.keys, len(told.status), room_px)
    unit, margin, width = placed.unit, placed.margin, placed.size_px[0]
    panel = _keys_panel(placed).copy()
    draw = ImageDraw.Draw(panel)
    face, large = font(unit), font(round(unit * 1.5))
    title = cut(told.title, large, width - 2 * margin)
    draw.text((margin, margin * 0.7), title, TEXT, large)
    right = width - margin
    note = cut(told.note, face, right - margin - large.getlength(title) - 2 * unit)
    draw.text((right, margin * 0.7 + unit * 0.4), note, KEY, face, anchor="ra")
    rows = max(map(len, placed.columns))
    for row, line in enumerate(told.status):
        y = margin * 0.7 + unit * (3.0 + (rows + row) * _LEADING)
        parts = line.split("\t")
        wide = (width - 2 * margin) / len(parts)
        room = wide - unit if len(parts) > 1 else wide
        for place, part in enumerate(parts):
            draw.text((margin + place * wide, y), cut(part, face, room), DIM, face)
    bottom = placed.size_px[1] - margin
    box = margin, round(bottom - unit * _GRAPH), width - margin, bottom
    _draw_graph(panel, draw, told, box, unit)
    return np.asarray(panel)


class _Layout(NamedTuple):
    """Where the parts of the help panel lie: `keys_px` and `texts_px` are widths by column."""

    size_px: tuple[int, int]
    unit: int
    margin: int
    columns: tuple[tuple[str, ...], ...]
    keys_px: tuple[float, ...]
    texts_px: tuple[float, ...]


@lru_cache(maxsize=8)
def _layout(lines: tuple[str, ...], status: int, room_px: tuple[int, int]) -> _Layout:
    """Find the largest letters with which everything fits, in as few columns as will do."""
    tried = [_placed(_columns(lines, count), status, room_px) for count in (1, 2, 3)]
    return max(tried, key=lambda placed: placed.unit)


def _columns(lines: tuple[str, ...], count: int) -> tuple[tuple[str, ...], ...]:
    """Let lines flow into columns: none begins with a gap or ends with a heading."""
    for rows in range(max(1, -(-len(lines) // count)), len(lines) + 1):
        columns: list[tuple[str, ...]] = []
        left = lines
        while left and len(columns) <= count:
            end = rows
            while 1 < end < len(left) and "\t" not in left[end - 1]:
                end -= 1
            columns.append(left[:end])
            left = left[end + 1 :] if left[end:] and not left[end] else left[end:]
        if len(columns) <= count:
            return tuple(columns)
    return (lines,)


def _placed(columns: tuple[tuple[str, ...], ...], status: int, room_px: tuple[int, int]) -> _Layout:
    """Place columns with the largest letters with which they fit, or with the smallest ones."""
    rows = max(map(len, columns))
    down = 2.5 + (rows + status) * _LEADING + 0.5 + 2.0 + _GRAPH + 2.2
    for unit in range(max(min(int(room_px[1] / down), _UNITS_PX[1]), _UNITS_PX[0]), 5, -1):
        face = font(unit)
        keys_px, texts_px = [], []
        for column in columns:
            parts = [line.partition("\t") for line in column]
            key = max((_width(face, name) for name, tab, _ in parts if tab), default=0.0)
            keys_px.append(key + _GAP * unit if key else 0.0)
            texts_px.append(
                max(_width(face, text if tab else name) for name, tab, text in parts)
                if parts
                else 0.0
            )
        wide = sum(keys_px) + sum(texts_px) + (len(columns) - 1) * _BETWEEN * unit + 2.6 * unit
        if wide <= room_px[0] or unit == _UNITS_PX[0]:
            break
    over = max(0.0, wide - room_px[0]) / len(columns)  # then texts are cut
    size_px = (
        min(round(max(wide, 38.0 * unit)), room_px[0]), min(round(down * unit), room_px[1]),
    )  # fmt: skip
    return _Layout(
        size_px, unit, round(unit * 1.3), columns, tuple(keys_px),
        tuple(max(0.0, text - over) for text in texts_px),
    )  # fmt: skip


def _width(face: Any, text: str) -> float:
    return float(face.getlength(text)) + 1.0


@lru_cache(maxsize=4)
def _keys_panel(placed: _Layout) -> Image.Image:
    """Draw what does not change while the panel is looked at."""
    unit = placed.unit
    panel, draw = new_panel(placed.size_px, round(unit * 0.7))
    face, x = font(unit), float(placed.margin)
    for column, key_px, text_px in zip(
        placed.columns, placed.keys_px, placed.texts_px, strict=True
    ):
        for row, line in enumerate(column):
            y = placed.margin * 0.7 + unit * 2.5 + row * unit * _LEADING
            name, tab, text = line.partition("\t")
            if tab:
                draw.text((x, y), name, KEY, face)
                draw.text((x + key_px, y), cut(text, face, text_px), TEXT, face)
            else:
                draw.text((x, y), cut(name, face, key_px + text_px), DIM, face)
        x += key_px + text_px + _BETWEEN * unit
    return panel


def _draw_graph(
    panel: Image.Image,
    draw: ImageDraw.ImageDraw,
    told: Help,
    box: tuple[int, int, int, int],
    unit: int,
) -> None:
    """Draw one bar per frame, up to twice the period high, and a line where the period is."""
    left, top, right, bottom = box
    period_ms = told.period_ms
    if right <= left or bottom <= top:
        return  # a window of a few pixels
    face, bar_px = font(round(unit * 0.85)), max(1, round(unit / 6))
    times = np.clip(np.nan_to_num(np.asarray(told.frame_ms, dtype=float)), 0, 1e6)
    times = times[-((right - left) // bar_px) :]
    graph = np.zeros((bottom - top, right - left, 4), np.uint8)
    graph[:] = (255, 255, 255, 12)
    scale = (bottom - top) / (2 * period_ms)
    start = (right - left) - bar_px * len(times)
    heights = np.clip(times * scale, 1, bottom - top).astype(int).tolist()
    gap = 1 if bar_px > 2 else 0
    for place, (height, is_late) in enumerate(zip(heights, times > period_ms * 1.05, strict=True)):
        x = start + place * bar_px
        graph[-height:, x : x + bar_px - gap] = LATE if is_late else BAR
    graph[(bottom - top) // 2, ::2] = TEXT
    graph[-1] = DIM
    panel.alpha_composite(Image.fromarray(graph), (left, top))
    above = top - unit * 0.45
    draw.text((left, above), _summary(times), TEXT, face, anchor="lb")
    draw.text((right, above), f"{period_ms:.1f} ms a frame", DIM, face, anchor="rb")


def _summary(times: NDArray[np.float64]) -> str:
    if len(times) == 0:
        return "no frames yet"
    p50, p95, p99 = np.percentile(times, (50, 95, 99))
    return f"p50 {p50:.1f}   p95 {p95:.1f}   p99 {p99:.1f} ms"
