"""Frames before the first of a film, drawn and not written: what it shows may depend on them.

A picture that stands still is the one at which it was told to; the flash limiter counts the changes
of the last seconds.
"""

from __future__ import annotations

import math
import sys
from fractions import Fraction

from engine.core.frame.values import effective
from engine.core.show.show import Show, effects_of
from engine.play.film.playback import Playback
from engine.play.line import Line

LIMITER_S = 3
"""After so long the flash limiter knows what it would know from the beginning."""
_WINDOW_S = 10  # looked through at once, then four times as much
_NO_STEPS = sys.maxsize


def stretches(playback: Playback, first: Fraction, fps: Fraction) -> list[list[Fraction]]:
    """Times of the frames that are drawn before the frame at `first`, in stretches without a gap.

    The last stretch goes up to `first`, and may be empty.
    """
    there = math.floor((first - playback.start_s) * fps)  # frames before it
    count = 0
    if there and _Frames(playback, first, fps).limits_flashes:
        count = min(there, math.ceil(LIMITER_S * fps))
    frames = [first - n / fps for n in range(count, 0, -1)]
    begin = first - count / fps
    held = _held_since(playback, begin, fps, there - count)
    return [frames] if held == begin else [[held], frames]


def _held_since(playback: Playback, at: Fraction, fps: Fraction, there: int) -> Fraction:
    """When the hold that holds at a frame began; that frame itself if none does.

    `there` frames before it are looked at, at most.
    """
    looked, window = 0, math.ceil(_WINDOW_S * fps)
    if not there or not _Frames(playback, at, fps).is_held:
        return at
    while looked < there:
        count = min(window, there - looked)
        frames = _Frames(playback, at - (looked + count) / fps, fps)
        newest_free = -1
        for number in range(count):
            if not frames.is_held:
                newest_free = number
            frames.go_on()
        if newest_free >= 0:
            return at - (looked + count - newest_free - 1) / fps
        looked, window = looked + count, 4 * window
    return at - there / fps


def shortened(playback: Playback, show: Show, first: Fraction) -> list[str]:
    """Say where trails may have known more than they do at a film's first frame."""
    gone_s = float(first - playback.start_s)
    if gone_s <= show.history_s or not any(e.has_history for e in effects_of(show)):
        return []
    return [
        f"trails begin {show.history_s:g} s before the first frame (history_s), of {gone_s:g} s; "
        "one that forgets later looks different from the whole film"
    ]


class _Frames:
    """Values of one frame after the other; no history is stepped."""

    def __init__(self, playback: Playback, at: Fraction, fps: Fraction) -> None:
        before = max(at - 1 / fps, playback.start_s)
        self._playback, self._fps, self._at = playback, fps, at
        self._line: Line = playback.line_at(before)
        self._line.step = _NO_STEPS
        self._line.control(before, playback.events_of)
        self._line.control(at, playback.events_of)

    def go_on(self) -> None:
        """Go on to the next frame."""
        self._at += 1 / self._fps
        self._line.control(self._at, self._playback.events_of)

    @property
    def is_held(self) -> bool:
        """Whether the picture stands still."""
        return self._value(self._line.show.master.hold)

    @property
    def limits_flashes(self) -> bool:
        """Whether the flash limiter is on."""
        return self._value(self._line.show.master.flash_limiter)

    def _value(self, place: int) -> bool:
        line = self._line
        return bool(effective(line.show, line.seen, float(self._at))[place] >= 0.5)
