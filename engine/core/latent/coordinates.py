"""Whitened coordinates of a style space, in which styles are nearly normal.

P. Zhu et al., "Improved StyleGAN embedding: where are the good latents?" (2020): undoing the last
LeakyReLU of the mapping network makes its outputs nearly Gaussian (P); whitened by their principal
axes they are N(0, I) (P_N). So everything that moves through a Gaussian space moves through styles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core.latent.geometry import Vector


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """Coordinates of a style space: ``p = mean + back n``, and ``w = p`` above 0, else a slope.

    Parameters
    ----------
    mean
        Of P [shape=(D,)].
    back
        From whitened coordinates to P [shape=(D, D)].
    forward
        Its inverse [shape=(D, D)].
    slope
        Of the mapping's last LeakyReLU below 0; 1 if it has none.
    """

    mean: Vector
    back: Vector
    forward: Vector
    slope: float = 0.2

    def decode(self, coordinates: Vector) -> Vector:
        """Turn coordinates [shape=(…, D)] into styles of the same shape."""
        p = self.mean + coordinates @ self.back.T
        return np.where(p >= 0.0, p, self.slope * p)

    def encode(self, styles: Vector) -> Vector:
        """Turn styles [shape=(…, D)] into coordinates of the same shape: the way back."""
        p = np.where(styles >= 0.0, styles, styles / self.slope)
        return (p - self.mean) @ self.forward.T
