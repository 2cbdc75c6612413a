"""Step sequencer: a row of values, one after the other on the beat."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from engine.core.curves import shape, swung
from engine.core.expressions import LARGEST, Names
from engine.core.modulators.model import Heard, Key, Kind, Modulator, ModulatorState, Moment
from engine.core.path.setting import Setting

MOST = 256


def _at(mod: Modulator, state: ModulatorState, _signals: Sequence[float], now: Moment) -> float:
    values, beats = mod.data
    glide, swing = state.held
    phase = swung(now.beat / beats, swing)
    step = math.floor(phase)
    value: float = values[step % len(values)]
    since = phase - step
    if since >= glide:
        return value
    before: float = values[(step - 1) % len(values)]
    return before + (value - before) * shape("smooth", since / glide)


def _read(given: Mapping[str, Any], _names: Names) -> Heard:
    values, beats = given["values"], given["beats"]
    if not 1 <= len(values) <= MOST or not all(abs(value) <= LARGEST for value in values):
        raise ValueError(f"values: 1 to {MOST} numbers of at most {LARGEST:g}")
    if not 1 / 64 <= beats <= 4096:
        raise ValueError(f"beats: {beats:g} is outside 1/64 to 4096")
    return Heard((), (tuple(map(float, values)), beats))


SEQUENCE = Kind(
    "sequence",
    _at,
    settings=(
        Setting("glide", "Part of a step in which it goes over from the one before."),
        Setting("swing", "How much longer every first of two steps is.", 0.0, 0.0, 0.9),
    ),
    keys=(Key("values", list[float]), Key("beats", float, 1.0)),
    read=_read,
)
