"""MIDI clock: bytes with their arrival times in, tempo and song position out.

A line through the newest arrivals, by least squares, is what the sender's clock must have been:
USB and threads scatter single clocks by a millisecond. When arrivals leave the line, the sender
has another tempo, and the older ones are forgotten.
"""

from __future__ import annotations

from collections import deque

from engine.core.tempo.sync import Known, Rank, Sync

CLOCK, START, CONTINUE, STOP, SONG_POSITION = 0xF8, 0xFA, 0xFB, 0xFC, 0xF2
CLOCKS_PER_BEAT = 24
_WINDOW = 96  # four beats
_LEAST = 6
_TELL_EVERY = 6
_GAP_NS = 500_000_000  # the slowest clock, 20 bpm, comes each 125 ms
_OFF = 0.2  # of a clock: beyond it an arrival does not belong to the line


class MidiClock:
    """Follows one sender."""

    def __init__(self) -> None:
        self._arrivals: deque[int] = deque(maxlen=_WINDOW)
        self._next = 0  # song position of the next clock, in clocks
        self._is_located = False
        self._is_playing = True  # a stream that is joined in the middle runs
        self._count = self._off = 0
        self._bpm = 0.0

    def feed(self, status: int, data: tuple[int, ...], arrival_ns: int) -> Sync | None:
        """Take one message; four times a beat, and at a start and stop, say where the song is.

        Parameters
        ----------
        status, data
            Status byte, and the data bytes of a song position. Other messages are left alone.
        arrival_ns
            Of the message, in nanoseconds.
        """
        if status == CLOCK:
            return self._clock(arrival_ns)
        if status == SONG_POSITION and len(data) >= 2:
            self._next = (data[0] | data[1] << 7) * _TELL_EVERY
            self._is_located = True
            self._count = 0
        elif status == START:
            self._next, self._count, self._is_located, self._is_playing = 0, 0, True, True
        elif status == CONTINUE:
            self._count, self._is_playing = 0, True
        elif status == STOP:
            self._is_playing = False
            return self._said(self._next / CLOCKS_PER_BEAT)
        return None

    def _said(self, beat: float) -> Sync:
        is_known = self._is_located and self._is_playing
        known = Known.PHRASE if is_known else Known.TEMPO
        return Sync(Rank.MIDI, self._bpm, beat, self._is_playing, known)

    def _clock(self, now_ns: int) -> Sync | None:
        arrivals = self._arrivals
        if arrivals and not 0 <= now_ns - arrivals[-1] <= _GAP_NS:
            arrivals.clear()
        arrivals.append(now_ns)
        late = self._follow()
        position = self._next
        if self._is_playing:
            self._next += 1
        is_due = self._count % _TELL_EVERY == 0
        self._count += 1
        if not is_due or not (self._bpm or self._is_located):
            return None
        return self._said(max(position + late, 0.0) / CLOCKS_PER_BEAT)

    def _follow(self) -> float:
        """Lay the line; return how many clocks the newest arrival is late."""
        arrivals = self._arrivals
        period_ns, late_ns = _line(arrivals)
        if not period_ns:
            return 0.0
        is_off = abs(late_ns) > _OFF * period_ns and len(arrivals) > _LEAST
        self._off = self._off + 1 if is_off else 0
        if self._off >= 2:
            while len(arrivals) > _LEAST:
                arrivals.popleft()
            period_ns, late_ns = _line(arrivals)
        if len(arrivals) >= _LEAST and period_ns:
            bpm = 60e9 / (period_ns * CLOCKS_PER_BEAT)
            self._bpm = bpm if 10.0 <= bpm <= 400.0 else self._bpm
        return min(max(late_ns / period_ns, -1.0), 1.0) if period_ns else 0.0


def _line(arrivals: deque[int]) -> tuple[float, float]:
    """Period of the clocks in ns, and how late the newest is on the line through all of them."""
    count = len(arrivals)
    if count < 2:
        return 0.0, 0.0
    newest, middle = arrivals[-1], (count - 1) / 2.0
    mean = sum(each - newest for each in arrivals) / count
    slope = sum((place - middle) * (each - newest) for place, each in enumerate(arrivals))
    slope /= count * (count * count - 1) / 12.0
    return slope, -(mean + slope * middle)
