"""The direction from one set of saved latents to another: what the first has, the second not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.lab.directions.discovery import Options, direction_of, moments_of
from engine.lab.directions.studied_model import StudiedModel
from engine.models.sidecars.directions import Direction, Floats


def find(studied: StudiedModel, options: Options) -> list[Direction]:
    """Return the difference of the sets' means; latents for all layers count by those chosen.

    Raises
    ------
    ValueError
        If there are no two sets, or they are another model's.
    """
    more, less, space = pair_of(studied, options)
    options = replace(options, space=space)
    moments = moments_of(studied, options, space=space)
    vector = more.mean(0, dtype=np.float64) - less.mean(0, dtype=np.float64)
    origin = f"{len(more)} and {len(less)} latents"
    return [direction_of("difference_1", vector, moments, options, studied, "difference", origin)]


def pair_of(studied: StudiedModel, options: Options) -> tuple[Floats, Floats, str]:
    """Both sets as latents of one space [shape=(N, D)], and its name."""
    if options.sets is None:
        raise ValueError("say what is compared: two files of saved latents, --sets MORE LESS")
    shape = studied.shape
    spaces = {(shape.z_dim,): "z", (shape.w_dim,): "w", (shape.num_ws, shape.w_dim): "w+"}
    if shape.z_dim == shape.w_dim:
        spaces[(shape.w_dim,)] = options.space
    found = [spaces.get(each.shape[1:]) for each in options.sets]
    letters = {name[:1] for name in found if name}
    if None in found or len(letters) > 1:
        shapes = " and ".join(str(each.shape[1:]) for each in options.sets)
        needed = " or ".join(f"{name} {each}" for each, name in spaces.items())
        raise ValueError(f"the sets hold latents of the shapes {shapes}; both must be {needed}")
    first, last = options.layers or (0, shape.num_ws)
    more, less = (x[:, first:last].mean(1) if x.ndim == 3 else x for x in options.sets)
    return more, less, letters.pop()
