"""Modulators on a tick and between ticks, and the parameters and clocks that they hear."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.control.oscillators import beat_at, signals_at
from engine.core.control.recall.ways import ramp_value
from engine.core.modulators.model import ModulatorState, Moment
from engine.core.show.reach import Reach
from engine.core.show.show import Show
from engine.core.show.state import State


def hear(show: Show, state: State, dt: float, reach: Reach) -> list[float]:
    """Signals between ticks, as far as they are heard.

    What comes from outside holds; oscillators, beats, ramps and modulators go on.
    """
    signals = signals_at(show, state, dt, reach.lfos)
    if not show.constants.is_modulated:
        return signals
    _tell_clock(show, state, signals, dt)
    if state.ramps:
        _follow_ramps(show, state, signals, dt)
    now = Moment(dt, beat_at(state, dt))
    for place in reach.modulators:
        mod = show.modulators[place]
        signals[mod.signal] = mod.kind.at(mod, state.modulators[place], signals, now)
    return signals


def _tell_clock(show: Show, state: State, signals: list[float], dt: float) -> None:
    """Write the seconds of motion and the count of beats, where they are asked for."""
    seconds, beats = show.clock
    if seconds >= 0:
        signals[seconds] = (state.tick - state.still_ticks) / show.constants.control_hz + dt
    if beats >= 0:
        signals[beats] = beat_at(state, dt)


def move_modulators(
    show: Show, state: State, signals: list[float], dt: float
) -> tuple[ModulatorState, ...]:
    """Let every modulator take what it hears on a tick, `dt` seconds after the one before."""
    _read_parameters(show, state, signals)
    _tell_clock(show, state, signals, 0.0)
    beat = state.transport.beat
    passed, now = Moment(dt, beat), Moment(0.0, beat)
    moved = []
    for mod, each in zip(show.modulators, state.modulators, strict=True):
        if mod.kind.step is not None:
            each = ModulatorState(mod.kind.step(mod, each, signals, passed), each.held)
        signals[mod.signal] = mod.kind.at(mod, each, signals, now)
        moved.append(each)
    return tuple(moved)


def hold_settings(
    show: Show, modulators: Sequence[ModulatorState], values: Sequence[float]
) -> tuple[ModulatorState, ...]:
    """Give every modulator the settings that hold until the next tick."""
    speed = values[show.master.speed]
    return tuple(
        [
            ModulatorState(
                each.memory, tuple([values[p] * speed if f else values[p] for p, f in mod.settings])
            )
            if mod.settings
            else each
            for mod, each in zip(show.modulators, modulators, strict=True)
        ]
    )


def _read_parameters(show: Show, state: State, signals: list[float]) -> None:
    """Hear parameters as hands and cues set them, before routes; triggers for one tick."""
    motion = state.tick - state.still_ticks
    for signal, place in show.addressed:
        is_trigger = place in show.triggers
        value = state.fired.get(place) == motion if is_trigger else state.base[place]
        signals[signal] = float(value)
    if state.ramps:
        _follow_ramps(show, state, signals, 0.0)


def _follow_ramps(show: Show, state: State, signals: list[float], dt: float) -> None:
    rate = show.constants.control_hz
    ramps = {ramp.place: ramp for ramp in state.ramps}
    for signal, place in show.addressed:
        if place in ramps:
            signals[signal] = ramp_value(ramps[place], state.tick / rate + dt, rate)
