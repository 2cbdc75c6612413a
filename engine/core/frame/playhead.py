"""The playhead of a track: where it is on a tick and between ticks, and how it is moved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.core.event import Event
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.core.track.track import Track, follow

Head = tuple[float, int, float]
"""Seconds travelled up to a tick of motion, that tick, and the speed since then."""


def travelled(show: Show, state: State, dt: float) -> float:
    """Seconds that the playhead has gone, `dt` seconds of motion after the state's tick."""
    gone_s, tick, speed = state.head
    return (
        gone_s + ((state.tick - state.still_ticks - tick) / show.constants.control_hz + dt) * speed
    )


def seek(show: Show, state: State, events: Sequence[Event]) -> Head:
    """Move the playhead to where ``/track/place`` says, whenever that is written."""
    index, track = show.registry.index, show.track
    if track is None or all(index.get(event.address) != track.place for event in events):
        return state.head
    return 0.0, state.tick - state.still_ticks, state.head[2]


def aim_head(show: Show, state: State, values: Sequence[float]) -> Head:
    """Give the playhead the speed that holds from now on; from the end it comes back at once."""
    track = show.track
    if track is None:
        return state.head
    speed = values[track.speed] * values[show.master.speed]
    if speed == state.head[2]:
        return state.head
    place = values[track.place]
    gone_s = track.frames.wrap(place + travelled(show, state, 0.0)) - place
    return gone_s, state.tick - state.still_ticks, speed


def follow_track(
    show: Show, track: Track, state: State, values: NDArray[np.float64], dt: float
) -> None:
    """Let the values that nobody has touched follow the track, see `track.track.follow`."""
    ramped = [ramp.place for ramp in state.ramps]
    follow(track, values, state.base, ramped, travelled(show, state, dt))
