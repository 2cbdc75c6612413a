"""Motions of a path's points: each on a path of its own through the same space."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from engine.core.latent.geometry import Vector, around
from engine.core.latent.seeds import seed_latent
from engine.core.path.model import Now, Path, PathState, Values
from engine.core.rng import gaussian

One = Callable[[Path, PathState, Now, float, int], Vector]
"""(path, its state, now, phase, number of the point) → its coordinates [shape=(size,)]."""


def each_point(one: One) -> Callable[[Path, PathState, Now, float], Vector]:
    """Make the motion of a path from that of a point: `spread` says how far they lie apart."""

    def move(path: Path, state: PathState, now: Now, phase: float) -> Vector:
        if path.points == 1:
            return one(path, state, now, phase, 0)
        spread = now.values[path.spread]
        points = range(path.points if spread > 0.0 else 1)
        rows = [one(path, state, now, phase, k) for k in points]
        return spread_out(np.array(rows if spread > 0.0 else rows * path.points), spread)

    return move


def by_name(
    generate: Callable[[int, str, float, int, float], Vector],
    period: Callable[[Path, Values], float],
) -> Callable[[Path, PathState, Now, float], Vector]:
    """Make a motion of ``generate(seed, name, phase, size, period)``, within the path's radius."""

    def one(path: Path, state: PathState, now: Now, phase: float, point: int) -> Vector:
        name = point_name(walk_name(path, state, now.values), point)
        z = generate(now.seed, name, phase, path.size, period(path, now.values))
        return within_radius(path, now, name, z)

    return each_point(one)


def spread_out(rows: Vector, spread: float) -> Vector:
    """Draw points [shape=(points, D)] to the first one; with a spread of 1 they stay."""
    rows[1:] = around(rows[0], rows[1:], spread)
    return rows


def walk_name(path: Path, state: PathState, values: Values) -> str:
    """Randomness key of a path's motion; every jump leads to another one."""
    return _name(path.name, values[path.seed], state.place)


@lru_cache(maxsize=256)
def _name(path: str, seed: float, place: int) -> str:
    return f"{path}/{int(seed)}/{place}"


def point_name(name: str, point: int) -> str:
    """Randomness key of one of several points; the first has that of the path itself."""
    return f"{name}/{point}" if point else name


def within_radius(path: Path, now: Now, name: str, z: Vector) -> Vector:
    """Keep a motion near to a centre of its own, as the path's radius says."""
    radius = now.values[path.radius]
    return (
        z
        if radius >= 1.0
        else around(gaussian(now.seed, f"{name}/centre", 0, path.size), z, radius)
    )


def rest(path: Path, state: PathState, now: Now, phase: float, point: int) -> Vector:
    """Rest at the latent of a seed."""
    del phase
    return seed_latent(int(now.values[path.seed]) + state.place + point, path.size)
