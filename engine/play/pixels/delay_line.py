"""Delay lines for image inputs of generators: small pictures of the last picture steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.core.frame.plan import Readback
from engine.core.show.generator import ImageInput, View

Pictures = Mapping[str, NDArray[np.uint8]]


class DelayLine:
    """The last pictures of each look, as many as the longest delay that was asked for needs."""

    def __init__(self) -> None:
        self._kept: dict[View, deque[Readback]] = {}
        self._longest: dict[View, int] = {}

    def take(self, readbacks: Iterable[Readback]) -> None:
        """Take new pictures, oldest first."""
        for readback in readbacks:
            kept = self._kept.setdefault(readback.view, deque())
            kept.append(readback)
            oldest = readback.step - self._longest.get(readback.view, 1)
            while len(kept) > 1 and kept[1].step <= oldest:  # the newest that is old enough stays
                kept.popleft()

    def pictures(self, image_inputs: Sequence[ImageInput], step: int) -> Pictures:
        """What image ports see at a picture step; one that sees nothing yet is left out."""
        found = {}
        for image_input in image_inputs:
            self._longest[image_input.view] = max(
                self._longest.get(image_input.view, 1), image_input.delay
            )
            for readback in reversed(self._kept.get(image_input.view, ())):
                if readback.step <= step - image_input.delay:
                    found[image_input.port] = readback.pixels
                    break
        return found
