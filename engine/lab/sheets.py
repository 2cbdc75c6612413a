"""Contact sheets: small pictures side by side, with what they are beside them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.system import fonts
from engine.system.atomic import write_bytes

MOST_PX = 16_384
_GAP, _LETTER, _INK, _GROUND = 3, 13, (225, 225, 225), (20, 20, 20)
_LEVEL = 6  # of zlib
Bytes = NDArray[np.uint8]
Pictures = NDArray[np.float32]


def save(out: Path, sheet: Bytes) -> None:
    """Write a sheet [shape=(H, W, 3 or 4)], sRGB, as PNG.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    from engine.outputs.film.png import encode

    write_bytes(out, encode(sheet, _LEVEL))


def grid(
    pictures: Iterable[Bytes],
    count: int,
    columns: int,
    gap: int = 0,
    ground: tuple[int, int, int] = (0, 0, 0),
) -> Bytes:
    """Lay out pictures [shape=(H, W, 3 or 4)] of one size, row after row.

    Parameters
    ----------
    count, columns
        How many there are · in a row.
    gap
        Pixels of `ground` right of and below each; what is empty has an alpha of 0.
    """
    sheet = np.zeros((0, 0, 3), np.uint8)
    for place, picture in enumerate(pictures):
        height, width = (side + gap for side in picture.shape[:2])
        if not place:
            size = (-(-count // columns) * height, columns * width, picture.shape[2])
            sheet = np.full(size, (*ground, 0)[: picture.shape[2]], np.uint8)
        top, left = place // columns * height, place % columns * width
        sheet[top : top + height - gap, left : left + width - gap] = picture
    return sheet


def to_bytes(picture: Pictures) -> Bytes:
    """Bring a picture [shape=(C, H, W)], 0..1, to [shape=(H, W, C)]."""
    scaled: Pictures = np.rint(picture.transpose(1, 2, 0) * 255.0)
    return scaled.astype(np.uint8)


def store(
    out: Path, rows: Sequence[Pictures], labels: Sequence[str], heads: Sequence[str] = ()
) -> None:
    """Write rows of pictures [shape=(N, 3, H, W)], 0..1: labels at the left, heads above columns.

    Raises
    ------
    ValueError
        If the sheet would be too large.
    OSError
        If it cannot be written.
    """
    from PIL import Image, ImageDraw

    font = fonts.load(_LETTER, "".join([*labels, *heads]))
    height, width = (side + _GAP for side in rows[0].shape[2:])
    left = math.ceil(max(font.getlength(label) for label in labels)) + 2 * _GAP
    top = 2 * _LETTER if heads else 0
    columns = max(map(len, rows))
    size = (left + width * columns, top + height * len(rows))
    if max(size) > MOST_PX:
        raise ValueError(f"{out.name}: {len(rows)} rows are too many for a sheet: ask for fewer")
    sheet = Image.new("RGB", size, _GROUND)
    pen = ImageDraw.Draw(sheet)
    for column, head in enumerate(heads):
        at = left + column * width + (width - font.getlength(head)) / 2
        pen.text((at, _LETTER / 2), head, _INK, font)
    for row, (pictures, label) in enumerate(zip(rows, labels, strict=True)):
        at = top + row * height
        pen.text((_GAP, at + height / 2 - _LETTER), label, _INK, font)
        tiles = grid(map(to_bytes, pictures), len(pictures), max(len(pictures), 1), _GAP, _GROUND)
        sheet.paste(Image.fromarray(tiles), (left, at))
    save(out, np.asarray(sheet))


def store_numbered(out: Path, pictures: Pictures, columns: int) -> None:
    """Write pictures in rows, each with its number, from 1, in its corner.

    Raises
    ------
    OSError
        If the sheet cannot be written.
    """
    from PIL import Image, ImageDraw

    font = fonts.load(_LETTER)
    height, width = (side + _GAP for side in pictures.shape[2:])
    tiles = grid(map(to_bytes, pictures), len(pictures), columns, _GAP, _GROUND)
    sheet = Image.fromarray(tiles)
    pen = ImageDraw.Draw(sheet)
    for place in range(len(pictures)):
        left, top = place % columns * width, place // columns * height
        number = str(place + 1)
        pen.rectangle((left, top, left + font.getlength(number) + 5, top + _LETTER + 5), _GROUND)
        pen.text((left + 3, top + 1), number, _INK, font)
    save(out, np.asarray(sheet))
