"""Transfer learning: trainings that begin with an existing network.

The discriminator comes along if the network was trained here; its finest blocks may then stay as
they are (S. Mo, M. Cho, J. Shin, "Freeze the discriminator", 2020).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.generators.kinds.stylegan2 import build_network
from engine.lab.gan.generator import Generator, load_arrays
from engine.lab.gan.shape import SMALLEST, Preset, Shape, shape_of
from engine.lab.gan.trainer import Trainer
from engine.lab.training import checkpoint
from engine.models import card
from engine.models.network import STYLEGAN2, Network

_ELSE = "; begin without --from, or with another network"
_LAYER = re.compile(r"synthesis\.b(\d+)\.conv1\.weight")


def shape_of_network(path: Path, preset: Preset, size: int) -> Shape:
    """Return the shape of a network, so that its weights fit.

    Raises
    ------
    ValueError
        If it is no StyleGAN2 that can be trained on here, or has another size than asked for.
    OSError
        If it cannot be read.
    """
    network = card.load(path)
    why = _unfit(network)
    if why:
        raise ValueError(f"{path}: {why}{_ELSE}")
    sides = {int(found[1]) for name in network.state if (found := _LAYER.fullmatch(name))}
    if max(sides) != size:
        raise ValueError(
            f"{path}: this network draws {max(sides)} px: train with --size {max(sides)}"
        )
    about = network.modules[""]
    widths = tuple(
        network.state[f"synthesis.b{side}.conv1.weight"].shape[0] for side in sorted(sides)
    )
    mapping = sum(
        name.startswith("mapping.fc") and name.endswith("weight") for name in network.state
    )
    seen = shape_of(preset, size).seen_widths
    return Shape(int(about["z_dim"]), int(about["w_dim"]), mapping, widths, seen)


def has_noise(state: Mapping[str, NDArray[Any]]) -> bool:
    """Whether a network's layers have noise."""
    return any(name.endswith(".noise_const") for name in state)


def _unfit(network: Network) -> str:
    """Say why a network cannot be trained on; empty: it can."""
    if network.family != STYLEGAN2:
        return "only StyleGAN2 can be trained on"
    if network.modules[""].get("c_dim"):
        return "networks with classes cannot be trained on yet"
    start = network.state.get("synthesis.b4.const")
    if start is None or start.shape[-2:] != (SMALLEST, SMALLEST):
        return "its learned start is not 4×4"
    if any(".skip." in name for name in network.state):
        return "it is residual, and only skip generators can be trained on"
    filters = [x for name, x in network.state.items() if name.endswith("resample_filter")]
    line = np.array([1, 3, 3, 1]) / 8
    if any(
        x.shape != (4, 4) or not np.allclose(x, np.outer(line, line), atol=1e-4) for x in filters
    ):
        return "it has other filters than [1, 3, 3, 1]"
    if any(name.startswith("mapping.embed") for name in network.state):
        return "networks with classes cannot be trained on yet"
    return ""


def _is_other(generator: Generator, network: Network) -> bool:
    """Whether a generator draws something else than the engine makes of the same file."""
    with torch.no_grad():
        z = checkpoint.latents(generator.shape.z_dim, 2)
        model = build_network(network.state, network.modules)
        count = generator.shape.num_ws
        noise = "const" if generator.noisy else "none"
        played = model.synthesize(model.map(z, None)[:, None].expand(-1, count, -1), noise)
        w = generator.map(z.to(generator.w_avg.device))[:, None].expand(-1, count, -1)
        ours = generator.draw(w, generator.shape.size)
    apart = (ours.float().cpu() - played).abs().max()
    return not bool(apart <= 1e-3 * played.abs().max())


def begin_with(trainer: Trainer, path: Path) -> str:
    """Give a trainer a network's weights, and its discriminator's; say which were found.

    Raises
    ------
    ValueError
        If a training cannot go on with such a network, or the discriminator is damaged.
    """
    network = card.load(path)
    for generator in (trainer.generator, trainer.mean):
        try:
            load_arrays(generator, dict(network.state))
        except (KeyError, RuntimeError) as error:
            raise ValueError(f"{path}: {error} is missing or does not fit{_ELSE}") from None
    if _is_other(trainer.mean, network):
        raise ValueError(f"{path}: it draws in a way that cannot be trained on{_ELSE}")
    state = path.with_suffix(".train") / "state.safetensors"
    if not state.is_file():
        return f"beginning with {path.name}; its discriminator is not here and begins anew"
    tensors, _ = checkpoint.read_state(state)
    named = {
        name.removeprefix("discriminator."): x
        for name, x in tensors.items()
        if name.startswith("discriminator.") and ".adam." not in name
    }
    try:
        trainer.load_discriminator(named)
    except (KeyError, RuntimeError) as error:
        raise ValueError(f"{state}: its discriminator does not fit ({error})") from None
    return f"beginning with {path.name} and its discriminator"
