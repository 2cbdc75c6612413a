"""Great circles for many rows at once: the arithmetic of `engine.core.geometry`, over arrays.

Every function works along the last axis; the others broadcast. Lengths follow ``|a|^(1-t) |b|^t``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]
_TINY = 1e-12


def lengths(rows: Rows) -> Rows:
    """Euclidean length of every row [shape=(…, 1)]."""
    found: Rows = np.sqrt(np.einsum("...i,...i->...", rows, rows))[..., None]
    return found


def exps(points: Rows, tangents: Rows) -> Rows:
    """Walk from points along tangents, on the sphere of each point's own radius."""
    angles = lengths(tangents) / np.maximum(lengths(points), _TINY)
    found: Rows = np.cos(angles) * points + np.sinc(angles / np.pi) * tangents
    return found


def logs(points: Rows, goals: Rows) -> Rows:
    """Tangents at points that lead to goals; see `engine.core.geometry.log_map`."""
    radii = np.maximum(lengths(points), _TINY)
    p, q = points / radii, goals / np.maximum(lengths(goals), _TINY)
    angles = 2.0 * np.arctan2(lengths(p - q), lengths(p + q))
    side = q - np.sum(p * q, -1, keepdims=True) * p
    is_lost = (lengths(side) < 1e-9) & (angles > 1.0)
    if is_lost.any():  # opposite points: through the axis on which the point is smallest
        axis = np.zeros_like(p)
        np.put_along_axis(axis, np.argmin(np.abs(p), -1)[..., None], 1.0, -1)
        side = np.where(is_lost, axis - np.sum(p * axis, -1, keepdims=True) * p, side)
    return np.where(angles < 1e-9, radii * side, side * (radii * angles / _safe(lengths(side))))


def slerps(a: Rows, b: Rows, t: Any) -> Rows:
    """Go along great circles from a to b (Shoemake 1985); a row at the origin goes straight.

    Parameters
    ----------
    t
        A number, or an array that broadcasts with the rows: [shape=(…, 1)].
    """
    ra, rb = lengths(a), lengths(b)
    p = a / _safe(ra)
    q = exps(p, t * logs(p, b / _safe(rb)))
    found = q * (np.power(ra, 1.0 - t) * np.power(rb, t) / _safe(lengths(q)))
    return np.where(np.minimum(ra, rb) < _TINY, (1.0 - t) * a + t * b, found)


def bridges(a: Rows, speed_a: Rows, b: Rows, speed_b: Rows, t: Any) -> Rows:
    """Go from a to b with given velocities at both ends: a spherical Hermite arc, C1 at its ends.

    De Casteljau's algorithm with slerp (Shoemake 1985; Park and Ravani 1995), as
    `engine.core.path.keys`. Velocities are tangents, per length of the arc.
    """
    c, d = exps(a, speed_a / 3.0), exps(b, -speed_b / 3.0)
    ac, cd, db = slerps(a, c, t), slerps(c, d, t), slerps(d, b, t)
    return slerps(slerps(ac, cd, t), slerps(cd, db, t), t)


def _safe(sizes: Rows) -> Rows:
    return np.maximum(sizes, 1e-300)
