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
_DEVIATIONS = tuple(0.5 * math.sqrt(0.5) ** n for n in range(HALVINGS))


@lru_cache(maxsize=256)
def _draws(seed: int, name: str, cycle: int) -> tuple[float, ...]:
    """How far it goes in a cycle, and the draws of its bridge by their place in a heap."""
    return tuple(draw(seed, f"mod/{name}", cycle, 1 << HALVINGS).tolist())


def _walked(mod: Modulator, memory: Memory, cycle: int) -> float:
    """Where the walk is at the beginning of a cycle."""
    _, known, place = memory
    for each in range(int(known), cycle):
        place += _draws(mod.seed, mod.id, each)[0]
    for each in range(int(known) - 1, cycle - 1, -1):
        place -= _draws(mod.seed, mod.id, each)[0]
    return place


def _at(mod: Modulator, state: ModulatorState, _signals: Sequence[float], now: Moment) -> float:
    phase, known, a = state.memory
    phase += state.held[0] * now.dt
    cycle = math.floor(phase)
    if cycle != known:
        a = _walked(mod, state.memory, cycle)
    draws = _draws(mod.seed, mod.id, cycle)
    x, b, node = phase - cycle, a + draws[0], 1
    for deviation in _DEVIATIONS:
        middle = 0.5 * (a + b) + deviation * draws[node]
        x += x
        node += node
        if x < 1.0:
            b = middle
        else:
            a = middle
            x -= 1.0
            node += 1
    folded: float = (0.5 + mod.data * (a + (b - a) * x)) % 2.0
    return min(folded, 2.0 - folded)


def _step(mod: Modulator, state: ModulatorState, _signals: Sequence[float], now: Moment) -> Memory:
    phase, known, place = state.memory
    phase += state.held[0] * now.dt
    cycle = math.floor(phase)
    return (
        (phase, known, place)
        if cycle == known
        else (phase, float(cycle), _walked(mod, state.memory, cycle))
    )


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
