"""Learning: choose an address, move a control, and from then on the one moves the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

from engine.core.control.mappings import bind
from engine.core.show.mapping import ControlMapping
from engine.core.show.show import Show
from engine.play.controllers.guess import found
from engine.sources.contract import Moved

KEYS = {"up": -1, "down": 1, "page_up": -10, "page_down": 10, "backspace": 0, "escape": 0, "l": 0}
"""Keys that steer learning, and how far they go in the list of addresses."""
MOST_SEEN, MOST_CONTROLS = 64, 256
DONE_S = 6.0
_HOW = "Up, Down: another · Backspace: unmap · L: stop"
Tell = Callable[[str, float], None]


class Learning:
    """Waits for a control.

    Parameters
    ----------
    host
        Addresses that the host answers to.
    tell
        Shows a line so many seconds, in place of the one before; empty: none.

    Attributes
    ----------
    target
        The address that waits for a control; empty: none is chosen yet.
    is_on
        Whether controls are listened to rather than obeyed.
    """

    def __init__(self, host: Collection[str], tell: Tell) -> None:
        self._host, self._tell = host, tell
        self.is_on = False
        self.target = ""
        self._seen: dict[tuple[str, str], list[Moved]] = {}
        self._touched = ""

    def start(self, show: Show, target: str = "") -> None:
        """Wait for a control of an address, or of the one that was touched last.

        Raises
        ------
        ValueError
            If no control can move that.
        """
        try:
            bind(show, self._host, ControlMapping("key/any", target or "/show/save"))
        except KeyError:
            raise ValueError(f"this show has no {target[:80]}") from None
        self._aim(target or (self._touched if self._touched in show.registry.index else ""))

    def _aim(self, target: str) -> None:
        self.is_on, self.target = True, target
        self._seen.clear()
        what = f"learn {target}: move a control" if target else "learn: touch or choose a parameter"
        self._tell(f"{what} · {_HOW}", math.inf)

    def stop(self, said: str = "") -> None:
        """Wait no more."""
        if self.is_on:
            self.is_on = False
            self._tell(said, DONE_S)

    def touch(self, show: Show, address: str) -> None:
        """Note that something else moved a parameter: it is what is to be mapped."""
        if address in show.registry.index:
            self._touched = show.registry[address].address
            if self.is_on and self.target != self._touched:
                self._aim(self._touched)

    def choose(self, show: Show, steps: int) -> None:
        """Go on in the list of parameters."""
        listed = [p.address for p in show.registry.parameters]
        at = listed.index(self.target) + steps if self.target in listed else 0
        self._aim(listed[at % len(listed)])

    def take(self, moved: Moved) -> None:
        """See a control move."""
        key = moved.device, moved.control
        if len(self._seen) < MOST_CONTROLS or key in self._seen:
            seen = self._seen.setdefault(key, [])
            if len(seen) < MOST_SEEN:
                seen.append(moved)

    def found(self, show: Show, now_ns: int) -> ControlMapping | None:
        """Say which control was meant, once that is clear."""
        return found(show, self.target, self._seen, now_ns) if self.is_on and self.target else None
