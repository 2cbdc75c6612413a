"""Directory of what a performance answers to, and which of it an address pattern is for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping

from engine.core.show.addresses import Address, addresses
from engine.core.show.layouts import NORMALISED, layouts
from engine.core.show.show import Show
from engine.sources.osc.pattern import MOST_STEPS, find, grow

MOST_TARGETS = 256
"""Addresses that one pattern may be for."""
MOST_KEPT = 64
"""Patterns whose addresses are known: faders send the same ones again and again."""
AROUND = 24
"""Addresses on each side of a wrong one, in the order of letters, that may be the nearest."""


class Directory:
    """The addresses of a show and of the host.

    Attributes
    ----------
    known
        All of them, aliases included.
    layouts
        Addresses of other programs' layouts, see `engine.core.show.layouts`.
    steps
        That were taken to find what patterns are for; those that are known take none.
    """

    def __init__(self, show: Show, host: Mapping[str, Address]) -> None:
        own = addresses(show)
        named = {**own, **{alias: each for each in own.values() for alias in each.aliases}}
        self.known = {**named, **host}
        self.layouts = layouts(show)
        self._tree = grow(named)
        self._found: dict[str, tuple[str, ...] | str] = {}
        self._neighbours = Neighbours(self.known)
        self.steps = 0

    def targets(self, address: str) -> tuple[str, ...]:
        """Addresses that a message with this one is for; of a pattern that is new, none."""
        stem = address.removesuffix(NORMALISED)
        stem = self.layouts[stem].address if stem in self.layouts else stem
        found = (self.known[stem].address,) if stem in self.known else self._found.get(stem, ())
        return () if isinstance(found, str) else found

    def is_fresh(self, pattern: str) -> bool:
        """Whether it would cost time to find what a pattern is for."""
        return pattern not in self._found

    def matching(self, pattern: str) -> tuple[str, ...]:
        """Find the addresses of the show that a pattern is for, each by its first name.

        Raises
        ------
        ValueError
            If it is no pattern, or is for too many.
        """
        if self.is_fresh(pattern):
            if len(self._found) >= MOST_KEPT:
                self._found.clear()
            self._found[pattern] = self._match(pattern)
        found = self._found[pattern]
        if isinstance(found, str):
            raise ValueError(found)
        return found

    def _match(self, pattern: str) -> tuple[str, ...] | str:
        """Find them, or say why not."""
        try:
            named, steps = find(pattern, self._tree)
        except ValueError as error:
            self.steps += MOST_STEPS
            return str(error)
        self.steps += steps
        found = tuple(dict.fromkeys(self.known[each].address for each in named))
        many = f"it is for more than {MOST_TARGETS} addresses"
        return found if len(found) <= MOST_TARGETS else many

    def nearest(self, address: str) -> str:
        """Find the address that a wrong one may have been meant for; empty if none is near."""
        return self._neighbours.nearest(address)


class Neighbours:
    """Names in the order of their letters, from the front and from the back."""

    def __init__(self, names: Iterable[str]) -> None:
        listed = [(name.lower(), name) for name in names]
        self._ahead = sorted(listed)
        self._back = sorted((own[::-1], name) for own, name in listed)

    def nearest(self, name: str) -> str:
        """Name with most letters in common at both ends; empty if hardly any are."""
        wanted = name.rstrip("/").lower()
        best, most = "", len(wanted) // 2
        for each in (*_around(self._ahead, wanted), *_around(self._back, wanted[::-1])):
            own = each.lower()
            head = _common(wanted, own)
            tail = _common(wanted[head:][::-1], own[head:][::-1])
            common = 2 * (head + tail) - len(own)  # of two as near, the shorter one
            if common > most or own == wanted:
                best, most = each, common if own != wanted else len(own) + 1
        return best


def _around(listed: list[tuple[str, str]], wanted: str) -> list[str]:
    place = bisect_left(listed, (wanted, ""))
    return [name for _, name in listed[max(place - AROUND, 0) : place + AROUND]]


def _common(one: str, other: str) -> int:
    """How many letters two texts begin with alike."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low
