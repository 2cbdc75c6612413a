"""Keyboard and mouse bindings of the window: events for the show, commands for the player."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from engine.core.event import Value
from engine.core.parameter import Kind, coerce
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.play.live.bindings import BUILT_IN, QUIT, SAME, SWITCHED, meaning, switched
from engine.play.live.pointer import Brush, Flight

STEER_GAIN = 2.5
"""Radians of latent rotation for a drag over the picture's whole height."""
WHEEL_GAIN = 0.05
QUIT_HOLD_S = 1.0
ARRIVED_S = 0.25
"""An event takes effect one or two frames after it was read; the next drag must not wait for it."""


@dataclass(slots=True)
class InputEvents:
    """What the keys and the mouse amount to since the last frame.

    Parameters
    ----------
    events
        (address, value) for the show.
    commands
        Words for the host, see `engine.play.live.bindings.BUILT_IN`; and ``quit``.
    acts
        What was done, in words for the operator.
    keys
        Keys that are controls of a mapping: (name, 1.0 when pressed and 0.0 when let go).
    """

    events: list[tuple[str, Value]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    acts: list[str] = field(default_factory=list)
    keys: list[tuple[str, float]] = field(default_factory=list)


class Keyboard:
    """Remembers how long Ctrl-Q is held, and what it asked for that is not in the state yet.

    Attributes
    ----------
    claims
        Says whether a key is a control of a mapping just now.
    """

    def __init__(self) -> None:
        self.claims: Callable[[str], bool] = lambda _: False
        self._claimed: set[str] = set()
        self._quit_since_s: float | None = None
        self._is_steering = False
        self._asked: dict[str, tuple[float, float]] = {}
        self._brush = Brush()
        self._grab = Brush("/grab", erases=False)
        self._flight = Flight()
        self._taps: tuple[int, ...] = ()

    def read(
        self, show: Show, state: State, items: Iterable[tuple[str, Value]], now_s: float
    ) -> InputEvents:
        """Translate the window's events.

        Parameters
        ----------
        now_s
            Monotonic time, for keys that must be held.
        """
        found = InputEvents()
        steers, items = show.drag == "steer", list(items)
        if show.drag == "paint":
            found.events += self._brush.read(items)
        elif show.drag == "grab":
            found.events += self._grab.read(items)
            if ("/window/button", "right") in items:
                found.events += [(f"{path.name}/release", True) for path in show.paths]
        elif show.drag == "map":
            mapped = next((path.name for path in show.paths if len(path.inputs) > 1), "")
            found.events += self._flight.read(items, mapped) if mapped else ()
        for address, value in items:
            if address == "/window/key" and isinstance(value, str):
                self._press(show, state, value, found, now_s)
            elif address == "/window/key_up" and value in self._claimed:
                self._claimed.remove(str(value))
                found.keys.append((str(value), 0.0))
            elif address == "/window/key_up" and str(value) in ("q", "ctrl+q", "ctrl", "control"):
                self._quit_since_s = None
            elif address == "/window/drag" and isinstance(value, tuple) and steers:
                for axis, moved in zip(("/master/steer_x", "/master/steer_y"), value, strict=False):
                    now = self._value(show, state, axis, now_s)
                    self._ask(found, show, axis, now + STEER_GAIN * moved, now_s)
                self._is_steering = True
            elif address == "/window/button_up" and value == "left" and self._is_steering:
                self._let_go(found)
            elif address == "/window/scroll" and isinstance(value, (int, float)):
                now = self._value(show, state, "/master/truncation", now_s)
                self._ask(found, show, "/master/truncation", now + WHEEL_GAIN * value, now_s)
                found.acts.append(f"truncation {found.events[-1][1]:.2f}")
            elif address == "/window/close":
                found.commands.append("quit")
        self._tell_taps(state, found)
        if self._quit_since_s is not None and now_s - self._quit_since_s >= QUIT_HOLD_S:
            found.commands.append("quit")
        return found

    def _value(self, show: Show, state: State, address: str, now_s: float) -> float:
        """Where a value stands: as it was asked for, until that has surely arrived."""
        value, asked_s = self._asked.get(address, (0.0, -math.inf))
        if now_s - asked_s < ARRIVED_S:
            return value
        return float(state.base[show.registry.index[address]])

    def _let_go(self, found: InputEvents) -> None:
        """End a drag: what it turned goes on by itself, and comes to rest elsewhere."""
        self._is_steering = False
        for axis in ("/master/steer_x", "/master/steer_y"):
            self._asked.pop(axis, None)
        found.events.append(("/master/steer_release", True))

    def _ask(
        self, found: InputEvents, show: Show, address: str, value: float, now_s: float
    ) -> None:
        stored = coerce(show.registry[address], value)
        self._asked[address] = (stored, now_s)
        found.events.append((address, stored))

    def _press(self, show: Show, state: State, key: str, found: InputEvents, now_s: float) -> None:
        """Do what the show binds the key to, else what it does everywhere, also with Shift."""
        key = SAME.get(key, key)
        bound = BUILT_IN.get(key) or BUILT_IN.get(key.replace("shift+", ""))
        if key == QUIT:
            self._quit_since_s = now_s
        elif self.claims(key):
            self._claimed.add(key)
            found.keys.append((key, 1.0))
        elif key in show.keys:
            address = show.keys[key][0]
            place = show.registry.index.get(address, -1)
            if place >= 0 and show.registry.parameters[place].kind is Kind.BOOL:
                self._turn_over(found, show, state, address, now_s)
            else:
                found.events.append(show.keys[key])
                found.acts.append(meaning(show, address))
        elif bound is None:
            return
        elif bound.address in SWITCHED:
            self._turn_over(found, show, state, bound.address, now_s)
        elif bound.address:
            found.events.append((bound.address, True))
            found.acts += [bound.meaning] if bound.address == "/master/jump" else []
        else:
            found.commands.append(bound.command)

    def _turn_over(
        self, found: InputEvents, show: Show, state: State, address: str, now_s: float
    ) -> None:
        """Turn a switch on that is off, and off that is on."""
        is_on = self._value(show, state, address, now_s) >= 0.5
        self._ask(found, show, address, 0.0 if is_on else 1.0, now_s)
        found.acts.append(switched(show, address, not is_on))

    def _tell_taps(self, state: State, found: InputEvents) -> None:
        """Say the tempo that a tap has brought about, whoever tapped."""
        taps = state.transport.taps
        if taps != self._taps and taps:
            learned = len(taps) > 2
            found.acts.append(f"{state.transport.tempo:.1f} bpm" if learned else f"tap {len(taps)}")
        self._taps = taps
