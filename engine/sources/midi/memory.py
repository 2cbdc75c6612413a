"""Shared memory between player and MIDI process: records both ways, and what the process says.

Records go first in, first out, one writer and one reader each way; nobody waits and nobody locks.
A full ring takes no more and counts it. The player makes the memory and removes it, so the process
may be killed at any moment, and its successor goes on where it was.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.sources.watched import STATUS, Status
from engine.system import ring
from engine.system.ring import Fence, Ring

NAME_BYTES = 64
RECORD = np.dtype(
    [
        ("ns", "i8"),
        ("value", "f8"),
        ("bpm", "f8"),
        ("device", f"S{NAME_BYTES}"),
        ("control", f"S{NAME_BYTES}"),
    ]
)
"""What moved, or is to be shown. From the process, a control that begins with ``/`` is what a clock
or timecode said (`engine.sources.midi.midi.read_time`). To it, ``/beat`` is the transport, with its
beat as ``value`` and ``1`` as ``device`` while it plays; hex digits are a message to be sent, the
last piece after ``/``, those before after ``+``."""
Record = tuple[int, float, float, bytes, bytes]
_IN, _OUT = 8192, 2048
_INFO_BYTES = 16_384


IN_LOST = 4
"""Place of the 64-bit word that counts what came while the ring was full."""
_IN_WORDS, _OUT_WORDS, _WORDS = 2, 5, 8  # written, read, lost; before them BEATS and STATUS


class Records:
    """Records in one direction."""

    def __init__(self, memory: Memory, records: NDArray[Any], written: int) -> None:
        self._memory, self._records = memory, records
        self._written, self._read, self._lost = written, written + 1, written + 2

    def put(self, record: Record) -> bool:
        """Append a record; False if there is no room."""
        words = self._memory.words
        number = int(words[self._written])
        if number - int(words[self._read]) >= len(self._records):
            words[self._lost] += 1
            return False
        self._records[number % len(self._records)] = record
        self._memory.order()
        words[self._written] = number + 1
        return True

    def take(self, count: int) -> list[Record]:
        """Take the oldest records, at most so many."""
        words = self._memory.words
        first = int(words[self._read])
        last = min(int(words[self._written]), first + count)
        if first == last:
            return []
        self._memory.order()
        size = len(self._records)
        start, end = first % size, (last - 1) % size + 1
        if start < end:
            found: list[Record] = self._records[start:end].tolist()
        else:
            found = self._records[start:].tolist() + self._records[:end].tolist()
        self._memory.order()
        words[self._read] = last
        return found


class Memory:
    """The mapped memory; made by `create_memory` or `attach_memory`."""

    def __init__(self, shared: Any, info: Ring, is_owner: bool) -> None:
        self.name = f"{shared.name} {info.name}"
        self._shared, self._info, self._is_owner = shared, info, is_owner
        self._is_open = True
        self._seen = 0
        self._told: dict[str, Any] = {}
        self.order = Fence().hold
        self._map(shared.buf)

    def _map(self, buffer: memoryview) -> None:
        self.words: NDArray[np.int64] = np.frombuffer(buffer, np.int64, _WORDS)
        records = np.frombuffer(buffer, RECORD, _IN + _OUT, 8 * _WORDS)
        self.moved = Records(self, records[:_IN], _IN_WORDS)
        self.shown = Records(self, records[_IN:], _OUT_WORDS)

    def set_status(self, status: Status, sentence: str = "") -> None:
        """Publish the process's status with a sentence for people."""
        self.tell(sentence=sentence)
        self.order()
        self.words[STATUS] = status

    def sentence(self) -> str:
        """Return the sentence that came with the status."""
        return str(self.info().get("sentence", ""))

    def tell(self, **news: Any) -> None:
        """Publish facts, beside those that were published before (the process's side)."""
        if any(self._told.get(key) != value for key, value in news.items()):
            self._told |= news
            self._info.write([memoryview(json.dumps(self._told).encode()[:_INFO_BYTES])])

    def info(self) -> dict[str, Any]:
        """Return the newest facts (the player's side)."""
        found = self._info.newest(self._seen)
        if found is not None:
            self._seen = found[0]
            try:
                self._told = json.loads(found[1].tobytes())
            except ValueError:
                self._told = {**self._told, "sentence": "it says too much"}
        return self._told

    def close(self) -> None:
        """Unmap it; the owner also removes it from the system. Harmless when repeated."""
        if not self._is_open:
            return
        self._is_open = False
        self._map(memoryview(bytes(_total_bytes())))  # it cannot be closed while a view is alive
        self._info.close()
        self._shared.close()
        if self._is_owner:
            self._shared.unlink()


def create_memory() -> Memory:
    """Make the memory, all zeros."""
    info = ring.create_ring(2, _INFO_BYTES)
    return Memory(ring.create_memory(_total_bytes()), info, is_owner=True)


def attach_memory(names: str) -> Memory:
    """Map the memory that the player made, by its `Memory.name`."""
    shared, info = names.split(" ")
    return Memory(
        ring.attach_memory(shared), ring.attach_ring(info, 2, _INFO_BYTES), is_owner=False
    )


def _total_bytes() -> int:
    return 8 * _WORDS + (_IN + _OUT) * RECORD.itemsize


def text(name: str) -> bytes:
    """Bytes of a name, cut to what a record holds."""
    return name.encode("utf-8", "replace")[:NAME_BYTES].decode("utf-8", "ignore").encode()
