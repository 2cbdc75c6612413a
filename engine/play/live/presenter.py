"""Presenter: help, messages and test card over the picture, for the operator only."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.core.show.show import Show
from engine.core.show.state import State
from engine.play.live.keyboard import HELP, InputEvents, Keyboard

TOAST_S = 6.0
OVERLAY_EVERY_S = 0.25
CURSOR_S = 2.0
Facts = Callable[[], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Card:
    """A still that is shown like a picture."""

    texture: Any
    size_px: tuple[int, int]


class Presenter:
    """No window: nobody sees anything, and there are no keys."""

    def refresh(self, facts: Facts) -> None:
        """Bring what lies over the picture up to date; `facts` is called when help is shown."""

    def read_input(self, show: Show, state: State, now_s: float) -> InputEvents:
        """What keys and mouse did since the last frame."""
        del show, state, now_s
        return InputEvents()

    def run(self, command: str) -> None:
        """Do what a key asks of the window."""

    def toast(self, text: str) -> None:
        """Show one line to the operator."""

    def idle(self) -> None:
        """Stay alive while the first frame is made."""


class WindowPresenter(Presenter):
    """Help, messages and test card over a window, and its keys and mouse.

    Parameters
    ----------
    window
        The output that is open.
    size_px
        Of the canvas, which the test card covers.
    monitor
        Name on the test card.
    """

    def __init__(self, window: Any, size_px: tuple[int, int], monitor: str) -> None:
        self._window = window
        self._size_px = size_px
        self._monitor = monitor
        self._keyboard = Keyboard()
        self._is_help = False
        self._card: Card | None = None
        self._toast = ""
        self._toast_until = self._drawn = self._moved = 0.0
        self._has_cursor = True

    def refresh(self, facts: Facts) -> None:
        """Draw help or message anew, now and then; hide a cursor that rests."""
        now = time.monotonic()
        if self._toast and now > self._toast_until:
            self._toast = ""
            self._drawn = 0.0
        if now - self._drawn > OVERLAY_EVERY_S:
            self._drawn = now
            self._window.overlay(self._overlay(facts))
        is_cursor = not self._window.is_fullscreen or now - self._moved < CURSOR_S
        if is_cursor != self._has_cursor:
            self._has_cursor = is_cursor
            self._window.set_cursor(is_cursor)

    def _overlay(self, facts: Facts) -> Any:
        from engine.outputs.window import overlay

        size = self._window.framebuffer_px
        if self._is_help:
            found = facts()
            lines = [f"{key}   {text}" for key, text in HELP] + _summary(found)
            period = 1000.0 / found["fps"]
            return overlay.draw_help(lines, found["frame_ms"], period, size, found["show"])
        return overlay.draw_message(self._toast) if self._toast else None

    def read_input(self, show: Show, state: State, now_s: float) -> InputEvents:
        """Keys and mouse."""
        items = self._window.events()
        if any(address in ("/window/pointer", "/window/drag") for address, _ in items):
            self._moved = time.monotonic()
        return self._keyboard.read(show, state, items, now_s)

    def run(self, command: str) -> None:
        """Full screen, test card, help."""
        self._drawn = 0.0
        if command == "fullscreen":
            self._window.set_fullscreen(not self._window.is_fullscreen)
        elif command == "leave":
            self._window.set_fullscreen(False)
        elif command == "card":
            self._turn_card()
        elif command == "help":
            self._is_help = not self._is_help

    def _turn_card(self) -> None:
        """Show the test card in place of the picture, or the picture again."""
        from engine.outputs.window import testcard

        if self._card is not None:
            self._window.hold(None)
            self._card.texture.release()
            self._card = None
            return
        rgb = testcard.draw(self._size_px, self._monitor)
        texture = self._window.ctx.texture(self._size_px, 3, rgb.tobytes(), alignment=1)
        self._card = Card(texture, self._size_px)
        self._window.hold(self._card)

    def toast(self, text: str) -> None:
        """Show one line for some seconds."""
        self._toast, self._toast_until = text, time.monotonic() + TOAST_S
        self._drawn = 0.0

    def idle(self) -> None:
        """Keep the window alive."""
        self._window.events()


def _summary(facts: dict[str, Any]) -> list[str]:
    """Lines of the help panel that change."""
    lines = [
        "",
        f"scene {facts['cue'] or '-'}   {facts['seconds']:.0f} s   {facts['bpm']:.1f} bpm",
        f"skipped {facts['skipped']}   sound: {facts['sound']}   osc {facts['osc']}",
    ]
    for name, g in facts["generators"].items():
        lines.append(f"{name}: {g['rate_hz']:.1f} Hz, {g['age_ms']:.0f} ms old, {g['state']}")
    return lines


def open_presenter(window: Any, size_px: tuple[int, int], monitor: str) -> Presenter:
    """Present in a window, or nothing where there is none."""
    return Presenter() if window is None else WindowPresenter(window, size_px, monitor)
