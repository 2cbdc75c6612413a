"""What events cost, and which of a tick's events are taken when together they cost too much.

A price is about the CPU time in microseconds on the machine of `docs/performance.md`, from the
bytes of a packet to the sample of a frame; it depends on the show alone, never on a clock. A tick
that is asked for more than `TICK_US` takes of each address the newest event; of what is dear and
still too much, the newest that fit. This happens before a take is recorded: what it holds is what
was played.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from engine.core.audio.features import ADDRESS
from engine.core.event import Event
from engine.core.show.show import Show
from engine.core.trajectory.events import here_us, price_us

TICK_US = 1000.0
LEAST_US = 300.0
"""For what is dear, however many messages there are: a flood does not shut out a hand."""
MESSAGE_US = 2.5
"""Of any event: to be decoded, checked, ordered and written."""
TARGET_US = 2.0
"""Of one target of a cue."""
MOST_COUNTED = 100
"""Addresses whose events that were left out are counted each for itself."""


def prices_us(show: Show) -> Mapping[str, float]:
    """What an event costs beyond `MESSAGE_US`, by address; what is missing costs no more."""
    places = dict(_places(show))
    found = {address: places[k] for address, k in show.registry.index.items() if k in places}
    for path in show.constants.paths:
        for name, change in path.parts.events.items():
            if name not in path.at:
                found[f"{path.name}/{name}"] = price_us(change, path)
    return found


def _places(show: Show) -> Iterator[tuple[int, float]]:
    """List parameters whose events cost more than a number written: place and price."""
    constants = show.constants
    jumps = 0.0
    for path, switches in zip(constants.paths, constants.switches, strict=True):
        here = here_us(path)
        yield from (
            (place, here) for place in (*switches, *(p for _, p in path.freezes), path.jump)
        )
        jumps += here
        for name, change in path.parts.events.items():
            if name in path.at:
                yield path.at[name], price_us(change, path)
    yield show.master.jump, jumps
    for place, index in show.cue_of.items():
        yield place, TARGET_US * len(show.cues[index].targets)


class Budget:
    """Takes what a tick can afford, and counts the rest.

    Attributes
    ----------
    left_out
        Events that were left out, by address; `total` of all.
    """

    def __init__(self) -> None:
        self._show: Show | None = None
        self._prices: Mapping[str, float] = {}
        self.left_out: Counter[str] = Counter()
        self.total = 0
        self._news = ""

    def follow(self, show: Show) -> None:
        """Go by the prices of a show."""
        if show is not self._show:
            self._show, self._prices = show, prices_us(show)

    def afford(self, events: Sequence[Event], outside: Collection[int]) -> Sequence[Event]:
        """Take of a tick's events, in order of effect, what it can afford.

        Parameters
        ----------
        outside
            Sequence numbers of those that came from outside; the others are the host's, and go.
        """
        prices, asked = self._prices, [e for e in events if e.sequence in outside]
        room_us = max(TICK_US - MESSAGE_US * len(asked), LEAST_US)
        if sum([prices[e.address] for e in asked if e.address in prices]) <= room_us:
            return events
        newest = {e.address: e.sequence for e in asked}
        # Two rows of what is heard may fall on one tick, and both count.
        kept = {e.sequence for e in asked if e.address == ADDRESS} | set(newest.values())
        for event in reversed(asked):
            price_us = prices.get(event.address, 0.0)
            if price_us and event.sequence in kept:
                if price_us > room_us:
                    kept.remove(event.sequence)
                else:
                    room_us -= price_us
        self._leave_out([e for e in asked if e.sequence not in kept])
        return [e for e in events if e.sequence in kept or e.sequence not in outside]

    def _leave_out(self, events: Sequence[Event]) -> None:
        if events and not self.total:
            self._news = (
                f"{events[0].source}: more events came at once than a tick has time for; of each "
                "address the newest was taken, of what is dear what fits; the stats count the rest"
            )
        self.total += len(events)
        for address, count in Counter([e.address for e in events]).items():
            if address in self.left_out or len(self.left_out) < MOST_COUNTED:
                self.left_out[address] += count

    def news(self) -> str:
        """Take the sentence for the operator, said once; empty if there is none."""
        news, self._news = self._news, ""
        return news
