"""Records: a JSON header and arrays in one run of bytes, as they travel through shared memory."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_HEADER_BYTES = 64 * 1024
MAX_ARRAYS = 64
_ALIGN = 64
_KINDS: dict[str, np.dtype[Any]] = {
    "f2": np.dtype("<f2"),
    "f4": np.dtype("<f4"),
    "u1": np.dtype("u1"),
    "u2": np.dtype("<u2"),
}


def encode(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> list[memoryview]:
    """Write a record as a list of buffers, to be laid one after the other.

    Raises
    ------
    ValueError
        If a number of the header is not finite, an array is none of float16, float32, uint8 and
        uint16, or the header is too long.
    """
    listed, parts = [], []
    for name, array in arrays.items():
        kind = array.dtype.newbyteorder("<").str[1:]
        if kind not in _KINDS:
            raise ValueError(
                f"array '{name}' is {array.dtype}: records hold float16, float32, uint8 and uint16"
            )
        listed.append([name, kind, list(array.shape)])
        raw = np.ascontiguousarray(array, _KINDS[kind])
        parts.append(raw.reshape(-1).view(np.uint8).data)
    text = json.dumps({**header, "arrays": listed}, allow_nan=False, separators=(",", ":")).encode()
    if len(text) > MAX_HEADER_BYTES or len(listed) > MAX_ARRAYS:
        raise ValueError(f"a record's header holds at most {MAX_HEADER_BYTES} bytes and 64 arrays")
    padding = bytes(-(4 + len(text)) % _ALIGN)
    return [memoryview(struct.pack("<I", len(text)) + text + padding), *parts]


def decode(data: NDArray[np.uint8]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read a record back; the arrays are views of `data`.

    Raises
    ------
    ValueError
        If the record is not whole: every length is checked against what is there.
    """
    if len(data) < 4:
        raise ValueError("a record is at least 4 bytes long")
    length = int.from_bytes(data[:4].tobytes(), "little")
    if length > min(MAX_HEADER_BYTES, len(data) - 4):
        raise ValueError(f"a record's header of {length} bytes does not fit")
    try:
        header = json.loads(data[4 : 4 + length].tobytes())
        listed = header.pop("arrays")
        place = 4 + length + -(4 + length) % _ALIGN
        arrays = {}
        for name, kind, shape in listed:
            dtype = _KINDS[kind]
            count = math.prod(shape)
            if min(shape, default=1) < 0:
                raise ValueError(f"array '{name}' has the shape {shape}")
            arrays[name] = np.frombuffer(data, dtype, count, place).reshape(shape)
            place += count * dtype.itemsize
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a record: {error!r}") from error
    return header, arrays
