"""Cues and the autopilot: sets of targets that are reached together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from engine.core.show import Cue, Show
from engine.core.state import Ramp, State
from engine.core.value import ramp_value


def follow_cues(show: Show, state: State, fired: Sequence[int]) -> State:
    """Begin the cues that were fired, whose beat has come, or that the autopilot calls."""
    if state.tick == 0 and show.start >= 0:
        state = begin(show, state, show.start)
    for place in fired:
        if place in show.cue_of:
            state = _call(show, state, show.cue_of[place])
    if state.waiting:
        if state.touch_tick == state.tick:  # the autopilot yields, also with a cue that waits
            state = replace(state, waiting=tuple(w for w in state.waiting if not w[2]))
        beat = state.transport.beat
        due = [index for index, at, _ in state.waiting if at <= beat]
        state = replace(state, waiting=tuple(w for w in state.waiting if w[1] > beat))
        for index in due:
            state = begin(show, state, index)
    return _autopilot(show, state)


def _call(show: Show, state: State, index: int, by_autopilot: bool = False) -> State:
    """Begin a cue now, or let it wait for its beat."""
    step = show.cues[index].quantise_beats
    if step <= 0.0:
        return begin(show, state, index)
    at = math.ceil(state.transport.beat / step - 1e-9) * step
    others = tuple(w for w in state.waiting if w[0] != index)
    return replace(state, waiting=(*others, (index, at, by_autopilot)))


def _autopilot(show: Show, state: State) -> State:
    """Go on to the next cue when its time has come and nobody has touched anything for a while."""
    if state.cue < 0 or state.base[show.master.autopilot] < 0.5:
        return state
    cue = show.cues[state.cue]
    if cue.next < 0 or cue.after_s <= 0.0 or state.is_still:
        return state
    rate = float(show.control_hz)
    if (state.tick - state.cue_tick) / rate < cue.after_s:
        return state
    rest_s = float(state.base[show.master.rest_s])
    if state.touch_tick >= 0 and (state.tick - state.touch_tick) / rate < rest_s:
        return state
    return _call(show, replace(state, cue_tick=state.tick), cue.next, by_autopilot=True)


def begin(show: Show, state: State, index: int) -> State:
    """Send every target of a cue on its way."""
    cue = show.cues[index]
    rate = float(show.control_hz)
    seconds = state.tick / rate
    now = {r.place: ramp_value(r, seconds, rate) for r in state.ramps}
    goals = dict(cue.targets)
    start = state.tick + round(cue.delay_s * rate)
    added = tuple(
        _ramp(show, cue, place, now.get(place, float(state.base[place])), goal, start)
        for place, goal in goals.items()
    )
    kept = tuple(r for r in state.ramps if r.place not in goals)
    return replace(state, ramps=kept + added, cue=index, cue_tick=state.tick)


def _ramp(show: Show, cue: Cue, place: int, origin: float, goal: float, start: int) -> Ramp:
    # A choice or a switch has nothing between its values: it switches when the delay is over.
    time_s = 0.0 if show.discrete[place] else cue.time_s
    return Ramp(place, origin, goal, start, time_s, cue.curve)


def settle(show: Show, state: State, seconds: float) -> State:
    """Write the goals of finished ramps into the base values."""
    if not state.ramps:
        return state
    rate = float(show.control_hz)
    done = [r for r in state.ramps if seconds - r.start / rate >= r.time_s]
    if not done:
        return state
    base = state.base.copy()
    for ramp in done:
        base[ramp.place] = ramp.goal
    return replace(state, base=base, ramps=tuple(r for r in state.ramps if r not in done))
