"""What `model sample` is to draw: seeds and classes as they are typed, latents from a file."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.system import npy

MOST_PICTURES = 4096
LAST_SEED = 2**32 - 1  # of NumPy's RandomState


class WrongLatentsError(ValueError):
    """Latents, seeds or a result's name that make no sense; the message says which do."""


def read_numbers(text: str, what: str, last: int = LAST_SEED) -> tuple[int, ...]:
    """Read numbers and ranges with both ends, ``1,5,9`` or ``0-15``.

    Parameters
    ----------
    text
        As they are typed.
    what
        What they are called: ``seeds``.
    last
        The largest there can be.

    Raises
    ------
    WrongLatentsError
        If they are none, or too many.
    """
    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,10})\s*(?:-\s*(\d{1,10})\s*)?", part, re.ASCII)
        first = int(match[1]) if match else 0
        end = int(match[2] or first) if match else -1
        if not first <= end <= last:
            raise WrongLatentsError(
                f"'{text[:40]}' are no {what}: write numbers from 0 to {last}, as in 0-15 or 1,5,9"
            )
        if len(found) + end - first >= MOST_PICTURES:
            raise WrongLatentsError(f"'{text[:40]}': at most {MOST_PICTURES} {what} at a time")
        found.extend(range(first, end + 1))
    return tuple(found)


def draw_seeds(seeds: Iterable[int], z_dim: int) -> NDArray[np.float32]:
    """Latents [shape=(N, z_dim)] of seeds, the same as in the programs that train networks."""
    rows = [np.random.RandomState(seed).randn(1, z_dim) for seed in seeds]
    return np.concatenate(rows).astype(np.float32)


def read_latents(path: Path) -> NDArray[np.float32]:
    """Read an array of two or three axes from an ``.npy`` file; nothing in it is executed.

    Raises
    ------
    WrongLatentsError
        If it is none, too large, or holds what is no number.
    """
    found: NDArray[Any] | None = None
    if not path.exists():
        raise WrongLatentsError(f"{path}: there is no such file")
    if path.is_file():  # a pipe would be waited for
        with contextlib.suppress(OSError):
            found = npy.load(path).get("arr_0")
    if found is None or found.dtype.kind not in "fiu":
        raise WrongLatentsError(f"{path} is no .npy file of numbers: write one with numpy.save")
    if found.ndim not in (2, 3) or not 1 <= len(found) <= MOST_PICTURES:
        raise WrongLatentsError(
            f"{path} has the shape {found.shape}: latents are (N, z_dim), (N, w_dim) or "
            f"(N, num_ws, w_dim) with N from 1 to {MOST_PICTURES}"
        )
    if math.prod(found.shape[1:]) > 1 << 20:
        raise WrongLatentsError(f"{path} has the shape {found.shape}: no network's latent")
    with np.errstate(over="ignore"):  # what does not fit becomes infinite, and is refused
        latents = np.array(found, np.float32, order="C")
    wrong = np.argwhere(~np.isfinite(latents))
    if len(wrong):
        raise WrongLatentsError(
            f"{path} holds what is no number (NaN, infinite), in row {wrong[0][0]}"
        )
    return latents
