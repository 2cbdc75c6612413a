"""Checkpoints of a training: its state, sheets, the network, and what it was on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.lab import sheets
from engine.lab.gan.generator import Generator, arrays_of
from engine.lab.latents import draw_seeds
from engine.models import safetensors
from engine.models.card import METADATA
from engine.models.unpickle.inert import RefusedError
from engine.system.atomic import open_new

_GAP = 2
_FIRST_SNAPSHOT = 500  # pictures
_PART = "training"


def write_state(
    path: Path, tensors: Mapping[str, NDArray[Any]], numbers: Mapping[str, Any]
) -> None:
    """Write all that a later start needs."""
    with open_new(path) as file:
        safetensors.write(file, tensors, {_PART: json.dumps(numbers)})


def read_state(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Read what `write_state` wrote.

    Raises
    ------
    ValueError
        If it is something else, or damaged.
    OSError
        If it cannot be read.
    """
    try:
        data = safetensors.map_file(path)
        table, metadata, at = safetensors.read_header(data)
        numbers = json.loads(metadata[_PART])
        return {n: safetensors.tensor_of(data[at:], e) for n, e in table.items()}, numbers
    except (RefusedError, KeyError, ValueError) as error:
        raise ValueError(f"{path}: this is no state of a training ({error})") from None


def snapshot_at(shown: int, batch: int) -> bool:
    """Whether a snapshot belongs here: at the start, then at counts that grow by √2."""
    if shown == 0:
        return True
    count = _FIRST_SNAPSHOT * 1.0
    while count < shown - batch:
        count *= 2**0.5
    return shown - batch < count <= shown


def write_snapshot(folder: Path, generator: Generator, shown: int) -> None:
    """Keep the generator as it is now, in half precision."""
    folder.mkdir(exist_ok=True)
    arrays = arrays_of(generator)
    about = {METADATA + "_snapshot": json.dumps({"shown": shown})}
    with open_new(folder / f"{shown:010d}.safetensors") as file:
        safetensors.write(file, arrays, about, half=True)


def latents(z_dim: int, count: int, seed: int = 0) -> torch.Tensor:
    """Return the latents of a sheet [shape=(count, z_dim)]; seeds mean what they mean elsewhere."""
    return torch.from_numpy(draw_seeds(range(seed, seed + count), z_dim))


def pictures_of(generator: Generator, count: int, seed: int = 0) -> NDArray[np.uint8]:
    """Draw pictures for a sheet [shape=(count, S, S, 3)], without truncation."""
    device = generator.w_avg.device
    found = []
    with torch.no_grad():
        for z in torch.split(latents(generator.shape.z_dim, count, seed), 16):
            w = generator.map(z.to(device))[:, None].expand(-1, generator.shape.num_ws, -1)
            found.append(generator.draw(w, generator.shape.size).float().cpu())
    x = ((torch.cat(found).clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return x.permute(0, 2, 3, 1).numpy()


def write_sheet(path: Path, pictures: NDArray[np.uint8], columns: int) -> None:
    """Write pictures [shape=(N, S, S, 3)] side by side as a PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet = sheets.grid(pictures, len(pictures), columns, _GAP)
    sheets.save(path, sheet[:-_GAP, :-_GAP])
