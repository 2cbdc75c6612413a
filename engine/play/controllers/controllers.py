"""Controllers of a performance: what was moved, by the mappings, as events."""

from __future__ import annotations

from collections.abc import Iterable

from engine.sources.contract import Item, Moved


class Controllers:
    """Turns what hands move into events: of nothing, while nothing is mapped."""

    def events(self, moved: Iterable[Moved]) -> list[Item]:
        """Say at which addresses moved controls arrive."""
        del moved
        return []
