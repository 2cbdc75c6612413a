"""Delay lines for image inputs of generators: small pictures of the last picture steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.core.frame.plan import Glimpse
from engine.core.show.generator import Look, Sight

Pictures = Mapping[str, NDArray[np.uint8]]


class Sightings:
    """The last pictures of each look, as many as the longest delay that was asked for needs."""

    def __init__(self) -> None:
        self._kept: dict[Look, deque[Glimpse]] = {}
        self._longest: dict[Look, int] = {}

    def take(self, glimpses: Iterable[Glimpse]) -> None:
        """Take new pictures, oldest first."""
        for glimpse in glimpses:
            kept = self._kept.setdefault(glimpse.look, deque())
            kept.append(glimpse)
            oldest = glimpse.step - self._longest.get(glimpse.look, 1)
            while len(kept) > 1 and kept[1].step <= oldest:  # the newest that is old enough stays
                kept.popleft()

    def pictures(self, sights: Sequence[Sight], step: int) -> Pictures:
        """What image ports see at a picture step; one that sees nothing yet is left out."""
        found = {}
        for sight in sights:
            self._longest[sight.look] = max(self._longest.get(sight.look, 1), sight.delay)
            for glimpse in reversed(self._kept.get(sight.look, ())):
                if glimpse.step <= step - sight.delay:
                    found[sight.port] = glimpse.pixels
                    break
        return found
