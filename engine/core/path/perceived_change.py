"""Perceptual distance of two pictures, without weights, on small pictures.

The distance is "msd", a multi-scale difference: over a pyramid of halved pictures in opponent
colours, the mean absolute difference and half that of their gradients. It is all linear before the
absolute value, so a picture has one vector of `features`, and the distance is between vectors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float32]

SIDE_PX = 32
LEVELS = 4
_OPPONENT = np.array(
    [[1 / 3, 1 / 2, 1 / 4], [1 / 3, -1 / 2, 1 / 4], [1 / 3, 0.0, -1 / 2]], np.float32
)  # (r+g+b)/3, (r-g)/2, (r+g-2b)/4


def shrink(picture: NDArray[Any], side_px: int = SIDE_PX) -> NDArray[np.float32]:
    """Average a picture over whole blocks until its sides are hardly more than `side_px`.

    Parameters
    ----------
    picture [shape=(H, W, 3 or 4)]
        In 0..1; a fourth channel is straight alpha, over black.
    """
    rgb = picture[..., :3].astype(np.float32)
    if picture.shape[2] == 4:
        rgb *= picture[..., 3:].astype(np.float32)
    block = max(min(rgb.shape[:2]) // side_px, 1)
    return _average(rgb, block)


def features(picture: NDArray[Any]) -> Features:
    """Vector of a picture [shape=(H, W, 3 or 4)]: distances of vectors are those of pictures."""
    level = shrink(picture) @ _OPPONENT
    parts: list[Features] = []
    for _ in range(LEVELS):
        for values, weight in (
            (level, 1.0),
            (np.diff(level, axis=0), 0.5),
            (np.diff(level, axis=1), 0.5),
        ):
            if values.size:
                parts.append(values.reshape(-1) * np.float32(weight / values.size))
        if min(level.shape[:2]) < 2:
            break
        level = _average(level, 2)
    return np.concatenate(parts)


def distance(a: Features, b: Features) -> float:
    """How far apart two pictures of one size look, from their `features`.

    Identical ones 0; two unlike pictures of a network of the order of 1.
    """
    return float(np.abs(a - b).sum(dtype=np.float64))


def _average(picture: NDArray[np.float32], block: int) -> NDArray[np.float32]:
    height, width = (side // block for side in picture.shape[:2])
    cut = picture[: height * block, : width * block]
    found: NDArray[np.float32] = cut.reshape(height, block, width, block, -1).mean(axis=(1, 3))
    return found
