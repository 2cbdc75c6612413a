"""The plausibility limiter: a bound on the distance from the centre of what a generator knows."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from engine.core.latent.geometry import Vector, length
from engine.core.parameter import Kind
from engine.core.path.keyframes import Keyframes, keyframes_of
from engine.core.path.model import Modifier, Now, Part, Path, PathState, Rows
from engine.core.path.setting import Setting

LIMITED = ("gaussian", "sphere", "wspace")
"""Geometries whose coordinates are N(0, I), so that they can be implausible."""

KNEE, MOST = 1.2, 1.8
_TAIL = 6.0 * math.sqrt(0.5)


@lru_cache(maxsize=64)
def knee(size: int) -> float:
    """``|n| / sqrt d`` below which nothing is touched: 1.2, and more in few dimensions.

    The chi law is wide there: 1.2 is 6 standard deviations of 0.7071 above its mean at d = 450,
    and only 2.3 at d = 64. What a walk reaches by itself must keep its bits.
    """
    return max(KNEE, 1.0 + _TAIL / math.sqrt(size))


def limit(z: Vector, above: float = 0.0) -> Vector:
    """Hold back a latent that has left its distribution, smoothly, and never beyond a bound.

    With ``r = |z| / sqrt d``: above the knee k it is ``k + (m - k) tanh((r - k) / (m - k))``,
    m = 1.5 k; below, the very same vector.

    Parameters
    ----------
    z [shape=(D,)]
        Coordinates that are N(0, I) where they are typical.
    above
        A knee that the path asks for, if it is higher.
    """
    size = z.shape[0]
    k = max(knee(size), above)
    r = length(z) / math.sqrt(size)
    if not r > k:
        return z
    room = k * (MOST / KNEE - 1.0)
    return z * ((k + room * math.tanh((r - k) / room)) / r)


def _apply(path: Path, state: PathState, now: Now, rows: Rows) -> Rows:
    if now.values[path.at["limit"]] < 0.5:
        return rows
    above = 0.0
    if path.keys.keys or "keys" in state.memory:
        above = _longest(keyframes_of(path, state, now.values))
    scale, k = math.sqrt(path.size), max(knee(path.size), above)
    return [limit(row, above) if length(row) / scale > k else row for row in rows]


@lru_cache(maxsize=32)
def _longest(keys: Keyframes) -> float:
    """Length of the longest key, by ``sqrt d``: what somebody chose as a key is met as it is."""
    points = np.stack(keys.points)
    return math.sqrt((points * points).mean(axis=-1).max()) * (1.0 + 1e-9)


LIMIT = Modifier(
    "limit",
    _apply,
    wakes=("limit",),
    fits=lambda path: path.geometry in LIMITED,
    part=Part(
        (Setting("limit", "Holds back what has left its distribution.", 1.0, kind=Kind.BOOL),)
    ),
)
