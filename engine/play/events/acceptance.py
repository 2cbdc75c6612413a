"""Acceptance: which values an address takes from whom, and why it does not take the others."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping

from engine.core.audio.features import ADDRESS, FEATURES
from engine.core.event import Value
from engine.core.frame.advance import resolve
from engine.core.frame.paths import fits, path_event
from engine.core.parameter import to_float
from engine.core.show.lettering import refusal as text_refusal
from engine.core.show.show import Show
from engine.core.tempo.sync import TOLD
from engine.core.tempo.sync import refusal as tempo_refusal
from engine.core.trajectory.events import MOST_NUMBERS, numbers
from engine.play.events.complaints import came, plain
from engine.sources.contract import EVERYTHING, Origin

LARGEST = 1e300
"""Of numbers that need no second look."""
ONE = (1,)
"""Counts of what takes a number, and no vector of one."""


class Usual:
    """What messages usually bring, known without asking: so many finite numbers by address."""

    def __init__(self, show: Show | None) -> None:
        self.counts: Mapping[str, Collection[int]] = {}
        self._triggers: frozenset[str] = frozenset()
        if show is not None:
            index, groups = show.registry.index, show.registry.groups
            vectors = {address: (len(places),) for address, places in groups.items()}
            signals = [f"/signal/{name}" for name in show.signals if "/" not in name]
            single = dict.fromkeys((*index, *signals), ONE)
            self.counts = {**single, **vectors, **dict(_path_events(show))}
            self._triggers = frozenset(a for a, place in index.items() if place in show.triggers)

    def takes(self, address: str, value: Value) -> bool:
        """Whether an address takes a value; False may mean that it has to be looked at closely."""
        counts = self.counts.get(address)
        if counts is None or (not value and address in self._triggers):
            return False
        kind = type(value)
        if kind is float or kind is int:
            return 1 in counts and -LARGEST < value < LARGEST  # type: ignore[operator]  # a number
        if kind is tuple and counts is not ONE:
            return len(value) in counts and -LARGEST < sum(value) < LARGEST  # type: ignore[arg-type]  # a tuple
        return kind is bool and 1 in counts


NOTHING = Usual(None)


def _path_events(show: Show) -> Iterator[tuple[str, Collection[int]]]:
    """List the events of paths that are no parameters, and how many numbers each takes."""
    for root, index in show.constants.path_of.items():
        path = show.constants.paths[index]
        for name, change in path.parts.events.items():
            if name not in path.at:
                counts = change.lengths(path) if change.lengths else range(1, MOST_NUMBERS + 1)
                yield f"{root}/{name}", counts


def refusal(show: Show, address: str, value: Value, origin: Origin) -> str | None:
    """Say why an address does not take a value: None if it does, empty if it need not be said.

    Raises
    ------
    KeyError
        If there is no such address.
    """
    if origin.addresses != EVERYTHING and not origin.may_write(address):
        return undeclared(address)
    if address == ADDRESS:
        return _refusal_of_sound(value, origin)
    if address in TOLD:
        if address not in origin.addresses:
            raise KeyError(address)
        return tempo_refusal(address, value)
    if address.startswith("/signal/"):
        name = address.removeprefix("/signal/")
        # The show's own signals have plain names; those with a "/" the engine makes itself.
        if name not in show.signal_of or "/" in name:
            raise KeyError(address)
        is_number = isinstance(value, (bool, int, float)) and math.isfinite(to_float(value))
        return None if is_number else f"{address} takes a number, not {came(value)}"
    if address in show.constants.texts:
        return text_refusal(address, value)
    if address not in show.registry.index and address not in show.registry.groups:
        event = path_event(show, address)
        if event is None:
            raise KeyError(address)
        if fits(show, address, numbers(value)):
            return None
        path, name = event
        lengths = path.parts.events[name].lengths
        counts = " or ".join(map(str, dict.fromkeys(lengths(path)))) if lengths else "finite"
        return f"{address} takes {counts} numbers, not {came(value)}"
    try:
        return None if resolve(show, address, value) else ""
    except ValueError as error:
        return str(error)


def undeclared(address: str) -> str:
    """Say that a source may not write an address."""
    return f"it does not declare that it writes {plain(address)}"


def _refusal_of_sound(value: Value, origin: Origin) -> str | None:
    """Accept features of a sound, of whoever declares in full that it hears one."""
    if ADDRESS not in origin.addresses:
        raise KeyError(ADDRESS)
    is_row = isinstance(value, tuple) and len(value) == len(FEATURES)
    return None if is_row else f"{ADDRESS} takes {len(FEATURES)} numbers"
