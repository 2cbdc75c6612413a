"""Linear timecode: sound in, timecode out (SMPTE ST 12-1, biphase mark).

A cell whose middle has an edge is a 1, one without is a 0; 80 of them are a frame, closed by a word
that comes up nowhere else, also backwards. However the sound is cut into blocks, the same frames
are found; those that do not follow one another are left out, so that one wrong bit is no jump.
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.tempo.sync import Position
from engine.core.tempo.timecode import RATES, Rate, Speed, seconds_of

_CHUNK = 256
_FADE = 0.9  # of the peak, each chunk
_QUIET = 1e-3  # below -60 dBFS there is nothing
_HYSTERESIS = 0.3  # of the peak
_WORD, _WORD_BACKWARDS = 0xBFFC, 0x3FFD
_BITS = 80
_MASK = (1 << _BITS) - 1
_NEAR_HZ = 0.012
_BASES = (24, 25, 30)


class Frame(NamedTuple):
    """A frame that was heard; `end` and `length` of its sound are in samples."""

    code: tuple[int, int, int, int]
    is_drop: bool
    is_backwards: bool
    end: float
    length: float


class Heard(NamedTuple):
    """Where the timecode was at a sample."""

    sample: float
    position: Position


class Ltc:
    """Follows the timecode in one channel of sound; finds out its frame rate if none is given."""

    def __init__(self, rate_hz: int, rate: Rate | None = None) -> None:
        self._rate_hz, self._rate = rate_hz, rate
        self._rest = np.zeros(0, np.float32)
        self._at = 0  # samples before the rest
        self._peak, self._level, self._last = 0.0, 0.0, 0.0
        self._cells = Cells(rate_hz / (2.0 * _BITS * 27.0))
        self._before: Frame | None = None
        self._fps = 0.0
        self._base = 0
        self._speed = Speed()

    def feed(self, samples: NDArray[np.float32], at: int | None = None) -> list[Heard]:
        """Take the next samples [shape=(n,)], of which the first has the number `at`."""
        if at is not None and at != self._at + len(self._rest):
            self._rest, self._at = np.zeros(0, np.float32), at
        buffer = np.concatenate([self._rest, np.nan_to_num(samples).astype(np.float32)])
        count = len(buffer) // _CHUNK
        found: list[Heard] = []
        for n in range(count):
            for edge in self._edges(buffer[n * _CHUNK : (n + 1) * _CHUNK]):
                frame = self._cells.feed(edge)
                heard = self._follow(frame) if frame else None
                if heard is not None:
                    found.append(heard)
            self._at += _CHUNK
        self._rest = buffer[count * _CHUNK :].copy()
        return found

    def _edges(self, chunk: NDArray[np.float32]) -> list[float]:
        """Where the signal goes over to the other side, with hysteresis, between samples."""
        self._peak = max(float(np.abs(chunk).max()), self._peak * _FADE)
        level = max(self._peak, _QUIET) * _HYSTERESIS
        sides = np.where(chunk > level, 1.0, np.where(chunk < -level, -1.0, 0.0))
        places = np.flatnonzero(sides)
        if not len(places):
            self._last = float(chunk[-1])
            return []
        held = np.concatenate([[self._level], sides[places]])
        turns = places[held[1:] != held[:-1]]
        values = np.concatenate([[self._last], chunk])  # so that values[n] comes before chunk[n]
        a, b = values[turns], chunk[turns]
        goal = np.sign(b) * level
        part = np.clip((goal - a) / np.where(b == a, 1.0, b - a), 0.0, 1.0)
        self._level, self._last = float(held[-1]), float(chunk[-1])
        found: list[float] = (self._at + turns - 1 + part).tolist()
        return found

    def _follow(self, frame: Frame) -> Heard | None:
        """Give the position of a frame that follows on the one before."""
        before, self._before = self._before, frame
        if before is None or before.is_backwards != frame.is_backwards:
            return None
        if not 0.5 < (frame.end - before.end) / frame.length < 1.5:
            return None
        rate = self._rate_of(before, frame)
        try:
            at, was = seconds_of(frame.code, rate), seconds_of(before.code, rate)
        except ValueError:
            return None
        step = -1 if frame.is_backwards else 1
        if (at - was) * rate.fps != step:
            return None
        # Forwards the frame is over now; backwards this is where it begins.
        seconds = float(at + (0 if frame.is_backwards else 1) / rate.fps)
        nanoseconds = round(frame.end / self._rate_hz * 1e9)
        return Heard(frame.end, Position(seconds, self._speed.feed(seconds, nanoseconds, step)))

    def _rate_of(self, before: Frame, frame: Frame) -> Rate:
        if self._rate is not None:
            return self._rate
        if frame.is_drop:
            return RATES["29.97df"]
        fps = self._rate_hz / frame.length
        self._fps = fps if not self._fps else self._fps + 0.1 * (fps - self._fps)
        highest, least = max(before.code[3], frame.code[3]), min(before.code[3], frame.code[3])
        if not least and highest + 1 in _BASES:  # a second begins here
            self._base = highest + 1
        base = self._base or min(_BASES, key=lambda each: abs(each - self._fps))
        base = max(base, next((each for each in _BASES if each > highest), 30))
        pulled = Fraction(base * 1000, 1001)
        is_pulled = base != 25 and abs(self._fps - float(pulled)) < _NEAR_HZ
        return Rate(pulled if is_pulled else Fraction(base))


class Cells:
    """Edges to bits to frames; `half` is half a cell in samples, to begin with."""

    def __init__(self, half: float) -> None:
        self._half = half
        self._newest = 0.0
        self._intervals: deque[float] = deque([half] * 8, maxlen=8)
        self._is_middle = False
        self._bits = 0
        self._ends: deque[float] = deque(maxlen=_BITS + 1)

    def feed(self, edge: float) -> Frame | None:
        """Take an edge; return the frame that ends with it, if one does."""
        interval, self._newest = edge - self._newest, edge
        half = self._half
        self._intervals.append(interval)
        if not 0.5 * half <= interval <= 3.0 * half:
            self._is_middle = False
            self._ends.clear()
            self._half = max(min(self._intervals), 1.0)
            return None
        if interval < 1.5 * half:
            self._half += 0.1 * (interval - half)
            self._is_middle = not self._is_middle
            return None if self._is_middle else self._bit(1, edge)
        self._half += 0.1 * (0.5 * interval - half)
        if self._is_middle:  # out of step by half a cell: this edge is the end of one
            self._is_middle = False
            self._ends.clear()
        return self._bit(0, edge)

    def _bit(self, bit: int, edge: float) -> Frame | None:
        self._bits = (self._bits >> 1 | bit << (_BITS - 1)) & _MASK
        self._ends.append(edge)
        if len(self._ends) < _BITS:
            return None
        is_backwards = self._bits & 0xFFFF == _WORD_BACKWARDS
        if not is_backwards and self._bits >> 64 != _WORD:
            return None
        bits = int(f"{self._bits:080b}"[::-1], 2) if is_backwards else self._bits
        code, is_drop = _read(bits)
        per_bit = (edge - self._ends[0]) / (len(self._ends) - 1)
        return Frame(code, is_drop, is_backwards, edge, per_bit * _BITS)


def _read(bits: int) -> tuple[tuple[int, int, int, int], bool]:
    def digit(first: int, count: int) -> int:
        return bits >> first & (1 << count) - 1

    frames, seconds = digit(0, 4) + 10 * digit(8, 2), digit(16, 4) + 10 * digit(24, 3)
    minutes, hours = digit(32, 4) + 10 * digit(40, 3), digit(48, 4) + 10 * digit(56, 2)
    return (hours, minutes, seconds, frames), bool(digit(10, 1))
