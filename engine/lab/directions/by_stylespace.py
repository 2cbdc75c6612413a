"""Single channels of one layer that change one place of the picture.

Z. Wu et al., "StyleSpace analysis: disentangled controls for StyleGAN image generation" (2021).
Instead of masks of things, which would need another network, a channel is rated by how much of
what it changes lies in one place.
"""

from __future__ import annotations

import numpy as np

from engine.lab.directions.discovery import Options, samples_of
from engine.lab.directions.studied_model import StudiedModel
from engine.models.sidecars.directions import Direction, Floats

SAMPLES = 4000
STEP = 5.0
"""How far a channel is moved both ways, in sigmas."""
PX = 32
MOST_TRIED = 1024
_TOGETHER, _CHOICE = 32, 3


def find(studied: StudiedModel, options: Options) -> list[Direction]:
    """Return channels whose change is most in one place, among those that change most."""
    first, last = options.layers or (0, studied.shape.num_ws)
    w = np.concatenate(list(samples_of(studied, options, SAMPLES)))
    found: list[Direction] = []
    for layer, row, weight in studied.affines():
        if first <= row < last:
            scales = w @ weight.T
            sigmas, centres = scales.std(0), scales.mean(0)
            found += [
                _channel(layer, channel, len(weight), float(sigmas[channel]), float(centre))
                for channel, centre in enumerate(centres)
                if sigmas[channel] > 0
            ]
    # A thousand take a minute; of more, those of the widest spread.
    found = sorted(found, key=lambda each: -each.sigma)[:MOST_TRIED]
    changes, scatter = _try(studied, found, w.mean(0, keepdims=True))
    strong = changes >= np.sort(changes)[-min(len(changes), _CHOICE * options.count)]
    order = np.lexsort((scatter, ~strong))[: options.count]
    return [found[place] for place in order]


def _channel(layer: str, channel: int, count: int, sigma: float, centre: float) -> Direction:
    vector = np.zeros(count, np.float32)
    vector[channel] = 1.0
    name = f"{layer}_{channel}".lower().replace(".", "_")[-30:].lstrip("_0123456789")
    return Direction(name, vector, sigma, "s", centre, (0, 0), layer, "stylespace")


def _try(studied: StudiedModel, found: list[Direction], mean: Floats) -> tuple[Floats, Floats]:
    """How much each changes the average picture, and over how much of it (entropy)."""
    changes, scatter = [], []
    for at in range(0, len(found), _TOGETHER):
        these = found[at : at + _TOGETHER]
        steps = np.concatenate([np.eye(len(these)), -np.eye(len(these))]) * STEP
        w = np.repeat(mean, len(steps), 0)
        pictures = studied.draw(w, PX, these, steps.astype(np.float32))
        more, less = pictures.reshape(2, len(these), -1, PX * pictures.shape[3])
        change = np.abs(more - less).mean(1) + 1e-9
        share = change / change.sum(1, keepdims=True)
        changes.append(change.mean(1))
        scatter.append(-(share * np.log(share)).sum(1))
    return np.concatenate(changes), np.concatenate(scatter)
