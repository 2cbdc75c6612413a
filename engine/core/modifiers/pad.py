"""Hands on several directions at once: a pad between four corners, and pushes in sigma."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from engine.core.latent.geometry import Vector, length, onto_shell, slerp
from engine.core.latent.mean import karcher
from engine.core.rng import gaussian

CORNERS = 4
PUSHES = 8
GLIDING = ("pad", "pad_x", "pad_y", *(f"push_{k + 1}" for k in range(PUSHES)))
"""Settings that move on springs."""


def bilinear(x: float, y: float) -> Vector:
    """Weights of the corners: bottom left, bottom right, top left, top right [shape=(4,)]."""
    return np.array([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y])


def on_pad(z: Vector, corners: Sequence[Vector], x: float, y: float, amount: float) -> Vector:
    """Draw latents to the place of a pad: the Karcher mean of its corners, bilinear weights.

    Parameters
    ----------
    z [shape=(D,) or (R, D)]
    corners
        Four of the same shape.
    x, y
        0..1, from the bottom left.
    amount
        0 leaves the latent as it is, 1 is the pad alone.
    """
    weights = bilinear(x, y)
    used = np.flatnonzero(weights > 0.0).tolist()
    place = corners[used[0]]
    if len(used) > 1:
        place = karcher(np.stack([corners[k] for k in used], axis=-2), weights[used])
    if amount >= 1.0:
        return place
    if z.ndim == 1:
        return slerp(z, place, amount)
    return np.stack([slerp(a, b, amount) for a, b in zip(z, place, strict=True)])


@lru_cache(maxsize=64)
def push_basis(seed: int, name: str, index: int, size: int) -> Vector:
    """Eight orthonormal directions of a keyed random basis: Q of its QR [shape=(8, size)].

    Gram-Schmidt done twice, which is as good as Householder (Giraud et al. 2005); in fewer
    dimensions than eight the last ones are 0.
    """
    basis = np.zeros((PUSHES, size))
    for k in range(min(PUSHES, size)):
        row = np.array(gaussian(seed, f"{name}/push/{index}", k, size))
        for _ in range(2):
            for other in basis[:k]:
                row -= (other @ row) * other
        basis[k] = row / length(row)
    basis.flags.writeable = False
    return basis


def push(z: Vector, basis: Vector, sigmas: Sequence[float]) -> Vector:
    """Push a latent along several directions at once; its length stays.

    Parameters
    ----------
    z [shape=(D,)]
        In coordinates, where the projection of a latent on any direction has a sigma of 1.
    basis [shape=(8, D)]
    sigmas
        By how many sigmas [length 8].
    """
    size = length(z)
    return onto_shell(z + np.array(sigmas) @ basis, size) if size > 0.0 else z
