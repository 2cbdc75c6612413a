"""Cues on timecode: what the position has passed has begun, however it came there.

A jump forwards begins every cue in between, in order, as far on as if it had been played; a jump
backwards begins those up to the new position again, unless that lies in the same cue. A timecode
that is lost runs on by itself for a while, then stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from engine.core.control.cues import call
from engine.core.event import Event
from engine.core.show.show import Show
from engine.core.show.state import Chased, State
from engine.core.tempo.sync import TIMECODE, read_position

FREEWHEEL_S = 2.0
BACK_S = 0.25
"""Further back than what a late message looks like."""


@lru_cache(maxsize=4)
def timed(show: Show) -> tuple[tuple[float, int], ...]:
    """List the cues that have a timecode: its seconds and their index, in order."""
    cues = enumerate(show.cues)
    return tuple(sorted((cue.timecode_s, index) for index, cue in cues if cue.timecode_s >= 0.0))


def position(show: Show, state: State) -> float:
    """Where the timecode is on the state's tick, in seconds."""
    chased = state.chased
    since_s = (state.tick - chased.tick) / show.constants.control_hz
    return max(chased.seconds + chased.speed * min(since_s, FREEWHEEL_S), 0.0)


def chase(show: Show, state: State, events: Sequence[Event]) -> State:
    """Take the timecode of a tick, and begin the cues that are due."""
    for event in events:
        found = read_position(event.value) if event.address == TIMECODE else None
        chased = state.chased
        is_heard = state.tick - chased.tick <= FREEWHEEL_S * show.constants.control_hz
        if found is not None and not (is_heard and chased.source not in ("", event.source)):
            chased = Chased(*found, state.tick, chased.reached, event.source)
            state = state._replace(chased=chased)
    if not state.chased.source or not timed(show):
        return state
    now, reached = position(show, state), state.chased.reached
    if now < reached - BACK_S:
        is_same = newest(show, now) == newest(show, reached)
        state, reached = _reached(state, now), now if is_same else -1.0
    for seconds, index in timed(show):
        if reached < seconds <= now:
            state = _begin(show, state, index, now - seconds)
    return _reached(state, max(now, state.chased.reached))


def newest(show: Show, seconds: float) -> int:
    """Index of the newest cue at a position; -1: none."""
    return next((index for at, index in reversed(timed(show)) if at <= seconds), -1)


def _reached(state: State, seconds: float) -> State:
    return state._replace(chased=state.chased._replace(reached=seconds))


def _begin(show: Show, state: State, index: int, since_s: float) -> State:
    """Begin a cue that should have begun some time ago, as far on as it would be."""
    state = call(show, state, index)
    if state.cue != index or state.cue_tick != state.tick:
        return state  # it waits for a picture, or for its beat
    late = round(since_s / max(abs(state.chased.speed), 0.1) * show.constants.control_hz)
    places = {place for place, _ in show.cues[index].targets}
    ramps = (
        ramp._replace(start=ramp.start - late) if ramp.place in places else ramp
        for ramp in state.ramps
    )
    return state._replace(ramps=tuple(ramps))
