"""Keyframes of a show file: seeds, and latents that were saved in files; nothing of them is run."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.latent.geometry import Vector
from engine.core.latent.manifold import AnyChart, firm
from engine.core.path.model import NO_KEYS, Key, Keyframes
from engine.core.show.generator import Port
from engine.documents.builder import Draft, each
from engine.documents.schema import KeyTable
from engine.system import npy
from engine.system.hashing import hash_at

MOST_KEYS = 4096
_STYLES, _LATENTS = ("w", "w_plus"), ("z", "latent", "latents", "arr_0")
_LARGEST = 1e3


def read_keys(
    draft: Draft,
    listed: Sequence[int | str | KeyTable],
    port: Port,
    chart: AnyChart | None = None,
    model: str = "",
) -> Keyframes:
    """Read the keyframes of a trajectory.

    Parameters
    ----------
    port
        What it moves; a file's latents must fit it.
    chart
        From what it takes to coordinates.
    model
        File of the generator's model, or empty.

    Raises
    ------
    ValueError
        ``keys[PLACE].what is wrong and what is allowed``.
    """
    found = each(list(listed), "keys", lambda entry: _keys(draft, entry, port, chart, model))
    keys = [key for some in found for key in some]
    times = [key.time for key in keys if key.time is not None]
    if times and len(times) != len(keys):
        raise ValueError("keys: give each of them a time (at), or none")
    if any(b <= a for a, b in pairwise(times)):
        raise ValueError("keys: their times (at) must rise from one to the next")
    if len(keys) > MOST_KEYS:
        raise ValueError(f"keys: {len(keys)} of them; {MOST_KEYS} are the most")
    return Keyframes(tuple(keys)) if keys else NO_KEYS


def _keys(
    draft: Draft, entry: int | str | KeyTable, port: Port, chart: AnyChart | None, model: str
) -> list[Key]:
    if isinstance(entry, int):
        return [Key(entry)]
    given = KeyTable(file=entry) if isinstance(entry, str) else entry
    if (given.seed is None) == (given.file is None):
        raise ValueError("seed: a key is of a seed or of a file: write one of the two")
    if given.at is not None and not 0.0 <= given.at <= 1e6:
        raise ValueError(f"at: {given.at:g} is outside 0 to 1e6 knots")
    if given.file is None:
        return [Key(given.seed or 0, None, given.at)]
    rows = read_latents(draft.file(given.file), given.file, port, model)
    rows = rows if chart is None else chart.encode(rows)
    if given.row is not None:
        if not 0 <= given.row < len(rows):
            raise ValueError(f"row: {given.file} holds the latents 0 to {len(rows) - 1}")
        rows = rows[given.row : given.row + 1]
    if given.at is not None and len(rows) > 1:
        raise ValueError(f"row: {given.file} holds {len(rows)} latents; one has a time: say which")
    return [Key(0, firm(row), given.at) for row in rows]


def read_latents(data: bytes, name: str, port: Port, model: str = "") -> Vector:
    """Read saved latents for a port [shape=(N, *port.shape)].

    ``.npy``, or ``.npz`` with an array ``w`` (as NVIDIA's ``projected_w.npz``), ``z`` or
    ``latents`` and, if the file says so, the hash ``model`` of the model that it is of.

    Raises
    ------
    ValueError
        ``file: what is wrong with it and what to do``.
    """
    arrays = npy.read(data)
    if not arrays:
        raise ValueError(
            f"file: {name} is no file of latents: write one with numpy.save or numpy.savez"
        )
    wanted = str(arrays["model"]) if "model" in arrays and arrays["model"].shape == () else ""
    found = {key: array for key, array in arrays.items() if array.dtype.kind in "fiu"}
    key = next((key for key in (*_STYLES, *_LATENTS) if key in found), None)
    if key is None:
        if len(found) != 1:
            raise ValueError(
                f"file: {name} holds no latents; it holds {', '.join(arrays) or 'nothing'}, and "
                "an array 'w', 'z' or 'latents' is read"
            )
        key = next(iter(found))
    is_style = port.geometry == "wspace"
    if key in (*_STYLES, "z") and (key in _STYLES) != is_style:
        what, cure = ("styles (w)", '"w" or "w+"') if not is_style else ("latents (z)", '"z"')
        raise ValueError(
            f"file: {name} holds {what}, and the port '{port.name}' takes others: set the "
            f"generator's config.space to {cure}"
        )
    check_model(wanted, model, f"file: {name}")
    return _fitted(found[key], name, port)


def check_model(wanted: str, model: str, name: str) -> None:
    """Refuse latents of another model, if their file says of which they are.

    Parameters
    ----------
    wanted
        What the hash of the model begins with, or empty.
    model
        File of the generator's model, or empty.
    name
        What the error begins with.

    Raises
    ------
    ValueError
        If they are.
    """
    if not wanted or not model:
        return
    there = hash_at(model)
    if there and not there.startswith(wanted):
        raise ValueError(
            f"{name} is of the model with the hash {wanted[:12]}, and {model} has "
            f"{there[:12]}: make it again with this one"
        )


def _fitted(array: NDArray[Any], name: str, port: Port) -> Vector:
    """Check numbers and shape; give each latent the shape of the port."""
    with np.errstate(over="ignore"):
        rows = array.astype(np.float64)
    shape, size = port.shape, port.shape[-1]
    if rows.ndim == 1 or (len(shape) == 2 and rows.shape == shape):
        rows = rows[None]
    if len(shape) == 1 and rows.ndim == 3 and (rows == rows[:, :1]).all():
        rows = rows[:, 0]  # a style that is the same on every layer
    if len(shape) == 2 and rows.ndim == 2 and rows.shape[1] == size:
        rows = np.repeat(rows[:, None], shape[0], axis=1)
    if rows.shape[1:] != shape or not len(rows):
        raise ValueError(
            f"file: {name} holds latents of shape {array.shape}, and the port '{port.name}' takes "
            f"{shape}: take one that was made with this model"
        )
    wrong = np.argwhere(~(np.abs(rows) <= _LARGEST))
    if len(wrong):
        raise ValueError(
            f"file: {name} holds what is no latent (NaN, or beyond {_LARGEST:g}), in number "
            f"{wrong[0][0]}: save it again"
        )
    return rows
