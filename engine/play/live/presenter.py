"""Where the picture is seen live: a window or nothing, with the operator's overlays."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from engine.compositor.gl.context import open_context
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.documents.schema import ShowTable
from engine.outputs import null
from engine.play.live.keyboard import HELP, Hands, Keyboard
from engine.play.live.options import Options

TOAST_S = 6.0
OVERLAY_EVERY_S = 0.25
CURSOR_S = 2.0
Facts = Callable[[], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Card:
    """A still that is shown like a picture."""

    texture: Any
    size_px: tuple[int, int]


class Stage:
    """No window: the picture is finished and thrown away."""

    name = "null"

    def __init__(self, ctx: Any, output: Any) -> None:
        self.ctx = ctx
        self._output = output

    @property
    def gl(self) -> str:
        """Name of the renderer."""
        return str(self.ctx.info["GL_RENDERER"])

    def show(self, frame: int, picture: Any, facts: Facts) -> None:
        """Present a picture; `facts` is called when an overlay needs them."""
        del facts
        self._output.write(frame, picture)
        self.ctx.finish()

    def again(self, picture: Any) -> None:
        """Present the last good picture once more."""

    def hands(self, show: Show, state: State, now_s: float) -> Hands:
        """What the performer's hands did since the last frame."""
        del show, state, now_s
        return Hands()

    def act(self, act: str) -> None:
        """Do what a key asks of the stage."""

    def toast(self, text: str) -> None:
        """Show one line to the operator."""

    def idle(self) -> None:
        """Stay alive while the first frame is made."""


class WindowStage(Stage):
    """A window on one or several monitors."""

    name = "window"

    def __init__(self, window: Any, monitor: str | None) -> None:
        super().__init__(window.ctx, window)
        self._window = window
        self._monitor = monitor or ""
        self._keyboard = Keyboard()
        self._is_help = self._is_card = False
        self._drawn_card: Card | None = None
        self._toast = ""
        self._toast_until = self._drawn = self._moved = 0.0
        self._has_cursor = True

    def show(self, frame: int, picture: Any, facts: Facts) -> None:
        """Present a picture, with help, message or test card over it."""
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
        self._window.write(frame, self._card(picture.size_px) if self._is_card else picture)

    def _card(self, size_px: tuple[int, int]) -> Card:
        """Test card in place of the picture: so it is laid over the wall as the picture is."""
        from engine.outputs.window import testcard

        if self._drawn_card is None or self._drawn_card.size_px != size_px:
            if self._drawn_card is not None:
                self._drawn_card.texture.release()
            rgb = testcard.draw(size_px, self._monitor)
            texture = self.ctx.texture(size_px, 3, rgb.tobytes(), alignment=1)
            self._drawn_card = Card(texture, size_px)
        return self._drawn_card

    def _overlay(self, facts: Facts) -> Any:
        from engine.outputs.window import overlay

        size = self._window.framebuffer_px
        if self._is_help:
            found = facts()
            lines = [f"{key}   {text}" for key, text in HELP] + _summary(found)
            period = 1000.0 / found["fps"]
            return overlay.draw_help(lines, found["frame_ms"], period, size, found["show"])
        return overlay.draw_message(self._toast) if self._toast else None

    def again(self, picture: Any) -> None:
        """Present the last good picture once more."""
        if picture is not None:
            self._window.write(0, picture)

    def hands(self, show: Show, state: State, now_s: float) -> Hands:
        """Keys and mouse."""
        items = self._window.events()
        if any(address in ("/window/pointer", "/window/drag") for address, _ in items):
            self._moved = time.monotonic()
        return self._keyboard.read(show, state, items, now_s)

    def act(self, act: str) -> None:
        """Full screen, test card, help."""
        self._drawn = 0.0
        if act == "fullscreen":
            self._window.set_fullscreen(not self._window.is_fullscreen)
        elif act == "leave":
            self._window.set_fullscreen(False)
        elif act == "card":
            self._is_card = not self._is_card
        elif act == "help":
            self._is_help = not self._is_help

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


def open_stage(
    options: Options, table: ShowTable, show: Show, fps: Fraction, stack: ExitStack
) -> Stage:
    """Open the window, or nothing.

    Raises
    ------
    NoDisplay
        If there is no display for a window.
    """
    if options.output == "null":
        ctx = open_context()
        stack.callback(ctx.release)
        return Stage(ctx, stack.enter_context(null.open(null.Config(), show.size_px, fps)))
    from engine.outputs.window import window

    monitor = options.monitor or table.output.monitor or None
    config = window.Config(
        monitor=monitor, is_windowed=options.is_windowed, span=tuple(table.output.span)
    )
    return WindowStage(stack.enter_context(window.open(config, show.size_px, fps)), monitor)
