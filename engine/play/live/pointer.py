"""Pointer tools of the window: brush, grab and flight over a map."""

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


_BUTTONS = {"left": 0.0, "right": 1.0}  # whether it erases


class Brush:
    """Paints while the left button is held, erases while the right one is.

    Parameters
    ----------
    root
        Of the parameters that it moves.
    erases
        Whether they know of erasing; else the right button does nothing.
    """

    def __init__(self, root: str = "/brush", *, erases: bool = True) -> None:
        self._root = root
        self._buttons = _BUTTONS if erases else {"left": 0.0}
        self._erases = erases
        self._place = (0.5, 0.5)
        self._button = ""  # that holds it down
        self._is_late = False

    def read(self, items: Iterable[tuple[str, Value]]) -> Iterator[tuple[str, Value]]:
        """Translate the window's events since the last frame.

        What it does after it went down waits for the next frame: on one tick there is one place,
        and a stroke begins where the button was pressed.
        """
        if self._is_late:
            self._is_late = False
            yield from self._move()
        for address, value in items:
            if address == "/window/pointer" and isinstance(value, tuple) and len(value) == 2:
                self._place = (float(value[0]), float(value[1]))
                if self._button and not self._is_late:
                    yield from self._move()
            elif address == "/window/button" and value in self._buttons and not self._button:
                self._button, self._is_late = str(value), True
                yield from self._move()
                if self._erases:
                    yield f"{self._root}/erase", self._buttons[self._button]
                yield f"{self._root}/down", 1.0
            elif self._is_lifted(address, value):
                self._button, self._is_late = "", False
                yield f"{self._root}/down", 0.0

    def _is_lifted(self, address: str, value: Value) -> bool:
        if not self._button:
            return False
        is_lost = address == "/window/focus" and not value
        return is_lost or (address == "/window/button_up" and value == self._button)

    def _move(self) -> Iterator[tuple[str, Value]]:
        yield from zip((f"{self._root}/x", f"{self._root}/y"), self._place, strict=True)
