"""Movers: who moved what last, by address."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from engine.core.event import Event
from engine.play.events.complaints import came, plain
from engine.play.events.directory import Directory

MOST_LISTED = 32


class Movers:
    """The newest event of each address: as many as a show has addresses, and no more."""

    def __init__(self) -> None:
        self._newest: dict[str, Event] = {}

    def note(self, events: Iterable[Event], directory: Directory) -> None:
        """Remember events in order of effect; those of the host are nobody's."""
        known = directory.known
        for event in events:
            if event.address in known:
                self._newest[known[event.address].address] = event

    def report(self, tick: int, control_hz: Fraction) -> list[dict[str, Any]]:
        """List who moved what last: the newest ones, the very newest first."""
        newest = sorted(self._newest.items(), key=lambda row: (-row[1].tick, -row[1].sequence))
        return [
            {
                "address": address,
                "source": event.source,
                "seconds_ago": round(float((tick - event.tick) / control_hz), 3),
                "value": event.value,
            }
            for address, event in newest[:MOST_LISTED]
        ]

    def who(self, address: str, directory: Directory, tick: int, control_hz: Fraction) -> str:
        """Say it of one address, by whatever name."""
        for each in directory.targets(address):
            if (event := self._newest.get(each)) is not None:
                ago = float((tick - event.tick) / control_hz)
                return f"{each}: {came(event.value)} by {event.source}, {ago:.1f} s ago"
        return f"{plain(address)}: nobody has moved it"
