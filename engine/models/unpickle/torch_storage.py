"""Torch storages and tensors in pickles, read by hand: no torch, no code of the file.

`torch.save` has two formats. The old one is a stream: five pickles (magic number, version, facts
about the machine, the value, the keys of its storages), then the storages one after the other. A
tensor inside an ordinary pickle holds such a stream as bytes. The new one is a zip archive, see
`engine.models.unpickle.zip_archive`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models.unpickle.inert import Budget, Global, RefusedError
from engine.models.unpickle.reader import read

MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
_MAGIC_PICKLE = b"\x8a\x0a" + MAGIC.to_bytes(10, "little") + b"."
_MOST_AXES = 8
# Half and BFloat16 have two bytes each; NumPy knows no bfloat16, so its bits come as integers.
DTYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "BFloat16Storage": "<u2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "u1",
}


class Storage:
    """A flat run of numbers, a ``FloatStorage`` or like it; several tensors may look into it."""

    __slots__ = ("count", "data", "kind")

    def __init__(self, kind: str, count: int) -> None:
        self.kind = kind
        self.count = count
        self.data = memoryview(b"")

    @property
    def item_bytes(self) -> int:
        """Bytes per number."""
        return np.dtype(DTYPES[self.kind]).itemsize


class Tensor:
    """A checked view of a storage: it cannot reach outside, or grow beyond it by strides.

    Parameters
    ----------
    storage, offset, shape, strides
        As torch keeps them, counted in numbers.

    Raises
    ------
    RefusedError
        If it would reach outside its storage or hold more numbers than it.
    """

    __slots__ = ("offset", "shape", "storage", "strides")

    def __init__(
        self, storage: Storage, offset: Any, shape: tuple[Any, ...], strides: tuple[Any, ...]
    ) -> None:
        numbers = (offset, *shape, *strides)
        is_sound = all(type(n) is int and 0 <= n < 2**62 for n in numbers)
        if type(storage) is not Storage or not is_sound or len(shape) != len(strides):
            raise RefusedError("has a tensor of impossible layout; do not use this file")
        count = math.prod(shape)
        last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
        if len(shape) > _MOST_AXES or count > storage.count:
            raise RefusedError(
                f"has a tensor of {count} numbers over {storage.count} stored ones; "
                "do not use this file"
            )
        if count and last >= storage.count:
            raise RefusedError("has a tensor that reaches outside its data; do not use this file")
        self.storage = storage
        self.offset = offset
        self.shape: tuple[int, ...] = shape
        self.strides: tuple[int, ...] = strides

    def array(self) -> NDArray[Any]:
        """Return its numbers [shape=as in the file]; a read-only view wherever possible."""
        dtype = np.dtype(DTYPES[self.storage.kind])
        if not math.prod(self.shape):
            return np.zeros(self.shape, np.float32)
        flat = np.frombuffer(self.storage.data, dtype, self.storage.count)[self.offset :]
        steps = tuple(step * dtype.itemsize for step in self.strides)
        view = np.lib.stride_tricks.as_strided(flat, self.shape, steps, writeable=False)
        if self.storage.kind == "BFloat16Storage":  # the upper half of a float32
            return (view.astype(np.uint32) << 16).view(np.float32)
        return view.astype(np.bool_) if self.storage.kind == "BoolStorage" else view


def find_storage(module: str, name: str) -> Global:
    """Answer the names that a stream with a single storage may mention."""
    if module == "torch" and name in DTYPES:
        return Global(f"torch.{name}")
    raise RefusedError(
        f"names {module[:80]}.{name[:80]} among the numbers of a tensor, where only numbers belong;"
        " do not use this file"
    )


def read_identity(identity: Any) -> tuple[str, str, int, Any]:
    """Take a persistent ID apart: kind, key, count of numbers, view.

    Raises
    ------
    RefusedError
        If it is none of a storage.
    """
    if type(identity) is tuple and len(identity) in (5, 6) and identity[0] == "storage":
        _, kind, key, _, count = identity[:5]
        view = identity[5] if len(identity) == 6 else None
        is_sound = type(kind) is Global and type(count) is int and 0 <= count < 2**48
        if is_sound and type(key) is str and kind.name.removeprefix("torch.") in DTYPES:
            return kind.name.removeprefix("torch."), key, count, view
    raise RefusedError("refers to something that is no tensor; do not use this file")


def is_stream(data: memoryview) -> bool:
    """Whether a file is of the old format of `torch.save`."""
    return _MAGIC_PICKLE in bytes(data[:64])


def read_stream(
    data: memoryview, find: Callable[[str, str], Global], budget: Budget
) -> tuple[Any, int]:
    """Read the old format of `torch.save`.

    Returns
    -------
    tuple
        The value; tensors are `Tensor`, a bare storage is a `Storage`. And the bytes taken.

    Raises
    ------
    RefusedError
        If it is damaged or holds anything else.
    """
    storages: dict[str, Storage] = {}
    views: list[tuple[Storage, str, int]] = []

    def persistent(identity: Any) -> Storage:
        kind, key, count, view = read_identity(identity)
        root = storages.setdefault(key, Storage(kind, count))
        if (root.kind, root.count) != (kind, count):
            raise RefusedError("describes the same data twice, differently; do not use this file")
        if view is None:
            return root
        _, offset, size = view
        if not 0 <= offset <= offset + size <= count:
            raise RefusedError("has a view that reaches outside its data; do not use this file")
        part = Storage(kind, size)
        views.append((part, key, offset))
        return part

    _, at = _read_head(data, budget)
    value, used = read(data[at:], find, persistent, budget)
    keys, more = read(data[at + used :], find_storage, None, budget)
    at = _fill(data, at + used + more, keys, storages)
    for part, key, offset in views:
        start = offset * part.item_bytes
        part.data = storages[key].data[start : start + part.count * part.item_bytes]
    return value, at


def _read_head(data: memoryview, budget: Budget) -> tuple[Any, int]:
    at = 0
    head = []
    for _ in range(3):
        value, used = read(data[at:], find_storage, None, budget)
        head.append(value)
        at += used
    magic, version, machine = head
    if magic != MAGIC or version != _VERSION or type(machine) is not dict:
        raise RefusedError("has a tensor in a format that torch never wrote; do not use this file")
    if machine.get("little_endian") is not True:
        raise RefusedError("comes from a big-endian machine: save it again on an ordinary one")
    return machine, at


def _fill(data: memoryview, at: int, keys: Any, storages: dict[str, Storage]) -> int:
    """Hand each storage its bytes; return where they end."""
    if type(keys) is not list or sorted(map(str, keys)) != sorted(storages):
        raise RefusedError("lists other tensors than it holds: it is damaged, fetch it again")
    for key in keys:
        storage = storages[key]
        size = storage.count * storage.item_bytes
        if len(data) - at < 8 + size:
            raise RefusedError("ends in the middle of a tensor: it is damaged, fetch it again")
        (count,) = struct.unpack("<q", data[at : at + 8])
        if count != storage.count:
            raise RefusedError("has a tensor of two sizes: it is damaged, fetch it again")
        storage.data = data[at + 8 : at + 8 + size]
        at += 8 + size
    return at


def read_storage(data: Any, budget: Budget) -> Storage:
    """Read the bytes that a tensor inside an ordinary pickle holds (`_load_from_bytes`).

    Raises
    ------
    RefusedError
        If they are anything but one storage.
    """
    if not isinstance(data, memoryview | bytes):
        raise RefusedError("has a tensor without bytes; do not use this file")
    storage, _ = read_stream(memoryview(data), find_storage, budget)
    if type(storage) is not Storage:
        raise RefusedError("has a tensor whose bytes hold something else; do not use this file")
    return storage
