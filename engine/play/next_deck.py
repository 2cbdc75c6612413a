"""The deck that is not on air: kept ready, and drawn small for the operator's window."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from engine.compositor.compose import Compositor
from engine.core.frame.plan import Plan
from engine.core.show.generator import picture_size
from engine.play.line import Line, Pixels, draw

SIDE_PX = 288
"""Of a square with the preview's area."""
EVERY_S = 1 / 12
"""Between two previews."""


class NextDeck:
    """Draws the hidden deck with the shaders of the show, beside its compositor.

    Nothing of it is drawn where the audience looks: it has canvases and histories of its own.
    """

    def __init__(self, compositor: Compositor) -> None:
        self._of = compositor
        self._own: Compositor | None = None
        self._looked_s = -math.inf

    def look(self, line: Line, seconds: Fraction, now_s: float) -> Plan | None:
        """Plan it, now and then; None: not now, or there are no decks."""
        if line.show.decks is None or now_s - self._looked_s < EVERY_S:
            return None
        self._looked_s = now_s
        return line.preview(seconds)

    def draw(self, plan: Plan, pixels: Pixels) -> Any:
        """Draw its preview.

        Returns
        -------
        Picture
        """
        size_px = picture_size(SIDE_PX, self._of.size_px[0] / self._of.size_px[1])
        if self._own is not None and self._own.size_px != size_px:
            self.close()
        if self._own is None:
            self._own = self._of.beside(size_px)
        return draw(self._own, pixels, (plan,), plan)

    def close(self) -> None:
        """Give the GL objects back."""
        if self._own is not None:
            self._own.close()
            self._own = None
