"""The number of a frame, burnt into a corner: digits for people, a barcode that survives editing.

Thirty-two cells in two rows: light, dark, light, dark; 20 bits of the number, the highest first;
8 bits of its CRC-32. All sizes are parts of the picture's height: a scaled copy reads alike. While
one shot dissolves into another their codes lie over each other, and both can be read.
"""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from engine.system import fonts

MOST_FRAMES = 1 << 20
LEAST_HEIGHT_PX = 120
_SYNC, _BITS, _CHECK, _COLUMNS, _ROWS = (1, 0, 1, 0), 20, 8, 16, 2
_PART = 30  # a cell is this part of the height
_DARK, _LIGHT = 16, 235
_SEARCHED_PX = 240  # height of a picture in which a code is searched


class Reading(NamedTuple):
    """What a picture's code says: a number, or two and the share of the second.

    A share without a second number is that of something that cannot be read.
    """

    first: int
    second: int | None = None
    share: float = 0.0


def bits_of(number: int) -> tuple[int, ...]:
    """Cells of a number after the first four."""
    check = zlib.crc32(number.to_bytes(4, "big")) & (1 << _CHECK) - 1
    whole = number << _CHECK | check
    return tuple(whole >> k & 1 for k in reversed(range(_BITS + _CHECK)))


