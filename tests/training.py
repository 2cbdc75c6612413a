"""Small trainings for tests: coloured discs of which everything is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.lab.data.sampler import Sampler
from engine.lab.gan.process_group import ProcessGroup
from engine.lab.gan.settings import Settings
from engine.lab.gan.shape import Shape
from engine.lab.gan.trainer import Trainer


def discs(count: int, side: int, seed: int = 0) -> NDArray[np.uint8]:
    """Draw discs [shape=(count, side, side, 3)] of any hue, anywhere near the middle, on grey."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] + 0.5
    pictures = np.empty((count, side, side, 3), np.uint8)
    for picture in pictures:
        at = random.uniform(0.3, 0.7, 2) * side
        inside = np.clip(side / 5 - np.hypot(x - at[0], y - at[1]) + 0.5, 0, 1)[..., None]
        hue = random.uniform(0, 2 * np.pi)
        colour = 127 + 100 * np.cos(hue + np.array([0, 2.1, 4.2]))
        picture[:] = 30 * (1 - inside) + colour * inside
    return pictures


def factors(pictures: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Measure where the disc of each picture is (0..1) and its hue in radians."""
    side = pictures.shape[1]
    x = pictures.astype(float)
    away = np.abs(x - 30).sum(3) + 1e-6
    away *= away > 0.3 * away.max((1, 2), keepdims=True)
    grid = (np.arange(side) + 0.5) / side
    whole = away.sum((1, 2))
    at = np.stack([away.sum(1) @ grid, away.sum(2) @ grid], 1) / whole[:, None]
    colour = (x * away[..., None]).sum((1, 2)) / whole[:, None]
    phases = np.exp(-1j * np.array([0, 2.1, 4.2]))
    return at, np.angle((colour - colour.mean(1, keepdims=True)) @ phases)


def small_shape(side: int = 16) -> Shape:
    widths = (32,) * (side.bit_length() - 2)
    return Shape(16, 32, 2, widths, widths)


def small_trainer(
    data: NDArray[np.uint8],
    group: ProcessGroup | None = None,
    shape: Shape | None = None,
    **more: Any,
) -> Trainer:
    """Make a trainer on some pictures; `more` goes to `Settings`."""
    names = [f"{index}.png" for index in range(len(data))]
    told = {"pictures": 1600, "batch": 16, "rates": (2e-3, 1.5e-3), **more}
    shape = shape or small_shape(data.shape[1])
    sampler = Sampler(data, names, told.get("seed", 0), mirrors=True)
    return Trainer(shape, Settings(**told), sampler, "cpu", group or ProcessGroup())


def save_pictures(folder: Path, pictures: NDArray[np.uint8]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for index, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / f"{index:04d}.png")
