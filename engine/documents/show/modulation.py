"""Modulators and macros of a show file, and the signals that they and routes name."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from engine.core.curves import CURVES
from engine.core.expressions import Names
from engine.core.modulators.model import Heard, Modulator
from engine.core.parameter import Kind, Parameter, Registry
from engine.core.show.controls import Lfo, MacroTarget
from engine.documents.builder import ShowBuilder, clamped, each
from engine.documents.errors import within
from engine.documents.modulation_tables import KINDS, LfoTable, MacroTable, MacroTargetTable
from engine.documents.schema import ShowTable

LARGEST = 1e6
MOST = 512
LONGEST = 10_000
"""Of all expressions of a show, in characters: what a stranger's show may cost on a tick."""
PULSES = ("audio/onset", "audio/kick", "beat/pulse", "bar/pulse", "phrase/pulse")
CLOCK = {"time": "clock/time", "beat": "clock/beat"}
"""Short names of signals that are there as soon as somebody names them, see `Show.clock`."""


@dataclass
class Signals:
    """Names of all signals; parameters and clocks become signals when they are named."""

    places: dict[str, int]
    registry: Registry
    addressed: dict[int, int] = field(default_factory=dict)

    def knows(self, name: str) -> bool:
        """Whether something has that name."""
        name = name if name in self.places else CLOCK.get(name, name)
        return name in self.places or name in CLOCK.values() or name in self.registry.index

    def place(self, name: str) -> int:
        """Place of a signal, or of an address that is heard as one.

        Raises
        ------
        ValueError
            If there is none.
        """
        if name not in self.places:
            name = CLOCK.get(name, name)
        if name not in self.places:
            if not self.knows(name):
                there = [*self.registry.index] if name.startswith("/") else [*self.places, *CLOCK]
                near = difflib.get_close_matches(name, there, 3, 0.5)
                hint = f"near are: {', '.join(near)}" if near else f"there are: {', '.join(there)}"
                raise ValueError(f"no signal '{name[:80]}'; {hint[:1000]}")
            if name.startswith("/"):
                self.addressed[len(self.places)] = self.registry.index[name]
            self.places[name] = len(self.places)
        return self.places[name]

    def hear(self, names: Iterable[str]) -> None:
        """Make signals of the addresses and clocks among some names."""
        for name in names:
            if self.knows(name):
                self.place(name)

    def pulses(self, modulators: Iterable[Modulator]) -> frozenset[int]:
        """Places of signals that are 0 again on the next tick: of triggers and edges, too."""
        found = {self.places[name] for name in PULSES}
        found |= {mod.signal for mod in modulators if mod.kind.is_pulse(mod)}
        listed = self.registry.parameters
        return frozenset(found).union(
            s for s, place in self.addressed.items() if listed[place].kind is Kind.TRIGGER
        )

    @property
    def clock(self) -> tuple[int, int]:
        """Places of both clocks, -1 for one that nobody names."""
        seconds, beats = (self.places.get(name, -1) for name in CLOCK.values())
        return seconds, beats


def add_rates(builder: ShowBuilder, table: ShowTable) -> list[int]:
    """Add the rates of oscillators; return their places."""
    text = "Rate of an oscillator."
    return [
        builder.number(f"/lfo/{o.id}/rate_hz", o.rate_hz, 0, 60, "hz", text, f"Rate of {o.id}")
        for o in table.lfos
    ]


def make_lfos(
    table: ShowTable, rates: Sequence[int], signal_of: Mapping[str, int]
) -> tuple[Lfo, ...]:
    """Resolve the oscillators, whose rates are parameters."""

    def make(pair: tuple[LfoTable, int]) -> Lfo:
        one, rate = pair
        if one.beats and not 1 / 64 <= one.beats <= 4096:
            raise ValueError(f"beats: {one.beats:g} is neither 0 nor 1/64 to 4096")
        for key, low, high in (("phase", -1.0, 1.0), ("swing", 0.0, 0.9), ("width", 0.0, 1.0)):
            if not low <= getattr(one, key) <= high:
                raise ValueError(f"{key}: outside {low:g} to {high:g}")
        return Lfo(one.id, one.wave, rate, one.beats, signal_of[f"lfo/{one.id}"],
                   one.phase, one.swing, one.width)  # fmt: skip

    return tuple(each(list(zip(table.lfos, rates, strict=True)), "lfos", make))


