"""What reaches parameters: routes and macros, in the order in which they enter their targets."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.curves import CURVES
from engine.core.modulators.model import Modulator
from engine.core.show.controls import Lfo, MacroTarget, Route

Curve = Callable[[float], float] | None
"""From [0, 1] to [0, 1]; None: the same."""


class Filter(NamedTuple):
    """How a route follows its signal: from `low`, over `span`, through a curve, and smoothed.

    `rise` and `fall` are what is left after a tick of the way to its goal; `cutoff` is that of its
    one-euro filter.
    """

    signal: int
    low: float
    span: float
    curve: Curve
    rise: float
    fall: float
    cutoff: tuple[float, float] | None


class Entry(NamedTuple):
    """How a route enters its target: `route` is its index, the places are those among values.

    `smoothing` are the times of attack and release; a route that has none shapes its signal anew
    at every moment: (signal, low, span, curve). Of a macro `route` is -1, and `shaping` has the
    place of the macro and the number at its beginning, from which it goes `depth` further.
    """

    route: int
    target: int
    mode: str
    depth: float
    depth_place: int
    smoothing: tuple[float, float] | None
    shaping: tuple[int, float, float, Curve]


class Reach(NamedTuple):
    """What reaches some parameters: what has to be worked out to know their effective values.

    Parameters
    ----------
    places, entries
        What the routes and macros read and write, and how they enter there, in order.
    is_heard, lfos, modulators
        Whether a route follows its signal at once, also between ticks, and indices of the
        oscillators and modulators that are heard then.
    springs, is_sprung
        Index and place of each spring · whether something is written to one of these places.
    """

    places: NDArray[np.intp]
    entries: tuple[Entry, ...]
    is_heard: bool
    lfos: tuple[int, ...]
    modulators: tuple[int, ...]
    springs: tuple[tuple[int, int], ...]
    is_sprung: bool


@dataclass(frozen=True, eq=False)
class Movers:
    """What moves the parameters of a show; modulators in the order in which they hear each other.

    A link is a route, by its index, or a macro's target, by its index after those of the routes.
    """

    routes: Sequence[Route]
    macros: Sequence[MacroTarget]
    lfos: Sequence[Lfo]
    modulators: Sequence[Modulator]

    def target(self, link: int) -> int:
        """Place that a link writes to."""
        own = len(self.routes)
        return self.routes[link].target if link < own else self.macros[link - own].target

    def source(self, link: int) -> int:
        """Place that a link reads: the depth of a route, a macro; -1: none."""
        own = len(self.routes)
        return self.routes[link].depth_place if link < own else self.macros[link - own].macro

    @cached_property
    def targets(self) -> frozenset[int]:
        """Places of what is moved."""
        return frozenset(self.target(i) for i in range(len(self.routes) + len(self.macros)))

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Links in the order in which they enter.

        Routes as the show lists them. A macro comes after all that moves it, and before the routes
        of the parameters that it moves.

        Raises
        ------
        ValueError
            If there is no such order.
        """
        count, own = len(self.routes) + len(self.macros), len(self.routes)
        level = self._levels(count) if self.macros else {}
        return tuple(sorted(range(count), key=lambda i: (level.get(self.target(i), 0), i < own, i)))

    def _levels(self, count: int) -> dict[int, int]:
        """How many macros, one upon the other, stand before each place."""
        level: dict[int, int] = {}
        for _ in range(count + 2):  # as long as the longest way, unless there is a circle
            before = dict(level)
            for link in range(count):
                source, target = self.source(link), self.target(link)
                if link >= len(self.routes) or level.get(source, 0):
                    level[target] = max(level.get(target, 0), level.get(source, 0) + 1)
            if level == before:
                return level
        raise ValueError("macros: one moves itself, by another or by the depth of a route")


def decay_of(tau_s: float, tick_s: float) -> float:
    """What is left after a tick of a way that is followed with a time constant."""
    return math.exp(-tick_s / tau_s) if tau_s > 0.0 else 0.0


def filters_of(routes: Sequence[Route], tick_s: float) -> tuple[Filter, ...]:
    """How routes follow their signals."""
    return tuple(
        Filter(*_shaping(r), decay_of(r.attack_s, tick_s), decay_of(r.release_s, tick_s), r.euro)
        for r in routes
    )


def _curve(name: str) -> Curve:
    return None if name == "linear" else CURVES[name]


def _shaping(route: Route) -> tuple[int, float, float, Curve]:
    return route.signal, route.low, route.high - route.low, _curve(route.curve)


def is_direct(route: Route) -> bool:
    """Whether a route follows its signal at once, also between ticks."""
    return route.attack_s <= 0.0 and route.release_s <= 0.0 and route.euro is None


def entries_of(
    movers: Movers, chosen: Collection[int], places: Sequence[int] | None = None
) -> tuple[Entry, ...]:
    """How some links enter their targets, in order, among the values of `places`; None: of all."""
    index = None if places is None else {place: i for i, place in enumerate(places)}
    at = (lambda place: place) if index is None else index.__getitem__
    own, found = len(movers.routes), []
    for i in movers.order:
        if i not in chosen:
            continue
        if i >= own:
            m = movers.macros[i - own]
            shaping = (at(m.macro), m.low, 1.0, _curve(m.curve))
            found.append(Entry(-1, at(m.target), m.mode, m.high - m.low, -1, None, shaping))
            continue
        r = movers.routes[i]
        depth = at(r.depth_place) if r.depth_place >= 0 else -1
        times = None if is_direct(r) else (r.attack_s, r.release_s)
        found.append(Entry(i, at(r.target), r.mode, r.depth, depth, times, _shaping(r)))
    return tuple(found)


def reach_of(
    movers: Movers, every_spring: Sequence[tuple[int, int]], wanted: set[int] | None = None
) -> Reach:
    """What reaches the parameters of these places; None: all of them."""
    chosen = reaching(movers, movers.targets if wanted is None else wanted)
    targets = {movers.target(i) for i in chosen}
    listed = [movers.routes[i] for i in chosen if i < len(movers.routes)]
    heard = {r.signal for r in listed if is_direct(r)}
    is_heard, modulators = bool(heard), []
    for i, mod in reversed(list(enumerate(movers.modulators))):
        if mod.signal in heard and not mod.kind.is_pulse(mod):
            modulators.append(i)
            if mod.kind.step is None:
                heard.update(mod.hears)
    touched = sorted(targets | {place for i in chosen if (place := movers.source(i)) >= 0})
    springs = tuple(
        (i, place) for i, (place, _) in enumerate(every_spring) if wanted is None or place in wanted
    )
    return Reach(
        np.array(touched, np.intp),
        entries_of(movers, chosen, touched),
        is_heard,
        tuple(i for i, lfo in enumerate(movers.lfos) if lfo.signal in heard),
        tuple(reversed(modulators)),
        springs,
        any(place in targets for _, place in springs),
    )


def reaching(movers: Movers, places: Collection[int]) -> frozenset[int]:
    """Links that write to the places, or to what such a link reads."""
    links = range(len(movers.routes) + len(movers.macros))
    wanted, found = set(places), -1
    while found != len(wanted):
        found = len(wanted)
        wanted |= {movers.source(i) for i in links if movers.target(i) in wanted} - {-1}
    return frozenset(i for i in links if movers.target(i) in wanted)
