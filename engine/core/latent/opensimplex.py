"""OpenSimplex noise in two dimensions, of many fields at one time, and loops through it.

Kurt Spencer's published algorithm (2014, public domain), seeded as he seeds it. Going round a
circle in such noise, a field for each component, is how other tools make latent loops. It is here
for whoever wants their loops. Its faults: the components have a spread of 0.37 instead of 1, and
as every field is 0 at the corners of its lattice, all of them vanish there together, so that the
latent shrinks to a twentieth of its length in passing. `ring` has neither.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.core.latent.geometry import Vector

STRETCH, SQUISH, NORM = (1 / math.sqrt(3) - 1) / 2, (math.sqrt(3) - 1) / 2, 47.0
_GRADIENTS = np.array(
    [(5, 2), (2, 5), (-5, 2), (-2, 5), (5, -2), (2, -5), (-5, -2), (-2, -5)], np.float64
)
Table = NDArray[np.int64]


@lru_cache(maxsize=16)
def tables(first_seed: int, count: int) -> Table:
    """Permutations of the fields with the seeds from `first_seed` on [shape=(count, 256)]."""
    low, high = -(1 << 63), 1 << 64
    found = np.zeros((count, 256), np.int64)
    for row in range(count):
        seed, source = first_seed + row, list(range(256))
        for step in range(3 + 256):
            seed = (seed * 6364136223846793005 + 1442695040888963407 - low) % high + low
            if step >= 3:
                last = 258 - step
                place = (seed + 31) % (last + 1)
                found[row, last] = source[place]
                source[place] = source[last]
    return found


def simplex(perm: Table, x: Vector, y: Vector) -> Vector:
    """Noise of every field at a point of its own [shape=(N,)], within -0.87..0.87.

    Parameters
    ----------
    perm
        See `tables` [shape=(N, 256)].
    x, y
        [shape=(N,)], or one point for all [shape=(1,)].
    """
    stretch = (x + y) * STRETCH
    xi, yi = np.floor(x + stretch), np.floor(y + stretch)
    fx, fy = x + stretch - xi, y + stretch - yi
    squish = (xi + yi) * SQUISH
    dx, dy = x - (xi + squish), y - (yi + squish)
    total = fx + fy
    is_low, is_wide = total <= 1.0, fx > fy
    rest = np.where(is_low, 1.0 - total, 2.0 - total)
    is_out = np.where(is_low, (rest > fx) | (rest > fy), (rest < fx) | (rest < fy))
    # The corner beyond the two shared ones that may still be near.
    out_x = np.where(is_low, np.where(is_wide, 1, -1), np.where(is_wide, 2, 0))
    out_y = np.where(is_low, np.where(is_wide, -1, 1), np.where(is_wide, 0, 2))
    both = np.where(is_low, 1, 0)
    own = np.where(is_low, 0, 1)
    out_x, out_y = np.where(is_out, out_x, both), np.where(is_out, out_y, both)
    found = np.zeros(len(perm))
    rows = np.arange(len(perm))
    for a, b in ((1, 0), (0, 1), (own, own), (out_x, out_y)):
        shift = (np.asarray(a) + b) * SQUISH
        px, py = dx - a - shift, dy - b - shift
        near = np.maximum(2.0 - px * px - py * py, 0.0)
        ix, iy = (xi + a).astype(np.int64), (yi + b).astype(np.int64)
        g = _GRADIENTS[(perm[rows, (perm[rows, ix & 255] + iy) & 255] & 14) >> 1]
        near *= near
        found += near * near * (g[:, 0] * px + g[:, 1] * py)
    return found / NORM
