"""Ableton Link: one tempo and one bar for every program and phone on the network that has it.

It finds the others by multicast, so it is opened only when the operator says ``--link``. Its own
threads are in C++ and hold nothing here; looking at it costs about two microseconds.

While nobody else is there the show leads: what joins gets its tempo and its beat. In a session the
show follows, and a tempo that a hand sets in the show is set for all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from engine.core.tempo.sync import SYNC, Beat, Known, Rank, Sync
from engine.sources.contract import Item

ADDRESSES = (SYNC,)
ASKS = "--link"

_TELL_NS = 80_000_000
_SAME_BPM = 0.02
_NEAR_BEATS = 0.005


@dataclass(frozen=True, slots=True)
class Config:
    """How to take part; with `start_stop` the beat is followed only while the session plays."""

    start_stop: bool = False


def open(config: Config, now_ns: Callable[[], int]) -> Link:
    """Take part in the session of this network.

    Raises
    ------
    OSError
        If Ableton Link is not installed.
    """
    try:
        from link import Link as Session
    except ImportError:
        raise OSError(
            "link: Ableton Link is not installed; pip install 'latent-cinema[link]' (it is under "
            "GPL-2.0-or-later)"
        ) from None
    return Link(config, now_ns, Session(120.0))


class Link:
    """An open session: a ``link.Link`` that is enabled on entering."""

    def __init__(self, config: Config, now_ns: Callable[[], int], session: Any) -> None:
        self._config, self._now_ns, self._session = config, now_ns, session
        self._clock = session.clock()
        self._bar = 4.0
        self._told_ns = 0
        self._told_bpm = 0.0
        self._shown_bpm = math.nan
        self._led: Beat | None = None
        session.startStopSyncEnabled = config.start_stop

    @property
    def state(self) -> str:
        """How many others there are."""
        peers = self._session.numPeers()
        return f"{peers} other{'s' * (peers != 1)}"

    def _moment(self) -> tuple[int, int]:
        """Now, on our clock in ns and on Link's in µs: they count from different beginnings."""
        before_ns = self._now_ns()
        micros = int(self._clock.micros())
        return (before_ns + self._now_ns()) // 2, micros

    def poll(self, max_items: int) -> list[Item]:
        """Say where the session is, some times a second and when its tempo has changed."""
        if max_items < 1 or self._session.numPeers() == 0:
            return []
        session = self._session.captureSessionState()
        now_ns, micros = self._moment()
        bpm = float(session.tempo())
        if now_ns - self._told_ns < _TELL_NS and bpm == self._told_bpm:
            return []
        self._told_ns, self._told_bpm = now_ns, bpm
        is_playing = not self._config.start_stop or bool(session.isPlaying())
        beat = float(session.beatAtTime(micros, self._bar))
        return [(now_ns, SYNC, Sync(Rank.LINK, bpm, beat, is_playing, Known.BAR).value)]

    def keep_time(self, beat: Beat) -> None:
        """Lead while alone; among others, pass on a tempo that was set in the show."""
        is_alone = self._session.numPeers() == 0
        is_set = abs(beat.tempo - self._shown_bpm) > _SAME_BPM < abs(beat.tempo - self._told_bpm)
        self._shown_bpm, self._bar = beat.tempo, beat.bar
        now_ns, micros = self._moment()
        # Only what the show itself changes is written: in the moment in which somebody is found,
        # whatever else differs is the other's, and right.
        if not is_alone:
            self._led = None
        is_off = is_alone and not (
            self._led and abs(_at(self._led, now_ns) - _at(beat, now_ns)) < _NEAR_BEATS
        )
        if not is_set and not is_off:
            return
        session = self._session.captureSessionState()
        session.setTempo(beat.tempo, micros)
        if is_alone:
            self._led = beat._replace(bpm=beat.tempo)
            session.forceBeatAtTime(_at(beat, now_ns), micros, beat.bar)
        self._session.commitSessionState(session)

    def __enter__(self) -> Self:
        self._session.enabled = True
        return self

    def __exit__(self, *_: object) -> None:  # fmt: skip
        self._session.enabled = False


def _at(beat: Beat, now_ns: int) -> float:
    return beat.beat + (now_ns - beat.at_ns) / 60e9 * beat.bpm
