"""Sample and hold: what a signal is when a gate opens, until it opens again."""

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


def _step(mod: Modulator, state: ModulatorState, signals: Sequence[float], now: Moment) -> Memory:
    heard, was_open = state.memory
    source, gate = mod.hears
    opened = is_open(signals, gate)
    taken = now.dt == 0.0 or (opened and not was_open)
    return signals[source] if taken else heard, float(opened)


SAMPLE_HOLD = Kind(
    "sample_hold",
    held,
    _step,
    signals=(signal(), signal("gate")),
    first=lambda _: (0.0, 0.0),
)
