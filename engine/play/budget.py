"""What dear events cost, and how many of them a tick takes.

A number that is written costs next to nothing; an event that makes a path fly, or begins a cue,
costs as much as dozens of them. Such events have a price (about microseconds of CPU on the machine
of `docs/performance.md`; it depends on the show alone, never on a clock) and a tick has a budget:
what is beyond waits for the next tick. When too much waits, the newest event of each address is
kept and the rest is left out, and counted. This happens before a take is recorded: what it holds is
what was played.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from engine.core.event import Event
from engine.core.show.show import Show
from engine.core.trajectory.events import flight_us, price_us

TICK_US = 300.0
"""Of dear events on one tick; one of them is always taken."""
LINE_US = 600.0
"""Of those that may wait without being thinned out."""
TARGET_US = 2.0
"""Of one target of a cue."""
MOST_COUNTED = 100
"""Addresses whose events that were left out are counted each for itself."""


def prices_us(show: Show) -> Mapping[str, float]:
    """What dear events cost, by address."""
    places = dict(_places(show))
    found = {address: places[k] for address, k in show.registry.index.items() if k in places}
    for root, index in show.constants.path_of.items():
        path = show.constants.paths[index]
        for name, change in path.parts.events.items():
            if name not in path.at:  # else a trigger among the parameters
                found[f"{root}/{name}"] = price_us(path, change)
    return found


def _places(show: Show) -> Iterator[tuple[int, float]]:
    """List the parameters whose events are dear: place and price."""
    paths, switches = show.constants.paths, show.constants.switches
    for path, places in zip(paths, switches, strict=True):
        flight = flight_us(path)
        yield from ((place, flight) for place in (*places, path.jump))
        yield from ((place, flight) for _, place in path.freezes)
        for name, change in path.parts.events.items():
            if name in path.at:
                yield path.at[name], price_us(path, change)
    yield show.master.jump, sum(map(flight_us, paths))
    for place, index in show.cue_of.items():
        yield place, TARGET_US * len(show.cues[index].targets)


class Budget:
    """Takes the dear events that a tick can afford.

    Attributes
    ----------
    prices
        Of the events that are dear, by address.
    left_out
        Events that were left out, by address; `total` of all. `deferred` counts ticks that events
        had to wait.
    """

    def __init__(self) -> None:
        self._show: Show | None = None
        self._waiting: list[Event] = []
        self.prices: Mapping[str, float] = {}
        self.left_out: Counter[str] = Counter()
        self.total = self.deferred = 0
        self._news = ""

    def follow(self, show: Show) -> None:
        """Go by the prices of a show."""
        if show is not self._show:
            self._show, self.prices = show, prices_us(show)

    def wait(self, event: Event) -> None:
        """Put a dear event into the line, in order of arrival."""
        self._waiting.append(event)

    def due(self, tick: int) -> list[Event]:
        """Take what a tick can afford of what is due on it, the oldest first."""
        if not self._waiting:
            return []
        line = self._thin_out([e for e in self._waiting if e.tick <= tick])
        count, room_us = 0, TICK_US
        for event in line:
            room_us -= self.prices.get(event.address, 0.0)
            if room_us < 0.0 and count:
                break
            count += 1
        self._waiting = line[count:] + [e for e in self._waiting if e.tick > tick]
        self.deferred += len(line) - count
        return [e._replace(tick=tick) for e in line[:count]]

    def _thin_out(self, line: list[Event]) -> list[Event]:
        """Leave out all but the newest of each address, if there are too many."""
        if sum([self.prices.get(e.address, 0.0) for e in line]) <= LINE_US:
            return line
        newest = {e.address: e for e in line}
        gone = len(line) - len(newest)
        if gone and not self.total:
            self._news = (
                f"{line[-1].source}: more events come than there is time for, so of each address "
                "only the newest counts; the stats count the rest"
            )
        self.total += gone
        for address, count in Counter([e.address for e in line]).items():
            if count > 1 and (address in self.left_out or len(self.left_out) < MOST_COUNTED):
                self.left_out[address] += count - 1
        return list(newest.values())

    def news(self) -> str:
        """Take the sentence for the operator, said once; empty if there is none."""
        news, self._news = self._news, ""
        return news
