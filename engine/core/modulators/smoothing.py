"""Smoothing of a signal: envelope follower, one-euro filter, slew."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.core.curves import EURO_SPEED_TAU_S, filter_euro
from engine.core.modulators.model import Kind, Memory, Modulator, ModulatorState, Moment, signal
from engine.core.path.setting import Setting


def _follower_at(
    _mod: Modulator, state: ModulatorState, _signals: Sequence[float], now: Moment
) -> float:
    """Solve ``dy/dt = (goal - y) / tau``, as smoothed routes do."""
    level, goal = state.memory
    if level == goal or now.dt <= 0.0:
        return level
    tau = state.held[0] if goal > level else state.held[1]
    return goal + (level - goal) * math.exp(-now.dt / tau) if tau > 0.0 else goal


def _follower_step(
    mod: Modulator, state: ModulatorState, signals: Sequence[float], now: Moment
) -> Memory:
    goal, level = abs(signals[mod.hears[0]]), _follower_at(mod, state, signals, now)
    at_once = state.held[0] if goal > level else state.held[1]
    return goal if at_once <= 0.0 else level, goal


FOLLOWER = Kind(
    "follower",
    _follower_at,
    _follower_step,
    signals=(signal(),),
    settings=(
        Setting("attack_s", "Time constant upwards.", 0.01, 0.0, 60.0, "s"),
        Setting("release_s", "Time constant downwards.", 0.3, 0.0, 60.0, "s"),
    ),
    first=lambda _: (0.0, 0.0),
)
"""Envelope follower: how large a signal is, up in one time and down in another."""


def _euro_at(
    _mod: Modulator, state: ModulatorState, _signals: Sequence[float], now: Moment
) -> float:
    value, raw, speed = state.memory
    cutoff_hz, beta = state.held
    return filter_euro(value, raw, speed, now.dt, cutoff_hz, beta)


def _euro_step(
    mod: Modulator, state: ModulatorState, signals: Sequence[float], now: Moment
) -> Memory:
    raw = signals[mod.hears[0]]
    if now.dt == 0.0:
        return raw, raw, 0.0
    _, before, speed = state.memory
    moved = (raw - before) / now.dt
    speed = moved + (speed - moved) * math.exp(-now.dt / EURO_SPEED_TAU_S)
    return _euro_at(mod, state, signals, now), raw, speed


ONE_EURO = Kind(
    "one_euro",
    _euro_at,
    _euro_step,
    signals=(signal(),),
    settings=(
        Setting("min_cutoff_hz", "How calm it is at rest.", 1.0, 0.001, 1e3, "hz"),
        Setting("beta", "How much it opens when the signal moves.", 0.007, 0.0, 1e3),
    ),
    first=lambda _: (0.0, 0.0, 0.0),
)
"""One-euro filter: calm at rest, quick in motion."""


def _slew_at(
    _mod: Modulator, state: ModulatorState, _signals: Sequence[float], now: Moment
) -> float:
    level, goal = state.memory
    rise, fall = state.held
    if goal > level:
        return min(goal, level + rise * now.dt)
    return max(goal, level - fall * now.dt)


def _slew_step(
    mod: Modulator, state: ModulatorState, signals: Sequence[float], now: Moment
) -> Memory:
    heard = signals[mod.hears[0]]
    return heard if now.dt == 0.0 else _slew_at(mod, state, signals, now), heard


SLEW = Kind(
    "slew",
    _slew_at,
    _slew_step,
    signals=(signal(),),
    settings=(
        Setting("rise_per_s", "How far it may rise in a second.", 1.0, 0.0, 1e4),
        Setting("fall_per_s", "How far it may fall in a second.", 1.0, 0.0, 1e4),
    ),
    first=lambda _: (0.0, 0.0),
)
"""Slew: a signal that may go only so far in a second, up and down."""
