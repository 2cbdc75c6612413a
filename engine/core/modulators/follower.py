"""Envelope follower: how large a signal is, up in one time and down in another."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.core.modulators.model import Kind, Memory, Modulator, ModulatorState, Moment, signal
from engine.core.path.setting import Setting


def _at(_mod: Modulator, state: ModulatorState, _signals: Sequence[float], now: Moment) -> float:
    """Solve ``dy/dt = (goal - y) / tau``, as smoothed routes do."""
    level, goal = state.memory
    if level == goal or now.dt <= 0.0:
        return level
    tau = state.held[0] if goal > level else state.held[1]
    return goal + (level - goal) * math.exp(-now.dt / tau) if tau > 0.0 else goal


def _step(mod: Modulator, state: ModulatorState, signals: Sequence[float], now: Moment) -> Memory:
    goal, level = abs(signals[mod.hears[0]]), _at(mod, state, signals, now)
    at_once = state.held[0] if goal > level else state.held[1]
    return goal if at_once <= 0.0 else level, goal


FOLLOWER = Kind(
    "follower",
    _at,
    _step,
    signals=(signal(),),
    settings=(
        Setting("attack_s", "Time constant upwards.", 0.01, 0.0, 60.0, "s"),
        Setting("release_s", "Time constant downwards.", 0.3, 0.0, 60.0, "s"),
    ),
    first=lambda _: (0.0, 0.0),
)
