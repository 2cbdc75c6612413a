"""Latents of `model sample`: seeds and classes as they are typed, or a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.models import latent_file
from engine.models.latent_file import Latents, Space
from engine.models.safetensors import map_file

MOST_PICTURES = 4096
_MOST_BYTES = 1 << 30
LAST_SEED = 2**32 - 1  # of NumPy's RandomState


class WrongLatentsError(ValueError):
    """Latents, seeds or a result's name that make no sense; the message says which do."""


def read_numbers(text: str, what: str, last: int = LAST_SEED) -> tuple[int, ...]:
    """Read numbers and ranges with both ends, ``1,5,9`` or ``0-15``; `what` they are called.

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


def read_latents(path: Path, spaces: Sequence[Space], model: str, takes: str = "") -> Latents:
    """Read saved latents; see `engine.models.latent_file` for what can be read.

    Parameters
    ----------
    spaces
        What they may be, what is rather meant first.
    model
        File of the model that they are for, or empty.

    Raises
    ------
    WrongLatentsError
        If it holds none, none for these, or too many.
    """
    saved = _read(path)
    try:
        latent_file.check_model(saved.model, model, str(path))
        found = latent_file.fit(saved, spaces, str(path), takes or "this network")
    except ValueError as error:
        raise WrongLatentsError(str(error)) from None
    if len(found.rows) > MOST_PICTURES:
        raise WrongLatentsError(f"{path} holds {len(found.rows)} latents: at most {MOST_PICTURES}")
    return found


def read_rows(path: Path, size: int, what: str) -> NDArray[np.float32]:
    """Read rows of numbers [shape=(N, size)], called `what`, from a file of any of these kinds.

    Raises
    ------
    WrongLatentsError
        If it holds others.
    """
    array = _read(path).array
    with np.errstate(over="ignore"):  # what does not fit becomes infinite, and is refused
        rows = np.array(array, np.float32, order="C")
    if rows.ndim != 2 or rows.shape[1] != size or not 1 <= len(rows) <= MOST_PICTURES:
        raise WrongLatentsError(
            f"{path} has the shape {array.shape}; the {what} of this network are weights of shape "
            f"(N, {size})"
        )
    if not np.isfinite(rows).all():
        raise WrongLatentsError(f"{path} holds what is no number (NaN, infinite)")
    return rows


def _read(path: Path) -> latent_file.Saved:
    if not path.is_file():  # a pipe or a device would be waited for
        what = "it is no file" if path.exists() else "there is no such file"
        raise WrongLatentsError(f"{path}: {what}")
    if path.stat().st_size > _MOST_BYTES:
        raise WrongLatentsError(
            f"{path}: larger than {_MOST_BYTES >> 20} MB: is it the right file?"
        )
    try:
        return latent_file.read(map_file(path), str(path))
    except ValueError as error:
        raise WrongLatentsError(str(error)) from None