def burn(pixels: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    """Copy a picture [shape=(H, W, 3)] with a frame number in its lower left corner."""
    found = pixels.copy()
    height = pixels.shape[0]
    panel = _panel(height / _PART, number)
    rows, columns = min(panel.shape[0], height), min(panel.shape[1], pixels.shape[1])
    found[height - rows :, :columns] = panel[panel.shape[0] - rows :, :columns, None]
    return found


def _panel(cell: float, number: int) -> NDArray[np.uint8]:
    """Barcode and digits, light on dark."""
    width, height = _edge(cell, _COLUMNS + 1), _edge(cell, _ROWS + 1)
    face: Any = fonts.load(max(6, round(cell * 2.6)))
    text = f"{number:06d}"
    image = Image.new("L", (width + round(face.getlength(text) + cell), height), _DARK)
    draw = ImageDraw.Draw(image)
    draw.text((width, height / 2), text, _LIGHT, face, anchor="lm")
    found = np.array(image)
    for place, bit in enumerate(_SYNC + bits_of(number)):
        row, column = divmod(place, _COLUMNS)
        top, bottom = (_edge(cell, row + k + 0.5) for k in (0, 1))
        left, right = (_edge(cell, column + k + 0.5) for k in (0, 1))
        found[top:bottom, left:right] = _LIGHT if bit else _DARK
    return found


def _edge(cell: float, count: float) -> int:
    return round(cell * count)


def read(gray: NDArray[np.uint8]) -> Reading | None:
    """Read the code of a picture's luma [shape=(H, W)]; None: there is none that can be read."""
    height, width = gray.shape
    cell = height / _PART
    if width < cell * (_COLUMNS + 1):
        return None
    base = height - _edge(cell, _ROWS + 1)
    levels = np.array([_level(gray, base, cell, place) for place in range(_COLUMNS * _ROWS)])
    dark, light = levels[[1, 3]].mean(), levels[[0, 2]].mean()
    if light - dark < 40.0 or np.ptp(levels[[0, 2]]) + np.ptp(levels[[1, 3]]) > 60.0:
        return None
    return _decode((levels[len(_SYNC) :] - dark) / (light - dark))


def _level(gray: NDArray[np.uint8], base: int, cell: float, place: int) -> float:
    """Mean of the middle of a cell."""
    row, column = divmod(place, _COLUMNS)
    y, x = base + (row + 1.0) * cell, (column + 1.0) * cell
    reach = max(cell / 4, 0.5)
    part = gray[round(y - reach) : round(y + reach), round(x - reach) : round(x + reach)]
    return float(part.mean()) if part.size else 0.0


def _decode(levels: NDArray[np.float64]) -> Reading | None:
    """Read levels from 0 to 1: near 0 and 1 of one number, between them of two that dissolve."""
    strong = levels > 0.5
    distance = np.where(strong, 1.0 - levels, levels)
    first = _number(strong)
    if first is not None and distance.max() < 0.04:
        return Reading(first)
    if distance.max() < 0.04:  # all is clear, and it is no number
        return None
    is_far = distance > 0.5 * distance.max()
    share, near = float(np.median(distance[is_far])), distance[~is_far]
    is_told = 0.04 < share < 0.47 and np.ptp(distance[is_far]) < 0.4 * share
    if first is not None and is_told and near.size and near.max() < 0.3 * share:
        second = _number(strong ^ is_far)
        return Reading(first, second, share)
    return None if first is None or distance.max() > 0.4 else Reading(first)


def is_elsewhere(gray: NDArray[np.uint8]) -> bool:
    """Whether a picture's luma [shape=(H, W)] shows a code, but not where `read` looks for it.

    So it is after a letterbox, a zoom or a move. Slow: for a message, not for every picture.
    """
    image = Image.fromarray(gray)
    image.thumbnail((4 * _SEARCHED_PX, _SEARCHED_PX))
    small = np.asarray(image)
    sums = np.zeros((small.shape[0] + 1, small.shape[1] + 1))
    sums[1:, 1:] = small.cumsum(0, dtype=np.float64).cumsum(1)
    cells = small.shape[0] / _PART * np.geomspace(0.4, 2.5, 75)
    return any(_is_code_of(sums, float(cell)) for cell in cells)


def _is_code_of(sums: NDArray[np.float64], cell: float) -> bool:
    """Whether a code of a size lies anywhere; the first four cells say where it may."""
    reach = max(round(cell / 4), 1)
    room = (_ROWS - 1) * cell + reach + 1, (_COLUMNS - 1) * cell + reach + 1
    edges = [
        np.arange(reach, side - beside, max(cell / 5, 1.0))
        for side, beside in zip(sums.shape, room, strict=True)
    ]
    y, x = (each.ravel() for each in np.meshgrid(*edges, indexing="ij"))
    first = np.array([_box(sums, y, x + column * cell, reach) for column in range(len(_SYNC))])
    dark, light = first[[1, 3]].mean(0), first[[0, 2]].mean(0)
    spread = np.ptp(first[[0, 2]], axis=0) + np.ptp(first[[1, 3]], axis=0)
    here = np.flatnonzero((light - dark > 60.0) & (spread < 0.3 * (light - dark)))
    cells = [divmod(place, _COLUMNS) for place in range(len(_SYNC), _COLUMNS * _ROWS)]
    levels = [_box(sums, y[here] + r * cell, x[here] + c * cell, reach) for r, c in cells]
    parts = (np.array(levels) - dark[here]) / (light - dark)[here]
    off = np.minimum(abs(parts), abs(parts - 1.0)).max(0)
    return any(_number(parts[:, n] > 0.5) is not None for n in np.flatnonzero(off < 0.2))


def _box(
    sums: NDArray[np.float64], y: NDArray[Any], x: NDArray[Any], reach: int
) -> NDArray[np.float64]:
    """Means of boxes around places, from sums over all that is above and left of them."""
    top, left = (np.round(each - reach).astype(int) for each in (y, x))
    bottom, right = top + 2 * reach, left + 2 * reach
    whole: NDArray[np.float64] = (
        sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    )
    whole /= (2.0 * reach) ** 2
    return whole


def _number(bits: NDArray[np.bool_]) -> int | None:
    """Number of the cells, if its check is right."""
    whole = int("".join("1" if bit else "0" for bit in bits), 2)
    number = whole >> _CHECK
    return number if bits_of(number) == tuple(int(bit) for bit in bits) else None
