"""Files of latents from any program: nothing of them is run, and their shape is reported.

The one reader of them: what a file means in a show, it means to every command.

``.npy``; ``.npz`` (NVIDIA's ``projected_w.npz``, ``dlatents.npz``, our own); what `torch.save`
writes (``latents.pt`` of e4e and pSp, the results of rosinality's projector); plain pickles of
arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.models.magic import kind_of
from engine.models.unpickle.allowed import find_for
from engine.models.unpickle.inert import Budget, RefusedError
from engine.models.unpickle.numpy_arrays import Array
from engine.models.unpickle.reader import read as read_pickle
from engine.models.unpickle.torch_storage import Tensor, is_stream, read_stream
from engine.models.unpickle.zip_archive import is_torch_archive, read_archive, read_entries
from engine.system import npy
from engine.system.hashing import hash_at

STYLES = ("w", "w_plus", "wplus", "ws", "dlatents", "dlatent")
LATENTS = ("latents", "latent", "arr_0")
DIRECTIONS = ("lat_comp", "comp", "eigvec")
"""Names of what other programs keep directions under, see `engine.lab.directions.imported`."""
LARGEST = 1e3
_CURE = "write one with numpy.save or numpy.savez"
_MOST = 4096
# A handful of arrays: what a network's file may have us do is not for these.
_BUDGET = Budget(opcodes=100_000, text_bytes=1 << 20)


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
    there = hash_at(model) if wanted and model else ""
    if there and not there.startswith(wanted):
        raise ValueError(
            f"{name} is of the model with the hash {wanted[:12]}, and {model} has "
            f"{there[:12]}: make it again with this one"
        )


class Space(NamedTuple):
    """What latents may be: ``z``, ``w`` or ``w+``, and the shape of one."""

    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Saved:
    """What a file holds.

    Parameters
    ----------
    array
        Its numbers, in the file's own shape.
    space
        ``z``, ``w`` (styles, of one layer or of all), or empty: the file does not say.
    model
        What the hash of their model begins with, if the file says so, or empty.
    """

    array: NDArray[Any]
    space: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Latents:
    """What a file of latents means.

    Parameters
    ----------
    rows
        [shape=(N, *space.shape)], finite.
    space
        Which of those that were asked for.
    note
        Of a shape that could mean two things: which was taken, and how to say the other. Or empty.
    """

    rows: NDArray[np.float64]
    space: Space
    note: str = ""


def read_arrays(
    data: bytes | memoryview, name: str, what: str = "latents"
) -> dict[str, NDArray[Any]]:
    """Read the arrays of a file by their names in it; errors begin with `name`, and say `what`.

    Raises
    ------
    ValueError
        If it is of another kind, is damaged, or wants anything to be run.
    """
    head = bytes(data[:512])
    view = memoryview(data)
    if head.startswith(b"\x93NUMPY") and b"'|O'" in head:
        raise ValueError(
            f"{name} holds objects of Python, which are never run: save its {what} alone, with "
            "numpy.savez"
        )
    is_zip = head.startswith(b"PK")
    if head.startswith(b"\x93NUMPY") or (is_zip and not is_torch_archive(view)):
        if arrays := npy.read(data):
            return arrays
        raise ValueError(f"{name} is no file of {what}: {_CURE}")
    if kind := kind_of(head):
        raise ValueError(f"{name} is {kind}, no file of {what}: {_CURE}")
    try:
        value = _unpickled(view, is_zip)
    except RefusedError as error:
        why = "" if str(error).startswith("at byte 0 ") else f" ({error})"
        raise ValueError(f"{name} is no file of {what}{why}: {_CURE}") from None
    return _named(value)


def _unpickled(data: memoryview, is_zip: bool) -> Any:
    budget = Budget(_BUDGET.opcodes, _BUDGET.text_bytes)
    find = find_for(budget)
    if is_zip:
        return read_archive(read_entries(data), find, budget)
    if is_stream(data):
        return read_stream(data, find, budget)[0]
    return read_pickle(data, find, None, budget)[0]


def _named(value: Any) -> dict[str, NDArray[Any]]:
    """Name the arrays of a pickled value; of tables within a table, each key's are stacked."""
    if not isinstance(value, dict):
        array = _array(value)
        return {} if array is None else {"arr_0": array}
    found = {str(key)[:80]: _array(part) for key, part in value.items()}
    arrays = {key: array for key, array in found.items() if array is not None}
    inner = [part for part in value.values() if isinstance(part, dict)]
    if not arrays and inner:  # rosinality's projector: a table for each picture
        for key in (*STYLES, "z", *LATENTS):
            array = _array([part.get(key) for part in inner])
            if array is not None:
                return {key: array}
    return arrays


