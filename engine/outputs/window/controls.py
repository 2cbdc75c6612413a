"""Keyboard, pointer and wheel events of the windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import glfw

from engine.core.event import Value

_NAMES = {
    glfw.KEY_SPACE: "space", glfw.KEY_ESCAPE: "escape", glfw.KEY_ENTER: "enter",
    glfw.KEY_TAB: "tab", glfw.KEY_BACKSPACE: "backspace", glfw.KEY_INSERT: "insert",
    glfw.KEY_DELETE: "delete", glfw.KEY_RIGHT: "right", glfw.KEY_LEFT: "left",
    glfw.KEY_DOWN: "down", glfw.KEY_UP: "up", glfw.KEY_PAGE_UP: "page_up",
    glfw.KEY_PAGE_DOWN: "page_down", glfw.KEY_HOME: "home", glfw.KEY_END: "end",
    glfw.KEY_KP_ENTER: "enter", glfw.KEY_PAUSE: "pause",
    **{glfw.KEY_F1 + n: f"f{n + 1}" for n in range(25)},
    # By position, so that the top row counts on keyboards where digits need Shift.
    **{glfw.KEY_0 + n: str(n) for n in range(10)},
    **{glfw.KEY_KP_0 + n: str(n) for n in range(10)},
}  # fmt: skip
_MODIFIERS = (
    (glfw.MOD_CONTROL, "ctrl"), (glfw.MOD_ALT, "alt"), (glfw.MOD_SHIFT, "shift"),
    (glfw.MOD_SUPER, "super"),
)  # fmt: skip
_MODIFIER_KEYS = {
    glfw.KEY_LEFT_CONTROL: "ctrl", glfw.KEY_RIGHT_CONTROL: "ctrl",
    glfw.KEY_LEFT_ALT: "alt", glfw.KEY_RIGHT_ALT: "alt",
    glfw.KEY_LEFT_SHIFT: "shift", glfw.KEY_RIGHT_SHIFT: "shift",
    glfw.KEY_LEFT_SUPER: "super", glfw.KEY_RIGHT_SUPER: "super",
}  # fmt: skip
_BUTTONS = {0: "left", 1: "right", 2: "middle"}

Locate = Callable[[float, float], tuple[float, float, float]]


def name_key(key: int, mods: int, label: str | None) -> str | None:
    """Name a key with its modifiers, ``ctrl+q``, ``shift+f1``, ``left``; None: it has no name here.

    Parameters
    ----------
    key, mods
        GLFW's key and modifier bits.
    label
        What the layout prints on the key. Letters follow it (Q is where AZERTY has it), unless it
        is not ASCII; digits follow the position.
    """
    name = _NAMES.get(key)
    if name is None and label and label.isascii() and label.isprintable():
        name = label.lower()
    if name is None and glfw.KEY_A <= key <= glfw.KEY_Z:
        name = chr(key).lower()
    if name is None:
        return None
    return "+".join([word for bit, word in _MODIFIERS if mods & bit] + [name])


class Controls:
    """Collects what happens in the windows between two calls of `take`.

    Motions of one poll are one event: a mouse of 1000 Hz costs no more than one of 60.
    """

    def __init__(self) -> None:
        self._events: list[tuple[str, Value]] = []
        self._held: dict[int, str] = {}
        self._place: tuple[float, float] | None = None
        self._moved: tuple[float, float] | None = None
        self._drag = [0.0, 0.0]
        self._scroll = 0.0
        self._is_dragging = False

    def attach(self, handle: Any, locate: Locate, *, closes: bool = True) -> None:
        """Listen to a window.

        Parameters
        ----------
        locate
            Cursor position in the window → position in the picture (x right, y up, both 0..1
            inside it) and the picture's aspect.
        closes
            Whether closing it ends the show; else it stays.
        """
        glfw.set_key_callback(handle, lambda _, *key: self._key(*key))
        glfw.set_cursor_pos_callback(handle, lambda _, x, y: self._move(*locate(x, y)))
        glfw.set_mouse_button_callback(handle, lambda _, *button: self._button(*button))
        glfw.set_scroll_callback(handle, lambda _, dx, dy: self._wheel(dy or dx))
        glfw.set_window_focus_callback(handle, lambda _, focus: self._focus(bool(focus)))
        glfw.set_window_close_callback(handle, self._close if closes else self._stay)

    def take(self) -> list[tuple[str, Value]]:
        """Hand out what was collected, in order, motions last; before a button, where it was."""
        events, self._events = self._events, []
        if self._moved is not None:
            events.append(("/window/pointer", self._moved))
        if any(self._drag):
            events.append(("/window/drag", tuple(self._drag)))
        if self._scroll:
            events.append(("/window/scroll", self._scroll))
        self._moved, self._drag, self._scroll = None, [0.0, 0.0], 0.0
        return events

    def _key(self, key: int, scancode: int, action: int, mods: int) -> None:
        if action == glfw.RELEASE:
            self._release(key)
        elif action == glfw.PRESS:
            name = name_key(key, mods, glfw.get_key_name(key, scancode))
            if name is not None:
                self._held[key] = name
                self._events.append(("/window/key", name))

    def _release(self, key: int) -> None:
        """Release a key, or every combination that a released modifier was part of."""
        modifier = _MODIFIER_KEYS.get(key)
        for held, name in list(self._held.items()):
            if held == key or (modifier is not None and modifier in name.split("+")[:-1]):
                del self._held[held]
                self._events.append(("/window/key_up", name))

    def _move(self, x: float, y: float, aspect: float) -> None:
        if self._is_dragging and self._place is not None:
            self._drag[0] += (x - self._place[0]) * aspect
            self._drag[1] += y - self._place[1]
        self._place = self._moved = (x, y)

    def _button(self, button: int, action: int, mods: int) -> None:  # noqa: ARG002 - GLFW's words
        name = _BUTTONS.get(button, str(button + 1))
        is_down = action == glfw.PRESS
        if button == 0:
            self._is_dragging = is_down
        if self._place is not None:
            self._events.append(("/window/pointer", self._place))
        self._events.append(("/window/button" if is_down else "/window/button_up", name))

    def _wheel(self, steps: float) -> None:
        self._scroll += steps

    def _focus(self, is_focused: bool) -> None:
        self._is_dragging = False
        self._events.append(("/window/focus", is_focused))

    def _close(self, handle: Any) -> None:
        glfw.set_window_should_close(handle, False)
        self._events.append(("/window/close", True))

    def _stay(self, handle: Any) -> None:
        glfw.set_window_should_close(handle, False)
