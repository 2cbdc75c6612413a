"""What dear events cost, how many of them a packet may bring, and how many a tick takes.

A number that is written costs next to nothing; an event that makes a path fly, or begins a cue,
costs as much as dozens of them. Such events have a price (about microseconds of CPU on the machine
of `docs/performance.md`; it depends on the show alone, never on a clock). A tick takes what it can
afford, and the rest waits. What waits of one source is what one packet may cost: beyond that the
newest event of each path and name counts, then the newest of each path; the rest is left out, and
counted. This happens before a take is recorded: what it holds is what was played.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from engine.core.event import Event
from engine.core.show.controls import Cue
from engine.core.show.show import Show
from engine.core.trajectory.events import leave_us, price_us

PACKET_US = 1000.0
"""Of everything that comes from one source in one frame: of one packet."""
READ_US = 2.0
"""Of one message, or one address of a pattern: to read it, to check it and to write its number."""
TICK_US = 350.0
"""Of dear events on one tick, and up to one event more."""
NOW_US = 70.0
"""Of a tick that has any: all values are worked out for it."""
CUE_US, TARGET_US = 40.0, 2.0
"""Of a cue, and of one of its targets."""
FEW = 80
"""Events that may be within what a packet costs; more never are."""
MOST_COUNTED = 100
"""Addresses whose events that were left out are counted each for itself."""


class Price(NamedTuple):
    """What a dear event costs.

    Parameters
    ----------
    us
        About microseconds of CPU.
    name
        Whatever its address is called here: of what has one name, the newest counts.
    owner
        Whose event it is: a path, or a cue. The newest of each is never left out.
    unit
        What is paid once on a tick: settings by which a path flies over are one flight.
    """

    us: float
    name: str
    owner: str
    unit: str


def prices(show: Show) -> Mapping[str, Price]:
    """What dear events cost, by address."""
    paths, registry = show.constants.paths, show.registry
    places = dict(_places(show))
    found = {address: places[k] for address, k in registry.index.items() if k in places}
    for root, index in show.constants.path_of.items():
        path = paths[index]
        for name, change in path.parts.events.items():
            if name not in path.at:  # else a trigger among the parameters
                own = f"{path.name}/{name}"
                found[f"{root}/{name}"] = Price(price_us(path, change), own, path.name, own)
    return found


def _places(show: Show) -> Iterator[tuple[int, Price]]:
    """List the parameters whose events are dear: place and price."""
    paths, switches = show.constants.paths, show.constants.switches
    parameters = show.registry.parameters

    def price(place: int, us: float, owner: str, unit: str = "") -> tuple[int, Price]:
        name = parameters[place].address
        return place, Price(us, name, owner, unit or name)

    for path, places in zip(paths, switches, strict=True):
        flight = leave_us(path)
        yield price(path.jump, flight, path.name)
        yield from (price(place, flight, path.name, f"{path.name}:fly") for place in places)
        for _, place in path.freezes:
            yield price(place, flight, path.name, f"{path.name}:freeze")
        for name, change in path.parts.events.items():
            if name in path.at:
                yield price(path.at[name], price_us(path, change), path.name)
    yield price(show.master.jump, sum(map(leave_us, paths)), "/master")
    cues = [_cue_us(show, cue) for cue in show.cues]
    for place, index in show.cue_of.items():
        yield price(place, cues[index], "/cue")
    for place, (number, _) in show.constants.list_acts.items():
        yield price(place, max(cues[index] for index in show.lists[number].cues), "/cue")
    if show.fader is not None:
        for place in (show.fader.a, show.fader.b):
            yield price(place, 2.0 * max(cues), "/cue")


def _cue_us(show: Show, cue: Cue) -> float:
    flights = sum(leave_us(show.constants.paths[index]) for index, _ in cue.latents)
    return CUE_US + TARGET_US * len(cue.targets) + flights


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
        self._lines: dict[str, list[Event]] = {}
        self.prices: Mapping[str, Price] = {}
        self.left_out: Counter[str] = Counter()
        self.total = self.deferred = 0
        self._news = ""

    def follow(self, show: Show) -> None:
        """Go by the prices of a show; what waits and has no price there is no event of it."""
        if show is not self._show:
            self._show, self.prices = show, prices(show)
            for source, line in self._lines.items():
                self._lines[source] = [event for event in line if event.address in self.prices]

    @property
    def is_waiting(self) -> bool:
        """Whether any event waits."""
        return any(self._lines.values())

    def wait(self, event: Event) -> None:
        """Put a dear event into the line of its source, in order of arrival."""
        self._lines.setdefault(event.source, []).append(event)

    def close(self, source: str, read: int) -> None:
        """Leave out what a source that was `read` asks for beyond what one packet may cost."""
        line = self._lines.get(source)
        if line:
            room_us = (PACKET_US - READ_US * read) * TICK_US / (TICK_US + NOW_US)
            self._lines[source] = self._cut(line, room_us)

    def _cut(self, line: list[Event], room_us: float) -> list[Event]:
        if len(line) <= FEW and self._cost_us(line) <= room_us:
            return line
        newest = {self.prices[event.address].name: event for event in line}
        kept = sorted(newest.values(), key=lambda event: event.sequence)
        if self._cost_us(kept) > room_us:
            kept = self._owners_first(kept, room_us)
        self._count(line, kept)
        return kept

    def _owners_first(self, line: list[Event], room_us: float) -> list[Event]:
        """Keep the newest of each owner, and of the others what there is room for, newest first."""
        owners, units = set[str](), set[str]()
        for event in reversed(line):
            price = self.prices[event.address]
            if price.owner not in owners:
                owners.add(price.owner)
                units.add(price.unit)
                room_us -= price.us
        for event in reversed(line):
            price = self.prices[event.address]
            if price.unit not in units and price.us <= room_us:
                units.add(price.unit)
                room_us -= price.us
        return [event for event in line if self.prices[event.address].unit in units]

    def _cost_us(self, line: list[Event]) -> float:
        """What events cost, if those that are paid together come together."""
        prices = [self.prices[event.address] for event in line]
        together = {price.unit: price.us for price in prices if price.unit != price.name}
        return sum([p.us for p in prices if p.unit == p.name]) + sum(together.values())

    def _count(self, line: list[Event], kept: list[Event]) -> None:
        """Count what was left out, and say it the first time."""
        gone = Counter(e.address for e in line)
        gone.subtract(e.address for e in kept)
        count = gone.total()
        if count and not self.total:
            self._news = (
                f"{line[-1].source}: more comes at once than there is time for: of each path and "
                f"name only the newest counts, and {count} events were left out; the stats count "
                "them. Send fewer in one packet, and the next ones a little later"
            )
        self.total += count
        for address, left in gone.items():
            if left and (address in self.left_out or len(self.left_out) < MOST_COUNTED):
                self.left_out[address] += left

    def due(self, tick: int) -> list[Event]:
        """Take what a tick can afford of what is due on it: of each source the oldest first.

        The source of which least waits is served first: a hand does not stand behind a flood.
        """
        found: list[Event] = []
        if self._lines:
            room_us = TICK_US
            for source in sorted(self._lines, key=lambda each: (len(self._lines[each]), each)):
                taken, room_us = self._serve(source, tick, room_us)
                found += taken
        return found

    def _serve(self, source: str, tick: int, room_us: float) -> tuple[list[Event], float]:
        taken: list[Event] = []
        later: list[Event] = []
        paid = set[str]()
        for event in self._lines.pop(source):
            price = self.prices[event.address]
            is_paid = price.unit != price.name and price.unit in paid
            if event.tick > tick:
                later.append(event)
            elif is_paid or room_us > 0.0:
                paid.add(price.unit)
                room_us -= 0.0 if is_paid else price.us
                taken.append(event._replace(tick=tick))
            else:
                later.append(event)
                self.deferred += 1
        if later:
            self._lines[source] = later
        return taken, room_us

    def news(self) -> str:
        """Take the sentence for the operator, said once; empty if there is none."""
        news, self._news = self._news, ""
        return news
