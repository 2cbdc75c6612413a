"""Directions along which something measurable grows: brighter, greener, smoother.

What labels are to Y. Shen et al., "Interpreting the latent space of GANs" (2020), is measured here
on the model's own pictures (`scores`), and fitted in closed form. What counts is the order of the
pictures: of a thing that most of them lack, such as ice, its amounts say little.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import numpy as np

from engine.lab.directions.discovery import (
    SAMPLED,
    Options,
    apart,
    direction_of,
    fixed_of,
    moments_of,
)
from engine.lab.directions.image_statistics import SCORES, measured
from engine.lab.directions.moments import Array
from engine.lab.directions.studied_model import BATCH, StudiedModel
from engine.models.sidecars.directions import Direction

SAMPLES = 4000
PX = 64
_RIDGE = 0.01
_TAUGHT = 0.7
"""Share of the samples that is fitted; the rest says how well."""


def find(studied: StudiedModel, options: Options) -> list[Direction]:
    """Return a direction for each score; what `wish.fixed` names stays as it is.

    ``red/blue+white`` is red, while blue and white stay too.

    Raises
    ------
    ValueError
        If there is no such score, or no direction of the name of what stays.
    """
    asked = [each.partition("/") for each in options.scores or tuple(SCORES)]
    stays = [(*options.fixed, *filter(None, more.split("+"))) for _, _, more in asked]
    names = [name for name, _, _ in asked]
    others = [name for each in stays for name in each if name in SCORES]
    every = tuple(dict.fromkeys([*names, *others]))
    count = options.samples or SAMPLES
    w = studied.map(studied.latents(options.seed, SAMPLED, count))
    parts = [measured(studied.draw(w[at : at + BATCH], PX), every) for at in range(0, count, BATCH)]
    moments = moments_of(studied, options)
    rank = moments.rank()
    u, y = moments.whiten(w, rank), np.concatenate(parts).astype(np.float64)
    slopes, fits = fit(u, normal_ranks(y))
    made = []
    for name, stay in zip(names, stays, strict=True):
        place = every.index(name)
        known = tuple(each for each in stay if each not in SCORES)
        fixed = [slopes[every.index(each)] for each in stay if each in SCORES and each != name]
        also = fixed_of(replace(options, fixed=known), moments, rank)
        whole = np.concatenate([np.array(fixed).reshape(-1, rank), also])
        vector = moments.colour(apart(slopes[place][None], whole)[0])
        origin = f"{name}, r {fits[place]:.2f} on {count} pictures"
        origin += f", {' and '.join(stay)} kept" if stay else ""
        made.append(direction_of(name, vector, moments, options, studied, "measured", origin))
    return made


def normal_ranks(y: Array) -> Array:
    """Replace each column [shape=(N, m)] by normal scores in the same order."""
    normal = NormalDist()
    places = np.array([normal.inv_cdf((n + 0.5) / len(y)) for n in range(len(y))])
    found: Array = places[y.argsort(0, kind="stable").argsort(0)]
    return found


def fit(u: Array, y: Array) -> tuple[Array, list[float]]:
    """Fit scores [shape=(N, m)] on whitened coordinates [shape=(N, k)].

    Returns
    -------
    tuple
        Slopes [shape=(m, k)]; correlation with the scores of samples that were kept out.
    """
    taught = max(2, round(len(u) * _TAUGHT))
    x, t = u[:taught], y[:taught] - y[:taught].mean(0)
    x = x - x.mean(0)
    penalty = _RIDGE * taught * np.eye(x.shape[1])
    slopes = np.linalg.solve(x.T @ x + penalty, x.T @ t).T
    predicted, seen = u[taught:] @ slopes.T, y[taught:]
    fits = [
        float(np.corrcoef(a, b)[0, 1]) if a.std() > 1e-12 and b.std() > 1e-12 else 0.0
        for a, b in zip(predicted.T, seen.T, strict=True)
    ]
    return slopes, fits
