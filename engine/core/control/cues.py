"""Cues and the autopilot: sets of targets that are reached together."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.core.control.recall import fader, lists
from engine.core.control.recall.ways import BEAT, ramp_value, ramps_to
from engine.core.control.transport import cue_step
from engine.core.event import Event
from engine.core.show.show import Show
from engine.core.show.state import SHADER, Ramp, State, waited_for


def ready_address(layer: str) -> str:
    """Address by which the host says whether a layer's generator has a picture."""
    return f"/layer/{layer}/ready"


def shader_ready_address(name: str) -> str:
    """Address by which the host says whether a shader has passed its trial and may be drawn."""
    return f"{SHADER}{name}/ready"


def receive_ready(show: Show, unready: frozenset[str], event: Event) -> frozenset[str]:
    """Take ``/layer/ID/ready``: 0 while the layer's generator has no picture; so with shaders."""
    address = event.address
    if not address.endswith("/ready") or isinstance(event.value, (str, tuple)):
        return unready
    name = address.removesuffix("/ready").removeprefix("/layer/")
    if name not in waited_for(show) or address not in (ready_address(name), f"{name}/ready"):
        return unready
    return unready - {name} if event.value else unready | {name}


def follow_cues(show: Show, state: State, fired: Sequence[int]) -> State:
    """Begin the cues that were fired, that need wait no more, or that the autopilot calls."""
    if state.tick == 0 and show.start >= 0:
        state = begin(show, state, show.start)  # there is no picture yet that could stay instead
    acts = show.constants.list_acts
    for place in fired:
        if place in show.cue_of:
            state = call(show, state, show.cue_of[place])
        elif place in acts:
            state = _step(show, state, *acts[place])
    if state.waiting or state.awaiting:
        state = _go_on(show, state)
    return _autopilot(show, state)


def call(show: Show, state: State, index: int, by_autopilot: bool = False) -> State:
    """Begin a cue now, or let it wait for its generators and then for its beat.

    It takes the place of those that wait for generators and would fade the same layers.
    """
    if state.awaiting:
        fades = show.constants.fades
        others = (w for w in state.awaiting if w[0] != index)
        kept = tuple(w for w in others if fades[w[0]].isdisjoint(fades[index]))
        state = state._replace(awaiting=kept)
    if not _is_ready(show, state, index):
        return state._replace(awaiting=(*state.awaiting, (index, by_autopilot)))
    step = cue_step(show, state, index)
    if step <= 0.0:
        return begin(show, state, index)
    at = math.ceil(state.transport.beat / step - 1e-9) * step
    beats = tuple(w for w in state.waiting if w[0] != index)
    return state._replace(waiting=(*beats, (index, at, by_autopilot)))


def _step(show: Show, state: State, number: int, act: str, by_autopilot: bool = False) -> State:
    """Go through a cue list."""
    state, index = lists.step(show, state, number, act)
    return call(show, state, index, by_autopilot) if index >= 0 else state


def _is_ready(show: Show, state: State, index: int) -> bool:
    """Whether every generator that a cue brings to light has a picture."""
    return not state.unready or show.constants.needs[index].isdisjoint(state.unready)


def awaited(show: Show, state: State) -> frozenset[str]:
    """Layers whose generators a cue waits for."""
    needs = show.constants.needs
    return frozenset[str]().union(*(needs[w[0]] for w in state.awaiting)) & state.unready


def _go_on(show: Show, state: State) -> State:
    """Let go the cues whose generators are ready, then those whose beat has come."""
    if state.touch_tick == state.tick:  # the autopilot yields, also with a cue that waits
        state = state._replace(
            waiting=tuple(w for w in state.waiting if not w[2]),
            awaiting=tuple(w for w in state.awaiting if not w[1]),
        )
    for index, by_autopilot in state.awaiting:
        if _is_ready(show, state, index):
            state = call(show, state, index, by_autopilot)
    beat = state.transport.beat
    due = [w for w in state.waiting if w[1] <= beat]
    state = state._replace(waiting=tuple(w for w in state.waiting if w[1] > beat))
    for index, _, by_autopilot in due:
        if _is_ready(show, state, index):
            state = begin(show, state, index)
        else:  # a generator came with an edited show while the cue waited for its beat
            state = call(show, state, index, by_autopilot)
    return state


def _autopilot(show: Show, state: State) -> State:
    """Go on to the next cue when its time has come: a list that follows, or the autopilot.

    The autopilot waits until nobody has touched anything for a while; a list does not.
    """
    if state.cue < 0:
        return state
    cue = show.cues[state.cue]
    if cue.after_s <= 0.0 or state.is_still:
        return state
    rate = show.constants.control_hz
    if (state.tick - state.cue_tick) / rate < cue.after_s:
        return state
    number = lists.following(show, state)
    if number >= 0:
        return _step(show, state._replace(cue_tick=state.tick), number, "go", True)
    if cue.next < 0 or state.base[show.master.autopilot] < 0.5:
        return state
    rest_s = float(state.base[show.master.rest_s])
    if state.touch_tick >= 0 and (state.tick - state.touch_tick) / rate < rest_s:
        return state
    return call(show, state._replace(cue_tick=state.tick), cue.next, by_autopilot=True)


def begin(show: Show, state: State, index: int) -> State:
    """Send every target of a cue on its way."""
    cue, now, goals = show.cues[index], values_now(show, state), goals_of(show, state, index)
    kept = tuple(r for r in state.ramps if r.place not in goals)
    state = state._replace(
        ramps=kept + ramps_to(show, cue, state.tick, now, goals),
        cue=index,
        cue_tick=state.tick,
        begun=(*state.begun, index),
        fader=fader.without(state.fader, goals),
    )
    if cue.texts:
        state = state._replace(texts={**state.texts, **dict(cue.texts)})
    return lists.follow(show, state, index) if show.lists else state


def goals_of(show: Show, state: State, index: int) -> dict[int, float]:
    """What a cue sets now, by place: also on the deck that is hidden."""
    goals = dict(show.cues[index].targets)
    if state.decks is not None:
        goals.update(show.cues[index].on_next[1 - state.decks.front])
    return goals


def values_now(show: Show, state: State) -> list[float]:
    """Where every parameter is on the state's tick, before routes."""
    rate = show.constants.control_hz
    values: list[float] = state.base.tolist()
    for ramp in state.ramps:
        values[ramp.place] = ramp_value(ramp, state.tick / rate, rate)
    if state.fader is not None:
        fader.mix(state.fader, values)
    return values


def settle(show: Show, state: State, seconds: float, is_on_beat: bool) -> State:
    """Write the goals of finished ramps into the base values."""
    if not state.ramps:
        return state
    rate = show.constants.control_hz
    done = [r for r in state.ramps if _is_over(r, seconds - r.start / rate, is_on_beat)]
    if not done:
        return state
    base = state.base.copy()
    for ramp in done:
        base[ramp.place] = ramp.goal
    places = {ramp.place for ramp in done}
    return state._replace(base=base, ramps=tuple(r for r in state.ramps if r.place not in places))


def _is_over(ramp: Ramp, since_s: float, is_on_beat: bool) -> bool:
    return since_s >= ramp.time_s and (is_on_beat or ramp.way != BEAT)
