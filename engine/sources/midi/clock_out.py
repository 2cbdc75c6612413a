"""MIDI clock out: which bytes are due when, from tempo and phase of the transport.

24 pulses a beat, also while the transport stands, so that the other side knows the tempo. A start
in the middle of a song is *stop*, where (SPP, in sixteenths), and *continue* on that sixteenth; so
is a jump of the song position. No pulse is sent twice, and none is made up for
by a burst: what is more than a sixteenth away is a jump.
"""

from __future__ import annotations

import math
from typing import NamedTuple

PULSES = 24
SIXTEENTH = 6
CLOCK, START, CONTINUE, STOP = b"\xf8", b"\xfa", b"\xfb", b"\xfc"
_SLACK = 2.0  # pulses that a slewing transport may fall back before that is a jump


class Line(NamedTuple):
    """Tempo and phase: the song position in beats at a moment, and whether it goes on."""

    at_ns: int
    beat: float
    bpm: float
    is_playing: bool


class ClockOut:
    """Says what is due. Feed it the newest line, and ask it when it said."""

    def __init__(self) -> None:
        self._line: Line | None = None
        self._next: int | None = None
        self._start: int | None = None
        self._is_started = False

    def follow(self, line: Line) -> None:
        """Take the newest tempo and phase."""
        is_usable = math.isfinite(line.beat) and 1.0 <= line.bpm <= 1000.0
        self._line = line if is_usable else None

    def _pulses(self, line: Line, now_ns: int) -> float:
        return (line.beat + (now_ns - line.at_ns) * line.bpm / 60e9) * PULSES

    def due(self, now_ns: int) -> tuple[list[bytes], int | None]:
        """Messages to send now, and when to ask again (None: once there is another line)."""
        line = self._line
        if line is None:
            return [], None
        place = self._pulses(line, now_ns)
        found: list[bytes] = []
        if self._next is None or not -SIXTEENTH <= self._next - place <= _SLACK:
            self._next = math.ceil(place)
            found += self._stop()
        if line.is_playing and not self._is_started and self._start is None:
            self._start = max(math.ceil(self._next / SIXTEENTH), 0) * SIXTEENTH
            if self._start:
                sixteenth = self._start // SIXTEENTH % 16384
                found += [] if STOP in found else [STOP]  # who runs would count on from there
                found.append(bytes([0xF2, sixteenth & 0x7F, sixteenth >> 7]))
        elif not line.is_playing:
            found += self._stop()
        while self._next <= place:
            if self._next == self._start:
                found.append(CONTINUE if self._start else START)
                self._start, self._is_started = None, True
            found.append(CLOCK)
            self._next += 1
        wait_ns = (self._next - place) / PULSES * 60e9 / line.bpm
        return found, now_ns + math.ceil(wait_ns)

    def _stop(self) -> list[bytes]:
        self._start = None
        was_started, self._is_started = self._is_started, False
        return [STOP] if was_started else []
