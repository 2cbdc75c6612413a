"""Timecode: codes and seconds (SMPTE ST 12-1), and MIDI timecode."""

from __future__ import annotations

import re
from collections import deque
from fractions import Fraction
from typing import NamedTuple

from engine.core.tempo.sync import Position

TEXT = r"\d{2}[:;]\d{2}[:;]\d{2}[:;.,]\d{2,3}"
QUARTER_FRAME, SYSEX = 0xF1, 0xF0
_JUMP_S = 0.1


class Rate(NamedTuple):
    """Frames a second, and whether frame numbers are left out so that codes keep to the clock."""

    fps: Fraction
    is_drop: bool = False

    @property
    def base(self) -> int:
        """Frame numbers in a second."""
        return -(-self.fps.numerator // self.fps.denominator)


RATES = {
    "23.976": Rate(Fraction(24000, 1001)),
    "24": Rate(Fraction(24)),
    "25": Rate(Fraction(25)),
    "29.97": Rate(Fraction(30000, 1001)),
    "29.97df": Rate(Fraction(30000, 1001), is_drop=True),
    "30": Rate(Fraction(30)),
}
"""Rates of timecode, as a show names them."""
_DROPPING = (Fraction(30000, 1001), Fraction(60000, 1001))
_OF_MIDI = (RATES["24"], RATES["25"], RATES["29.97df"], RATES["30"])


def seconds_of(code: tuple[int, int, int, int], rate: Rate) -> Fraction:
    """Time of a code (hours, minutes, seconds, frames).

    Raises
    ------
    ValueError
        If there is no such code at that rate.
    """
    hours, minutes, seconds, frames = code
    base, fps = rate.base, rate.fps
    if minutes > 59 or seconds > 59 or frames >= base or min(code) < 0:
        raise ValueError(f"no timecode at {float(fps):g} frames a second")
    count = ((hours * 60 + minutes) * 60 + seconds) * base + frames
    if rate.is_drop and fps in _DROPPING:
        whole = hours * 60 + minutes
        if seconds == 0 and frames < base // 15 and minutes % 10:
            count += base // 15 - frames  # a number that is left out stands for the next one
        count -= base // 15 * (whole - whole // 10)
    return count / fps


def parse(text: str, rate: Rate) -> Fraction:
    """Read ``01:00:10:12`` (with a ``;`` in it: drop-frame) as seconds.

    Raises
    ------
    ValueError
        If it is no timecode at that rate.
    """
    if not re.fullmatch(TEXT, text):
        raise ValueError(f"'{text:.40}' is no timecode; write hours:minutes:seconds:frames")
    hours, minutes, seconds, frames = map(int, re.split(r"[:;.,]", text))
    rate = Rate(rate.fps, rate.is_drop or ";" in text)
    try:
        return seconds_of((hours, minutes, seconds, frames), rate)
    except ValueError as error:
        raise ValueError(f"'{text:.40}' is {error}") from None


class Speed:
    """How fast a timecode passes, from positions and when they came."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, float]] = deque(maxlen=16)

    def feed(self, seconds: float, arrival_ns: int, direction: float = 1.0) -> float:
        """Take a position; a jump begins anew, with the usual speed."""
        seen = self._seen
        if seen:
            expected = seen[-1][1] + (arrival_ns - seen[-1][0]) / 1e9 * direction
            gap_s = (arrival_ns - seen[-1][0]) / 1e9
            if not 0.0 < gap_s < 1.0 or abs(seconds - expected) > _JUMP_S + gap_s:
                seen.clear()
        seen.append((arrival_ns, seconds))
        since_s = (arrival_ns - seen[0][0]) / 1e9
        if since_s < 0.05:
            return direction
        return min(max((seconds - seen[0][1]) / since_s, -16.0), 16.0)


class Mtc:
    """Follows one sender of MIDI timecode."""

    def __init__(self) -> None:
        self._nibbles = [0] * 8
        self._last, self._run, self._step = -1, 0, 1
        self._speed = Speed()

    def feed(self, status: int, data: tuple[int, ...], arrival_ns: int) -> Position | None:
        """Take a quarter (0xF1) or a full frame (0xF0): its status and what follows.

        Every two frames, when all eight quarters came in order, it says where the tape is.
        """
        if status == QUARTER_FRAME and data:
            return self._quarter(data[0] >> 4 & 7, data[0] & 15, arrival_ns)
        if status == SYSEX and len(data) >= 8 and data[0] == 0x7F and data[2:4] == (1, 1):
            self._last, self._run = -1, 0
            self._speed = Speed()
            return _position(data[4:8], 0.0, 0.0)
        return None

    def _quarter(self, piece: int, nibble: int, arrival_ns: int) -> Position | None:
        step = {1: 1, 7: -1}.get((piece - self._last) % 8 if self._last >= 0 else 1, 0)
        self._run = self._run + 1 if step and step == self._step else 1
        self._last, self._step = piece, step or 1
        self._nibbles[piece] = nibble
        if self._run < 8 or piece != (7 if self._step > 0 else 0):
            return None
        low = self._nibbles
        code = (
            low[6] | low[7] << 4,
            low[4] | low[5] << 4,
            low[2] | low[3] << 4,
            low[0] | low[1] << 4,
        )
        # A code holds for the moment of its piece 0, also when the tape runs backwards.
        found = _position(code, piece / 4.0, float(self._step))
        if found is None:
            return None
        return found._replace(speed=self._speed.feed(found.seconds, arrival_ns, self._step))


def _position(code: tuple[int, ...], frames_on: float, speed: float) -> Position | None:
    hours, minutes, seconds, frames = code
    rate = _OF_MIDI[hours >> 5 & 3]
    try:
        at = seconds_of((hours & 31, minutes, seconds, frames), rate)
    except ValueError:
        return None
    return Position(float(at + Fraction(frames_on) / rate.fps), speed)
