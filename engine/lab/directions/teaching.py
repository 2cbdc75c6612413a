"""A direction from examples: more like these, less like those.

After R. Fiebrink, "Wekinator" (2009), and M. Akten et al., "Deep Meditations" (2019). A ridge in
whitened principal coordinates: of a few examples it says no more than they do, and a step of it is
a likely place for the model.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.lab.directions.discovery import Options, apart, direction_of, fixed_of, moments_of
from engine.lab.directions.moments import Array
from engine.lab.directions.studied_model import StudiedModel
from engine.models.sidecars.directions import Direction, Floats

THUMBS = 72
AXES = 10
RIDGE = 0.1
_ASIDE = 0.25
"""How much a picture counts that was seen and not picked: it is neither."""


def thumbs(studied: StudiedModel, seed: int, count: int = THUMBS) -> Floats:
    """Styles of the pictures on a sheet [shape=(count, w_dim)]."""
    return studied.map(studied.latents(seed, "teaching", count))


def ridge(u: Array, y: Array, weights: Array) -> Array:
    """Solve for the direction [shape=(k,)] along which examples [shape=(n, k)] rise as `y` does.

    The dual form: as many equations as there are examples, however long they are.
    """
    root = np.sqrt(weights)
    u = (u - (weights @ u) / weights.sum()) * root[:, None]
    y = (y - (weights @ y) / weights.sum()) * root
    products = u @ u.T
    penalty = RIDGE * products.trace() / weights.sum()
    found: Array = u.T @ np.linalg.solve(products + penalty * np.eye(len(y)), y)
    return found


def teach(
    studied: StudiedModel,
    options: Options,
    w: Floats,
    more: list[int],
    less: list[int],
    axes: int = AXES,
) -> Direction:
    """Find a direction from picks on a sheet.

    Parameters
    ----------
    options
        Its seed is the sheet's; what it fixes stays as it is.
    w
        Styles of the whole sheet [shape=(n, w_dim)].
    more, less
        Places on it, from 0.
    axes
        Of the spread that examples may speak of.

    Raises
    ------
    ValueError
        If nothing is picked, a number is not on the sheet, or one is both.
    """
    both = set(more) & set(less)
    if not more or both:
        origin = f"{min(both) + 1} is picked as more and as less" if both else "nothing is picked"
        raise ValueError(f"{origin}: give numbers of the sheet, as in --more 3,7 --less 1,4")
    for place in [*more, *less]:
        if not 0 <= place < len(w):
            raise ValueError(f"there is no picture {place + 1} on the sheet: it has 1 to {len(w)}")
    moments = moments_of(studied, replace(options, seed=0))
    rank = moments.rank(axes)
    y, weights = np.zeros(len(w)), np.full(len(w), _ASIDE)
    y[more], y[less] = 1.0, -1.0
    weights[[*more, *less]] = 1.0
    found = ridge(moments.whiten(w, rank), y, weights)
    found = apart(found[None], fixed_of(options, moments, rank))[0]
    origin = f"{len(more)} more, {len(less)} less of {len(w)}"
    return direction_of(
        "taught_1", moments.colour(found), moments, options, studied, "taught", origin
    )