def _array(value: Any) -> NDArray[Any] | None:
    if isinstance(value, Tensor | Array):
        return value.array()
    if not isinstance(value, list | tuple) or not 0 < len(value) <= _MOST:
        return None
    parts = [part.array() for part in value if isinstance(part, Tensor | Array)]
    if len(parts) < len(value) or len({part.shape for part in parts}) != 1:
        return None
    return np.stack(parts)


def read(data: bytes | memoryview, name: str) -> Saved:
    """Find the latents of a file; `name` begins errors.

    Raises
    ------
    ValueError
        If there are none, or more than one array that they could be.
    """
    arrays = read_arrays(data, name)
    model = arrays.get("model")
    wanted = str(model) if model is not None and model.shape == () else ""
    found = {key: array for key, array in arrays.items() if array.dtype.kind in "fiu"}
    key = next((key for key in (*STYLES, "z", *LATENTS) if key in found), None)
    if key is None and any(key in found for key in DIRECTIONS):
        raise ValueError(
            f"{name} holds directions, no latents: 'latent-cinema directions MODEL --import FILE' "
            "takes them"
        )
    if key is None and len(found) != 1:
        raise ValueError(
            f"{name} holds no latents; it holds {_listed(arrays)}, and an array 'w', 'z' or "
            "'latents' is read"
        )
    key = key or next(iter(found))
    return Saved(found[key], "w" if key in STYLES else "z" if key == "z" else "", wanted)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(name[:40] for name in list(names)[:8]) or "nothing"


def fit(saved: Saved, spaces: Sequence[Space], name: str, takes: str) -> Latents:
    """Tell which of some spaces latents are of, and give each the shape of one.

    ``(L, D)``, the layers of one style, is one latent wherever L layers are known; else a row is a
    latent, ``(N, D)``. With an axis more, nothing is left to guess: ``(N, 1, D)``, ``(N, L, D)``.

    Parameters
    ----------
    spaces
        What is possible here, what is rather meant first.
    name, takes
        What an error begins with · who takes them: ``the port 'z'``.

    Raises
    ------
    ValueError
        If they are of none of them, or hold what is no number.
    """
    possible = [each for each in spaces if not saved.space or each.name[0] == saved.space]
    with np.errstate(over="ignore"):
        array = saved.array.astype(np.float64)
    if array.ndim == 3:  # no program gives a z an axis of layers
        possible.sort(key=lambda each: each.name[0] == "z")
    found = [(each, rows) for each in possible if (rows := _rows(array, each)) is not None]
    if not found:
        needed = " or ".join(
            f"{each.name} (N, {', '.join(map(str, each.shape))})" for each in possible or spaces
        )
        raise ValueError(
            f"{name} holds latents of shape {saved.array.shape}, and {takes} takes {needed}: take "
            "one that was made with this model"
        )
    whole = [pair for pair in found if array.shape == pair[0].shape and array.ndim > 1]
    space, rows = (whole or found)[0]
    wrong = np.argwhere(~(np.abs(rows) <= LARGEST))
    if len(wrong):
        raise ValueError(
            f"{name} holds what is no latent (NaN, or beyond {LARGEST:g}), in number "
            f"{wrong[0][0]}: save it again"
        )
    others = [each.name for each, _ in found if each.name[0] != space.name[0]]
    return Latents(rows, space, _note(f"{name}: {array.shape} is taken for", array, space, others))


def _rows(array: NDArray[np.float64], space: Space) -> NDArray[np.float64] | None:
    """Give latents the shape of a space [shape=(N, *shape)]; None if they are none of it."""
    shape = space.shape
    if not array.ndim or array.shape[-1] != shape[-1] or array.ndim > 3:
        return None
    rows = array
    if array.ndim == 1 or (array.ndim == 2 and array.shape == shape):
        rows = array[None]
    if len(shape) == 1 and rows.ndim == 3 and (rows.shape[1] == 1 or space.name == "w"):
        is_same = rows.shape[1] > 0 and (rows == rows[:, :1]).all()
        rows = rows[:, 0] if is_same else rows  # a style that is the same on every layer
    if len(shape) == 2 and rows.ndim == 2:
        rows = rows[:, None]
    if len(shape) == 2 and rows.shape[1] == 1:
        rows = np.repeat(rows, shape[0], axis=1)
    return rows if rows.shape[1:] == shape and len(rows) else None


def _note(taken: str, array: NDArray[Any], space: Space, others: Sequence[str]) -> str:
    """Say what was taken where a shape could mean two things, and how to say the other."""
    if array.ndim == 2 and array.shape == space.shape:
        count, size = array.shape
        return (
            f"{taken} one latent of {count} layers; {count} latents are saved as {(count, 1, size)}"
        )
    if not others:
        return ""
    return f"{taken} {space.name}; numpy.savez(FILE, {others[0]}=...) says that it is {others[0]}"
