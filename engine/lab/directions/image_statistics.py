"""Image statistics that need no network: colours, contrast, edges, balance."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from engine.models.sidecars.directions import Floats

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


def _saturation(x: Floats) -> Floats:
    return np.asarray((x.max(1) - x.min(1)).mean((1, 2)))


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
    "saturation": _saturation,
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
