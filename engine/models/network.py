"""The common form of a network of any origin: tensors by name, attributes by module.

Names are those of NVIDIA's state dictionaries (``synthesis.b8.conv0.weight``), attributes those
of its modules; every reader of a foreign format maps into them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models.unpickle.inert import RefusedError
from engine.models.unpickle.numpy_arrays import Array

STYLEGAN2, STYLEGAN3, PIX2PIX, STYLE = "stylegan2", "stylegan3", "pix2pix", "style"
FAMILIES = (STYLEGAN2, STYLEGAN3, PIX2PIX, STYLE)
ANSWERS = (PIX2PIX, STYLE)
"""Families that answer a picture, and have no synthesis of their own."""
MOST_TENSORS = 20_000
_MOST_ITEMS = 4096
_MOST_MADE_BYTES = 64 << 20  # filters and noise that a format does without
_MOST_DEPTH = 4
_PATH = re.compile(r"[/\\]")
UNKNOWN_LICENCE = (
    "unknown: ask whoever trained it; weights that NVIDIA published are for non-commercial use only"
)


@dataclass(frozen=True, slots=True)
class Network:
    """A generator network.

    Parameters
    ----------
    family
        One of `FAMILIES`.
    state
        Name → numbers, often read-only views of the file they came from.
    modules
        Dotted module name (the generator itself is ``""``) → attributes: numbers, texts, booleans,
        None, lists.
    origin
        What the file was, in words.
    kwargs
        Arguments that the network was made with, as far as the file tells.
    data_set
        Last part of the name of what it was trained on, if the file tells.
    licence
        Licence of the weights, as far as known.
    notes
        What a user should know about this file.
    source_sha256
        Hash of the file it came from, in hexadecimal; empty: not known yet.
    """

    family: str
    state: Mapping[str, NDArray[Any]]
    modules: Mapping[str, Mapping[str, Any]]
    origin: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    data_set: str = ""
    licence: str = UNKNOWN_LICENCE
    notes: tuple[str, ...] = ()
    source_sha256: str = ""


@dataclass(slots=True)
class Allowance:
    """How many more plain values a file may have us copy; shared lists count each time."""

    values: int = 200_000


def plain(value: Any, allowance: Allowance, depth: int = 0) -> Any:
    """Turn an attribute into what JSON can hold; `NotImplemented` if it is no plain value.

    Texts that look like paths are left out: they tell of somebody's disk.

    Raises
    ------
    RefusedError
        If it is a number that is none (NaN, infinity, beyond 64 bits), or there is no end of it.
    """
    allowance.values -= 1
    if allowance.values < 0:
        raise RefusedError("has more attributes than any network; do not use this file")
    if value is None or type(value) is bool:
        return value
    if type(value) in (int, float):
        if not abs(value) < 2**63:
            raise RefusedError(f"has {value!r:.40} as an attribute, which is no number; refused")
        return value
    if type(value) is str:
        return NotImplemented if len(value) > _MOST_ITEMS or _PATH.search(value) else value
    if type(value) is Array:
        is_small = math.prod(value.shape) <= 64
        return plain(value.array().tolist(), allowance, depth) if is_small else NotImplemented
    if depth >= _MOST_DEPTH or not isinstance(value, list | tuple | dict):
        return NotImplemented
    if isinstance(value, dict):
        return plain_table(value, allowance, depth + 1)
    items = [plain(item, allowance, depth + 1) for item in value]
    return NotImplemented if NotImplemented in items else items


def plain_table(table: Mapping[Any, Any], allowance: Allowance, depth: int = 0) -> dict[str, Any]:
    """Keep what is plain of a table; names with an underscore in front are private."""
    kept = {
        str(key)[:80]: plain(value, allowance, depth)
        for key, value in table.items()
        if type(key) in (str, int) and not str(key).startswith("_")
    }
    return {key: value for key, value in kept.items() if value is not NotImplemented}


def numbers(tensor: NDArray[Any]) -> NDArray[Any]:
    """Return a tensor's numbers as they are stored from now on: float32, in row order.

    Integers stay what they are.
    """
    is_float = tensor.dtype.kind == "f"
    return np.ascontiguousarray(tensor, np.float32 if is_float else None).reshape(tensor.shape)


def check_size(state: Mapping[str, NDArray[Any]], file_bytes: int) -> None:
    """See to it that the tensors are no more than the file holds.

    Raises
    ------
    RefusedError
        If there are too many, or if together they are far larger than the file (half precision
        doubles): many views of one piece of data.
    """
    if len(state) > MOST_TENSORS:
        raise RefusedError(f"has {len(state)} tensors, more than any network; do not use this file")
    total = sum(tensor.nbytes for tensor in state.values())
    if total > 2 * file_bytes + _MOST_MADE_BYTES:
        raise RefusedError(
            f"has tensors of {total} bytes in a file of {file_bytes}; do not use this file"
        )


def check_finite(name: str, tensor: NDArray[Any]) -> None:
    """See to it that a tensor holds numbers only.

    Raises
    ------
    RefusedError
        If there is a NaN or an infinity in it.
    """
    if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
        raise RefusedError(
            f"has weights that are no numbers (NaN or infinity, in {name}): its training "
            "collapsed, take an earlier snapshot"
        )
