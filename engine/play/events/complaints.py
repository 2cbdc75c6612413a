"""Complaints about events without effect: once for each address, with the nearest one."""

from __future__ import annotations

from typing import NamedTuple

from engine.core.event import Value
from engine.play.events.directory import Directory

MOST_ADDRESSES = 100
MOST_REPORTED = 20
"""Sentences of one performance; the rest is in its stats."""
_MOST_LETTERS = 120
_MOST_SHOWN = 4
"""Numbers of a vector that are shown."""


class Complaint(NamedTuple):
    """What a source sent in vain, and why; empty: there is no such address."""

    source: str
    address: str
    why: str
    came: str


class Complaints:
    """Gathers them, in bounded memory, and says one at a time.

    Attributes
    ----------
    refusals
        Address → how often a value for it was refused, and why the first time.
    """

    def __init__(self) -> None:
        self.refusals: dict[str, tuple[int, str]] = {}
        self._waiting: list[Complaint] = []
        self._reported = 0

    def refuse(self, source: str, address: str, why: str) -> None:
        """Note a value that an address does not take."""
        count, first = self.refusals.get(address, (0, why))
        if count or len(self.refusals) < MOST_ADDRESSES:
            self.refusals[address] = (count + 1, first)
        if count == 0:
            self._wait(Complaint(source, address, why, ""))

    def miss(self, source: str, address: str, value: Value) -> None:
        """Note an address that is met for the first time, and that nothing has."""
        self._wait(Complaint(source, address, "", came(value)))

    @property
    def is_waiting(self) -> bool:
        """Whether there is something to say."""
        return bool(self._waiting)

    def _wait(self, complaint: Complaint) -> None:
        if self._reported < MOST_REPORTED:
            self._reported += 1
            self._waiting.append(complaint)

    def next(self, directory: Directory) -> str:
        """Take the oldest sentence that was not said yet, about the addresses that there are."""
        source, address, why, value = self._waiting.pop(0)
        return f"{source}: {why or missing(address, value, directory)}"


def missing(address: str, value: str, directory: Directory) -> str:
    """Say that there is no such address, what came, and which is the nearest and takes what."""
    found = directory.nearest(address[:_MOST_LETTERS])
    takes = directory.known[found].takes() if found else ""
    hint = f"; the nearest is {found}, which takes {takes}" if found else ""
    return f"there is no address {plain(address)} (it came with {value}){hint}"


def came(value: Value) -> str:
    """A value as it can be printed, shortened."""
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if not isinstance(value, tuple):
        return f"{value:.6g}" if isinstance(value, float) else str(value)[:40].lower()
    shown = ", ".join(f"{number:.6g}" for number in value[:_MOST_SHOWN])
    return f"{len(value)} numbers, {shown}" + " …" * (len(value) > _MOST_SHOWN)


def plain(address: str) -> str:
    """An address as it can be printed: whoever sends it may have put anything into it."""
    short = address[:_MOST_LETTERS]
    return short if short.isprintable() else ascii(short)
