"""Drift: a smooth Ornstein-Uhlenbeck process (Matérn-3/2), a pure function of (seed, phase)."""

from __future__ import annotations

import math

import numpy as np

from engine.core.latent.geometry import Vector
from engine.core.motions.points import by_name
from engine.core.path.model import Motion
from engine.core.path.phase import own_period
from engine.core.rng import gaussian

_CELL = 0.5
"""Width, in knots, of the cells in which the driving noise is constant: then drift has no
corners. Shorter ones would shake it, as white noise does."""
_CELLS = 40  # 20 knots: the response has fallen to 4e-8
_BLOCK = 16


def _response(s: Vector) -> Vector:
    """Integral of ``s e^-s`` from 0."""
    s = np.maximum(s, 0.0)
    found: Vector = 1.0 - (1.0 + s) * np.exp(-s)
    return found


def drift(seed: int, name: str, phase: float, size: int, period: float = 0.0) -> Vector:
    """Drift without end [shape=(size,)]: a Matérn-3/2 process, about as quick as a walk.

    The critically damped answer ``t e^-t`` to keyed Gaussian noise: what an Ornstein-Uhlenbeck
    process is to speed, it is to place, so that nothing shakes. The answer's length is worked out
    at every phase: every place is exactly N(0, I).

    Parameters
    ----------
    phase
        Place, in knots.
    period
        If above 0 it closes exactly after so many knots, rounded to halves.

    References
    ----------
    J. Hartikainen and S. Särkkä, "Kalman filtering and smoothing solutions to temporal Gaussian
    process regression models" (2010), section 4.
    """
    last = math.floor(phase / _CELL)
    cells = np.arange(last - _CELLS + 1, last + 1)
    edges = _response(phase - np.append(cells, last + 1) * _CELL)
    weights = edges[:-1] - edges[1:]
    if period > 0.0:
        cells %= max(round(period / _CELL), 1)
    blocks = cells // _BLOCK
    found, variance = np.zeros(size), 0.0
    for block in np.unique(blocks):
        row = np.zeros(_BLOCK)
        chosen = blocks == block
        np.add.at(row, cells[chosen] % _BLOCK, weights[chosen])
        noise = gaussian(seed, f"{name}/drift", int(block), _BLOCK * size).reshape(_BLOCK, size)
        found += row @ noise
        variance += float(row @ row)
    found /= math.sqrt(variance)
    return found


DRIFT = Motion("drift", by_name(drift, own_period), own_period)
