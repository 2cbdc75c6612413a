"""Counter: how often a gate has opened, from 0 again after the last number."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.modulators.model import (
    Kind,
    Memory,
    Modulator,
    ModulatorState,
    Moment,
    held,
    is_open,
    signal,
)
from engine.core.parameter import Kind as Holds
from engine.core.path.setting import Setting


def _step(mod: Modulator, state: ModulatorState, signals: Sequence[float], _now: Moment) -> Memory:
    count, was_open, was_reset = state.memory
    gate, reset = (is_open(signals, place) for place in mod.hears)
    if gate and not was_open:
        count += 1.0
    if reset and not was_reset:
        count = 0.0
    return count % state.held[0], float(gate), float(reset)


COUNTER = Kind(
    "counter",
    held,
    _step,
    signals=(signal("gate"), signal("reset", "")),
    settings=(Setting("modulo", "It counts from 0 to one less.", 4.0, 1.0, 1e6, "", Holds.INT),),
    first=lambda _: (0.0, 0.0, 0.0),
)
