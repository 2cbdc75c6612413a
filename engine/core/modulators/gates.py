"""What gates do: count, hold a value, be 1 or 0 by signals and thresholds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from engine.core.expressions import Names
from engine.core.modulators.model import (
    Heard,
    Key,
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


def _counter_step(
    mod: Modulator, state: ModulatorState, signals: Sequence[float], _now: Moment
) -> Memory:
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
    _counter_step,
    signals=(signal("gate"), signal("reset", "")),
    settings=(Setting("modulo", "It counts from 0 to one less.", 4.0, 1.0, 1e6, "", Holds.INT),),
    first=lambda _: (0.0, 0.0, 0.0),
)
"""Counter: how often a gate has opened, from 0 again after the last number."""


def _hold_step(
    mod: Modulator, state: ModulatorState, signals: Sequence[float], now: Moment
) -> Memory:
    heard, was_open = state.memory
    source, gate = mod.hears
    opened = is_open(signals, gate)
    taken = now.dt == 0.0 or (opened and not was_open)
    return signals[source] if taken else heard, float(opened)


SAMPLE_HOLD = Kind(
    "sample_hold",
    held,
    _hold_step,
    signals=(signal(), signal("gate")),
    first=lambda _: (0.0, 0.0),
)
"""Sample and hold: what a signal is when a gate opens, until it opens again."""


MOST = 16
_IS: dict[str, Callable[[Iterable[bool]], bool]] = {
    "above": all,
    "below": lambda on: not any(on),
    "and": all,
    "or": any,
    "not": lambda on: not any(on),
    "edge": any,
}


def _logic_step(
    mod: Modulator, state: ModulatorState, signals: Sequence[float], _now: Moment
) -> Memory:
    _, was, *before = state.memory
    threshold, hysteresis = state.held
    on = [
        signals[place] >= (threshold - hysteresis if was_on else threshold)
        for place, was_on in zip(mod.hears, before, strict=True)
    ]
    found = _IS[mod.data](on)
    value = found and not was if mod.data == "edge" else found
    return (float(value), float(found), *map(float, on))


def _logic_read(given: Mapping[str, Any], names: Names) -> Heard:
    listed, op = given["signals"], given["op"]
    most = 1 if op in ("above", "below") else MOST
    if not 1 <= len(listed) <= most:
        raise ValueError(f"signals: '{op}' takes 1{f' to {most}' if most > 1 else ' signal'}, "
                         f"not {len(listed)}")  # fmt: skip
    return Heard(tuple(names.place(name) for name in listed), op)


LOGIC = Kind(
    "logic",
    held,
    _logic_step,
    settings=(
        Setting("threshold", "From here on a signal counts as on.", 0.5, -1e9, 1e9),
        Setting("hysteresis", "It has to fall so far below it to be off.", 0.0, 0.0, 1e9),
    ),
    keys=(
        Key("signals", list[str]),
        Key("op", Literal["above", "below", "and", "or", "not", "edge"], "above"),
    ),
    read=_logic_read,
    first=lambda mod: (0.0,) * (2 + len(mod.hears)),
    is_pulse=lambda mod: bool(mod.data == "edge"),
)
"""Logic: 1 or 0 as signals are above a threshold, alone or together; edges."""
