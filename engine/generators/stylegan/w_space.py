"""W space as a port: whitened coordinates, measured on the model's own mapping network.

Plain numpy, so that a spec is read without torch. P. Zhu et al., "Improved StyleGAN embedding:
where are the good latents?" (2020).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.latent.coordinates import Chart
from engine.core.rng import draw
from engine.core.show.generator import Port
from engine.generators.stylegan.canvas import Canvas
from engine.models.card import peek
from engine.models.network import Network

SLOPE = 0.2
ENDS = ("", "_b", "_c", "_d")
_FEWEST, _MOST_PER_NUMBER = 4096, 16
_FLATTEST = 1e-6
"""Smallest variance along an axis of P, relative to the largest: what a network does not use."""
Floats = NDArray[np.float32]


def ports(network: Network, canvas: Canvas, groups: Sequence[str]) -> tuple[Port, ...]:
    """Make the latent ports of a model: ``z``, ``z_b`` …, or where it is steered in w those.

    Parameters
    ----------
    groups
        Of each layer; ``w+`` has a row for each layer, ``z+`` for each group.

    Raises
    ------
    ValueError
        If its mapping network gives no space of styles.
    """
    size = int(network.modules[""]["z_dim"])
    points = canvas.control_points
    if canvas.space == "z":
        shape = (size,) if points == 1 else (points, size)
        return tuple(Port(f"z{end}", "sphere", shape) for end in ENDS[: canvas.sources])
    if canvas.space == "z+":
        rows = tuple(dict.fromkeys(groups))
        own = ("sphere", (len(rows), size), None, rows)
        return tuple(Port(f"z{end}", *own) for end in ENDS[: canvas.sources])
    chart = chart_of(Path(canvas.path))
    size = len(chart.mean)
    rows = () if canvas.space == "w" else tuple(groups)
    shape = (len(rows), size) if rows else (size,)
    return tuple(Port(f"w{end}", "wspace", shape, chart, rows) for end in ENDS[: canvas.sources])


def chart_of(path: Path) -> Chart:
    """Measure the chart of a model; that of a file that has not changed is remembered.

    Raises
    ------
    ValueError
        If its mapping network has no styles, or ones that no chart is known of.
    OSError
        If it cannot be read.
    """
    stat = path.stat()
    return _chart(str(path), stat.st_ino, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=8)
def _chart(path: str, *_: int) -> Chart:
    return measure(peek(Path(path)))


def measure(network: Network) -> Chart:
    """Measure the chart of a network on styles of seeded latents.

    The root of the covariance is the symmetric one: unlike principal axes it has no signs or
    orders to choose, so coordinates mean the same on every machine.
    """
    w, slope = map_samples(network)
    p = np.where(w >= 0, w, w / np.float32(slope)).astype(np.float64)
    mean = p.mean(0)
    p -= mean
    variances, axes = np.linalg.eigh(p.T @ p / len(p))
    if not variances[-1] > 0.0:
        raise ValueError("config.space: this network's styles are all the same; leave space out")
    spread = np.sqrt(np.maximum(variances, _FLATTEST * variances[-1]))
    return Chart(mean, (axes * spread) @ axes.T, (axes / spread) @ axes.T, slope)


def map_samples(network: Network, samples: int = 0) -> tuple[Floats, float]:
    """Map seeded latents, with its classes in turn: styles [shape=(N, w_dim)], and the slope.

    Parameters
    ----------
    samples
        How many; 0: enough for a covariance.

    Raises
    ------
    ValueError
        If the network lacks its mapping, or has an activation that is unknown here.
    """
    state, modules = network.state, network.modules
    top = modules[""]
    z_dim, classes = int(top["z_dim"]), int(top.get("c_dim") or 0)
    names = [f"mapping.fc{place}" for place in _upto(state, "mapping.fc{}.weight")]
    if not names or not z_dim:
        raise ValueError("config.space: this network has no mapping to styles; leave space out")
    width = len(state[f"{names[-1]}.weight"])
    samples = samples or max(_FEWEST, _MOST_PER_NUMBER * width)
    z = draw(0, "wspace", 0, samples * z_dim).reshape(samples, z_dim)
    x = _normalised(z.astype(np.float32))
    if classes:
        x = np.concatenate([x, _normalised(_embedded(state, modules, classes, samples))], 1)
    slope = 1.0
    for name in names:
        x, slope = _dense(state, modules, name, x)
    return x, slope


def _upto(state: Mapping[str, Any], form: str) -> range:
    return range(next(place for place in count() if form.format(place) not in state))


def _normalised(x: Floats) -> Floats:
    found: Floats = x / np.sqrt((x * x).mean(1, keepdims=True) + np.float32(1e-8))
    return found


def _embedded(
    state: Mapping[str, Any], modules: Mapping[str, Mapping[str, Any]], classes: int, samples: int
) -> Floats:
    """Embeddings of the classes in turn [shape=(samples, E)]."""
    chosen = np.eye(classes, dtype=np.float32)
    name = "mapping.embed"
    if "mapping.embed_proj.weight" in state:  # StyleGAN-XL
        chosen, name = np.asarray(state["mapping.embed.weight"], np.float32), "mapping.embed_proj"
    return _dense(state, modules, name, chosen)[0][np.arange(samples) % classes]


def _dense(
    state: Mapping[str, Any], modules: Mapping[str, Mapping[str, Any]], name: str, x: Floats
) -> tuple[Floats, float]:
    """Apply a dense layer as `layers.read_dense` reads it; also the slope of its activation."""
    said = modules.get(name, {})
    weight = np.asarray(state[f"{name}.weight"], np.float32)
    rate = 1.0 if said.get("bias_gain") is None else float(said["bias_gain"])
    gain = said.get("weight_gain")
    gain = rate / math.sqrt(max(weight.shape[1], 1)) if gain is None else float(gain)
    y = x @ (weight.T * np.float32(gain))
    if state.get(f"{name}.bias") is not None:
        y += np.asarray(state[f"{name}.bias"], np.float32) * np.float32(rate)
    activation = said.get("activation") or "linear"
    if activation == "linear":
        return y, 1.0
    if activation != "lrelu":
        raise ValueError(
            f"config.space: no style space is known of the activation '{activation!s:.20}' in "
            f"{name}; leave space out"
        )
    y *= np.where(y >= 0, np.float32(math.sqrt(2.0)), np.float32(math.sqrt(2.0) * SLOPE))
    return y, SLOPE
