"""Directions that change a network's scales most: Y. Shen and B. Zhou, "SeFa" (2021)."""

from __future__ import annotations

import numpy as np

from engine.lab.directions.discovery import Options, directions_of, moments_of
from engine.lab.directions.studied_model import StudiedModel
from engine.models.sidecars.directions import Direction


def find(studied: StudiedModel, options: Options) -> list[Direction]:
    """Return right singular vectors of the chosen layers' affines, strongest first.

    Rows are brought to length 1, so that every scale counts alike.
    """
    first, last = options.layers or (0, studied.shape.num_ws)
    rows = np.concatenate([x.weight for x in studied.affines() if first <= x.row < last])
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    vectors = np.linalg.svd(rows / np.maximum(lengths, 1e-12), full_matrices=False)[2]
    moments = moments_of(studied, options)
    return directions_of(vectors[: options.count], moments, options, studied, "sefa")
