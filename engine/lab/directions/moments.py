"""Moments of a model's own latents: exact, in one pass; axes, whitened coordinates.

E. Härkönen et al., "GANSpace: discovering interpretable GAN controls" (2020), with the covariance
itself instead of an incremental estimate: the same directions on every machine, in seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_FLATTEST = 1e-4
"""Axes along which a space hardly spreads are left alone: relative to the widest."""


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Mean, principal axes as rows, widest first, and the spread along each.

    Parameters
    ----------
    mean
        [shape=(D,)]
    axes
        Unit vectors; the largest component of each is above 0 [shape=(D, D)].
    std
        [shape=(D,)]
    """

    mean: Array
    axes: Array
    std: Array

    def along(self, vector: NDArray[Any]) -> tuple[float, float]:
        """Mean and spread of the samples along a unit vector."""
        square = np.square(self.std * (self.axes @ vector)).sum()
        return float(self.mean @ vector), float(np.sqrt(square))

    def rank(self, most: int = 0) -> int:
        """How many axes spread at all, at most so many (0: all)."""
        whole = int((self.std > _FLATTEST * self.std[0]).sum())
        return min(most, whole) if most else whole

    def whiten(self, x: NDArray[Any], count: int) -> Array:
        """Coordinates of unit spread along the first axes [shape=(N, count)]."""
        found: Array = (x - self.mean) @ self.axes[:count].T / self.std[:count]
        return found

    def colour(self, u: NDArray[Any]) -> Array:
        """Turn steps in whitened coordinates [shape=(..., count)] back [shape=(..., D)]."""
        count = u.shape[-1]
        found: Array = (u * self.std[:count]) @ self.axes[:count]
        return found


def measure(chunks: Iterable[NDArray[Any]]) -> Moments:
    """Measure samples that come in chunks [shape=(n, D)], in float64.

    Raises
    ------
    ValueError
        If they are no numbers, or all the same.
    """
    count, total, square = 0, np.zeros(0), np.zeros(0)
    for chunk in chunks:
        x = chunk.astype(np.float64)
        total = total + x.sum(0) if count else x.sum(0)
        square = square + x.T @ x if count else x.T @ x
        count += len(x)
    mean = total / count
    covariance = (square - count * np.outer(mean, mean)) / max(count - 1, 1)
    if not np.isfinite(covariance).all() or not covariance.trace() > 0.0:
        raise ValueError(
            "the model's latents are all the same, or no numbers: there are no directions"
        )
    values, vectors = np.linalg.eigh(covariance)
    axes = vectors.T[::-1]
    # LAPACK leaves the signs open.
    axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(1)])[:, None]
    return Moments(mean, axes, np.sqrt(np.maximum(values[::-1], 0.0)))
