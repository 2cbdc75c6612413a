"""Keys and mouse of the window: what a performer does, as events and as acts of the host."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.core.event import Value
from engine.core.show import Show
from engine.core.state import State

HELP = (
    ("1 – 9", "scenes"),
    ("Space", "fly to a new place"),
    ("drag · wheel", "steer · truncation"),
    ("B · H", "blackout · freeze"),
    ("Tab", "tap the beat"),
    ("A", "autopilot"),
    ("M", "built-in music"),
    ("K", "keep the last ten minutes"),
    ("T", "test card"),
    ("F · Esc", "full screen · leave it"),
    ("F1", "this help"),
    ("Ctrl-Q, held", "quit"),
)
STEER_GAIN = 2.5
"""Radians of latent rotation for a drag over the picture's whole height."""
WHEEL_GAIN = 0.05
QUIT_HOLD_S = 1.0
_TOGGLES = {"b": "/master/blackout", "h": "/master/freeze", "a": "/autopilot/on"}
_TRIGGERS = {"space": "/master/jump", "tab": "/transport/tap"}
_ACTS = {"f": "fullscreen", "escape": "leave", "t": "card", "f1": "help", "k": "keep", "m": "music"}


@dataclass(slots=True)
class Hands:
    """What the keys and the mouse amount to since the last frame.

    Parameters
    ----------
    events
        (address, value) for the show.
    acts
        Words for the host: ``fullscreen``, ``leave``, ``card``, ``help``, ``keep``, ``music``,
        ``quit``.
    """

    events: list[tuple[str, Value]] = field(default_factory=list)
    acts: list[str] = field(default_factory=list)


class Keyboard:
    """Remembers only how long Ctrl-Q is held."""

    def __init__(self) -> None:
        self._quit_since_s: float | None = None

    def read(
        self, show: Show, state: State, items: Iterable[tuple[str, Value]], now_s: float
    ) -> Hands:
        """Translate the window's events.

        Parameters
        ----------
        now_s
            Monotonic time, for keys that must be held.
        """
        hands = Hands()
        steer = [float(state.base[p]) for p in (show.master.steer_x, show.master.steer_y)]
        for address, value in items:
            if address == "/window/key" and isinstance(value, str):
                self._press(show, state, value, hands, now_s)
            elif address == "/window/key_up" and str(value) in ("q", "ctrl+q", "ctrl", "control"):
                self._quit_since_s = None
            elif address == "/window/drag" and isinstance(value, tuple):
                steer = [s + STEER_GAIN * d for s, d in zip(steer, value, strict=False)]
                hands.events += [("/master/steer_x", steer[0]), ("/master/steer_y", steer[1])]
            elif address == "/window/scroll" and isinstance(value, (int, float)):
                now = float(state.base[show.master.truncation])
                hands.events.append(("/master/truncation", now + WHEEL_GAIN * float(value)))
            elif address == "/window/close":
                hands.acts.append("quit")
        if self._quit_since_s is not None and now_s - self._quit_since_s >= QUIT_HOLD_S:
            hands.acts.append("quit")
        return hands

    def _press(self, show: Show, state: State, key: str, hands: Hands, now_s: float) -> None:
        if key == "ctrl+q":
            self._quit_since_s = now_s
        elif key in show.keys:
            hands.events.append(show.keys[key])
        elif key in _TOGGLES:
            place = show.registry.index[_TOGGLES[key]]
            hands.events.append((_TOGGLES[key], state.base[place] < 0.5))
        elif key in _TRIGGERS:
            hands.events.append((_TRIGGERS[key], True))
        elif key in _ACTS:
            hands.acts.append(_ACTS[key])
