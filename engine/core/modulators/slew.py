"""Slew: a signal that may go only so far in a second, up and down."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.modulators.model import Kind, Memory, Modulator, ModulatorState, Moment, signal
from engine.core.path.setting import Setting


def _at(_mod: Modulator, state: ModulatorState, _signals: Sequence[float], now: Moment) -> float:
    level, goal = state.memory
    rise, fall = state.held
    if goal > level:
        return min(goal, level + rise * now.dt)
    return max(goal, level - fall * now.dt)


def _step(mod: Modulator, state: ModulatorState, signals: Sequence[float], now: Moment) -> Memory:
    heard = signals[mod.hears[0]]
    return heard if now.dt == 0.0 else _at(mod, state, signals, now), heard


SLEW = Kind(
    "slew",
    _at,
    _step,
    signals=(signal(),),
    settings=(
        Setting("rise_per_s", "How far it may rise in a second.", 1.0, 0.0, 1e4),
        Setting("fall_per_s", "How far it may fall in a second.", 1.0, 0.0, 1e4),
    ),
    first=lambda _: (0.0, 0.0),
)
