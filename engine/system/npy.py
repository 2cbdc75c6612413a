"""TODO engine/system/npy.py."""

from __future__ import annotations

import contextlib
import io
import math
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST_BYTES = 64 << 20


def _arrays(data: bytes, name: str) -> Mapping[str, NDArray[Any]]:
    """Arrays of an ``.npy`` (``arr_0``) or ``.npz`` file, by name."""
    if data[:6] == b"\x93NUMPY":
        array = _array(data)
        found = {} if array is None else {"arr_0": array}
    else:
        found = {}
        with contextlib.suppress(Exception):  # damaged archives end in a dozen kinds of exception
            archive = zipfile.ZipFile(io.BytesIO(data))
            members = [m for m in archive.infolist() if m.filename.endswith(".npy")]
            if sum(member.file_size for member in members) <= LARGEST_BYTES:
                for member in members:
                    with archive.open(member) as file:
                        array = _array(file.read(LARGEST_BYTES))
                    if array is not None:
                        found[member.filename.removesuffix(".npy")] = array
    if not found:
        raise ValueError(
            f"{name} is no .npy or .npz file of numbers; write one with numpy.save or numpy.savez"
        )
    return found


def _array(data: bytes) -> NDArray[Any] | None:
    """Read an array of numbers or text; None if it is none. What it promises must be there."""
    # NumPy parses a header as Python does: damaged ones end in a dozen kinds of exception.
    with contextlib.suppress(Exception):
        file = io.BytesIO(data)
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0
        if version != (1, 0):
            read = np.lib.format.read_array_header_2_0
        shape, is_fortran, dtype = read(file)
        if dtype.kind in "fiuU" and math.prod(shape) * dtype.itemsize <= len(data) - file.tell():
            flat = np.frombuffer(data, dtype, math.prod(shape), file.tell())
            return flat.reshape(shape, order="F" if is_fortran else "C")
    return None
