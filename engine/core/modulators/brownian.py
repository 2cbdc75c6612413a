"""Random walk: Brownian motion that turns round at 0 and at 1, the same for the same seed.

Between whole cycles it is a Brownian bridge, halved six times with keyed draws (Lévy's
construction), so that it has one value at every moment, whoever asks when.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from engine.core.expressions import Names
from engine.core.modulators.model import Heard, Key, Kind, Memory, Modulator, ModulatorState, Moment
from engine.core.path.setting import Setting
from engine.core.rng import draw

HALVINGS = 6


@lru_cache(maxsize=256)
def _draws(seed: int, name: str, cycle: int) -> tuple[float, ...]:
    """How far it goes in a cycle, and the draws of its bridge by their place in a heap."""
    return tuple(draw(seed, name, cycle, 1 << HALVINGS).tolist())


def _walked(mod: Modulator, memory: Memory, phase: float) -> tuple[int, float]:
    """The cycle of a phase, and where the walk was at its beginning."""
    _, known, place = memory
    cycle, name = math.floor(phase), f"mod/{mod.id}"
    for each in range(int(known), cycle):
        place += _draws(mod.seed, name, each)[0]
    for each in range(int(known) - 1, cycle - 1, -1):
        place -= _draws(mod.seed, name, each)[0]
    return cycle, place


def _at(mod: Modulator, state: ModulatorState, _signals: Sequence[float], now: Moment) -> float:
    phase = state.memory[0] + state.held[0] * now.dt
    cycle, a = _walked(mod, state.memory, phase)
    draws = _draws(mod.seed, f"mod/{mod.id}", cycle)
    x, b, node, deviation = phase - cycle, a + draws[0], 1, 0.5
    for _ in range(HALVINGS):
        middle = 0.5 * (a + b) + deviation * draws[node]
        node, x, deviation = 2 * node, 2.0 * x, deviation * math.sqrt(0.5)
        if x < 1.0:
            b = middle
        else:
            a, x, node = middle, x - 1.0, node + 1
    folded: float = (0.5 + mod.data * (a + (b - a) * x)) % 2.0
    return min(folded, 2.0 - folded)


def _step(mod: Modulator, state: ModulatorState, _signals: Sequence[float], now: Moment) -> Memory:
    phase = state.memory[0] + state.held[0] * now.dt
    return (phase, *map(float, _walked(mod, state.memory, phase)))


def _read(given: Mapping[str, Any], _names: Names) -> Heard:
    if not 0.0 <= given["stride"] <= 10.0:
        raise ValueError(f"stride: {given['stride']:g} is outside 0 to 10")
    return Heard((), given["stride"])


BROWNIAN = Kind(
    "brownian",
    _at,
    _step,
    settings=(Setting("rate_hz", "Cycles a second.", 0.5, 0.0, 60.0, "hz", is_timing=True),),
    keys=(Key("stride", float, 0.25),),
    read=_read,
    first=lambda _: (0.0, 0.0, 0.0),
)
