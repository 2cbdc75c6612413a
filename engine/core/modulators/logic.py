"""Logic: 1 or 0 as signals are above a threshold, alone or together; edges."""

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
)
from engine.core.path.setting import Setting

MOST = 16
_IS: dict[str, Callable[[Iterable[bool]], bool]] = {
    "above": all,
    "below": lambda on: not any(on),
    "and": all,
    "or": any,
    "not": lambda on: not any(on),
    "edge": any,
}


def _step(mod: Modulator, state: ModulatorState, signals: Sequence[float], _now: Moment) -> Memory:
    _, was, *before = state.memory
    threshold, hysteresis = state.held
    on = [
        signals[place] >= (threshold - hysteresis if was_on else threshold)
        for place, was_on in zip(mod.hears, before, strict=True)
    ]
    found = _IS[mod.data](on)
    value = found and not was if mod.data == "edge" else found
    return (float(value), float(found), *map(float, on))


def _read(given: Mapping[str, Any], names: Names) -> Heard:
    listed, op = given["signals"], given["op"]
    most = 1 if op in ("above", "below") else MOST
    if not 1 <= len(listed) <= most:
        raise ValueError(f"signals: '{op}' takes 1{f' to {most}' if most > 1 else ' signal'}, "
                         f"not {len(listed)}")  # fmt: skip
    return Heard(tuple(names.place(name) for name in listed), op)


LOGIC = Kind(
    "logic",
    held,
    _step,
    settings=(
        Setting("threshold", "From here on a signal counts as on.", 0.5, -1e9, 1e9),
        Setting("hysteresis", "It has to fall so far below it to be off.", 0.0, 0.0, 1e9),
    ),
    keys=(
        Key("signals", list[str]),
        Key("op", Literal["above", "below", "and", "or", "not", "edge"], "above"),
    ),
    read=_read,
    first=lambda mod: (0.0,) * (2 + len(mod.hears)),
    is_pulse=lambda mod: bool(mod.data == "edge"),
)
