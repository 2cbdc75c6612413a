"""The way through a trajectory's keyframes: which keys, which spline, in which time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from engine.core.curve import CURVES
from engine.core.geometry import Vector
from engine.core.keyframe import Dropped, Keyframes, Row, line_up
from engine.core.manifold import manifold
from engine.core.show import Path
from engine.core.spline import SPLINES, Spline, at, spline
from engine.core.state import PathState

EASES = tuple(name for name in CURVES if name != "invert")
OWN_KEYS = 6
"""A path without keys goes through those of so many seeds, beginning with its own."""


class Way(NamedTuple):
    """A path through keys, and the time of the first one in knots."""

    spline: Spline
    start: float

    @property
    def length(self) -> float:
        """Time from the first key to the last, or back to the first."""
        return sum(self.spline.spans)


def row_of(path: Path, held: PathState, values: Sequence[float]) -> Row:
    """Keys of a trajectory, in order.

    Parameters
    ----------
    values
        Effective values of all parameters.
    """
    own = int(values[path.seed])
    spread = values[path.spread] if path.points > 1 else 1.0
    stand_ins = own if not (path.seeds or path.keys.keys) else 0
    dropped = held.more.keys
    return _row(path.keys, path.seeds, stand_ins, dropped, path.geometry, path.shape, spread)


@lru_cache(maxsize=32)
def _row(
    listed: Keyframes,
    seeds: tuple[int, ...],
    own: int,
    dropped: Dropped | None,
    geometry: str,
    shape: tuple[int, ...],
    spread: float,
) -> Row:
    return line_up(listed, seeds, range(own, own + OWN_KEYS), dropped, geometry, shape, spread)


def way_of(path: Path, held: PathState, values: Sequence[float]) -> Way:
    """Lay the path through the keys as its settings say."""
    at = path.at
    return _way(
        row_of(path, held, values),
        path.geometry,
        path.points,
        SPLINES[int(values[at["spline"]])],
        values[at["tension"]],
        values[at["closed"]] >= 0.5,
        values[at["period"]],
    )


@lru_cache(maxsize=32)
def _way(
    row: Row, geometry: str, points: int, kind: str, tension: float, is_closed: bool, period: float
) -> Way:
    space = manifold(geometry, points)
    spans = row.spans(is_closed, period)
    made = spline(space, row.points, is_closed=is_closed, kind=kind, tension=tension, spans=spans)
    return Way(made, row.times[0] if row.times else 0.0)


def through_keys(path: Path, held: PathState, values: Sequence[float], place: float) -> Vector:
    """Coordinates at a place of the way through the keys [shape=path.shape]."""
    way = way_of(path, held, values)
    found = at(way.spline, place - way.start, EASES[int(values[path.at["ease"]])])
    return found if path.points == 1 else np.array(found)


def key_at(path: Path, held: PathState, values: Sequence[float], number: int) -> Vector:
    """Coordinates of a key, counted round and round [shape=path.shape]."""
    points = row_of(path, held, values).points
    return points[number % len(points)]
