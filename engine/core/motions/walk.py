"""Walk: an endless path through a Gaussian latent space, a pure function of (seed, phase)."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from engine.core.latent.geometry import Vector
from engine.core.motions.points import (
    each_point,
    point_name,
    spread_out,
    walk_name,
    within_radius,
)  # fmt: skip
from engine.core.parameter import Kind
from engine.core.path.model import Motion, Now, Part, Path, PathState, Values
from engine.core.path.setting import Setting
from engine.core.rng import gaussian


def basis(x: float) -> float:
    """Cubic B-spline kernel."""
    x = abs(x)
    if x < 1.0:
        return (4.0 - 6.0 * x * x + 3.0 * x * x * x) / 6.0
    return max(2.0 - x, 0.0) ** 3 / 6.0


def walk(seed: int, name: str, phase: float, size: int, period: int = 0) -> Vector:
    """Wander endlessly: square-root B-spline Gaussian noise [shape=(size,)].

    ``z(u) = sum_k sqrt(B3(u - k)) g_k`` with independent ``g_k ~ N(0, I)``. As the B-splines sum
    to 1, every ``z(u)`` is exactly N(0, I); z is C1 in u and any place costs the same.

    Parameters
    ----------
    phase
        Place on the path, in knots. Any real number.
    period
        If above 0, the path closes exactly after that many knots (at least 4).
    """
    first = math.floor(phase) - 1
    a, b, c, d = _four_knots(seed, name, first, size, period)
    z: Vector = math.sqrt(basis(phase - first)) * a
    term = math.sqrt(basis(phase - (first + 1))) * b
    np.add(z, term, z)
    np.multiply(math.sqrt(basis(phase - (first + 2))), c, term)
    np.add(z, term, z)
    np.multiply(math.sqrt(basis(phase - (first + 3))), d, term)
    return np.add(z, term, z)


@lru_cache(maxsize=128)
def _four_knots(
    seed: int, name: str, first: int, size: int, period: int
) -> tuple[Vector, Vector, Vector, Vector]:
    a, b, c, d = (k % period if period > 0 else k for k in range(first, first + 4))
    return (
        gaussian(seed, name, a, size),
        gaussian(seed, name, b, size),
        gaussian(seed, name, c, size),
        gaussian(seed, name, d, size),
    )


def walk_octaves(
    seed: int, name: str, phase: float, size: int, period: int = 0, octaves: int = 1
) -> Vector:
    """Walk with finer and finer walks on top, each half as far and twice as fast; still N(0, I)."""
    z = walk(seed, name, phase, size, period)
    for k in range(1, octaves):
        z = z + 0.5**k * walk(seed, f"{name}/octave{k}", 2.0**k * phase, size, 2**k * period)
    return z if octaves == 1 else z / math.sqrt((4.0 - 4.0 ** (1 - octaves)) / 3.0)


def walks(seed: int, name: str, phase: float, size: int, points: int) -> Vector:
    """Wander at several points at once, each on a walk of its own; the first is that of `walk`.

    Returns
    -------
    ndarray [shape=(points, size)]
    """
    first = math.floor(phase) - 1
    z = np.zeros((points, size))
    for knot in range(first, first + 4):
        z += math.sqrt(basis(phase - knot)) * _knots(seed, name, knot, size, points)
    return z


@lru_cache(maxsize=64)
def _knots(seed: int, name: str, index: int, size: int, points: int) -> Vector:
    return np.stack([gaussian(seed, point_name(name, k), index, size) for k in range(points)])


def _period(path: Path, values: Values) -> float:
    """Whole knots, at least four: fewer do not close smoothly."""
    period = values[path.at["period"]]
    return float(max(round(period), 4)) if period > 0.0 else 0.0


def _point(path: Path, state: PathState, now: Now, phase: float, point: int) -> Vector:
    values = now.values
    name = point_name(walk_name(path, state, values), point)
    period, octaves = int(_period(path, values)), int(values[path.at["octaves"]])
    z = walk_octaves(now.seed, name, phase, path.size, period, octaves)
    return within_radius(path, now, name, z)


_points = each_point(_point)


def _move(path: Path, state: PathState, now: Now, phase: float) -> Vector:
    """Walk at every point; where nothing special is asked, at all of them at once."""
    values = now.values
    is_plain = values[path.radius] >= 1.0 and int(values[path.at["octaves"]]) == 1
    if path.points == 1 or not is_plain or _period(path, values) > 0.0:
        return _points(path, state, now, phase)
    found = walks(now.seed, walk_name(path, state, values), phase, path.size, path.points)
    return spread_out(found, values[path.spread])


WALK = Motion(
    "walk",
    _move,
    _period,
    part=Part(
        settings=(
            Setting(
                "octaves", "Finer and finer walks on top of a walk.", 1.0, 1.0, 6.0, "", Kind.INT
            ),
            Setting("wander", "How much of a walk is mixed into the path.", 0.0),
        )
    ),
)
