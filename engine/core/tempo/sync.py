"""What a source of tempo says: its tempo, the beat at a moment, and how much of it is known."""

from __future__ import annotations

import math
from enum import IntEnum
from typing import NamedTuple

from engine.core.event import Value

SYNC = "/transport/sync"
TIMECODE = "/transport/timecode"
TOLD = (SYNC, TIMECODE)
"""Addresses of what sources of tempo say; a source has to declare them in full."""
MOST_BPM = 999.0
_MOST = 1e9


class Rank(IntEnum):
    """Sources in the order in which they are believed; the lowest that is alive leads."""

    LINK = 0
    TIMECODE = 1
    MIDI = 2
    AUDIO = 3
    TAP = 4
    NONE = 5


class Known(IntEnum):
    """What a beat that is told is good for."""

    TEMPO = 0
    BEAT = 1
    BAR = 2
    PHRASE = 3


class Sync(NamedTuple):
    """Tempo and beat of a source, at the arrival of what it was told with.

    `bpm` 0 is not known yet, `beat` the song position; while the song stands only the tempo counts.
    """

    rank: int
    bpm: float
    beat: float
    is_playing: bool = True
    known: int = Known.PHRASE

    @property
    def value(self) -> tuple[float, ...]:
        """Give it as the value of an event ``/transport/sync``."""
        return tuple(map(float, self))


class Position(NamedTuple):
    """Timecode at a moment: seconds since 00:00:00:00, and how fast they pass (0: it stands)."""

    seconds: float
    speed: float = 1.0

    @property
    def value(self) -> tuple[float, ...]:
        """Give it as the value of an event ``/transport/timecode``."""
        return (self.seconds, self.speed)


class Beat(NamedTuple):
    """The beat as it sounds, for whoever sends it on: it passes at `bpm` until told again.

    `beat` is that of a moment of the clock that stamps arrivals, `bpm` with what is made up for and
    nudged, `tempo` what is asked for, as the leading source counts it, `bar` the beats in a bar.
    """

    at_ns: int
    beat: float
    bpm: float
    tempo: float
    bar: float


def read_sync(value: Value) -> Sync | None:
    """Read ``(rank, bpm, beat, playing)`` and perhaps what is known; None if it is none."""
    if not isinstance(value, tuple) or len(value) not in (4, 5):
        return None
    if not all(math.isfinite(each) and abs(each) <= _MOST for each in value):
        return None
    rank, bpm, beat, playing, known = (*value, float(Known.PHRASE))[:5]
    if (
        rank not in range(Rank.TAP)
        or known not in range(len(Known))
        or not (bpm == 0.0 or 1.0 <= bpm <= MOST_BPM)
    ):
        return None
    return Sync(int(rank), float(bpm), float(beat), playing != 0.0, int(known))


def read_position(value: Value) -> Position | None:
    """Read ``(seconds, speed)``; None if it is none."""
    if not isinstance(value, tuple) or len(value) != 2:
        return None
    seconds, speed = value
    if not (0.0 <= seconds <= 360_000.0 and -16.0 <= speed <= 16.0):
        return None
    return Position(float(seconds), float(speed))


def refusal(address: str, value: Value) -> str | None:
    """Say why this is nothing that a source of tempo may say; None if it is."""
    if address == SYNC:
        takes, read = "rank (0 to 3), bpm, beat, playing, what is known (0 to 3)", read_sync(value)
        return None if read else f"{SYNC} takes {takes}"
    is_good = read_position(value) is not None
    return None if is_good else f"{TIMECODE} takes seconds (0 to 360000), speed (-16 to 16)"


def carried(address: str, value: Value, seconds: float) -> Value:
    """What a source said, as it is some seconds later: events take effect on ticks."""
    if address == SYNC and (sync := read_sync(value)):
        gone = sync.bpm / 60.0 * seconds if sync.is_playing else 0.0
        return sync._replace(beat=sync.beat + gone).value
    if address == TIMECODE and (position := read_position(value)):
        return (max(position.seconds + position.speed * seconds, 0.0), position.speed)
    return value
