"""Tables of looks: the ``.cube`` files of Adobe and of DaVinci Resolve.

Sources: Adobe, Cube LUT Specification 1.0 (2013); Blackmagic Design, "About DaVinci Resolve LUTs".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

LARGEST_BYTES = 32 << 20
MOST_1D, MOST_3D = 65536, 65
_LARGEST = 1e6
_CURE = "save it again as a .cube file"
_SIZES = {"LUT_1D_SIZE": (2, MOST_1D), "LUT_3D_SIZE": (2, MOST_3D)}
_RANGES = {"LUT_1D_INPUT_RANGE": 2, "LUT_3D_INPUT_RANGE": 2, "DOMAIN_MIN": 3, "DOMAIN_MAX": 3}


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One table.

    Parameters
    ----------
    values
        Of a curve for each channel [shape=(N, 3)], of a cube [shape=(N, N, N, 3)], by blue, green,
        red; float32.
    low, high
        Of the input: what the first and the last entry stand for, by channel.
    """

    values: NDArray[np.float32]
    low: tuple[float, float, float] = (0.0, 0.0, 0.0)
    high: tuple[float, float, float] = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Lut:
    """A look: curves, then a cube; one of them may be missing. It is equal to itself only."""

    curves: Table | None
    cube: Table | None


@dataclass
class _Head:
    """What the keywords of a file say."""

    sizes: dict[str, int] = field(default_factory=dict)
    ranges: dict[str, tuple[float, ...]] = field(default_factory=dict)
    line: int = 1  # of the newest range


def read_cube(data: bytes, name: str) -> Lut:
    """Read the content of a ``.cube`` file, called `name` in messages.

    Where both tables are in it, the curves come first, and ``DOMAIN_…`` is theirs.

    Raises
    ------
    ValueError
        ``NAME:LINE: what is wrong; what to do``.
    """
    if len(data) > LARGEST_BYTES:
        raise ValueError(f"{name}: larger than {LARGEST_BYTES >> 20} MB; {_CURE} of 65 at most")
    try:
        lines = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    except UnicodeDecodeError:  # a title in another alphabet
        lines = data.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    head, rows, numbers = _Head(), [], []
    for number, line in _said(lines):
        if line[0].isalpha() and not re.match(r"(nan|inf)", line, re.IGNORECASE):
            try:
                if _keyword(head, line):
                    head.line = number
            except ValueError as error:
                raise ValueError(f"{name}:{number}: {error}") from None
        else:
            rows.append(line)
            numbers.append(number)
    wanted = head.sizes.get("LUT_1D_SIZE", 0) + head.sizes.get("LUT_3D_SIZE", 0) ** 3
    if not wanted:
        raise ValueError(f"{name}:1: neither LUT_1D_SIZE nor LUT_3D_SIZE; {_CURE}")
    if len(rows) != wanted:
        where = numbers[min(wanted, len(rows) - 1)] if rows else len(lines)
        raise ValueError(
            f"{name}:{where}: {len(rows)} rows of numbers, and its sizes ask for {wanted}; {_CURE}"
        )
    try:
        return _tables(head, _numbers(rows))
    except ValueError as error:
        text, _, place = str(error).rpartition("@")
        where = numbers[int(place)] if place.isdigit() else head.line
        raise ValueError(f"{name}:{where}: {text or error}; {_CURE}") from None


def _said(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Lines that say something, with their numbers."""
    for number, line in enumerate(lines, 1):
        said = line.strip()
        if said and said[0] != "#":
            yield number, said


def _keyword(head: _Head, line: str) -> bool:
    """Take a keyword down; whether it is a range."""
    word, *words = line.split()
    rest = " ".join(words)
    if word == "TITLE":
        return False
    if word in _SIZES:
        least, most = _SIZES[word]
        size = int(words[0]) if len(words) == 1 and re.fullmatch(r"\d{1,9}", words[0]) else -1
        if word in head.sizes:
            raise ValueError(f"{word} is there twice; {_CURE}")
        if not least <= size <= most:
            raise ValueError(f"{word} is {rest[:20]}, and may be {least} to {most}; {_CURE}")
        head.sizes[word] = size
    elif word in _RANGES:
        try:
            found = tuple(float(each) for each in words)
        except ValueError:
            found = ()
        if len(found) != _RANGES[word] or not np.isfinite(found).all():
            raise ValueError(f"{word} takes {_RANGES[word]} numbers, not '{rest[:40]}'; {_CURE}")
        head.ranges[word] = found
        return True
    else:
        raise ValueError(f"the keyword '{word[:40]}' is not known; {_CURE}")
    return False


def _numbers(rows: list[str]) -> NDArray[np.float32]:
    """Numbers of the rows [shape=(N, 3)]; an error ends with ``@`` and the index of the row."""
    try:
        if all(len(row.split()) == 3 for row in rows):
            found = np.array(" ".join(rows).split(), np.float64).reshape(-1, 3)
            if np.abs(found).max() < _LARGEST:  # false of what is no number, too
                return found.astype(np.float32)
    except ValueError:
        pass
    for place, row in enumerate(rows):
        try:
            values = [float(each) for each in row.split()]
        except ValueError:
            values = []
        if len(values) != 3 or not all(abs(value) < _LARGEST for value in values):
            raise ValueError(f"'{row[:40]}' is not red, green and blue@{place}")
    raise AssertionError("the rows were refused without a reason")


def _tables(head: _Head, rows: NDArray[np.float32]) -> Lut:
    ranges = head.ranges
    low, high = ranges.get("DOMAIN_MIN", (0.0,) * 3), ranges.get("DOMAIN_MAX", (1.0,) * 3)
    count, side = head.sizes.get("LUT_1D_SIZE", 0), head.sizes.get("LUT_3D_SIZE", 0)
    curves = cube = None
    if count:
        curves = _table(rows[:count], ranges.get("LUT_1D_INPUT_RANGE"), (low, high))
        low, high = (0.0,) * 3, (1.0,) * 3
    if side:
        values = rows[count:].reshape(side, side, side, 3)
        cube = _table(values, ranges.get("LUT_3D_INPUT_RANGE"), (low, high))
    return Lut(curves, cube)


def _table(
    values: NDArray[np.float32],
    span: tuple[float, ...] | None,
    domain: tuple[tuple[float, ...], tuple[float, ...]],
) -> Table:
    low, high = ((span[0],) * 3, (span[1],) * 3) if span else domain
    if not all(a < b for a, b in zip(low, high, strict=True)):
        raise ValueError("its domain ends where it begins, or before")
    return Table(values, (low[0], low[1], low[2]), (high[0], high[1], high[2]))
