"""Catching up: how many picture steps a late frame of a performance makes good.

What a trail has become depends on every step. So the steps that are left out are an event of the
take, and its film leaves out the same ones.
"""

from __future__ import annotations

import math
from collections import deque

MOST_S = 0.1
"""So much drawing a late frame may make good; the usual steps of a frame are always drawn."""
LEAST_STEPS = 4
_FRAMES = 8
"""Of the newest ones the cheapest tells: what else happened in a frame is no cost of a step."""


class CatchUp:
    """Weighs what is due against what a step costs here."""

    def __init__(self) -> None:
        self._step_s: deque[float] = deque(maxlen=_FRAMES)

    def left_out(self, due: int, usual: float) -> int:
        """How many of the steps that are due, the oldest, are not drawn.

        Parameters
        ----------
        usual
            Steps of a frame that comes in time.
        """
        step_s = max(min(self._step_s, default=MOST_S), 1e-6)
        return max(due - max(LEAST_STEPS, math.ceil(usual), int(MOST_S / step_s)), 0)

    def note(self, busy_s: float, steps: int) -> None:
        """Take what the drawing of a frame cost with so many steps."""
        self._step_s.append(busy_s / (steps + 1))
