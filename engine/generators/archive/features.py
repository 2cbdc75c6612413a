"""Image features from a discriminator: near numbers, alike pictures.

The features are those of our own training: the first blocks of the discriminator, averaged in a
coarse grid, whitened, as a unit vector. No foreign network has a part in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.generators.libraries import functional, torch

GRID = 4  # places across and down at which features are averaged
_DAMPED = 0.03  # of the largest spread
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FeatureExtractor:
    """The first blocks of a discriminator, ready to look.

    Parameters
    ----------
    side
        Side of the pictures that it looks at, in pixels.
    look
        Weight [shape=(C, 3, 4, 4)] and bias of the first convolution.
    blocks
        Weights and biases of each block: first, second, and past them.
    centre
        Mean of the averaged features [shape=(C × GRID²,)].
    basis
        Whitened principal directions [shape=(K, C × GRID²)].
    """

    side: int
    look: tuple[torch.Tensor, torch.Tensor]
    blocks: tuple[tuple[tuple[torch.Tensor, torch.Tensor], ...], ...]
    centre: torch.Tensor
    basis: torch.Tensor


def parts(side: int, last: int) -> list[str]:
    """Names of the weights of an eye that ends at `last` places a side, without their endings."""
    sides = [side >> n for n in range(1, 12) if side >> n > last]
    return ["look", *(f"b{s}.{part}" for s in sides for part in ("a", "b", "skip"))]


def make_extractor(side: int, last: int, tensors: Mapping[str, NDArray[Any]]) -> FeatureExtractor:
    """Make an eye from its weights, by name; those of convolutions carry their gain already.

    Raises
    ------
    KeyError
        If one is missing.
    """

    def pair(name: str) -> tuple[torch.Tensor, torch.Tensor]:
        both = (np.array(tensors[f"{name}.{end}"], np.float32) for end in ("weight", "bias"))
        weight, bias = map(torch.from_numpy, both)
        return weight, bias

    look, *rest = [pair(name) for name in parts(side, last)]
    blocks = tuple((rest[n], rest[n + 1], rest[n + 2]) for n in range(0, len(rest), 3))
    centre, basis = (
        torch.from_numpy(np.array(tensors[n], np.float32)) for n in ("centre", "basis")
    )
    return FeatureExtractor(side, look, blocks, centre, basis)


def average(extractor: FeatureExtractor, pictures: Bytes) -> torch.Tensor:
    """Look at pictures [shape=(N, side, side, 3)]: averaged features [shape=(N, C × GRID²)]."""

    def activate(x: torch.Tensor) -> torch.Tensor:
        return functional.leaky_relu(x, 0.2) * math.sqrt(2)

    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
    x = activate(functional.conv2d(x, *extractor.look, stride=2, padding=1))
    for a, b, skip in extractor.blocks:
        y = functional.avg_pool2d(activate(functional.conv2d(x, *a, padding=1)), 2)
        y = activate(functional.conv2d(y, *b, padding=1))
        past = activate(functional.conv2d(functional.avg_pool2d(x, 2), *skip))
        x = (y + past) * math.sqrt(0.5)
    return torch.nan_to_num(functional.adaptive_avg_pool2d(x, GRID).flatten(1))


def describe(extractor: FeatureExtractor, pictures: Bytes) -> Floats:
    """Describe pictures [shape=(N, side, side, 3)] as unit vectors [shape=(N, K)]."""
    with torch.inference_mode():
        seen = (average(extractor, pictures) - extractor.centre) @ extractor.basis.T
        found: Floats = functional.normalize(torch.nan_to_num(seen), dim=1).numpy()
    return found


def fit(averaged: Floats, most: int) -> tuple[Floats, Floats]:
    """Find the mean of features [shape=(N, F)] and at most `most` whitened directions.

    Returns
    -------
    tuple
        Mean [shape=(F,)] and directions [shape=(K, F)]: along each, the features' variance is 1,
        or less where it was small: the last directions of few pictures are chance.
    """
    centre = averaged.mean(0)
    _, sizes, ways = np.linalg.svd(averaged - centre, full_matrices=False)
    spread = sizes / math.sqrt(len(averaged))
    count = max(min(most, int((spread > 1e-4 * max(spread[0], 1e-9)).sum())), 1)
    whitened = ways[:count] / (spread[:count] + _DAMPED * spread[0] + 1e-9)[:, None]
    return centre.astype(np.float32), whitened.astype(np.float32)


def square(picture: Bytes, side: int) -> Bytes:
    """Bring the middle square of a picture [shape=(H, W, 3 or more)] to a side."""
    height, width = picture.shape[:2]
    short = min(height, width)
    top, left = (height - short) // 2, (width - short) // 2
    middle = np.ascontiguousarray(picture[top : top + short, left : left + short, :3])
    if short == side:
        return middle
    way = Image.Resampling.BOX if short > side else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(middle).resize((side, side), way))


def turned(picture: Bytes, turn: int) -> Bytes:
    """Turn a square picture by quarters (0 to 3), and mirror it first (4 to 7)."""
    return np.rot90(picture[:, ::-1] if turn & 4 else picture, turn & 3)


def turned_back(picture: Bytes, turn: int) -> Bytes:
    """Undo `turned`."""
    back = np.rot90(picture, -(turn & 3))
    return back[:, ::-1] if turn & 4 else back


def turns(*, mirrors: bool, quarters: bool) -> Sequence[int]:
    """Return the ways in which a training turned its pictures; the first is none."""
    return [turn for turn in range(8) if (mirrors or not turn & 4) and (quarters or not turn & 3)]


def in_batches(pictures: Iterator[Bytes], count: int) -> Iterator[Bytes]:
    """Gather pictures of one shape [shape=(H, W, 3)] into arrays of at most `count`."""
    gathered: list[Bytes] = []
    for picture in pictures:
        gathered.append(picture)
        if len(gathered) == count:
            yield np.stack(gathered)
            gathered = []
    if gathered:
        yield np.stack(gathered)
