"""Keyframes: what a show lists, what is dropped live, and the row that both make."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.core.geometry import Vector, shell_radius
from engine.core.path import around, seed_key

MOST_DROPPED = 256
LEAST_SPAN = 1e-3


class Key(NamedTuple):
    """One keyframe: of a seed, or a latent in coordinates [shape=path.shape]; its time in knots."""

    seed: int = 0
    latent: Vector | None = None
    time: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Keyframes:
    """Keyframes that a show lists; all of them have times, or none."""

    keys: tuple[Key, ...] = ()


NO_KEYS = Keyframes()


class Drop(NamedTuple):
    """A dropped key: its index in the row as it was then, its time in knots, its coordinates."""

    at: int
    time: float
    latent: Vector


@dataclass(frozen=True, slots=True, eq=False)
class Dropped:
    """Keys that were dropped, the oldest first.

    `is_alone` says that the show lists none and the path did not go through keys: then they are
    the whole row, without the seeds that stand in for missing keys.
    """

    keys: tuple[Drop, ...]
    is_alone: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """Keys in order: points [each of shape=path.shape], and their times if they are unequal."""

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
    listed: Keyframes,
    seeds: Sequence[int],
    stand_ins: Sequence[int],
    dropped: Dropped | None,
    geometry: str,
    shape: tuple[int, ...],
    spread: float,
) -> Row:
    """Put keys into a row: those of seeds, those listed, and where they were dropped the others.

    Parameters
    ----------
    stand_ins
        Seeds that make the row if there is nothing else.
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
    return Row(tuple(points), tuple(times) if is_timed else ())


def _of_seeds(
    seeds: Sequence[int], first: int, geometry: str, shape: tuple[int, ...], spread: float
) -> Vector:
    """Key of a row of seeds: its points are at that key and the ones after it."""
    if len(shape) == 1:
        return _of_seed(seeds[first], geometry, shape[0])
    found = np.stack(
        [_of_seed(seeds[(first + k) % len(seeds)], geometry, shape[1]) for k in range(shape[0])]
    )
    found[1:] = around(found[0], found[1:], spread)
    return found


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
