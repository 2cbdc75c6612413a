"""Directions along which something measurable grows: brighter, greener, smoother.

What labels are to Y. Shen et al., "Interpreting the latent space of GANs" (2020), is measured here
on the model's own pictures (`scores`), and fitted in closed form. What counts is the order of the
pictures: of a thing that most of them lack, such as ice, its amounts say little.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from engine.lab.directions.moments import Array
from engine.lab.directions.studied_model import BATCH, StudiedModel
from engine.models.sidecars.directions import Direction, Floats

Score = Callable[[Floats], Floats]
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def _light(x: Floats) -> Floats:
    found: Floats = np.tensordot(x, _LUMA, (1, 0))  # (N, H, W)
    return found


def _grey(x: Floats) -> Floats:
    """How little colour each place has, 0..1 [shape=(N, H, W)]."""
    return np.asarray(np.exp(-np.square((x.max(1) - x.min(1)) / 0.12)))


def _most(channel: int) -> Score:
    """Share of the picture in which this channel is the strongest; soft, and of colours only."""

    def score(x: Floats) -> Floats:
        weights = np.exp((x - x.max(1, keepdims=True)) / 0.03)
        share = weights[:, channel] / weights.sum(1)
        return np.asarray((share * (1 - _grey(x))).mean((1, 2)))

    return score


def _edges(x: Floats) -> Floats:
    light = _light(x)
    across, along = np.diff(light, axis=2)[:, :-1], np.diff(light, axis=1)[:, :, :-1]
    return np.asarray(np.hypot(across, along).mean((1, 2)))


def _share(x: Floats, low: float, high: float) -> Floats:
    """How much of a picture is grey and as light as this; soft at both ends."""
    light = _light(x)
    inside = 1 / (1 + np.exp(-(light - low) / 0.05)) - 1 / (1 + np.exp(-(light - high) / 0.05))
    return np.asarray((_grey(x) * inside).mean((1, 2)))


def _slope(x: Floats) -> Floats:
    """How fast power falls with frequency, in octaves: higher is smoother."""
    light = _light(x)
    light = light - light.mean((1, 2), keepdims=True)
    power = np.square(np.abs(np.fft.rfft2(light)))
    rows, columns = np.fft.fftfreq(light.shape[1]), np.fft.rfftfreq(light.shape[2])
    octave = np.log2(np.hypot(*np.meshgrid(rows, columns, indexing="ij")) + 1e-9)
    inside = (octave > -5) & (octave < -1)
    high = power[:, inside & (octave > -2.5)].mean(1)
    low = power[:, inside & (octave <= -2.5)].mean(1)
    return np.asarray(np.log2((low + 1e-9) / (high + 1e-9)), np.float32)


def _half(axis: int) -> Score:
    def score(x: Floats) -> Floats:
        light = np.moveaxis(_light(x), axis, 1)
        middle = light.shape[1] // 2
        return np.asarray(light[:, :middle].mean((1, 2)) - light[:, -middle:].mean((1, 2)))

    return score


SCORES: Mapping[str, Score] = {
    "brightness": lambda x: np.asarray(_light(x).mean((1, 2))),
    "contrast": lambda x: np.asarray(_light(x).std((1, 2))),
    "saturation": lambda x: np.asarray((x.max(1) - x.min(1)).mean((1, 2))),
    "warmth": lambda x: np.asarray((x[:, 0] - x[:, 2]).mean((1, 2))),
    "red": _most(0),
    "green": _most(1),
    "blue": _most(2),
    "white": lambda x: _share(x, 0.6, 2.0),
    "dark": lambda x: _share(x, -1.0, 0.2),
    "edges": _edges,
    "smooth": _slope,
    "symmetry": lambda x: np.asarray(-np.square(x - x[:, :, :, ::-1]).mean((1, 2, 3))),
    "left": _half(2),
    "top": _half(1),
}


def measured(pictures: Floats, names: tuple[str, ...] = ()) -> Floats:
    """Score pictures [shape=(N, 3, H, W)], 0..1: [shape=(N, len(names))]; no names: all scores.

    Raises
    ------
    ValueError
        If there is no such score.
    """
    for name in names:
        if name not in SCORES:
            raise ValueError(f"there is no score '{name:.40}'; there are: {', '.join(SCORES)}")
    found = [SCORES[name](pictures) for name in names or SCORES]
    return np.stack(found, 1).astype(np.float32)


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
