"""The beat clock: counted from the last change of tempo, moved by hands, led by `arbiter`.

A beat that is early or late is made up for by a tempo that is a little higher or lower for a whole
number of ticks: it goes on in closed form, never jumps and never runs backwards. Only who asks for
a new beginning (resync, a tap) gets one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.core.parameter import coerce
from engine.core.show.show import Show
from engine.core.show.state import Lead, State, Transport
from engine.core.tempo.sync import Beat, Rank

TAP_FORGET_S = 2.5
TAPS = 8
ALIVE_S = 2.0
"""A source that was not heard for so long leads no more: the tempo stays, the next one may lead."""
MOST_SLEW, SLEW_S = 0.25, 0.25
"""How fast the beat makes up for what it is off: part of the tempo at most, seconds at least."""
NUDGE = 0.1


def pass_beats(transport: Transport, tick: int, control_hz: float) -> Transport:
    """Go on to a tick at the tempo that holds."""
    beats = (tick - transport.origin_tick) * transport.bpm / (60.0 * control_hz)
    return transport._replace(beat=transport.origin_beat + beats, jump=0.0)


def begin_at(transport: Transport, beat: float, tick: int) -> Transport:
    """Count from a beat on."""
    return transport._replace(
        beat=beat, origin_beat=beat, origin_tick=tick, extra=0.0, until=0, restart=-1.0
    )


def hold_tempo(transport: Transport, bpm: float, tick: int, nudge: float = 0.0) -> Transport:
    """Set the tempo that holds from a tick on: it, what a hand adds, and what is made up for."""
    bent, most = bpm * NUDGE * nudge, bpm * MOST_SLEW
    extra = min(max(transport.extra, -most), most) if tick < transport.until else 0.0
    whole = bpm + bent + extra
    if (whole, bpm, bent) == (transport.bpm, transport.tempo, transport.nudge):
        return transport
    return transport._replace(
        bpm=whole, tempo=bpm, nudge=bent, origin_beat=transport.beat, origin_tick=tick
    )


def is_beat(before: Transport, now: Transport, beats: float = 1.0) -> bool:
    """Whether a beat (or a bar of so many) begins on a tick, given the transport one tick before.

    Beats that were left out in between do not count.
    """
    was = before.beat + now.jump
    return now.beat < before.beat or math.floor(now.beat / beats) > math.floor(was / beats)


def spans(show: Show, state: State) -> tuple[float, float, float]:
    """Beats in a beat, in a bar and in a phrase."""
    bar = float(state.base[show.master.beats.beats_per_bar])
    return 1.0, bar, bar * float(state.base[show.master.beats.bars_per_phrase])


def pulses(show: Show, before: Transport, state: State) -> list[int]:
    """Places of the pulses that are on this tick: of the beat, the bar, the phrase."""
    if not is_beat(before, state.transport):
        return []
    return [
        show.beat[2 * n + 1]
        for n, beats in enumerate(spans(show, state))
        if is_beat(before, state.transport, beats)
    ]


def make_up(show: Show, state: State, beats: float) -> State:
    """Be so many beats further on (or back) in a while: at most `MOST_SLEW` faster or slower."""
    transport, hz = state.transport, show.constants.control_hz
    slowest = min(transport.tempo, float(state.base[show.master.bpm]))  # it changes on this tick
    ticks = math.ceil(max(abs(beats) * 60.0 / (MOST_SLEW * slowest), SLEW_S) * hz)
    extra = beats * 60.0 * hz / ticks
    return state._replace(
        transport=transport._replace(extra=extra, until=state.tick + ticks if extra else 0)
    )


def owed(show: Show, state: State) -> float:
    """Beats that are still to be made up for."""
    transport = state.transport
    left = max(transport.until - state.tick, 0)
    return transport.extra * left / (60.0 * show.constants.control_hz)


def ahead(state: State) -> float:
    """How many beats the beat is ahead of the sound, by ``/transport/offset_ms``."""
    return state.transport.offset_ms * state.transport.tempo / 60_000.0


def is_led(show: Show, state: State) -> bool:
    """Whether a source from outside leads the beat."""
    lead = state.transport.lead
    is_heard = state.tick - lead.tick <= ALIVE_S * show.constants.control_hz
    return lead.rank < Rank.TAP and is_heard


def told(show: Show, state: State) -> float:
    """Where the leading source must be now, in its own beats."""
    lead = state.transport.lead
    return lead.beat + lead.bpm / 60.0 * (state.tick - lead.tick) / show.constants.control_hz


def shifted(show: Show, state: State, beat: float) -> State:
    """Let the leading source mean from now on that it is at another beat."""
    transport = state.transport
    own = told(show, state) * multiple(show, transport.lead)
    lead = transport.lead._replace(shift=beat - ahead(state) - own)
    return state._replace(transport=transport._replace(lead=lead))


def multiple(show: Show, lead: Lead) -> float:
    """What the beats of the leading source are multiplied by: a hand's, and to be in range."""
    if lead.rank == Rank.TIMECODE:
        return 1.0  # its beats are counted at the show's own tempo
    place, scale = show.master.bpm, lead.scale
    low, high = float(show.low[place]), float(show.high[place])
    while lead.bpm * scale > high:
        scale *= 0.5
    while 0.0 < lead.bpm * scale < low:
        scale *= 2.0
    return scale


