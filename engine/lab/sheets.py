"""Contact sheets: rows of small pictures with what they are beside them, for people to name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.system.atomic import unfinished

MOST_PX = 16_384
_GAP, _LETTER, _INK, _GROUND = 3, 13, (225, 225, 225), (20, 20, 20)
Pictures = NDArray[np.float32]


def store(
    out: Path, rows: Sequence[Pictures], labels: Sequence[str], heads: Sequence[str] = ()
) -> None:
    """Write rows of pictures [shape=(N, 3, H, W)], 0..1, each row with its label at the left.

    Parameters
    ----------
    heads
        What stands above the columns.

    Raises
    ------
    ValueError
        If the sheet would be too large.
    OSError
        If it cannot be written.
    """
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(_LETTER)
    height, width = (side + _GAP for side in rows[0].shape[2:])
    left = math.ceil(max(font.getlength(label) for label in labels)) + 2 * _GAP
    top = 2 * _LETTER if heads else 0
    size = (left + width * max(map(len, rows)), top + height * len(rows))
    if max(size) > MOST_PX:
        raise ValueError(f"{out.name}: {len(rows)} rows are too many for a sheet: ask for fewer")
    sheet = Image.new("RGB", size, _GROUND)
    pen = ImageDraw.Draw(sheet)
    for column, head in enumerate(heads):
        at = left + column * width + (width - font.getlength(head)) / 2
        pen.text((at, _LETTER / 2), head, _INK, font)
    for row, (pictures, label) in enumerate(zip(rows, labels, strict=True)):
        pen.text((_GAP, top + row * height + height / 2 - _LETTER), label, _INK, font)
        for column, picture in enumerate(pictures):
            tile = np.rint(picture.transpose(1, 2, 0) * 255.0).astype(np.uint8)
            sheet.paste(Image.fromarray(tile), (left + column * width, top + row * height))
    _save(out, sheet)


def store_numbered(out: Path, pictures: Pictures, columns: int) -> None:
    """Write pictures in rows, each with its number, from 1, in its corner.

    Raises
    ------
    OSError
        If the sheet cannot be written.
    """
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(_LETTER)
    height, width = (side + _GAP for side in pictures.shape[2:])
    sheet = Image.new("RGB", (columns * width, -(-len(pictures) // columns) * height), _GROUND)
    pen = ImageDraw.Draw(sheet)
    for place, picture in enumerate(pictures):
        left, top = place % columns * width, place // columns * height
        tile = np.rint(picture.transpose(1, 2, 0) * 255.0).astype(np.uint8)
        sheet.paste(Image.fromarray(tile), (left, top))
        number = str(place + 1)
        pen.rectangle((left, top, left + font.getlength(number) + 5, top + _LETTER + 5), _GROUND)
        pen.text((left + 3, top + 1), number, _INK, font)
    _save(out, sheet)


def _save(out: Path, sheet: object) -> None:
    from engine.outputs.film.png import encode

    with unfinished(out) as part:
        part.path.write_bytes(encode(np.asarray(sheet), 6))
