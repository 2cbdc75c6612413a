"""Geometry of a Gaussian latent space: its shell, great circles, log and exp maps."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def around(centre: Vector, motion: Vector, radius: float) -> Vector:
    """Wander around a centre: ``sqrt(1 - r^2) centre + r motion``, r in [0, 1]; variance kept."""
    r = min(max(radius, 0.0), 1.0)
    return math.sqrt(1.0 - r * r) * centre + r * motion


Vector = NDArray[np.float64]

_TINY = 1e-12


def shell_radius(size: int) -> float:
    """Mean length of a standard normal vector: ``sqrt2 Gamma((d+1)/2) / Gamma(d/2)`` (chi law)."""
    return math.sqrt(2.0) * math.exp(math.lgamma((size + 1) / 2) - math.lgamma(size / 2))


def shell_score(vector: Vector) -> float:
    """How far a vector is from the shell, in standard deviations of the chi law (0.7071)."""
    return (length(vector) - shell_radius(vector.shape[0])) / math.sqrt(0.5)


def length(vector: Vector) -> float:
    """Euclidean length."""
    return math.sqrt(float(vector @ vector))


def onto_shell(vector: Vector, radius: float) -> Vector:
    """Scale a vector to a length; a vanishing one becomes the first axis."""
    size = length(vector)
    if size < _TINY:
        unit = np.zeros_like(vector)
        unit[0] = radius
        return unit
    return vector * (radius / size)


def angle(a: Vector, b: Vector) -> float:
    """Angle between two unit vectors, accurate near 0 and pi (Kahan 2006, section 12)."""
    return 2.0 * math.atan2(length(a - b), length(a + b))


def exp_map(point: Vector, tangent: Vector) -> Vector:
    """Walk from a non-zero point [shape=(D,)] along a tangent [shape=(D,)], keeping its radius."""
    radius, arc = length(point), length(tangent)
    if arc < _TINY:
        return point
    angle = arc / radius
    return math.cos(angle) * point + (math.sin(angle) * radius / arc) * tangent


def log_map(point: Vector, goal: Vector) -> Vector:
    """Find the tangent at `point` that leads to `goal` on the sphere of the point's radius.

    Opposite points have no shortest way: then the result is the way through the axis on which
    `point` is smallest, which is fixed by the point alone.
    """
    radius = length(point)
    p, q = point / radius, goal / length(goal)
    turn = angle(p, q)
    side = q - (p @ q) * p
    if turn < 1e-9:
        return radius * side
    if length(side) < 1e-9:
        axis = np.zeros_like(p)
        axis[int(np.argmin(np.abs(p)))] = 1.0
        side = axis - (axis @ p) * p
    return side * (radius * turn / length(side))


def slerp(a: Vector, b: Vector, t: float) -> Vector:
    """Go along the great circle from a to b, lengths interpolated geometrically.

    Shoemake 1985; the length follows ``|a|^(1-t) |b|^t``.
    """
    ra, rb = length(a), length(b)
    if ra < _TINY or rb < _TINY:
        return (1.0 - t) * a + t * b
    radius = math.pow(ra, 1.0 - t) * math.pow(rb, t)
    p = a / ra
    q = exp_map(p, t * log_map(p, b / rb))
    return onto_shell(q, radius)


def away(point: Vector, direction: Vector, angle: float) -> Vector:
    """Turn a point by an angle (rad) along a great circle that leaves in a given direction."""
    tangent = direction - (direction @ point) / (point @ point) * point
    size = length(tangent)
    if size < _TINY or angle == 0.0:
        return point
    return exp_map(point, tangent * (angle * length(point) / size))
