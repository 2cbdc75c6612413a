"""The beat in a performer's hands: tapping a tempo, saying where the beat begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.core.parameter import coerce
from engine.core.show import Show
from engine.core.state import State, Transport

TAP_FORGET_S = 2.5
TAPS = 8


def keep_time(show: Show, state: State, fired: Sequence[int]) -> State:
    """Tap and resynchronise; cues that wait for a beat take a new beginning as theirs."""
    if show.master.tap in fired:
        state = _tap(show, state)
    if show.master.resync in fired:
        transport = replace(state.transport, beat=0.0)
        waiting = tuple((index, 0.0) for index, _ in state.waiting)
        state = replace(state, transport=transport, waiting=waiting)
    return state


def _tap(show: Show, state: State) -> State:
    """Learn the tempo from taps: mean interval of the newest ones; the tap is on the beat."""
    transport, rate = state.transport, float(show.control_hz)
    taps = transport.taps
    if taps and (state.tick - taps[-1]) / rate > TAP_FORGET_S:
        taps = ()
    taps = (*taps, state.tick)[-TAPS:]
    transport = Transport(float(round(transport.beat)), transport.bpm, taps)
    if len(taps) < 3 or taps[-1] == taps[0]:
        return replace(state, transport=transport)
    place = show.master.bpm
    base = state.base.copy()
    base[place] = coerce(
        show.registry.parameters[place], 60.0 * rate * (len(taps) - 1) / (taps[-1] - taps[0])
    )
    return replace(state, transport=transport, base=base)
