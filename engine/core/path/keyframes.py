"""Keyframes of a path, listed by the show or dropped live, and the spline through them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from engine.core.latent.geometry import Vector, around, shell_radius
from engine.core.latent.manifold import manifold
from engine.core.latent.seeds import seed_key
from engine.core.latent.spline import SPLINES, Spline, spline
from engine.core.path.memory import DroppedKeys
from engine.core.path.model import ListedKeys, Path, PathState, Values

OWN_KEYS = 6
"""A path without keys goes through those of so many seeds, beginning with its own."""


class KeyframeSpline(NamedTuple):
    """A spline through keyframes, and the time of the first one in knots."""

    spline: Spline
    start: float

    @property
    def length(self) -> float:
        """Time from the first key to the last, or back to the first."""
        return sum(self.spline.spans)


def keyframes_of(path: Path, state: PathState, values: Values) -> Keyframes:
    """Keys of a trajectory, in order, by the effective values of all parameters."""
    own = int(values[path.seed])
    spread = values[path.spread] if path.points > 1 else 1.0
    stand_ins = own if not (path.seeds or path.keys.keys) else 0
    dropped = state.memory.get("keys")
    return _keyframes(path.keys, path.seeds, stand_ins, dropped, path.geometry, path.shape, spread)


@lru_cache(maxsize=32)
def _keyframes(
    listed: ListedKeys,
    seeds: tuple[int, ...],
    own: int,
    dropped: DroppedKeys | None,
    geometry: str,
    shape: tuple[int, ...],
    spread: float,
) -> Keyframes:
    return line_up(listed, seeds, range(own, own + OWN_KEYS), dropped, geometry, shape, spread)


def keyframe_spline(path: Path, state: PathState, values: Values) -> KeyframeSpline:
    """Make the spline through the keys that the path's settings say."""
    at = path.at
    return _spline(
        keyframes_of(path, state, values),
        path.geometry,
        path.points,
        SPLINES[int(values[at["spline"]])],
        values[at["tension"]],
        values[at["closed"]] >= 0.5,
        values[at["period"]],
    )


@lru_cache(maxsize=32)
def _spline(
    keys: Keyframes,
    geometry: str,
    points: int,
    kind: str,
    tension: float,
    is_closed: bool,
    period: float,
) -> KeyframeSpline:
    space = manifold(geometry, points)
    spans = keys.spans(is_closed, period)
    made = spline(space, keys.points, is_closed=is_closed, kind=kind, tension=tension, spans=spans)
    return KeyframeSpline(made, keys.times[0] if keys.times else 0.0)


MOST_DROPPED = 256
LEAST_SPAN = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Keyframes:
    """Keyframes in order: points [shape=path.shape each], and their times if they are unequal."""

    points: tuple[Vector, ...]
    times: tuple[float, ...] = ()

    def spans(self, is_closed: bool, period: float) -> tuple[float, ...]:
        """Time from each key to the next; a loop closes after `period` if that is long enough."""
        n = len(self.points)
        if not self.times:
            return (1.0,) * (n if is_closed else n - 1)
        found = np.maximum(np.diff(self.times), LEAST_SPAN).tolist()
        if is_closed:
            whole = sum(found)
            usual = whole / len(found) if found else 1.0
            found.append(period - whole if period > whole + LEAST_SPAN else usual)
        return tuple(found)


def line_up(
    listed: ListedKeys,
    seeds: Sequence[int],
    stand_ins: Sequence[int],
    dropped: DroppedKeys | None,
    geometry: str,
    shape: tuple[int, ...],
    spread: float,
) -> Keyframes:
    """Put keys in order: those of seeds, those listed, and where they were dropped the others.

    Parameters
    ----------
    stand_ins
        Seeds of the keys if there is nothing else.
    spread
        How far the points of a seed's key lie apart.
    """
    points = [_of_seeds(seeds, k, geometry, shape, spread) for k in range(len(seeds))]
    points += [
        np.broadcast_to(_of_seed(key.seed, geometry, shape[-1]), shape)
        if key.latent is None
        else key.latent
        for key in listed.keys
    ]
    if not points and (dropped is None or not dropped.is_alone):
        points = [_of_seeds(stand_ins, k, geometry, shape, spread) for k in range(len(stand_ins))]
    times = [key.time for key in listed.keys if key.time is not None]
    is_timed = bool(times) and len(times) == len(points)
    for index, time, latent in dropped.keys if dropped else ():
        index = min(index, len(points))
        points.insert(index, latent)
        if is_timed:
            low = times[index - 1] if index else -math.inf
            high = times[index] if index < len(times) else math.inf
            times.insert(index, min(max(time, low), high))
    return Keyframes(tuple(points), tuple(times) if is_timed else ())


def _of_seeds(
    seeds: Sequence[int], first: int, geometry: str, shape: tuple[int, ...], spread: float
) -> Vector:
    """Key of a list of seeds: its points are at that key and the ones after it."""
    if len(shape) == 1:
        return _of_seed(seeds[first], geometry, shape[0])
    found = np.stack(
        [_of_seed(seeds[(first + k) % len(seeds)], geometry, shape[1]) for k in range(shape[0])]
    )
    found[1:] = around(found[0], found[1:], spread)
    return found


def point_of_seed(path: Path, seed: int) -> Vector:
    """Coordinates that a seed stands for in the space of a path [shape=(size,)]."""
    return _of_seed(seed, path.geometry, path.size)


def _of_seed(seed: int, geometry: str, size: int) -> Vector:
    """Coordinates that a seed stands for: in a simplex its corner of that number."""
    if geometry == "simplex":
        corner = np.zeros(size)
        corner[seed % size] = shell_radius(size)
        return corner
    if geometry == "affine2d":
        found: Vector = np.random.RandomState(seed & 0xFFFFFFFF).randn(size)
        return found
    return seed_key(seed, size)
