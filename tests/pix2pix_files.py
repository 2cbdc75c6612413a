"""Small files of networks from picture to picture, and folders of pairs, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.models import card
from engine.models.network import PIX2PIX, Network
from engine.models.pix2pix_shape import Shape

SHAPE = Shape((4, 6, 8), 3, 5)


def arrays(shape: Shape = SHAPE, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Make weights that keep the power of what goes through."""
    random = np.random.default_rng(seed)
    return {
        name: random.standard_normal(size, np.float32)
        / np.float32(max(np.prod(size[1:]), 1) ** 0.5)
        for name, size in shape.tensors().items()
    }


def write(
    path: Path,
    state: dict[str, NDArray[Any]] | None = None,
    half: bool = False,
    **attributes: Any,
) -> Path:
    """Write a file; `attributes` stand instead of those that are right."""
    told = {**SHAPE.attributes(32), **attributes}
    network = Network(
        PIX2PIX, arrays() if state is None else state, {"": told}, "a test", licence="CC0"
    )
    with path.open("wb") as file:
        card.write(file, network, half=half)
    return path


def pairs(folder: Path, count: int, side: int = 32) -> Path:
    """Make a folder of pairs: half planes of any tilt; what is dark becomes blue, the rest sand."""
    for name in ("source", "target"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for index, pair in enumerate(half_planes(count, side)):
        for name, picture in (("source", pair[..., :3]), ("target", pair[..., 3:])):
            Image.fromarray(picture).save(folder / name / f"{index:03d}.png")
    return folder


def half_planes(count: int, side: int) -> NDArray[np.uint8]:
    """Draw pairs [shape=(count, side, side, 6)]."""
    random = np.random.default_rng(5)
    y, x = np.mgrid[:side, :side] - side / 2
    found = np.empty((count, side, side, 6), np.uint8)
    for pair in found:
        angle, away = random.uniform(0, 2 * np.pi), random.uniform(-side / 4, side / 4)
        inside = (x * np.cos(angle) + y * np.sin(angle) > away)[..., None]
        pair[..., :3] = np.where(inside, 200, 40)
        pair[..., 3:] = np.where(inside, (210, 180, 120), (10, 30, 90))
    return found
