"""Directions at right angles, drawn by chance: knobs before anything is known of a model."""

from __future__ import annotations

import numpy as np

from engine.core.rng import draw
from engine.lab.directions.discovery import Options, directions_of, moments_of
from engine.lab.directions.studied_model import StudiedModel
from engine.models.sidecars.directions import Direction


def find(studied: StudiedModel, options: Options) -> list[Direction]:
    """Return directions that are even over all turns (Haar): a QR with its signs set right.

    References
    ----------
    F. Mezzadri, "How to generate random matrices from the classical compact groups" (2007).
    """
    size = studied.shape.z_dim if options.space == "z" else studied.shape.w_dim
    count = min(options.count, size)
    basis, triangle = np.linalg.qr(
        draw(options.seed, "basis", 0, size * count).reshape(size, count)
    )
    vectors = (basis * np.sign(np.diag(triangle))).T
    moments = moments_of(studied, options, space=options.space)
    return directions_of(vectors, moments, options, studied, "random")