def add_parameters(builder: ShowBuilder, table: ShowTable) -> None:
    """Add the settings of modulators, and the macros."""
    for i, one in enumerate(table.modulators):
        for setting in KINDS[kind_of(one)].settings:
            with within(f"modulators[{i}].{setting.name}: "):
                builder.add(clamped(Parameter(
                    f"/mod/{one.id}/{setting.name}", setting.kind,
                    float(getattr(one, setting.name)), setting.low, setting.high,
                    setting.choices, setting.unit, setting.text, label=setting.label,
                )))  # fmt: skip
    for number, macro in enumerate(table.macros, 1):
        text = "A macro: one knob for several parameters."
        with within(f"macros[{number - 1}].value: "):
            builder.number(f"/macro/{macro.id}", macro.value, 0.0, 1.0, "", text, macro.label)
        builder.aliases[f"/macro/{number}"] = f"/macro/{macro.id}"


def kind_of(table: Any) -> str:
    """Name of the kind of a modulator's table."""
    return str(table.__struct_config__.tag)


def make_modulators(
    builder: ShowBuilder, table: ShowTable, signals: Signals
) -> tuple[Modulator, ...]:
    """Resolve all modulators, each after those that it hears.

    Raises
    ------
    ValueError
        Also if they hear each other in a circle, which is named.
    """
    names = Names(signals.place, signals.knows, table.seed)

    def make(one: Any) -> Modulator:
        kind = KINDS[kind_of(one)]
        heard = _heard(kind.signals, one, signals.place)
        if kind.read is not None:
            given = {name: getattr(one, name) for name in one.__struct_fields__}
            heard = kind.read(given, names)
        settings = tuple((builder.places[f"/mod/{one.id}/{s.name}"], s.is_timing)
                         for s in kind.settings)  # fmt: skip
        place = signals.places[f"mod/{one.id}"]
        return Modulator(one.id, kind, place, heard.signals, settings, table.seed, heard.data)

    if len(table.modulators) > MOST:
        raise ValueError(f"modulators: {len(table.modulators)} of them; a show has at most {MOST}")
    if sum(len(getattr(one, "expression", "")) for one in table.modulators) > LONGEST:
        raise ValueError(f"modulators: their expressions have more than {LONGEST} characters")
    made = {mod.signal: mod for mod in each(table.modulators, "modulators", make)}
    named = list(signals.places)
    order = _order({place: mod.hears for place, mod in made.items()},
                   named.__getitem__, "modulators: they hear")  # fmt: skip
    return tuple(made[place] for place in order if place in made)


def _heard(keys: Sequence[Any], one: Any, place: Callable[[str], int]) -> Heard:
    found = []
    for key in keys:
        name = getattr(one, key.name)
        with within(f"{key.name}: "):
            found.append(place(name) if name or key.default != "" else -1)
    return Heard(tuple(found))


def _order(graph: Any, name: Callable[[int], str], what: str) -> list[int]:
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = " → ".join(name(place) for place in reversed(error.args[1]))
        raise ValueError(f"{what} each other in a circle: {circle}") from None


def make_macros(table: ShowTable, registry: Registry) -> tuple[MacroTarget, ...]:
    """Resolve what macros do.

    Raises
    ------
    ValueError
        Also if they move each other in a circle, which is named.
    """
    found: list[MacroTarget] = []

    def make(macro: MacroTable) -> None:
        if not macro.targets:
            raise ValueError("targets: a macro has at least one")
        own = registry.index[f"/macro/{macro.id}"]
        found.extend(each(macro.targets, "targets", lambda one: _target(own, one, registry)))

    list(each(table.macros, "macros", make))
    if len(found) > MOST:
        raise ValueError(f"macros: {len(found)} targets; a show has at most {MOST}")
    graph: dict[int, list[int]] = {}
    for one in found:
        graph.setdefault(one.macro, []).append(one.target)
    _order(graph, lambda place: registry.parameters[place].address, "macros: they move")
    return tuple(found)


def _target(macro: int, table: MacroTargetTable, registry: Registry) -> MacroTarget:
    place = registry.index.get(table.target)
    if place is None:
        near = difflib.get_close_matches(table.target, list(registry.index), 3, 0.5)
        hint = f"; near are: {', '.join(near)}" if near else ""
        raise ValueError(f"target: no parameter has the address '{table.target[:80]}'{hint}")
    if registry.parameters[place].kind is Kind.TRIGGER:
        raise ValueError(f"target: {table.target} is a trigger; a macro needs a value")
    low, high = table.range
    if not all(math.isfinite(end) and abs(end) <= LARGEST for end in (low, high)):
        raise ValueError(f"range: two numbers of at most {LARGEST:g}")
    if table.curve not in CURVES:
        raise ValueError(f"curve: '{table.curve}' is not known; allowed are: {', '.join(CURVES)}")
    return MacroTarget(macro, place, low, high, table.curve, table.mode)
