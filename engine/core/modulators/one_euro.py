"""One-euro filter: calm at rest, quick in motion."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.core.curves import EURO_SPEED_TAU_S, filter_euro
from engine.core.modulators.model import Kind, Memory, Modulator, ModulatorState, Moment, signal
from engine.core.path.setting import Setting


def _at(_mod: Modulator, state: ModulatorState, _signals: Sequence[float], now: Moment) -> float:
    value, raw, speed = state.memory
    cutoff_hz, beta = state.held
    return filter_euro(value, raw, speed, now.dt, cutoff_hz, beta)


def _step(mod: Modulator, state: ModulatorState, signals: Sequence[float], now: Moment) -> Memory:
    raw = signals[mod.hears[0]]
    if now.dt == 0.0:
        return raw, raw, 0.0
    _, before, speed = state.memory
    moved = (raw - before) / now.dt
    speed = moved + (speed - moved) * math.exp(-now.dt / EURO_SPEED_TAU_S)
    return _at(mod, state, signals, now), raw, speed


ONE_EURO = Kind(
    "one_euro",
    _at,
    _step,
    signals=(signal(),),
    settings=(
        Setting("min_cutoff_hz", "How calm it is at rest.", 1.0, 0.001, 1e3, "hz"),
        Setting("beta", "How much it opens when the signal moves.", 0.007, 0.0, 1e3),
    ),
    first=lambda _: (0.0, 0.0, 0.0),
)
