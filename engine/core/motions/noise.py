"""Noise: a closed path over circles through simplex noise, moved onto the shell."""

from __future__ import annotations

import math

from engine.core.latent.geometry import Vector, onto_shell, shell_radius
from engine.core.latent.opensimplex import simplex, tables
from engine.core.motions.points import each_point, point_name, walk_name, within_radius
from engine.core.path.model import Motion, Now, Path, PathState
from engine.core.path.phase import loop_period
from engine.core.rng import gaussian


def ring(seed: int, name: str, phase: float, size: int, period: float) -> Vector:
    """Go round circles through noise, each field's somewhere else, on the shell: no collapse.

    About as quick as a walk: a knot is 0.37 cells of the noise.
    """
    angle = 2.0 * math.pi * (phase % period) / period
    half = 0.37 * period / (2.0 * math.pi)
    x = 64.0 * gaussian(seed, f"{name}/ring", 0, size) + math.cos(angle) * half
    y = 64.0 * gaussian(seed, f"{name}/ring", 1, size) + math.sin(angle) * half
    return onto_shell(simplex(tables(0, size), x, y), shell_radius(size))


def _point(path: Path, state: PathState, now: Now, phase: float, point: int) -> Vector:
    name = point_name(walk_name(path, state, now.values), point)
    z = ring(now.seed, name, phase, path.size, loop_period(path, now.values))
    return within_radius(path, now, name, z)


NOISE = Motion("noise", each_point(_point), loop_period)
