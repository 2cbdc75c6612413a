"""OpenSimplex: the closed path through noise of other StyleGAN tools, seed by seed the same."""

from __future__ import annotations

import math

import numpy as np

from engine.core.latent.geometry import Vector
from engine.core.latent.opensimplex import simplex, tables
from engine.core.motions.points import each_point
from engine.core.path.model import Motion, Now, Path, PathState
from engine.core.path.phase import loop_period


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


def _point(path: Path, state: PathState, now: Now, phase: float, point: int) -> Vector:
    seed = int(now.values[path.seed]) + state.place + point * path.size
    return circle(seed, phase, path.size, loop_period(path, now.values))


OPENSIMPLEX = Motion("opensimplex", each_point(_point), loop_period)
