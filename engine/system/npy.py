"""NumPy's ``.npy`` and ``.npz`` files from anywhere, read without trusting their headers.

`numpy.load` allocates what a header promises; here an array is a view of bytes that are there.
"""

from __future__ import annotations

import contextlib
import io
import math
import mmap
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.system.atomic import open_new
from engine.system.untrusted import open_regular

LARGEST_BYTES = 64 << 20
_HEADER_BYTES = 1 << 16
Arrays = dict[str, NDArray[Any]]


def load(path: Path, most_bytes: int = LARGEST_BYTES) -> Arrays:
    """Read a file as `read` does; an ``.npy`` file is mapped, whatever its size.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with open_regular(path) as file:
        if not os.fstat(file.fileno()).st_size:
            return {}
        return read(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)), most_bytes)


def read(data: bytes | memoryview, most_bytes: int = LARGEST_BYTES) -> Arrays:
    """Arrays of an ``.npy`` (``arr_0``) or ``.npz`` file, by name, of at most so many bytes.

    Returns
    -------
    dict
        Without what is no such array; empty if the file is none or damaged.
    """
    if data[:6] == b"\x93NUMPY":
        array = array_of(data)
        return {} if array is None else {"arr_0": array}
    found: Arrays = {}
    with contextlib.suppress(Exception):  # damaged archives end in a dozen kinds of exception
        archive = zipfile.ZipFile(io.BytesIO(data if len(data) <= most_bytes else b""))
        members = [m for m in archive.infolist() if m.filename.endswith(".npy")]
        if sum(member.file_size for member in members) <= most_bytes:
            for member in members:
                with archive.open(member) as file:
                    array = array_of(file.read(most_bytes))
                if array is not None:
                    found[member.filename.removesuffix(".npy")] = array
    return found


def array_of(data: bytes | memoryview) -> NDArray[Any] | None:
    """Array of numbers or text that an ``.npy`` file holds, as a view; None if it holds none."""
    # NumPy parses a header as Python does: damaged ones end in a dozen kinds of exception.
    with contextlib.suppress(Exception):
        file = io.BytesIO(data[:_HEADER_BYTES])
        version = np.lib.format.read_magic(file)
        reader = np.lib.format.read_array_header_1_0
        if version != (1, 0):
            reader = np.lib.format.read_array_header_2_0
        shape, is_fortran, dtype = reader(file)
        if dtype.kind in "biufU" and math.prod(shape) * dtype.itemsize <= len(data) - file.tell():
            flat = np.frombuffer(data, dtype, math.prod(shape), file.tell())
            return flat.reshape(shape, order="F" if is_fortran else "C")
    return None


def write(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write an ``.npz`` file in one step.

    Raises
    ------
    OSError
        If it cannot be written; an older one is still there.
    """
    with open_new(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            add(archive, name, array)


def add(archive: zipfile.ZipFile, name: str, array: NDArray[Any]) -> None:
    """Add an array to an ``.npz`` file that is being written."""
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
