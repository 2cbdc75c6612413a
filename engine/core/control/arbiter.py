"""The one arbiter of the beat: of all sources the best one that is alive leads.

Ableton Link > timecode > MIDI clock > beat of the sound > taps. Who leads sets the tempo, and the
beat goes after its beat by a slightly other tempo, see `transport.make_up`. More than half a beat
off means that the source began somewhere else: then the beat goes on there at once, forwards.
A source that is lost leaves its tempo behind; after `ALIVE_S` the next one may lead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.core.control.transport import (
    ahead,
    begin_at,
    is_led,
    make_up,
    multiple,
    shifted,
    spans,
    told,
    waiting_from,
)
from engine.core.event import Event
from engine.core.parameter import coerce
from engine.core.show.show import Show
from engine.core.show.state import Lead, State
from engine.core.tempo.sync import SYNC, Known, Position, Rank, Sync, read_position, read_sync

NEAR_BEATS = 0.5
HAND_S = 0.3
"""So long a tempo set by hand stands against Link, so that it can be told to all of its peers."""
LEAST_BPM = 0.01


def follow(show: Show, state: State, events: Sequence[Event]) -> State:
    """Take what sources of tempo said on a tick, in order."""
    for event in events:
        if event.address == SYNC:
            sync = read_sync(event.value)
        else:
            position = read_position(event.value)
            sync = _of_timecode(state, position) if position else None
        if sync is not None:
            state = _take(show, state, event.source, sync)
    return state


def _of_timecode(state: State, position: Position) -> Sync:
    """Beats of a timecode: counted from 00:00:00:00 at the tempo of the show."""
    bpm = state.transport.tempo
    known = Known.PHRASE if position.speed > NEAR_BEATS else Known.TEMPO  # not backwards, nor slow
    return Sync(Rank.TIMECODE, bpm * position.speed, position.seconds * bpm / 60.0, True, known)


def _take(show: Show, state: State, source: str, sync: Sync) -> State:
    lead, tick, tempo = state.transport.lead, state.tick, state.transport.tempo
    if sync.rank != Rank.TIMECODE:
        tempo = float(state.base[show.master.bpm])
    if (lead.rank, lead.source) != (sync.rank, source):
        if is_led(show, state) and lead.rank <= sync.rank:
            return state
        lead = Lead(sync.rank, source, set_bpm=tempo)
    elif abs(sync.beat - told(show, state)) > NEAR_BEATS:
        lead = lead._replace(shift=0.0)  # it is somewhere else: what a hand corrected is over
    is_moved = tempo != lead.set_bpm
    lead = lead._replace(tick=tick, beat=sync.beat, bpm=sync.bpm)
    state = _led(state, lead)
    if sync.rank == Rank.TIMECODE:
        if is_moved:  # its beats are those of the tempo: with another one they go on from here
            state = shifted(show, _led(state, lead._replace(set_bpm=tempo)), state.transport.beat)
    else:
        state = _take_tempo(show, state, sync, is_moved)
    lead = state.transport.lead
    if tick < lead.free_tick or not sync.is_playing or sync.known == Known.TEMPO:
        return state
    return _take_beat(show, state, sync.known)


def _led(state: State, lead: Lead) -> State:
    return state._replace(transport=state.transport._replace(lead=lead))


def _take_tempo(show: Show, state: State, sync: Sync, is_moved: bool) -> State:
    """Set the tempo, unless a hand has just done so and the source will hear of it."""
    place, lead = show.master.bpm, state.transport.lead
    base_bpm, is_ramped = float(state.base[place]), any(r.place == place for r in state.ramps)
    if sync.rank == Rank.LINK and (is_moved or is_ramped):
        free_tick = state.tick + math.ceil(HAND_S * show.constants.control_hz)
        return _led(state, lead._replace(set_bpm=base_bpm, free_tick=free_tick))
    if sync.bpm <= 0.0 or state.tick < lead.free_tick:
        return state
    bpm = coerce(show.registry.parameters[place], sync.bpm * multiple(show, lead))
    if abs(bpm - base_bpm) < LEAST_BPM and not is_ramped:
        return _led(state, lead._replace(set_bpm=base_bpm))
    base = state.base.copy()
    base[place] = bpm
    ramps = tuple(ramp for ramp in state.ramps if ramp.place != place)
    return _led(state._replace(base=base, ramps=ramps), lead._replace(set_bpm=bpm))


def _take_beat(show: Show, state: State, known: int) -> State:
    """Go after the beat of the source, as far as that is known."""
    transport, lead = state.transport, state.transport.lead
    grid = spans(show, state)[known - Known.BEAT]
    goal = lead.beat * multiple(show, lead) + lead.shift + ahead(state)
    error = math.remainder(goal - transport.beat, grid)
    if abs(error) <= NEAR_BEATS:
        return make_up(show, state, error)
    left_out = error % grid
    beat = transport.beat + left_out
    moved = begin_at(transport, beat, state.tick)._replace(jump=transport.jump + left_out)
    return waiting_from(show, state._replace(transport=moved), beat)
