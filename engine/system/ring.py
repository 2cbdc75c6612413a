"""Shared memory, and a ring of records in it: one writer, readers that want only the newest.

Nobody waits and nobody locks: each slot carries its own sequence number, odd while it is being
written (a seqlock). A reader copies out, looks again, and throws the copy away if the writer has
been there meanwhile. A writer that is killed in the middle leaves an odd slot that nobody reads.

Layout, native 64-bit words: ``head`` (sequence of the newest whole record; 0: none yet), ``seen``
(the last one that the reader said it had read), six words for what the writer says of itself; then
each slot:
``2 · sequence`` (minus 1 while it is written), ``length`` in bytes, padding to 64 bytes, data.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from multiprocessing.shared_memory import SharedMemory

import numpy as np
from numpy.typing import NDArray

_OWN = 2  # the first of the words of the header that are the writer's own
_WORDS = 8  # of 8 bytes: the header of the ring and of each slot fill one cache line
_TRIES = 4  # to read before leaving it to the next call: a lapped reader must not spin


def create_memory(size_bytes: int) -> SharedMemory:
    """Make memory, all zeros; a page is used once it is written. Its maker also removes it."""
    return SharedMemory(create=True, size=size_bytes)


def attach_memory(name: str) -> SharedMemory:
    """Map memory that another process made.

    A spawned child shares its parent's resource tracker, where a second registration of a name is
    no second entry and the owner's unlink removes it: below Python 3.13 nothing needs undoing, as
    long as the owner unlinks only after it killed the child.
    """
    if sys.version_info >= (3, 13):
        return SharedMemory(name, track=False)
    return SharedMemory(name)


class Fence:
    """Lets what was written before be seen before what is written after; for one thread.

    Python has no memory fence. x86 needs none here; on ARM a release followed by an acquire is one
    (ARM ARM B2.3: RCsc), and taking a free lock twice holds that pair.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def hold(self) -> None:
        """Order what lies before and after."""
        with self._lock:
            pass
        with self._lock:
            pass


class Ring:
    """A mapped ring; made by `create_ring` or `attach_ring`.

    Whoever created it removes it from the system by `close`. If that process is killed instead,
    Python's resource tracker removes it and says so on stderr; only if the tracker is killed with
    it (a whole process group) do the pages stay until the next start of the machine.
    A ring belongs to one thread.
    """

    def __init__(self, memory: SharedMemory, slots: int, slot_bytes: int, is_owner: bool) -> None:
        self.name = memory.name
        self.slots = slots
        self.slot_bytes = slot_bytes
        self._memory = memory
        self._is_owner = is_owner
        self._is_closed = False
        self._fence = Fence()

    @property
    def head(self) -> int:
        """Sequence of the newest whole record, 0 before the first."""
        return self._get(0)

    @property
    def seen(self) -> int:
        """Sequence that the reader acknowledged last, 0 before the first."""
        return self._get(1)

    def acknowledge(self, sequence: int) -> None:
        """Let the writer know what was read; for a ring with a single reader."""
        self._set(1, sequence)

    def note(self, place: int, value: int) -> None:
        """Let a word (0 to 5) of the writer's own be seen."""
        self._set(_OWN + place, value)

    def noted(self, place: int) -> int:
        """Return a word of the writer's own, 0 before it was noted."""
        return self._get(_OWN + place)

    def write(self, parts: Sequence[memoryview]) -> int:
        """Write one record, part after part, and make it the newest; return its sequence.

        Raises
        ------
        ValueError
            If it does not fit into a slot.
        """
        length = sum(map(len, parts))
        if length > self.slot_bytes:
            raise ValueError(f"a record of {length} bytes does not fit a slot of {self.slot_bytes}")
        sequence = self._get(0) + 1
        word, place = self._place(sequence)
        self._set(word, 2 * sequence - 1)
        self._order()
        self._set(word + 1, length)
        for part in parts:
            self._view()[place : place + len(part)] = part
            place += len(part)
        self._order()
        self._set(word, 2 * sequence)
        self._set(0, sequence)
        return sequence

    def newest(self, after: int) -> tuple[int, NDArray[np.uint8]] | None:
        """Copy out the newest record, if it is newer than `after`.

        Returns
        -------
        tuple or None
            Sequence and bytes; None if there is nothing newer, or if the writer lapped every
            attempt (the next call will find something).
        """
        for _ in range(_TRIES):
            sequence = self._get(0)
            if sequence <= after:
                return None
            data = self._copy(sequence)
            if data is not None:
                return sequence, data
        return None

    def _copy(self, sequence: int) -> NDArray[np.uint8] | None:
        word, place = self._place(sequence)
        if self._get(word) != 2 * sequence:
            return None
        self._order()
        length = min(self._get(word + 1), self.slot_bytes)
        data = np.frombuffer(self._view(), np.uint8, length, place).copy()
        self._order()
        return data if self._get(word) == 2 * sequence else None

    def _get(self, word: int) -> int:
        return self._view().cast("Q")[word]  # one aligned 64-bit load, as `_set` is one store

    def _set(self, word: int, value: int) -> None:
        self._view().cast("Q")[word] = value

    def _view(self) -> memoryview:
        # Fresh each time: SharedMemory cannot be closed, nor collected in peace, while views live.
        view = self._memory.buf
        if view is None:
            raise ValueError("the ring is closed")
        return view

    def _place(self, sequence: int) -> tuple[int, int]:
        word = _WORDS + sequence % self.slots * (_WORDS + _padded(self.slot_bytes) // 8)
        return word, (word + _WORDS) * 8

    def _order(self) -> None:
        self._fence.hold()

    def close(self) -> None:
        """Unmap it; the owner also removes it from the system. Harmless when repeated."""
        if self._is_closed:
            return
        self._is_closed = True
        self._memory.close()
        if self._is_owner:
            self._memory.unlink()


def create_ring(slots: int, slot_bytes: int) -> Ring:
    """Make a ring of `slots` records of at most `slot_bytes`; its memory is used when written."""
    memory = create_memory(_total_bytes(slots, slot_bytes))
    return Ring(memory, slots, slot_bytes, is_owner=True)


def attach_ring(name: str, slots: int, slot_bytes: int) -> Ring:
    """Map a ring that another process made; see `attach_memory`."""
    return Ring(attach_memory(name), slots, slot_bytes, is_owner=False)


def _padded(length: int) -> int:
    return length + -length % 64


def _total_bytes(slots: int, slot_bytes: int) -> int:
    return 64 + slots * (64 + _padded(slot_bytes))
