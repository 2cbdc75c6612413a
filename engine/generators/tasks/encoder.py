"""The encoder of a model: a small network that answers a picture with coordinates of its styles.

``earth.encoder.safetensors`` lies beside ``earth.safetensors``; it learned from that model's own
pictures alone (`engine.lab.analysis.encoder`). Its answer is where a refinement begins.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.generators.libraries import functional, torch
from engine.models import safetensors
from engine.models.network import check_finite
from engine.models.unpickle.inert import RefusedError
from engine.system.atomic import open_new
from engine.system.hashing import cached_sha256

SUFFIX = ".encoder.safetensors"
METADATA = "latent_cinema_encoder"
VERSION = 1
SIDE_PX = 64
CHANNELS = (3, 24, 48, 96, 128)
_ENDS = SIDE_PX >> (len(CHANNELS) - 1)
Weights = Mapping[str, NDArray[Any]]
Tensors = Mapping[str, "torch.Tensor"]


def shapes(size: int) -> dict[str, tuple[int, ...]]:
    """Tensors of an encoder for so many coordinates: name → shape."""
    found: dict[str, tuple[int, ...]] = {}
    for place, (before, after) in enumerate(pairwise(CHANNELS)):
        found |= {f"conv{place}.weight": (after, before, 3, 3), f"conv{place}.bias": (after,)}
    return found | {"out.weight": (size, CHANNELS[-1] * _ENDS**2), "out.bias": (size,)}


def encode(weights: Tensors, pictures: torch.Tensor) -> torch.Tensor:
    """Answer pictures [shape=(N, 3, H, W)] of 0..1 with coordinates [shape=(N, D)]."""
    x = functional.interpolate(pictures, (SIDE_PX, SIDE_PX), mode="area") * 4 - 2
    for place in count():
        if f"conv{place}.weight" not in weights:
            break
        weight, bias = weights[f"conv{place}.weight"], weights[f"conv{place}.bias"]
        x = functional.leaky_relu(functional.conv2d(x, weight, bias, 2, 1), 0.2)
    return functional.linear(x.flatten(1), weights["out.weight"], weights["out.bias"])


def path_of(model: Path) -> Path:
    """Where the encoder of a model lies: beside it."""
    return model.with_suffix(SUFFIX)


def write(model: Path, weights: Weights) -> Path:
    """Write an encoder beside its model, in half precision.

    Raises
    ------
    RefusedError
        If a weight is no number.
    OSError
        If it cannot be written.
    """
    path = path_of(model)
    said = json.dumps({"version": VERSION, "network_sha256": cached_sha256(model)})
    with open_new(path) as file:
        safetensors.write(file, weights, {METADATA: said}, half=True)
    return path


def find(model: Path, size: int) -> Weights | None:
    """Read the encoder of a model of so many coordinates; None if there is none beside it.

    Raises
    ------
    RefusedError
        If it is damaged, or belongs to another network.
    OSError
        If it cannot be read.
    """
    return safetensors.if_there(path_of(model), lambda path: _read(path, model, size))


def _read(path: Path, model: Path, size: int) -> Weights:
    data = safetensors.map_file(path)
    table, metadata, at = safetensors.read_header(data)
    try:
        said = json.loads(str(metadata.get(METADATA)))
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise RefusedError("is no encoder: delete it")
    if said.get("network_sha256") != cached_sha256(model):
        raise RefusedError(
            f"belongs to another network than {model.name}: make it anew with "
            f"'latent-cinema invert {model.name} --encoder', or delete it"
        )
    if {name: tuple(entry["shape"]) for name, entry in table.items()} != shapes(size):
        raise RefusedError(f"does not fit {model.name}: delete it")
    found = {name: safetensors.tensor_of(data[at:], entry) for name, entry in table.items()}
    for name, tensor in found.items():
        check_finite(name, tensor)
        if tensor.dtype.kind != "f":
            raise RefusedError("has weights that are no numbers: delete it")
    return found


def tensors(weights: Weights) -> dict[str, torch.Tensor]:
    """Take weights to torch, in full precision."""
    return {name: torch.from_numpy(np.array(x, np.float32)) for name, x in weights.items()}
