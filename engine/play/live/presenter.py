"""Presenter: help, messages and test card over the picture, for the operator only."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.core.show.show import Show
from engine.core.show.state import State
from engine.play.live.bindings import cue_name
from engine.play.live.keyboard import InputEvents, Keyboard

TOAST_S = 6.0
ACT_S = 2.0
"""How long it is said what a key did."""
NAME_S, FADE_S = 3.0, 0.6
"""How long the name of a cue is shown, and how long of it it fades."""
OVERLAY_EVERY_S = 0.25
METERS_EVERY_S = 0.125
CURSOR_S = 2.0
Facts = Callable[[], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Card:
    """A still that is shown like a picture."""

    texture: Any
    size_px: tuple[int, int]


def names_of(cue: str, following: str) -> str:
    """Write the names of a cue and of the next one."""
    after = f"next {cue_name(following)}" if following else ""
    return " · ".join(filter(None, (cue_name(cue), after)))


class Presenter:
    """No window: nobody sees anything, and there are no keys."""

    def refresh(self, facts: Facts) -> None:
        """Bring what lies over the picture up to date; `facts` is called when help is shown."""

    def read_input(self, show: Show, state: State, now_s: float) -> InputEvents:
        """What keys and mouse did since the last frame."""
        del show, state, now_s
        return InputEvents()

    def claim_keys(self, claims: Callable[[str], bool]) -> None:
        """Let keys be controls of mappings where `claims` says so."""

    def run(self, command: str) -> None:
        """Do what a key asks of the window."""

    def toast(self, text: str, seconds: float = TOAST_S, kind: str = "message") -> None:
        """Show a line to the operator, in place of the one of its kind."""

    def name_cue(self, cue: str, following: str) -> None:
        """Show the name of a cue that has begun, if that is wished."""

    @property
    def has_preview(self) -> bool:
        """Whether the operator sees what comes next."""
        return False

    def preview(self, picture: Any) -> None:
        """Show the operator what comes next; None: nothing."""

    def idle(self) -> None:
        """Stay alive while the first frame is made."""


class Pace:
    """Pictures a second, counted over a second."""

    def __init__(self) -> None:
        self.fps = 0.0
        self._since = self._count = 0.0

    def add(self, now: float) -> None:
        """Count a picture."""
        self._count += 1.0
        if now - self._since >= 1.0:
            self.fps = self._count / (now - self._since) if self._since else 0.0
            self._since, self._count = now, 0.0


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
        self._lines: dict[str, tuple[str, float]] = {}
        self._drawn = self._moved = self._metered = 0.0
        self._pace = Pace()
        self._has_cursor = True
        self._has_names = False

    def refresh(self, facts: Facts) -> None:
        """Draw help or messages anew, now and then; hide a cursor that rests."""
        now = time.monotonic()
        left = {kind: line for kind, line in self._lines.items() if now <= line[1]}
        if left != self._lines:
            self._lines, self._drawn = left, 0.0
        if self._fade(now) < 1.0:
            self._drawn = 0.0  # anew for every picture
        if now - self._drawn > OVERLAY_EVERY_S:
            is_late = self._drawn > 0.0
            self._drawn = now
            if self._is_help or not is_late:  # lines stay as they are
                self._window.overlay(self._overlay(facts))
        self._pace.add(now)
        if now - self._metered > METERS_EVERY_S:
            self._metered = now
            self._window.overlay(self._meters(facts), "bottom")
        is_cursor = not self._window.is_fullscreen or now - self._moved < CURSOR_S
        if is_cursor != self._has_cursor:
            self._has_cursor = is_cursor
            self._window.set_cursor(is_cursor)

    def _meters(self, facts: Facts) -> Any:
        """Draw the strip of the operator's window, if there is one."""
        from engine.outputs.window import overlay

        if not self._window.has_operator:
            return None
        found = facts()
        ages = [g["age_ms"] for g in found["generators"].values()]
        texts = [f"{self._pace.fps:.0f} of {found['fps']:.0f} fps", f"skipped {found['skipped']}"]
        texts += [f"picture {max(0.0, *ages):.0f} ms old"] if ages else []
        texts += list(filter(None, [found.get("decks", ""), names_of(found["cue"], found["next"])]))
        width = self._window.room_px[0]
        meters = overlay.Meters(found["level"], tuple(texts), found["flags"])
        return overlay.draw_meters(meters, (width, max(20, min(width // 32, 40))))

    def _overlay(self, facts: Facts) -> Any:
        from engine.outputs.window import help_panel, overlay

        texts = [text for text, _ in self._lines.values()]
        if self._is_help:
            found = facts()
            period = 1000.0 / found["fps"]
            status, note = tuple(_summary(found)), " - ".join(texts)
            told = help_panel.Help(
                found["show"], found["keys"], status, found["frame_ms"], period, note
            )
            return help_panel.draw_help(told, self._window.room_px)
        if not texts:
            return None
        drawn, fade = overlay.draw_messages(texts), self._fade(time.monotonic())
        if fade < 1.0:
            drawn[..., 3] = drawn[..., 3] * fade
        return drawn

    def _fade(self, now: float) -> float:
        """How much is left of a cue's name that stands alone and is about to go."""
        if set(self._lines) != {"cue"}:
            return 1.0
        return min(max((self._lines["cue"][1] - now) / FADE_S, 0.0), 1.0)

    def read_input(self, show: Show, state: State, now_s: float) -> InputEvents:
        """Keys and mouse."""
        items = self._window.events()
        if any(address in ("/window/pointer", "/window/drag") for address, _ in items):
            self._moved = time.monotonic()
        found = self._keyboard.read(show, state, items, now_s)
        for text in found.acts[-1:]:
            self.toast(text, ACT_S, "act")
        return found

    def claim_keys(self, claims: Callable[[str], bool]) -> None:
        """Let keys be controls of mappings where `claims` says so."""
        self._keyboard.claims = claims

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
        elif command == "names":
            self._has_names = not self._has_names
            self.toast(f"names of cues {'on' if self._has_names else 'off'}", ACT_S, "act")

    def name_cue(self, cue: str, following: str) -> None:
        """Show the name of a cue that has begun, if that is wished; it fades."""
        if self._has_names:
            self.toast(names_of(cue, following), NAME_S, "cue")

    @property
    def has_preview(self) -> bool:
        """Whether the operator has a window."""
        return bool(self._window.has_operator)

    def preview(self, picture: Any) -> None:
        """Show what comes next beside the picture, in the operator's window."""
        self._window.preview(picture)

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

    def toast(self, text: str, seconds: float = TOAST_S, kind: str = "message") -> None:
        """Show a line for some seconds, in place of the one of its kind; empty: none any more."""
        self._lines.pop(kind, None)
        if text:
            self._lines[kind] = text, time.monotonic() + seconds
        self._drawn = 0.0

    def idle(self) -> None:
        """Keep the window alive."""
        self._window.events()


def _summary(facts: dict[str, Any]) -> list[str]:
    """Lines of the help panel that change."""
    scene = names_of(facts["cue"], facts["next"])
    scene = f"scene {scene} · " if scene else ""
    each = [
        f"{name}: {g['rate_hz']:.1f} Hz, {max(g['age_ms'], 0.0):.0f} ms old, {g['state']}"
        for name, g in facts["generators"].items()
    ]
    tempo = f"{facts['bpm']:.1f} bpm" + (f" by {facts['led_by']}" if facts.get("led_by") else "")
    told = "".join(f"{flag} · " for flag in facts["flags"])
    return [
        f"{told}{scene}{facts['seconds']:.0f} s · {tempo}"
        f" · skipped {facts['skipped']} · osc {facts['osc']}",
        f"sound: {facts['sound']}",
        *("\t".join(each[at : at + 2]) for at in range(0, len(each), 2)),
    ]


def open_presenter(window: Any, size_px: tuple[int, int], monitor: str) -> Presenter:
    """Present in a window, or nothing where there is none."""
    return Presenter() if window is None else WindowPresenter(window, size_px, monitor)
