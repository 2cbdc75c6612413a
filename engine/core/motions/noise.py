"""TODO engine/core/motions/noise.py."""

from __future__ import annotations

import math

import numpy as np

from engine.core.latent.geometry import Vector, onto_shell, shell_radius
from engine.core.latent.opensimplex import simplex, tables
from engine.core.rng import gaussian


def circle(seed: int, phase: float, size: int, period: float) -> Vector:
    """Go round a circle through OpenSimplex noise as other tools do: it leaves the shell.

    Component i is field ``seed + i`` at ``((cos + 1) / 2 D, (sin + 1) / 2 D)``, D being the
    circle's diameter.

    Parameters
    ----------
    phase, period
        Place on the circle, and its circumference in cells of the noise.
    """
    angle = 2.0 * math.pi * (phase % period) / period
    half = period / (2.0 * math.pi)
    x, y = (math.cos(angle) + 1.0) * half, (math.sin(angle) + 1.0) * half
    return simplex(tables(seed, size), np.array([x]), np.array([y]))


def ring(seed: int, name: str, phase: float, size: int, period: float) -> Vector:
    """Go round circles through noise, each field's somewhere else, on the shell: no collapse.

    About as quick as `path.walk`: a knot is 0.37 cells of the noise.
    """
    angle = 2.0 * math.pi * (phase % period) / period
    half = 0.37 * period / (2.0 * math.pi)
    x = 64.0 * gaussian(seed, f"{name}/ring", 0, size) + math.cos(angle) * half
    y = 64.0 * gaussian(seed, f"{name}/ring", 1, size) + math.sin(angle) * half
    return onto_shell(simplex(tables(0, size), x, y), shell_radius(size))
