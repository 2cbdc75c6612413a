"""Whether a trained network repeats itself, or its training pictures, or leaves some of them out.

    python -m bench.variety MODEL.safetensors [--count 1000]

Needs ``MODEL.train`` beside it. Pictures are compared at 16 pixels, root mean square, of 255:

- ``apart``: mean distance of two generated pictures, beside that of two real ones (collapse: less).
- ``nearest``: median distance of a generated picture to the nearest training picture (of all its
  turns), beside that of pictures that were held out (copies: less; far from everything: more).
- ``covered``: share of held-out pictures that are nearer to some generated picture than to any of
  as many training pictures, doubled: 1 for a perfect network.
- ``finest``: power of the finest octave and of the checkerboard, generated / real.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.lab.data.sampler import Sampler
from engine.lab.gan.generator import Generator, load_arrays
from engine.lab.gan.shape import PRESETS
from engine.lab.training import checkpoint
from engine.lab.training.start import folder_of
from engine.lab.training.transfer import has_noise, shape_of_network
from engine.models import card

SIDE = 16


def small(pictures: NDArray[np.uint8]) -> torch.Tensor:
    factor = pictures.shape[1] // SIDE
    parts = [
        part.reshape(len(part), SIDE, factor, SIDE, factor, 3).mean((2, 4), np.float32)
        for part in np.array_split(pictures, max(len(pictures) // 256, 1))
    ]
    return torch.from_numpy(np.concatenate(parts)).permute(0, 3, 1, 2).contiguous()


def turned(x: torch.Tensor) -> list[torch.Tensor]:
    return [torch.rot90(way, quarter, (2, 3)) for way in (x, x.flip(3)) for quarter in range(4)]


def nearest(asked: torch.Tensor, among: torch.Tensor, ways: bool) -> torch.Tensor:
    """Return the distance of each to the nearest [shape=(N,)]."""
    found = [
        torch.cdist(one.flatten(1), among.flatten(1)).min(1).values
        for one in (turned(asked) if ways else [asked])
    ]
    return torch.stack(found).min(0).values / (3 * SIDE * SIDE) ** 0.5


def apart(x: torch.Tensor) -> float:
    distances = torch.pdist(x.flatten(1)) / (3 * SIDE * SIDE) ** 0.5
    return float(distances.mean())


def finest(pictures: NDArray[np.uint8]) -> tuple[float, float]:
    """Return the power of the finest octave, and of the checkerboard."""
    x = pictures.astype(np.float32).mean(3)
    x = x - x.mean((1, 2), keepdims=True)
    power = (np.abs(np.fft.rfft2(x)) ** 2).mean(0) / x[0].size
    side = x.shape[1]
    rows = np.abs(np.fft.fftfreq(side))[:, None]
    columns = np.abs(np.fft.rfftfreq(side))[None]
    octave = np.maximum(rows, columns) > 0.25
    return float(power[octave].mean()), float(power[side // 2, side // 2])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    asked = parser.parse_args()
    ready = folder_of(asked.model) / "ready"
    about = json.loads((ready / "pictures.json").read_text("utf-8"))
    side, names = about["size"], about["names"]
    whole = np.memmap(ready / "pictures.raw", np.uint8, "r", shape=(len(names), side, side, 3))
    state = checkpoint.read_state(folder_of(asked.model) / "state.safetensors")[1]
    sampler = Sampler(whole, names, state["start"]["settings"]["seed"])
    weights = dict(card.load(asked.model).state)
    shape = shape_of_network(asked.model, PRESETS["small"], side)
    generator = Generator(shape, noisy=has_noise(weights))
    load_arrays(generator, weights)
    made = checkpoint.pictures_of(generator, asked.count, seed=50_000)
    shown, held = whole[sampler.shown], whole[sampler.held]
    a, b, c = small(made), small(shown), small(held)
    as_many = b[np.linspace(0, len(b) - 1, len(a)).astype(int)]
    to_made, to_real = nearest(c, a, ways=True), nearest(c, as_many, ways=True)
    octave, checks = (m / r for m, r in zip(finest(made), finest(held), strict=True))
    found: dict[str, Any] = {
        "apart": [apart(a), apart(as_many)],
        "nearest": [float(nearest(x, b, ways=True).median()) for x in (a, c)],
        "nearest_least": [float(nearest(x, b, ways=True).min()) for x in (a, c)],
        "covered": 2 * float((to_made <= to_real).float().mean()),
        "finest": {"octave": octave, "checkerboard": checks},
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
