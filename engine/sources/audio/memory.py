"""Shared memory between player and audio process: status words, feature rows, samples.

One writer and one reader for each part, nobody waits, nobody locks. Counters only grow; what the
reader was too slow for is overwritten, noticed and counted. The player makes the memory and removes
it, so the process may be killed at any moment and its successor goes on where it was.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from multiprocessing.shared_memory import SharedMemory

import numpy as np
from numpy.typing import NDArray

from engine.core.audio.features import FEATURES
from engine.sources.watched import Status
from engine.system import ring
from engine.system.ring import Fence

ROWS = 1024  # five seconds of features
FRAMES = 1 << 18  # five seconds at 48 kHz
CHANNELS = 2
_CODES = 4
_CODE = 3
_TEXT_BYTES = 256
_SLOT = struct.Struct(f"={len(FEATURES) + 1}d")


class Word(IntEnum):
    """Places of the 64-bit words at the front; the first two: `engine.sources.watched`."""

    BEATS = 0  # blocks that passed; it stands still when the device is gone
    STATUS = 1
    RATE_HZ = 2
    CHANNELS = 3
    FRAMES = 4  # capture: frames written
    ROWS = 5  # capture: feature rows written
    OVERFLOWS = 6  # blocks before which the driver says it lost samples
    EPOCH = 7  # playback: counts the jumps that the player asked for
    START = 8  # playback: where in the ring the newest jump begins
    FED = 9  # playback: frames written by the player
    PLAYED = 10  # playback: frames handed to the device
    ANSWER = 11  # playback: the newest jump that the process has seen
    LATENCY = 12  # frames between handing over and hearing, or hearing and taking over
    CODES = 13  # capture: timecodes written
    COUNT = 14


def decode(slot: bytes) -> tuple[int, tuple[float, ...]]:
    """Read one slot of the feature ring: the row's number and its values.

    Raises
    ------
    ValueError
        If it does not have the length of a slot.
    """
    if len(slot) != _SLOT.size:
        raise ValueError(f"a slot of features has {_SLOT.size} bytes, not {len(slot)}")
    number, *row = _SLOT.unpack(slot)
    return (int(number) if 0.0 <= number < 2.0**53 else -1), tuple(row)


class Memory:
    """The mapped memory; made by `create_memory` or `attach_memory`."""

    def __init__(self, shared: SharedMemory, is_owner: bool) -> None:
        self.name = shared.name
        self._shared = shared
        self._is_owner = is_owner
        self.order = Fence().hold
        self._map(shared.buf)

    def _map(self, buffer: memoryview | None) -> None:
        data = buffer or memoryview(bytes(_total_bytes()))
        row_bytes, text_at = ROWS * _SLOT.size, 8 * Word.COUNT
        rows_at = text_at + 2 * _TEXT_BYTES
        self.words: NDArray[np.int64] = np.frombuffer(data, np.int64, Word.COUNT)
        self._texts = np.frombuffer(data, np.uint8, 2 * _TEXT_BYTES, text_at)
        self._slots = np.frombuffer(data, np.uint8, row_bytes, rows_at).reshape(ROWS, -1)
        self.samples: NDArray[np.float32] = np.frombuffer(
            data, np.float32, FRAMES * CHANNELS, rows_at + row_bytes
        ).reshape(FRAMES, CHANNELS)
        codes_at = _total_bytes() - _CODES * _CODE * 8
        self._codes: NDArray[np.float64] = np.frombuffer(
            data, np.float64, _CODES * _CODE, codes_at
        ).reshape(_CODES, _CODE)

    def set_status(self, status: Status, sentence: str = "") -> None:
        """Publish the process's status with a sentence for people."""
        self._write_text(0, sentence)
        self.order()
        self.words[Word.STATUS] = status

    def sentence(self) -> str:
        """Return the sentence that came with the status."""
        return self._read_text(0)

    def name_device(self, name: str) -> None:
        """Remember the name of the device that was opened, for the next process."""
        self._write_text(1, name)

    def device_name(self) -> str:
        """Name of the device that was last opened, or empty."""
        return self._read_text(1)

    def _write_text(self, place: int, text: str) -> None:
        data = text.encode("utf-8")[: _TEXT_BYTES - 1]
        at = place * _TEXT_BYTES
        self._texts[at : at + 1 + len(data)] = np.frombuffer(bytes([len(data)]) + data, np.uint8)

    def _read_text(self, place: int) -> str:
        data = self._texts[place * _TEXT_BYTES : (place + 1) * _TEXT_BYTES].tobytes()
        return data[1 : 1 + data[0]].decode("utf-8", "replace")

    def write_row(self, row: tuple[float, ...]) -> None:
        """Append one row of features."""
        number = int(self.words[Word.ROWS])
        self._slots[number % ROWS] = np.frombuffer(_SLOT.pack(float(number), *row), np.uint8)
        self.order()
        self.words[Word.ROWS] = number + 1

    def read_row(self, number: int) -> tuple[float, ...] | None:
        """Return the row of that number; None if it has been overwritten."""
        found, row = decode(self._slots[number % ROWS].tobytes())
        return row if found == number else None

    def write_code(self, sample: float, seconds: float, speed: float) -> None:
        """Publish where the timecode was at a sample."""
        number = int(self.words[Word.CODES])
        self._codes[number % _CODES] = sample, seconds, speed
        self.order()
        self.words[Word.CODES] = number + 1

    def read_code(self) -> tuple[float, float, float]:
        """Return what `write_code` wrote last."""
        newest = (int(self.words[Word.CODES]) - 1) % _CODES
        self.order()
        sample, seconds, speed = self._codes[newest].tolist()
        return sample, seconds, speed

    def write_frames(self, counter: Word, block: NDArray[np.float32]) -> None:
        """Append frames (n, 1 or 2), n at most `FRAMES`, and move their counter on."""
        at = int(self.words[counter])
        first = min(len(block), FRAMES - at % FRAMES)
        width = block.shape[1]
        self.samples[at % FRAMES : at % FRAMES + first, :width] = block[:first]
        self.samples[: len(block) - first, :width] = block[first:]
        self.order()
        self.words[counter] = at + len(block)

    def read_frames(self, at: int, count: int) -> NDArray[np.float32]:
        """Copy out `count` frames from number `at` on (count, 2)."""
        first = min(count, FRAMES - at % FRAMES)
        start = at % FRAMES
        return np.concatenate([self.samples[start : start + first], self.samples[: count - first]])

    def close(self) -> None:
        """Unmap it; the owner also removes it from the system. Harmless when repeated."""
        if self._shared.buf is None:
            return
        self._map(None)  # SharedMemory.close refuses while a view is alive
        self._shared.close()
        if self._is_owner:
            self._shared.unlink()


def create_memory() -> Memory:
    """Make the memory, all zeros."""
    return Memory(ring.create_memory(_total_bytes()), is_owner=True)


def attach_memory(name: str) -> Memory:
    """Map the memory that the player made; see `engine.system.ring.attach_memory`."""
    return Memory(ring.attach_memory(name), is_owner=False)


def _total_bytes() -> int:
    before = 8 * Word.COUNT + 2 * _TEXT_BYTES + ROWS * _SLOT.size + FRAMES * CHANNELS * 4
    return before + _CODES * _CODE * 8
