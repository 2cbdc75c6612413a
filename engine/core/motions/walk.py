"""Motions through a Gaussian latent space: pure functions of (seed, phase)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from engine.core.latent.geometry import Vector
from engine.core.latent.manifold import SHELL
from engine.core.latent.seeds import seed_key
from engine.core.latent.spline import Spline, at, spline
from engine.core.rng import gaussian


def basis(x: float) -> float:
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
        z += math.sqrt(basis(phase - knot)) * gaussian(seed, name, index, size)
    return z


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


def point_name(name: str, point: int) -> str:
    """Name a walk's key at one of several points; the first is the walk itself."""
    return f"{name}/{point}" if point else name


@lru_cache(maxsize=64)
def _closed(seeds: tuple[int, ...], size: int) -> Spline:
    """Lay a loop through seeds as other StyleGAN tools draw them, moved onto the shell."""
    return spline(SHELL, [seed_key(seed, size) for seed in seeds])


def keys(seeds: Sequence[int], phase: float, size: int) -> Vector:
    """Go through keyframes in a closed loop: a spherical Hermite spline, see `spline.at`.

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
    return at(_closed(tuple(seeds), size), phase)
