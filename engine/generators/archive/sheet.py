"""Caption sheets: pictures of an archive side by side, and whose they are below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from engine.generators.archive.features import Bytes, turned_back
from engine.generators.archive.index import LABEL, Index, Match
from engine.models.unpickle.inert import RefusedError
from engine.system import fonts

_GROUND, _TEXT, _CARD = (0, 0, 0), (225, 225, 225), (38, 38, 38)
_LETTER = 1 / 24  # of the height
_LEAST_LETTER_PX = 9
_MOST_LINES = 3
_GAP = 1 / 90  # of the height
_BEHIND_TEXT = 0.7


def picture(index: Index, match: Match) -> Bytes | str:
    """Return the small copy of a match, turned as the picture that was asked about is.

    Where it may not be shown (or is damaged) it is its title.
    """
    entry = index.entries[match.place]
    try:
        thumb = index.thumb(match.place)
    except RefusedError:
        thumb = None
    if thumb is None:
        return " · ".join(filter(None, [entry.title or entry.name, entry.credit]))
    return turned_back(thumb, match.turn)


def caption(index: Index, found: Sequence[Match]) -> str:
    """Say what and whose the pictures are, each owner once."""
    entries = [index.entries[match.place] for match in found]
    owners = [" ".join(filter(None, [e.credit, f"({e.licence})" if e.licence else ""]))
              for e in entries]  # fmt: skip
    titles = [entry.title or entry.name for entry in entries]
    titles = titles if len(titles) <= 2 else [titles[0], f"and {len(titles) - 1} more"]
    return " · ".join(filter(None, [LABEL, *titles, *dict.fromkeys(owners)]))


def lay_out(
    pictures: Sequence[Bytes | str], text: str, size_px: tuple[int, int], ground: float = 1.0
) -> Bytes:
    """Hang pictures side by side, large, with a text below: sRGB, straight alpha [shape=(H, W, 4)].

    Parameters
    ----------
    pictures
        Squares [shape=(S, S, 3)], or what is said in place of one that may not be shown.
    text
        Below them; empty: none.
    size_px
        Width and height of the whole.
    ground
        How black it is around them, 0..1; behind the text it is never quite clear.
    """
    width, height = size_px
    sheet = Image.new("RGBA", size_px, (*_GROUND, round(255 * ground)))
    letter = max(round(height * _LETTER), _LEAST_LETTER_PX)
    gap = max(round(height * _GAP), 1)
    lines = wrapped(text, width - 4 * gap, letter) if text else []
    below = round(len(lines) * letter * 1.35) + (2 * gap if lines else 0)
    room = max(height - below - 2 * gap, 1)
    columns, side = _grid(len(pictures), width - 2 * gap, room, gap)
    rows = -(-len(pictures) // columns)
    top = gap + (room - rows * (side + gap) + gap) // 2
    for row in range(rows):
        these = pictures[row * columns : (row + 1) * columns]
        left = (width - len(these) * (side + gap) + gap) // 2
        for column, each in enumerate(these):
            tile = _tile(each, side, letter)
            sheet.paste(tile, (left + column * (side + gap), top + row * (side + gap)))
    draw = ImageDraw.Draw(sheet)
    dark = (*_GROUND, round(255 * max(ground, _BEHIND_TEXT)))
    if lines:
        draw.rectangle((0, height - below, width, height), dark)
    font = fonts.load(letter, text)
    for place, line in enumerate(lines):
        left = (width - round(font.getlength(line))) // 2
        at = (left, height - below + gap + round(place * letter * 1.35))
        draw.text(at, line, (*_TEXT, 255), font)
    return np.array(sheet)


def _grid(count: int, width: int, height: int, gap: int) -> tuple[int, int]:
    """Return columns and the side of a square that let them be largest."""
    best = (1, 1)
    for columns in range(1, count + 1):
        rows = math.ceil(count / columns)
        side = min((width - (columns - 1) * gap) // columns, (height - (rows - 1) * gap) // rows)
        if side > best[1]:
            best = (columns, side)
    return best


def _tile(each: Bytes | str, side: int, letter: int) -> Image.Image:
    if not isinstance(each, str):
        return Image.fromarray(np.ascontiguousarray(each)).resize(
            (side, side), Image.Resampling.BICUBIC
        )
    tile = Image.new("RGB", (side, side), _CARD)
    letter = max(min(letter, side // 8), _LEAST_LETTER_PX)
    draw = ImageDraw.Draw(tile)
    for place, line in enumerate(wrapped(each, side - letter, letter)):
        at = (letter // 2, letter // 2 + round(place * letter * 1.35))
        draw.text(at, line, _TEXT, fonts.load(letter, each))
    return tile


def wrapped(text: str, width: int, letter: int) -> list[str]:
    """Break a text into at most three lines of this width; what is too long ends with ``…``."""
    font = fonts.load(letter, text)
    lines, words = [""], text.split()
    while words:
        longer = f"{lines[-1]} {words[0]}".strip()
        if font.getlength(longer) <= width or not lines[-1]:
            lines[-1] = longer
            words.pop(0)
        elif len(lines) == _MOST_LINES:
            lines[-1] += " …"
            break
        else:
            lines.append("")
    return [_cut(line, width, font) for line in lines]


def _cut(line: str, width: int, font: Any) -> str:
    while len(line) > 1 and font.getlength(line) > width:
        line = line[:-2] + "…"
    return line
