"""A hand over a latent map: while a button is held, the flight is where the pointer is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.core.event import Value


class Flight:
    """Turns the window's pointer into the first two controllers of a path's map."""

    def __init__(self) -> None:
        self._place = (0.5, 0.5)
        self._is_held = False

    def read(self, items: Iterable[tuple[str, Value]], root: str) -> Iterator[tuple[str, Value]]:
        """Translate the window's events since the last frame.

        Parameters
        ----------
        root
            Address of the path: ``/layer/ID/path``.
        """
        for address, value in items:
            if address == "/window/pointer" and isinstance(value, tuple) and len(value) == 2:
                self._place = (float(value[0]), float(value[1]))
            elif address == "/window/button" and value == "left":
                self._is_held = True
            elif address == "/window/button_up" or (address == "/window/focus" and not value):
                self._is_held = False
                continue
            else:
                continue
            if self._is_held:
                yield f"{root}/map_1", self._place[0]
                yield f"{root}/map_2", self._place[1]
