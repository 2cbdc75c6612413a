"""A small network with snapshots of a training that never was, for the tests of ages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.lab.training.snapshots import write_ages
from engine.models import card, safetensors
from engine.models.random_networks import make_stylegan2
from engine.system import hashing
from tests import stylegan_files as files

SHOWN = (0, 500, 2000, 8000)
TRAINED = 20_000
SMALL: dict[str, Any] = {"base": 512, "most": 24, "dims": (24, 0, 32), "mapping_layers": 2}


def network(path: Path, **kwargs: Any) -> Path:
    """Write a network and its card."""
    files.save(path, "stylegan2", *make_stylegan2(32, **{**SMALL, **kwargs}))
    facts = {"sha256": hashing.sha256_of(path), "pictures_shown": TRAINED}
    card.card_path(path).write_text(card.card_text(facts))
    return path


def snapshots(model: Path, shown: Sequence[int] = SHOWN, step: float = 0.15) -> Path:
    """Write its snapshots: the farther back, the more its learned weights are others."""
    folder = model.with_suffix(".train") / "snapshots"
    folder.mkdir(parents=True)
    random = np.random.Generator(np.random.Philox(7))
    state = {name: np.array(x) for name, x in card.load(model).state.items()}
    for count in sorted(shown, reverse=True):
        for name, x in state.items():
            if not name.endswith((".noise_const", ".resample_filter")):
                spread = step * float(np.abs(x).mean())
                state[name] = x + spread * random.standard_normal(x.shape).astype(np.float32)
        with (folder / f"{count:010d}.safetensors").open("wb") as file:
            safetensors.write(file, state, {}, half=True)
    return folder


def aged(path: Path, bits: int = 4, **kwargs: Any) -> Path:
    """Write a network with its snapshots and ages."""
    model = network(path, **kwargs)
    write_ages(snapshots(model), model, bits=bits)
    return model
