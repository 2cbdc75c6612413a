"""NumPy arrays in pickles: arrays, scalars and types, read without NumPy's functions."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models.unpickle.inert import RefusedError, Text

_MOST_AXES = 8
_PLAIN = re.compile(r"[<>|=]?([iu][1248]|f[248]|b1|\?)")
_BAD_STATE = "has an array that makes no sense; do not use this file"


def raw_bytes(value: Any) -> memoryview | bytes:
    """Take bytes as any protocol and any Python has written them.

    Raises
    ------
    RefusedError
        If the value holds none.
    """
    if isinstance(value, memoryview | bytes):
        return value
    if isinstance(value, Text):
        return value.latin()
    if isinstance(value, str):
        return value.encode("latin-1")
    raise RefusedError(_BAD_STATE)


class Dtype:
    """The type of an array's numbers; anything but numbers is refused.

    Parameters
    ----------
    arguments
        Those of ``numpy.dtype``: code, align, copy.

    Raises
    ------
    RefusedError
        If it is no type of plain numbers: one of objects would unpickle whatever it holds.
    """

    __slots__ = ("dtype",)

    def __init__(self, arguments: tuple[Any, ...]) -> None:
        code = arguments[0] if arguments else None
        if not isinstance(code, str) or not _PLAIN.fullmatch(code):
            what = repr(code[:40]) if isinstance(code, str) else "something"
            raise RefusedError(f"has an array of {what}, not of numbers; do not use this file")
        self.dtype = np.dtype(code)

    def build(self, state: Any) -> None:
        """Take the byte order; the rest of the state belongs to structured types."""
        if type(state) is not tuple or len(state) < 3 or state[1] not in ("<", ">", "|", "="):
            raise RefusedError(_BAD_STATE)
        if any(part is not None for part in state[2:5]):
            raise RefusedError("has an array of records, not of numbers; do not use this file")
        self.dtype = self.dtype.newbyteorder(state[1])


class Array:
    """An array whose numbers are still bytes of the file."""

    __slots__ = ("data", "dtype", "is_fortran", "shape")

    def __init__(self) -> None:
        self.shape: tuple[int, ...] = (0,)
        self.dtype = np.dtype(np.uint8)
        self.is_fortran = False
        self.data: memoryview | bytes = b""

    def build(self, state: Any) -> None:
        """Take the state: version, shape, type, order, bytes.

        Raises
        ------
        RefusedError
            If shape and bytes do not fit each other.
        """
        if type(state) is not tuple or len(state) != 5:
            raise RefusedError(_BAD_STATE)
        _, self.shape, dtype, is_fortran, data = state
        if type(dtype) is not Dtype or isinstance(data, list):
            raise RefusedError("has an array of objects, not of numbers; do not use this file")
        self.dtype = dtype.dtype
        self.is_fortran = bool(is_fortran)
        self.data = raw_bytes(data)
        is_shape = type(self.shape) is tuple and len(self.shape) <= _MOST_AXES
        if not is_shape or any(type(n) is not int or not 0 <= n < 2**48 for n in self.shape):
            raise RefusedError(_BAD_STATE)
        if math.prod(self.shape) * self.dtype.itemsize != len(self.data):
            raise RefusedError(
                f"has an array of shape {self.shape} over {len(self.data)} bytes, "
                "which do not fit; do not use this file"
            )

    def array(self) -> NDArray[Any]:
        """Return its numbers [shape=as in the file], a read-only view, in this machine's order."""
        flat = np.frombuffer(self.data, self.dtype)
        shaped = flat.reshape(self.shape, order="F" if self.is_fortran else "C")
        return shaped.astype(self.dtype.newbyteorder("="), copy=False)


def reconstruct(_: tuple[Any, ...]) -> Array:
    """Answer ``numpy.core.multiarray._reconstruct``: an array that waits for its state."""
    return Array()


def from_buffer(arguments: tuple[Any, ...]) -> Array:
    """Answer ``numpy.core.numeric._frombuffer`` (protocol 5): bytes, type, shape, order."""
    data, dtype, shape, order = arguments
    array = Array()
    array.build((1, shape, dtype, order == "F", data))
    return array


def scalar(arguments: tuple[Any, ...]) -> bool | int | float:
    """Answer ``numpy.core.multiarray.scalar``: a plain number.

    Raises
    ------
    RefusedError
        If it is none.
    """
    dtype, data = arguments
    if type(dtype) is not Dtype:
        raise RefusedError("has a number that is none; do not use this file")
    value: bool | int | float = np.frombuffer(raw_bytes(data), dtype.dtype, 1)[0].item()
    return value


def create(arguments: tuple[Any, ...]) -> Array:
    """Answer ``dill._dill._create_array``: maker, its arguments, state, attributes.

    Raises
    ------
    RefusedError
        If the maker is not NumPy's.
    """
    maker, _, state, *_ = arguments
    if getattr(maker, "reduce", None) is not reconstruct:
        raise RefusedError("makes an array by something else than NumPy; do not use this file")
    array = Array()
    array.build(state)
    return array
