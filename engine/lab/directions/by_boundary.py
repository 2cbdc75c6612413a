"""The direction across the boundary of two labelled sets of latents.

Y. Shen et al., "Interpreting the latent space of GANs for semantic face editing" (2020). Their
linear machine is a ridge here, in closed form; in whitened coordinates it is also Fisher's
discriminant.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.lab.directions.by_difference import pair_of
from engine.lab.directions.discovery import Options, apart, direction_of, fixed_of, moments_of
from engine.lab.directions.studied_model import StudiedModel
from engine.lab.directions.teaching import ridge
from engine.models.sidecars.directions import Direction


def find(studied: StudiedModel, options: Options) -> list[Direction]:
    """Return the normal of the boundary, towards the first set; both sets count alike."""
    more, less, space = pair_of(studied, options)
    options = replace(options, space=space)
    moments = moments_of(studied, options, space=space)
    rank = moments.rank()
    u = moments.whiten(np.concatenate([more, less]), rank)
    y = np.repeat([1.0, -1.0], [len(more), len(less)])
    weights = np.repeat([0.5 / len(more), 0.5 / len(less)], [len(more), len(less)]) * len(u)
    found = apart(ridge(u, y, weights)[None], fixed_of(options, moments, rank))[0]
    origin = f"{len(more)} and {len(less)} latents, {((u @ found > 0) == (y > 0)).mean():.0%} apart"
    vector = moments.colour(found)
    return [direction_of("boundary_1", vector, moments, options, studied, "boundary", origin)]
