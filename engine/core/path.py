"""Motions through a Gaussian latent space: pure functions of (seed, phase)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from engine.core.geometry import Vector, exp_map, log_map, onto_shell, shell_radius, slerp
from engine.core.keyed import gaussian


def _basis(x: float) -> float:
    """Cubic B-spline kernel."""
    x = abs(x)
    if x < 1.0:
        return (4.0 - 6.0 * x * x + 3.0 * x * x * x) / 6.0
    return max(2.0 - x, 0.0) ** 3 / 6.0


def walk(seed: int, name: str, phase: float, size: int, period: int = 0) -> Vector:
    """Wander endlessly: square-root B-spline Gaussian noise.

    ``z(u) = sum_k sqrt(B3(u - k)) g_k`` with independent ``g_k ~ N(0, I)``. As the B-splines sum
    to 1, every ``z(u)`` is exactly N(0, I); z is C1 in u and any place costs the same.

    Parameters
    ----------
    phase
        Place on the path, in knots. Any real number.
    size
        Number of components.
    period
        If above 0, the path closes exactly after that many knots (at least 4).

    Returns
    -------
    ndarray [shape=(size,)]
    """
    first = math.floor(phase) - 1
    z = np.zeros(size)
    for knot in range(first, first + 4):
        index = knot % period if period > 0 else knot
        z += math.sqrt(_basis(phase - knot)) * gaussian(seed, name, index, size)
    return z


def walks(seed: int, name: str, phase: float, size: int, points: int) -> Vector:
    """Wander at several points at once, each on a walk of its own; the first is that of `walk`.

    Returns
    -------
    ndarray [shape=(points, size)]
    """
    first = math.floor(phase) - 1
    z = np.zeros((points, size))
    for knot in range(first, first + 4):
        z += math.sqrt(_basis(phase - knot)) * _knots(seed, name, knot, size, points)
    return z


@lru_cache(maxsize=64)
def _knots(seed: int, name: str, index: int, size: int, points: int) -> Vector:
    return np.stack([gaussian(seed, point_name(name, k), index, size) for k in range(points)])


def point_name(name: str, point: int) -> str:
    """Name a walk's key at one of several points; the first is the walk itself."""
    return f"{name}/{point}" if point else name


@lru_cache(maxsize=64)
def _key_points(seeds: tuple[int, ...], size: int) -> tuple[Vector, ...]:
    """Keyframes from seeds as other StyleGAN tools draw them, moved onto the shell."""
    radius = shell_radius(size)
    return tuple(
        onto_shell(np.random.RandomState(seed & 0xFFFFFFFF).randn(1, size)[0], radius)
        for seed in seeds
    )


@lru_cache(maxsize=64)
def _controls(seeds: tuple[int, ...], size: int) -> tuple[tuple[Vector, ...], ...]:
    """Bézier points of every segment of the closed spherical Hermite spline."""
    points = _key_points(seeds, size)
    n = len(points)
    tangents = [
        0.5 * (log_map(points[i], points[(i + 1) % n]) - log_map(points[i], points[i - 1]))
        for i in range(n)
    ]
    return tuple(
        (
            points[i],
            exp_map(points[i], tangents[i] / 3.0),
            exp_map(points[(i + 1) % n], -tangents[(i + 1) % n] / 3.0),
            points[(i + 1) % n],
        )
        for i in range(n)
    )


def keys(seeds: Sequence[int], phase: float, size: int) -> Vector:
    """Go through keyframes in a closed loop: a spherical Hermite spline.

    Cubic Bézier segments on the shell by de Casteljau's algorithm with slerp (Shoemake 1985;
    Park and Ravani 1995), tangents ``m_i = (log_i(p_i+1) - log_i(p_i-1)) / 2``. C1 and on the
    shell by construction; key i is met at phase i.

    Parameters
    ----------
    seeds
        At least one. One or two keys make a still or a there-and-back.
    phase
        Place on the path, in keys; the loop closes after ``len(seeds)``.

    Returns
    -------
    ndarray [shape=(size,)]
    """
    seeds = tuple(seeds)
    if len(seeds) == 1:
        return _key_points(seeds, size)[0]
    place = phase % len(seeds)
    segment = min(int(place), len(seeds) - 1)
    t = place - segment
    p0, p1, p2, p3 = _controls(seeds, size)[segment]
    a, b, c = slerp(p0, p1, t), slerp(p1, p2, t), slerp(p2, p3, t)
    return slerp(slerp(a, b, t), slerp(b, c, t), t)


def around(centre: Vector, motion: Vector, radius: float) -> Vector:
    """Wander around a centre: ``sqrt(1 - r^2) centre + r motion``, r in [0, 1]; variance kept."""
    r = min(max(radius, 0.0), 1.0)
    return math.sqrt(1.0 - r * r) * centre + r * motion
