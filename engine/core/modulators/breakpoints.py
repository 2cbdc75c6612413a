"""Breakpoints: a signal through a table or a curve, given by its points."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from engine.core.expressions import LARGEST, Names
from engine.core.modulators.model import (
    Heard,
    Key,
    Kind,
    Modulator,
    ModulatorState,
    Moment,
    signal,
)

MOST = 256


class _Table(NamedTuple):
    xs: list[float]
    ys: list[float]
    slopes: list[float]
    shape: str


def _at(mod: Modulator, _state: ModulatorState, signals: Sequence[float], _now: Moment) -> float:
    """Look it up; beyond the ends it stays. Cubic: Hermite's, with the slopes of `_slopes`."""
    table: _Table = mod.data
    xs, ys, slopes, shape = table
    x = signals[mod.hears[0]]
    if x <= xs[0]:
        return ys[0]
    if x >= xs[-1]:
        return ys[-1]
    i = bisect_right(xs, x) - 1
    if shape == "step":
        return ys[i]
    width, rise = xs[i + 1] - xs[i], ys[i + 1] - ys[i]
    t = (x - xs[i]) / width
    if shape == "linear":
        return ys[i] + rise * t
    a, b = slopes[i] * width, slopes[i + 1] * width
    return ys[i] + t * (a + t * (3.0 * rise - 2.0 * a - b + t * (a + b - 2.0 * rise)))


def _slopes(xs: Sequence[float], ys: Sequence[float]) -> list[float]:
    """Slopes with which a cubic never leaves the range of its two points.

    The harmonic mean of both sides, weighted by their widths, and 0 where they point to different
    sides (Fritsch and Butland 1984); at the ends that of the line.
    """
    widths = [b - a for a, b in pairwise(xs)]
    lines = [(b - a) / w for (a, b), w in zip(pairwise(ys), widths, strict=True)]
    found = [lines[0]]
    for (v, w), (m, n) in zip(pairwise(widths), pairwise(lines), strict=True):
        near, far = 2.0 * w + v, w + 2.0 * v
        found.append((near + far) / (near / m + far / n) if m * n > 0.0 else 0.0)
    return [*found, lines[-1]]


def _read(given: Mapping[str, Any], names: Names) -> Heard:
    points = given["points"]
    if not 2 <= len(points) <= MOST or not all(len(point) == 2 for point in points):
        raise ValueError(f"points: 2 to {MOST} pairs [x, y]")
    xs, ys = ([float(point[i]) for point in points] for i in (0, 1))
    if not all(abs(number) <= LARGEST for number in (*xs, *ys)):
        raise ValueError(f"points: numbers of at most {LARGEST:g}")
    if not all(b - a >= 1e-9 for a, b in pairwise(xs)):
        raise ValueError("points: every x is larger than the one before")
    return Heard((names.place(given["signal"]),), _Table(xs, ys, _slopes(xs, ys), given["shape"]))


BREAKPOINTS = Kind(
    "breakpoints",
    _at,
    signals=(signal(),),
    keys=(
        Key("points", list[list[float]]),
        Key("shape", Literal["linear", "cubic", "step"], "linear"),
    ),
    read=_read,
)
