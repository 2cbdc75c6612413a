"""Event queue: arrivals get a tick, are bounded, checked against the registry and counted."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from engine.core.audio.features import ADDRESS, FEATURES
from engine.core.clock import first_index
from engine.core.event import Event, Value, in_order
from engine.core.frame.advance import resolve
from engine.core.frame.paths import fits, path_event
from engine.core.parameter import to_float
from engine.core.show.show import Show
from engine.core.trajectory.events import numbers
from engine.play.budget import Budget
from engine.play.complaints import MOST_ADDRESSES, Complaints
from engine.sources.contract import Item, Origin

MOST_UNKNOWN = MOST_ADDRESSES


def addresses(show: Show) -> Iterator[str]:
    """Every address that a message may have: parameters, groups of them, the show's signals."""
    yield from (parameter.address for parameter in show.registry.parameters)
    yield from show.registry.groups
    yield from (f"/signal/{name}" for name in show.signals if "/" not in name)


class EventQueue:
    """Events by tick, from what sources hand over."""

    def __init__(self) -> None:
        self._pending: dict[int, list[Event]] = {}
        self._track: Mapping[int, Sequence[Event]] = {}
        self._track_shift = 0
        self._sequence = 0
        self._outside: set[int] = set()
        self.budget = Budget()
        self.unknown: Counter[str] = Counter()
        self.unknown_total = 0
        self.refused = 0
        self.complaints = Complaints()

    def take(
        self,
        show: Show,
        newest_tick: int,
        origin: Origin,
        items: Iterable[Item],
        seconds_of: Callable[[int], Fraction],
    ) -> None:
        """Give each item the first tick that is not before its arrival and not yet advanced.

        Parameters
        ----------
        newest_tick
            The newest tick that was advanced.
        origin
            Who sends them; what it does not declare is refused.
        items
            (arrival on the monotonic clock in ns, address, value).
        seconds_of
            Show time of an arrival.
        """
        self.budget.follow(show)
        tick, tick_ns = 0, -1
        for arrival_ns, address, value in items:
            if self._accept(show, address, value, origin):
                if arrival_ns != tick_ns:  # all of a packet arrive together
                    first = first_index(seconds_of(arrival_ns), show.control_hz)
                    tick, tick_ns = max(first, newest_tick + 1), arrival_ns
                self.add(tick, address, value, origin.name)
                self._outside.add(self._sequence)

    def add(self, tick: int, address: str, value: Value, source: str) -> None:
        """Add an event that is known to be good."""
        self._sequence += 1
        event = Event(tick, address, value, source, self._sequence)
        self._pending.setdefault(tick, []).append(event)

    def _accept(self, show: Show, address: str, value: Value, origin: Origin) -> bool:
        if not origin.may_write(address):
            return self._refuse(origin, address, f"it does not declare that it writes {address}")
        if address == ADDRESS:
            return self._accept_sound(value, origin)
        if address.startswith("/signal/"):
            name = address.removeprefix("/signal/")
            # The show's own signals have plain names; those with a "/" the engine makes itself.
            if name not in show.signal_of or "/" in name:
                self._count_unknown(origin, address)
                return False
            if isinstance(value, (bool, int, float)) and math.isfinite(to_float(value)):
                return True
            return self._refuse(origin, address, f"{address} takes a number")
        try:
            return bool(resolve(show, address, value))
        except KeyError:
            if path_event(show, address):
                if fits(show, address, numbers(value)):
                    return True
                return self._refuse(origin, address, f"{address} takes other data")
            self._count_unknown(origin, address)
        except ValueError as error:
            return self._refuse(origin, address, str(error))
        return False

    def _refuse(self, origin: Origin, address: str, why: str) -> bool:
        self.refused += 1
        self.complaints.refuse(origin.name, address, why)
        return False

    def _accept_sound(self, value: Value, origin: Origin) -> bool:
        """Accept features of a sound, of whoever declares in full that it hears one."""
        if ADDRESS not in origin.addresses:
            self._count_unknown(origin, ADDRESS)
            return False
        if isinstance(value, tuple) and len(value) == len(FEATURES):
            return True
        return self._refuse(origin, ADDRESS, f"{ADDRESS} takes {len(FEATURES)} numbers")

    def _count_unknown(self, origin: Origin, address: str) -> None:
        self.unknown_total += 1
        if address not in self.unknown and len(self.unknown) < MOST_UNKNOWN:
            self.complaints.miss(origin.name, address)
        if address in self.unknown or len(self.unknown) < MOST_UNKNOWN:
            self.unknown[address] += 1

    def play(self, track: Mapping[int, Sequence[Event]], start_tick: int) -> None:
        """Let a track's events, known ahead by its own ticks, begin at a tick of the show."""
        self._track = track
        self._track_shift = -start_tick

    def jump(self, ticks: int) -> None:
        """Go on in the track after a gap that the show did not live through."""
        self._track_shift += ticks

    def events_of(self, tick: int) -> Sequence[Event]:
        """Hand over the events of a tick, in order of effect; each tick once."""
        found = self._afford(in_order(self._pending.pop(tick, [])))
        heard = self._track.get(tick + self._track_shift, ())
        if not heard:
            return found
        if self._track_shift:
            heard = [Event(tick, e.address, e.value, e.source, e.sequence) for e in heard]
        return in_order([*found, *heard])

    def _afford(self, found: list[Event]) -> Sequence[Event]:
        """Take what the tick can afford of what came from outside."""
        if not self._outside:
            return found
        taken = self.budget.afford(found, self._outside)
        self._outside.difference_update(event.sequence for event in found)
        return taken
