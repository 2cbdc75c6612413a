"""ADSR: an envelope that a gate opens: attack, decay, sustain, release."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.core.modulators.model import (
    Kind,
    Memory,
    Modulator,
    ModulatorState,
    Moment,
    is_open,
    signal,
)
from engine.core.path.setting import Setting


def _peak_s(memory: Memory, held: Memory) -> float:
    """Seconds until it is at its height, if it rises."""
    return (1.0 - memory[0]) * held[0]


def _at(_mod: Modulator, state: ModulatorState, _signals: Sequence[float], now: Moment) -> float:
    """Rise in a line, then ``goal + (y - goal) e^(-t / tau)``."""
    level, is_rising, gate = state.memory
    attack_s, decay_s, sustain, release_s = state.held
    dt = now.dt
    if is_rising:
        peak_s = _peak_s(state.memory, state.held)
        if dt < peak_s:
            return level + dt / attack_s
        level, dt = 1.0, dt - peak_s
    goal, tau = (sustain, decay_s) if gate else (0.0, release_s)
    if dt <= 0.0:
        return level
    return goal + (level - goal) * math.exp(-dt / tau) if tau > 0.0 else goal


def _step(mod: Modulator, state: ModulatorState, signals: Sequence[float], now: Moment) -> Memory:
    _, is_rising, was_open = state.memory
    level = _at(mod, state, signals, now)
    if is_rising and now.dt >= _peak_s(state.memory, state.held):
        is_rising = 0.0  # a rise is always finished, so that a pulse of one tick reaches the top
    gate = is_open(signals, mod.hears[0])
    return level, 1.0 if gate and not was_open else is_rising, float(gate)


ADSR = Kind(
    "adsr",
    _at,
    _step,
    signals=(signal("gate"),),
    settings=(
        Setting("attack_s", "Seconds from 0 to the top.", 0.01, 0.0, 60.0, "s"),
        Setting("decay_s", "Time constant from the top to `sustain`.", 0.2, 0.0, 60.0, "s"),
        Setting("sustain", "Where it stays while the gate is open.", 0.6, 0.0, 1.0),
        Setting("release_s", "Time constant to 0 when it closes.", 0.4, 0.0, 60.0, "s"),
    ),
    first=lambda _: (0.0, 0.0, 0.0),
)
