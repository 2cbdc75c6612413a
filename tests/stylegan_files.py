"""Golden files of StyleGANs and random networks, for the tests of both families."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.models import card
from engine.models.network import Network
from tests.places import DATA

Arrays = dict[str, np.ndarray[Any, Any]]


DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
"""Where fused kernels run in tests: without a GPU, in Triton's interpreter."""


def one_thread() -> Iterator[None]:
    """Keep torch to one thread: networks this small only wait for each other's threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@lru_cache(maxsize=4)
def golden(name: str) -> tuple[Arrays, dict[str, Any]]:
    """Arrays and description of a golden file."""
    with np.load(DATA / f"{name}.npz") as file:
        arrays = {key: file[key] for key in file.files}
    return arrays, json.loads(bytes(arrays.pop("meta_json")))


def state_of(arrays: Arrays) -> Arrays:
    """The state dict of a golden file."""
    return {k.removeprefix("state/"): v for k, v in arrays.items() if k.startswith("state/")}


def tensor(arrays: Arrays, name: str) -> torch.Tensor:
    return torch.from_numpy(arrays[name])


def styles_of(model: Any, arrays: Arrays, case: dict[str, Any]) -> torch.Tensor:
    """Styles of a case: mapped and truncated by us where it says how, else as they stand."""
    if "z_rows" not in case:
        return tensor(arrays, f"case{case['index']}/ws")
    rows = case["z_rows"]
    c = tensor(arrays, "c")[rows] if "c" in arrays else None
    w = model.map(tensor(arrays, "z")[rows], c)
    found: torch.Tensor = model.truncate(w, case["truncation_psi"], case["truncation_cutoff"], c)
    return found


def distance(found: torch.Tensor, wanted: torch.Tensor) -> float:
    """Largest difference."""
    assert found.shape == wanted.shape
    return float((found - wanted).abs().max())


def relative(found: torch.Tensor, wanted: torch.Tensor) -> float:
    """Largest difference, relative to the largest value."""
    return distance(found, wanted) / float(wanted.abs().max())


def first_difference(
    arrays: Arrays, draw: Callable[[Callable[[str, torch.Tensor], torch.Tensor]], object]
) -> list[str]:
    """Names of the layers whose output differs from the golden trace, in order."""
    differing = []

    def see(name: str, x: torch.Tensor) -> torch.Tensor:
        wanted = arrays[f"trace/synthesis.{name}"]
        found = x.numpy()[tuple(slice(n) for n in wanted.shape)]
        if np.abs(found - wanted).max() > 1e-4:
            differing.append(name)
        return x

    draw(see)
    return differing


def save(path: Path, family: str, state: Any, modules: Any) -> Path:
    """Write a network as a model of ours; a scale and a filter need not be more than they are."""
    arrays = {name: np.asarray(value, np.float32) for name, value in state.items()}
    with path.open("wb") as file:
        card.write(file, Network(family, arrays, modules, origin="a test", licence="CC0-1.0"))
    return path
