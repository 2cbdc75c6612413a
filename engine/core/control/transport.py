"""Tempo and beat: tapped, resynchronised, counted from the last change of tempo."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.core.parameter import coerce
from engine.core.show.show import Show
from engine.core.show.state import State, Transport

TAP_FORGET_S = 2.5
TAPS = 8


def pass_beats(transport: Transport, tick: int, control_hz: float) -> Transport:
    """Go on to a tick at the tempo that holds."""
    beats = (tick - transport.origin_tick) * transport.bpm / (60.0 * control_hz)
    return Transport(
        transport.origin_beat + beats, transport.bpm, transport.taps,
        transport.origin_beat, transport.origin_tick,
    )  # fmt: skip


def begin_at(transport: Transport, beat: float, tick: int) -> Transport:
    """Count from a beat on."""
    return Transport(beat, transport.bpm, transport.taps, beat, tick)


def hold_tempo(transport: Transport, bpm: float, tick: int) -> Transport:
    """Set the tempo that holds from a tick on."""
    if bpm == transport.bpm:
        return transport
    return Transport(transport.beat, bpm, transport.taps, transport.beat, tick)


def is_beat(before: Transport, now: Transport) -> bool:
    """Whether a beat begins on a tick, given the transport one tick before."""
    return now.beat < before.beat or math.floor(now.beat) > math.floor(before.beat)


def keep_time(show: Show, state: State, fired: Sequence[int]) -> State:
    """Tap and resynchronise; cues that wait for a beat take a new beginning as theirs."""
    if show.master.tap in fired:
        state = _tap(show, state)
    if show.master.resync in fired:
        transport = begin_at(state.transport, 0.0, state.tick)
        waiting = tuple((index, 0.0, by_autopilot) for index, _, by_autopilot in state.waiting)
        state = state._replace(transport=transport, waiting=waiting)
    return state


def _tap(show: Show, state: State) -> State:
    """Learn the tempo from taps: mean interval of the newest ones; the tap is on the beat."""
    transport, rate = state.transport, show.constants.control_hz
    taps = transport.taps
    if taps and (state.tick - taps[-1]) / rate > TAP_FORGET_S:
        taps = ()
    taps = (*taps, state.tick)[-TAPS:]
    transport = begin_at(transport, float(round(transport.beat)), state.tick)._replace(taps=taps)
    if len(taps) < 3 or taps[-1] == taps[0]:
        return state._replace(transport=transport)
    place = show.master.bpm
    base = state.base.copy()
    base[place] = coerce(
        show.registry.parameters[place], 60.0 * rate * (len(taps) - 1) / (taps[-1] - taps[0])
    )
    return state._replace(transport=transport, base=base)
