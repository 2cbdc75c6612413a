"""Directions along which something measurable grows: brighter, greener, smoother.

What labels are to Y. Shen et al., "Interpreting the latent space of GANs" (2020), is measured here
on the model's own pictures (`scores`), and fitted in closed form.
"""

from __future__ import annotations

import numpy as np

from engine.generators.direction import Direction
from engine.generators.finding import SPREAD, Wish, apart, direction_of, fixed_of, spread_of
from engine.generators.scores import SCORES, measured
from engine.generators.spread import Array
from engine.generators.subject import BATCH, Subject

SAMPLES = 4000
PX = 64
_RIDGE = 0.01
_TAUGHT = 0.7
"""Share of the samples that is fitted; the rest says how well."""


def find(subject: Subject, wish: Wish) -> list[Direction]:
    """Return a direction for each score; `wish.fixed` names scores and directions that stay."""
    names = wish.scores or tuple(SCORES)
    others = tuple(name for name in wish.fixed if name in SCORES)
    count = wish.samples or SAMPLES
    w = subject.map(subject.latents(wish.seed, SPREAD, count))
    parts = [
        measured(subject.draw(w[at : at + BATCH], PX), (*names, *others))
        for at in range(0, count, BATCH)
    ]
    spread = spread_of(subject, wish)
    rank = spread.rank()
    u, y = spread.whiten(w, rank), np.concatenate(parts).astype(np.float64)
    slopes, fits = fit(u, y)
    known = [name for name in wish.fixed if name not in SCORES]
    also = fixed_of(Wish(fixed=tuple(known), known=wish.known), spread, rank)
    made = []
    for place, name in enumerate(names):
        stays = [len(names) + n for n, other in enumerate(others) if other != name]
        fixed = np.concatenate([slopes[stays], also])
        vector = spread.colour(apart(slopes[place][None], fixed)[0])
        told = f"r {fits[place]:.2f} on {count} pictures"
        told += f", {' and '.join(wish.fixed)} kept" if wish.fixed else ""
        made.append(direction_of(name, vector, spread, wish, subject, "measured", told))
    return made


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
    told, seen = u[taught:] @ slopes.T, y[taught:]
    fits = [
        float(np.corrcoef(a, b)[0, 1]) if a.std() > 1e-12 and b.std() > 1e-12 else 0.0
        for a, b in zip(told.T, seen.T, strict=True)
    ]
    return slopes, fits