def heard(show: Show, state: State, at_ns: int) -> Beat:
    """The beat as it sounds at the state's tick, which is at a moment of the players' clock."""
    transport = state.transport
    tempo = transport.tempo / (multiple(show, transport.lead) if is_led(show, state) else 1.0)
    beat = transport.beat - ahead(state)
    return Beat(at_ns, beat, transport.bpm, tempo, spans(show, state)[1])


def cue_step(show: Show, state: State, index: int) -> float:
    """Beats to whose multiples a cue waits; 0: it does not."""
    cue = show.cues[index]
    return cue.quantise_beats or cue.quantise_bars * spans(show, state)[1]


def waiting_from(show: Show, state: State, beat: float) -> State:
    """Let cues that wait for a beat wait for the next one from a new beginning on."""
    steps = [cue_step(show, state, index) for index, *_ in state.waiting]
    ats = [math.ceil(beat / step - 1e-9) * step if step > 0.0 else beat for step in steps]
    waiting = ((i, at, own) for (i, _, own), at in zip(state.waiting, ats, strict=True))
    return state._replace(waiting=tuple(waiting))


def run_on(show: Show, state: State) -> State:
    """Follow the offset, begin anew at the bar that was asked for, remember what was nudged."""
    transport = state.transport
    offset_ms = float(state.base[show.master.beats.offset_ms])
    if offset_ms != transport.offset_ms:
        before = ahead(state)
        state = state._replace(transport=transport._replace(offset_ms=offset_ms))
        state = make_up(show, state, owed(show, state) + ahead(state) - before)
    if transport.nudge:
        lead = state.transport.lead
        beats = transport.nudge / (60.0 * show.constants.control_hz)
        lead = lead._replace(shift=lead.shift + beats)
        state = state._replace(transport=state.transport._replace(lead=lead))
    if 0.0 <= transport.restart <= transport.beat:
        state = _restart(show, state, transport.beat - transport.restart)
    return state


def _restart(show: Show, state: State, beat: float) -> State:
    """Begin anew, also against a source that leads."""
    state = shifted(show, state, beat)
    state = state._replace(transport=begin_at(state.transport, beat, state.tick))
    return waiting_from(show, state, 0.0)


def keep_time(show: Show, state: State, fired: Sequence[int]) -> State:
    """Tap, resynchronise, double and halve; cues that wait take a new beginning as theirs."""
    master, beats = show.master, show.master.beats
    if master.tap in fired and not is_led(show, state):
        state = _tap(show, state)
    if beats.double in fired:
        state = _multiply(show, state, 2.0)
    if beats.halve in fired:
        state = _multiply(show, state, 0.5)
    if master.resync in fired:
        state = _restart(show, state, ahead(state))
    elif beats.resync_bar in fired:
        bar = spans(show, state)[1]
        line = math.ceil(state.transport.beat / bar - 1e-9) * bar
        state = state._replace(transport=state.transport._replace(restart=line))
    return state


def _multiply(show: Show, state: State, factor: float) -> State:
    """Double or halve the tempo; every beat, or every other one, stays where it was."""
    place, transport = show.master.bpm, state.transport
    bpm = float(state.base[place]) * factor
    if not show.low[place] <= bpm <= show.high[place]:
        return state
    beat = transport.beat - ahead(state)
    lead = transport.lead._replace(scale=transport.lead.scale * factor, set_bpm=bpm)
    base = state.base.copy()
    base[place] = bpm
    state = state._replace(
        base=base,
        ramps=tuple(ramp for ramp in state.ramps if ramp.place != place),
        transport=transport._replace(lead=lead),
    )
    error = math.remainder(beat * factor - beat, 1.0)
    return make_up(show, shifted(show, state, transport.beat + error), error)


def _tap(show: Show, state: State) -> State:
    """Learn the tempo from taps: mean interval of the newest ones; the tap is on the beat."""
    transport, rate = state.transport, show.constants.control_hz
    taps = transport.taps
    if taps and (state.tick - taps[-1]) / rate > TAP_FORGET_S:
        taps = ()
    taps = (*taps, state.tick)[-TAPS:]
    early = ahead(state)
    beat = float(round(transport.beat - early)) + early
    transport = begin_at(transport, beat, state.tick)._replace(taps=taps)
    if len(taps) < 3 or taps[-1] == taps[0]:
        return state._replace(transport=transport)
    place = show.master.bpm
    base = state.base.copy()
    base[place] = coerce(
        show.registry.parameters[place], 60.0 * rate * (len(taps) - 1) / (taps[-1] - taps[0])
    )
    return state._replace(transport=transport, base=base)
