"""Example maps: latents at places of a plane or of controllers, interpolated.

After R. Fiebrink's Wekinator: examples pair where controllers stood with a latent. Between them
weights follow D. Shepard, "A two-dimensional interpolation function for irregularly-spaced data"
(1968), with the compact support of R. Franke and G. Nielson (1980), and the latents' Fréchet mean
never leaves the shell. At an example it is that example exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core.latent.geometry import Vector
from engine.core.latent.mean import frechet_mean

NEAR = 8
"""So many examples are mixed at most; farther ones have faded out."""
MOST_INPUTS = 8
EVEN = 0.65
_MARGIN = 0.06  # of a layout, on each side


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Examples.

    Parameters
    ----------
    places
        Where the controllers stand, each in 0..1 [shape=(K, inputs)].
    latents
        Coordinates [shape=(K, rows, D)].
    """

    places: Vector
    latents: Vector

    def __len__(self) -> int:
        return len(self.places)

    def joined(self, place: Vector, latent: Vector) -> Examples:
        """Add an example [shape=(inputs,), (rows, D)]; it replaces one that stood there."""
        kept = np.abs(self.places - place).max(axis=1) > 1e-6
        return Examples(
            np.concatenate([self.places[kept], place[None]]),
            np.concatenate([self.latents[kept], latent[None]]),
        )


def empty(inputs: int, rows: int, size: int) -> Examples:
    """Make a map without examples."""
    return Examples(np.zeros((0, inputs)), np.zeros((0, rows, size)))


def weights(places: Vector, place: Vector) -> Vector:
    """Weigh examples for where the controllers stand [shape=(K,)]; the weights sum to 1.

    ``((r - d) / (r d))^2`` for those nearer than r, the distance of the ninth; continuous, and 1
    for an example that is met.

    Parameters
    ----------
    places
        [shape=(K, inputs)], K at least 1.
    place
        [shape=(inputs,)]
    """
    far = np.sqrt(((places - place) ** 2).sum(axis=1))
    met = far < 1e-9
    if met.any():
        return np.asarray(met / met.sum(), np.float64)
    if len(far) > NEAR:
        reach = max(float(np.partition(far, NEAR)[NEAR]), 1e-9)
        found = np.square(np.maximum(reach - far, 0.0) / (reach * far))
    else:
        found = 1.0 / np.square(far)
    total = float(found.sum())
    # Nine at one distance: none is nearer than the ninth.
    return found / total if total > 0.0 else np.full(len(far), 1.0 / len(far))


def blend(examples: Examples, place: Vector) -> Vector:
    """Latent for where the controllers stand [shape=(rows, D)].

    Raises
    ------
    ValueError
        If there are no examples.
    """
    if not len(examples):
        raise ValueError("a map without examples leads nowhere")
    shares = weights(examples.places, place)
    near = np.flatnonzero(shares)
    if len(near) == 1:
        latent: Vector = examples.latents[near[0]]
        return latent
    return frechet_mean(examples.latents[near].swapaxes(0, 1), shares[near])


def layout(features: Vector, even: float = EVEN) -> Vector:
    """Lay things out on a plane by their two principal axes.

    Parameters
    ----------
    features
        [shape=(K, D)]
    even
        From 0, distances as they are, to 1, only the order counts: few far ones do not push the
        rest together.

    Returns
    -------
    ndarray [shape=(K, 2)]
        Each axis fills 0..1 but for a margin; the sign of an axis is that of its largest loading.
    """
    centred = features - features.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    places = np.full((len(features), 2), 0.5)
    for k, axis in enumerate(axes[:2]):
        axis = axis * np.sign(axis[np.argmax(np.abs(axis))])
        along = centred @ axis
        span = float(np.ptp(along))
        if span > 1e-12:
            order = np.argsort(np.argsort(along, kind="stable"), kind="stable")
            spread = even * order / (len(along) - 1) + (1 - even) * (along - along.min()) / span
            places[:, k] = _MARGIN + (1 - 2 * _MARGIN) * spread
    return places
