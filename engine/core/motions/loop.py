"""Loop: a closed path of a few harmonics, of any period."""

from __future__ import annotations

import math

import numpy as np

from engine.core.latent.geometry import Vector
from engine.core.motions.points import each_point, point_name, walk_name, within_radius
from engine.core.path.model import Motion, Now, Path, PathState
from engine.core.path.phase import loop_period
from engine.core.rng import gaussian

HARMONICS = (1.0, 1.0, 1.0 / 2.0, 1.0 / 3.0)


def fourier(seed: int, name: str, phase: float, size: int, period: float) -> Vector:
    """Go round a loop of a few harmonics, of any period; every place is exactly N(0, I).

    ``z = s0 c + sum_k s_k (a_k cos k th + b_k sin k th)``, all independent N(0, I), sum s^2 = 1.

    Parameters
    ----------
    phase, period
        Place, and the length of the loop, in knots.
    """
    angle = 2.0 * math.pi * (phase % period) / period
    weights = [HARMONICS[0]]
    for k, s in enumerate(HARMONICS[1:], 1):
        weights += [s * math.cos(k * angle), s * math.sin(k * angle)]
    row = np.array(weights) / math.sqrt(sum(s * s for s in HARMONICS))
    found: Vector = row @ gaussian(seed, f"{name}/loop", 0, len(row) * size).reshape(-1, size)
    return found


def _point(path: Path, state: PathState, now: Now, phase: float, point: int) -> Vector:
    name = point_name(walk_name(path, state, now.values), point)
    z = fourier(now.seed, name, phase, path.size, loop_period(path, now.values))
    return within_radius(path, now, name, z)


LOOP = Motion("loop", each_point(_point), loop_period)
