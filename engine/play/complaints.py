"""Complaints about events without effect: once for each address, with the nearest one."""

from __future__ import annotations

from collections.abc import Iterable

MOST_ADDRESSES = 100
MOST_REPORTED = 20
"""Sentences of one performance; the rest is in its stats."""
_PATTERN = frozenset("*?[]{}")
_MOST_LETTERS = 120


class Complaints:
    """Gathers them, in bounded memory, and says one at a time.

    Attributes
    ----------
    refusals
        Address → how often a value for it was refused, and why the first time.
    """

    def __init__(self) -> None:
        self.refusals: dict[str, tuple[int, str]] = {}
        self._waiting: list[tuple[str, str, str]] = []
        self._reported = 0

    def refuse(self, source: str, address: str, why: str) -> None:
        """Note a value that an address does not take."""
        count, first = self.refusals.get(address, (0, why))
        if count or len(self.refusals) < MOST_ADDRESSES:
            self.refusals[address] = (count + 1, first)
        if count == 0:
            self._wait(source, address, why)

    def miss(self, source: str, address: str) -> None:
        """Note an address that is met for the first time, and that nothing has."""
        self._wait(source, address, "")

    def _wait(self, source: str, address: str, why: str) -> None:
        if self._reported < MOST_REPORTED:
            self._reported += 1
            self._waiting.append((source, address, why))

    def next(self, known: Iterable[str]) -> str:
        """Take the oldest sentence that was not said yet; empty if there is none.

        Parameters
        ----------
        known
            The addresses that there are.
        """
        if not self._waiting:
            return ""
        source, address, why = self._waiting.pop(0)
        return f"{source}: {why or missing(address, known)}"


def missing(address: str, known: Iterable[str]) -> str:
    """Say that there is no such address, and which is the nearest."""
    if _PATTERN & set(address):
        return f"{plain(address)} is a pattern, which is not supported: send to each address"
    found = nearest(address, known)
    hint = f"; the nearest is {found}" if found else ""
    return f"there is no address {plain(address)}{hint}"


def plain(address: str) -> str:
    """An address as it can be printed: whoever sends it may have put anything into it."""
    short = address[:_MOST_LETTERS]
    return short if short.isprintable() else ascii(short)


def nearest(address: str, known: Iterable[str]) -> str:
    """The address with most letters in common at both ends; empty if hardly any are."""
    wanted = address[:_MOST_LETTERS].rstrip("/").lower()
    best, most = "", len(wanted) // 2
    for each in known:
        own = each.lower()
        head = _common(wanted, own)
        tail = _common(wanted[head:][::-1], own[head:][::-1])
        common = 2 * (head + tail) - len(own)  # of two as near, the shorter one
        if common > most or own == wanted:
            best, most = each, common if own != wanted else len(own) + 1
    return best


def _common(one: str, other: str) -> int:
    """How many letters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))
