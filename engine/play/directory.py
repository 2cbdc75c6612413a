"""Directory of what a performance answers to, and which of it an address pattern is for."""

from __future__ import annotations

from collections.abc import Mapping

from engine.core.show.addresses import Address, addresses
from engine.core.show.layouts import NORMALISED, layouts
from engine.core.show.show import Show
from engine.sources.osc.pattern import compile_pattern

MOST_TARGETS = 256
"""Addresses that one pattern may be for."""
MOST_KEPT = 64
"""Patterns whose addresses are known: faders send the same ones again and again."""


class Directory:
    """The addresses of a show and of the host.

    Parameters
    ----------
    host
        Addresses that the host answers to.

    Attributes
    ----------
    known
        All of them, aliases included.
    layouts
        Addresses of other programs' layouts, see `engine.core.show.layouts`.
    """

    def __init__(self, show: Show, host: Mapping[str, Address]) -> None:
        own = addresses(show)
        named = {**own, **{alias: each for each in own.values() for alias in each.aliases}}
        self.known = {**named, **host}
        self.layouts = layouts(show)
        self._lines = "\n".join(named)
        self._found: dict[str, tuple[str, ...]] = {}

    def targets(self, address: str) -> tuple[str, ...]:
        """Addresses that a message with this one is for; of a pattern that is new, none."""
        stem = address.removesuffix(NORMALISED)
        stem = self.layouts[stem].address if stem in self.layouts else stem
        return (self.known[stem].address,) if stem in self.known else self._found.get(stem, ())

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
        return self._found[pattern]

    def _match(self, pattern: str) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for each in compile_pattern(pattern).finditer(self._lines):
            found[self.known[each[0]].address] = None
            if len(found) > MOST_TARGETS:
                raise ValueError(f"it is for more than {MOST_TARGETS} addresses")
        return tuple(found)
