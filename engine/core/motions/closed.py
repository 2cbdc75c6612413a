"""Closed paths of any period: a few harmonics, and circles through noise."""

from __future__ import annotations

import math

import numpy as np

from engine.core.latent.geometry import Vector, onto_shell, shell_radius
from engine.core.latent.opensimplex import simplex, tables
from engine.core.motions.points import by_name, each_point
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


LOOP = Motion("loop", by_name(fourier, loop_period), loop_period)
"""Loop: a closed path of a few harmonics, of any period."""


def ring(seed: int, name: str, phase: float, size: int, period: float) -> Vector:
    """Go round circles through noise, each field's somewhere else, on the shell: no collapse.

    About as quick as a walk: a knot is 0.37 cells of the noise.
    """
    angle = 2.0 * math.pi * (phase % period) / period
    half = 0.37 * period / (2.0 * math.pi)
    x = 64.0 * gaussian(seed, f"{name}/ring", 0, size) + math.cos(angle) * half
    y = 64.0 * gaussian(seed, f"{name}/ring", 1, size) + math.sin(angle) * half
    return onto_shell(simplex(tables(0, size), x, y), shell_radius(size))


NOISE = Motion("noise", by_name(ring, loop_period), loop_period)
"""Noise: a closed path over circles through simplex noise, moved onto the shell."""


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


def _circle_point(path: Path, state: PathState, now: Now, phase: float, point: int) -> Vector:
    seed = int(now.values[path.seed]) + state.place + point * path.size
    return circle(seed, phase, path.size, loop_period(path, now.values))


OPENSIMPLEX = Motion("opensimplex", each_point(_circle_point), loop_period)
"""OpenSimplex: the closed path through noise of other StyleGAN tools, seed by seed the same."""
