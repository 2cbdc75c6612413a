"""Synthetic sketches: flat colours and soft blobs, as people paint, for networks to learn from.

A source is made blurred, and often put down to a few flat colours; how coarse it became says how
far the answer may be held to the target pixel by pixel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PLAIN = 0.35  # part of the sources that stay as they are
_FLAT = 0.7  # part of the others that become flat colours
_COARSENESS = (2.0, 16.0)  # pixels
_COLOURS = (2, 7)
_ROUNDS = 4
_SAMPLE = 24  # pixels along each side that colours are found from


def sketch(
    picture: NDArray[np.uint8], random: np.random.Generator
) -> tuple[NDArray[np.uint8], float]:
    """Return a picture [shape=(H, W, 3)] as a hand might paint it, and how coarse in pixels."""
    chance, how, is_flat = random.random(3)
    if chance < PLAIN:
        return picture, 1.0
    low, high = _COARSENESS
    coarse = low * (high / low) ** how
    height, width = picture.shape[:2]
    size = max(round(width / coarse), 2), max(round(height / coarse), 2)
    image = Image.fromarray(np.ascontiguousarray(picture))
    soft = image.resize(size, Image.Resampling.BOX).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    blurred = np.asarray(soft)
    if is_flat >= _FLAT:
        return blurred, float(coarse)
    return flat(blurred, int(random.integers(*_COLOURS)), random), float(coarse)


def flat(picture: NDArray[np.uint8], count: int, random: np.random.Generator) -> NDArray[np.uint8]:
    """Return a picture in at most `count` colours: k-means, from a sample of its pixels."""
    height, width = picture.shape[:2]
    rows = np.linspace(0, height - 1, _SAMPLE).astype(int)
    columns = np.linspace(0, width - 1, _SAMPLE).astype(int)
    sample = picture[np.ix_(rows, columns)].reshape(-1, 3).astype(np.float32)
    colours = sample[random.choice(len(sample), count, replace=False)]
    for _ in range(_ROUNDS):
        nearest = _nearest(sample, colours)
        for k in range(count):
            mine = sample[nearest == k]
            if len(mine):
                colours[k] = mine.mean(0)
    every = picture.reshape(-1, 3).astype(np.float32)
    chosen: NDArray[np.uint8] = np.rint(colours).astype(np.uint8)[_nearest(every, colours)]
    return chosen.reshape(picture.shape)


def _nearest(points: NDArray[np.float32], colours: NDArray[np.float32]) -> NDArray[np.int64]:
    far = (colours**2).sum(1) - 2 * points @ colours.T
    return np.asarray(far.argmin(1), np.int64)
