"""Zip archives of `torch.save`, read by hand: entries are stored, never compressed.

A view of the file is all that an entry costs, so that no archive can grow in memory.

References
----------
PKWARE, APPNOTE.TXT 6.3.10: 4.3.7 local header, 4.3.12 central directory, 4.3.14 zip64, 4.3.16 end.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from engine.models.unpickle.inert import Budget, Global, RefusedError
from engine.models.unpickle.reader import read
from engine.models.unpickle.torch_storage import Storage, read_identity

_MOST_ENTRIES = 65_536
_TAIL_BYTES = 65_557  # the longest end of an archive
_END, _END64, _LOCATOR64, _CENTRAL, _LOCAL = (
    b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x01\x02", b"PK\x03\x04"
)  # fmt: skip
_DAMAGED = "is a damaged archive ({}): fetch it again"


def is_torch_archive(data: memoryview) -> bool:
    """Whether an archive is of the new format of `torch.save`: by the names at its end."""
    return b"data.pkl" in bytes(data[-_TAIL_BYTES:])


def read_entries(data: memoryview) -> dict[str, memoryview]:
    """List an archive: name → bytes, as views of `data`.

    Raises
    ------
    RefusedError
        If the archive is damaged, compressed, or its entries overlap.
    """
    try:
        count, at = _find_directory(data)
        if count > _MOST_ENTRIES:
            raise RefusedError("is an archive of more files than any network has; do not use it")
        entries: dict[str, memoryview] = {}
        for _ in range(count):
            name, entry, at = _read_entry(data, at)
            if name in entries:
                raise RefusedError("is an archive with one name twice; do not use it")
            entries[name] = entry
    except (struct.error, UnicodeDecodeError):
        raise RefusedError(_DAMAGED.format("it ends too early")) from None
    if sum(map(len, entries.values())) > len(data):
        raise RefusedError("is an archive whose files overlap; do not use it")
    return entries


def _find_directory(data: memoryview) -> tuple[int, int]:
    tail = bytes(data[-_TAIL_BYTES:])
    end = tail.rfind(_END)
    if end < 0:
        raise RefusedError(_DAMAGED.format("its directory is missing"))
    count, _, at = struct.unpack_from("<HII", tail, end + 10)
    locator = len(data) - len(tail) + end - 20
    if locator >= 0 and bytes(data[locator : locator + 4]) == _LOCATOR64:
        (start,) = struct.unpack_from("<Q", data, locator + 8)
        if start > len(data) - 56 or bytes(data[start : start + 4]) != _END64:
            raise RefusedError(_DAMAGED.format("its directory is missing"))
        count, _, at = struct.unpack_from("<QQQ", data, start + 32)
    return int(count), int(at)


def _read_entry(data: memoryview, at: int) -> tuple[str, memoryview, int]:
    """Read one line of the central directory; return also where the next one begins."""
    if at > len(data) - 46 or bytes(data[at : at + 4]) != _CENTRAL:
        raise RefusedError(_DAMAGED.format("its directory makes no sense"))
    flags, method = struct.unpack_from("<HH", data, at + 8)
    packed, size, name_bytes, extra_bytes, comment_bytes = struct.unpack_from(
        "<IIHHH", data, at + 20
    )
    (start,) = struct.unpack_from("<I", data, at + 42)
    name = bytes(data[at + 46 : at + 46 + name_bytes]).decode("utf-8")
    if method != 0 or flags & 1:
        raise RefusedError(
            "is a compressed or encrypted zip archive: unpack it first, and give the network file "
            "in it"
        )
    extra = data[at + 46 + name_bytes : at + 46 + name_bytes + extra_bytes]
    size, packed, start = _widen(bytes(extra), size, packed, start)
    if packed != size or start > len(data) - 30:
        raise RefusedError(_DAMAGED.format("a file in it lies outside"))
    begin = _skip_local(data, start)
    if size > len(data) - begin:
        raise RefusedError(_DAMAGED.format("a file in it lies outside"))
    return name, data[begin : begin + size], at + 46 + name_bytes + extra_bytes + comment_bytes


def _widen(extra: bytes, *fields: int) -> tuple[int, ...]:
    """Replace fields of all ones by the 64-bit ones of the zip64 extra field, in their order."""
    at, wide = 0, b""
    while at + 4 <= len(extra):
        tag, size = struct.unpack_from("<HH", extra, at)
        if tag == 1:
            wide = extra[at + 4 : at + 4 + size]
        at += 4 + size
    values = []
    for value in fields:
        if value == 0xFFFFFFFF:
            (value,) = struct.unpack_from("<Q", wide)
            wide = wide[8:]
        values.append(value)
    return tuple(values)


def _skip_local(data: memoryview, start: int) -> int:
    if bytes(data[start : start + 4]) != _LOCAL:
        raise RefusedError(_DAMAGED.format("a file in it is missing"))
    name_bytes, extra_bytes = struct.unpack_from("<HH", data, start + 26)
    return int(start + 30 + name_bytes + extra_bytes)


def read_archive(
    entries: dict[str, memoryview], find: Callable[[str, str], Global], budget: Budget
) -> Any:
    """Read the new format of `torch.save`, as `read_entries` lists it.

    Raises
    ------
    RefusedError
        If it holds no value, or anything that `find` refuses.
    """
    pickles = [name for name in entries if name == "data.pkl" or name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise RefusedError(
            "is a zip archive, but no network by itself: unpack it first, and give the network "
            "file in it"
        )
    folder = pickles[0].removesuffix("data.pkl")
    if bytes(entries.get(folder + "byteorder", memoryview(b"little"))) != b"little":
        raise RefusedError("comes from a big-endian machine: save it again on an ordinary one")
    storages: dict[str, Storage] = {}

    def persistent(identity: Any) -> Storage:
        kind, key, count, _ = read_identity(identity)
        storage = storages.setdefault(key, Storage(kind, count))
        storage.data = entries.get(f"{folder}data/{key}", memoryview(b""))
        is_same = (storage.kind, storage.count) == (kind, count)
        if not is_same or len(storage.data) != count * storage.item_bytes:
            raise RefusedError("has a tensor without its data: it is damaged, fetch it again")
        return storage

    value, _ = read(entries[pickles[0]], find, persistent, budget)
    return value
