"""TODO engine/core/motions/orbit.py."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from engine.core.latent.geometry import Vector, around, length, onto_shell, shell_radius
from engine.core.rng import gaussian


@lru_cache(maxsize=64)
def _frame(seed: int, name: str, size: int) -> tuple[Vector, Vector, Vector]:
    """Three orthogonal vectors on the shell (Gram-Schmidt)."""
    radius = shell_radius(size)
    axes: list[Vector] = []
    for index in range(3):
        axis = np.array(gaussian(seed, f"{name}/orbit", index, size))
        for other in axes:
            axis -= (axis @ other) / (other @ other) * other
        axes.append(onto_shell(axis, radius))
    return axes[0], axes[1], axes[2]


def orbit(seed: int, name: str, phase: float, size: int, radius: float) -> Vector:
    """Go round an exact small circle on the shell, at constant speed.

    ``z = sqrt(1 - r^2) q0 + r (q1 cos 2 pi u + q2 sin 2 pi u)``, q orthogonal and on the shell.

    Parameters
    ----------
    phase
        In turns.
    radius
        Of the circle, relative to the shell, 0..1.
    """
    q0, q1, q2 = _frame(seed, name, size)
    angle = 2.0 * math.pi * (phase - math.floor(phase))
    return around(q0, math.cos(angle) * q1 + math.sin(angle) * q2, radius)


def orbit_around(centre: Vector, seed: int, name: str, phase: float, radius: float) -> Vector:
    """Go round an exact small circle about a point, on the sphere of its length; see `orbit`."""
    size = length(centre)
    axes = [np.array(gaussian(seed, f"{name}/orbit", k, len(centre))) for k in (1, 2)]
    for k, axis in enumerate(axes):
        for other in (centre, *axes[:k]):
            axis -= (axis @ other) / max(float(other @ other), 1e-300) * other
        axes[k] = onto_shell(axis, size)
    angle = 2.0 * math.pi * (phase - math.floor(phase))
    return around(centre, math.cos(angle) * axes[0] + math.sin(angle) * axes[1], radius)
