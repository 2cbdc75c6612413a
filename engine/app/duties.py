"""What generators are sent on errands for while a show plays, see `engine.app.errands`."""

from __future__ import annotations

from collections.abc import Callable

from engine.app.errands import Duty
from engine.app.evening import Evening
from engine.app.grabbing import Grabbing
from engine.app.inverting import Inverting
from engine.app.pixels import LivePixels


def duties(pixels: LivePixels, say: Callable[[str], None]) -> list[Duty]:
    """Make the duties of a performance, in the order in which they are tended."""
    return [Evening(pixels.newest.get, say), Inverting(pixels.newest.get, say), Grabbing(say)]
