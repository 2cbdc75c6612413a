"""Lights and motors of controllers: they show what is, and never fight the hand that moves them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from engine.core.control.mappings import Bound, position
from engine.core.event import Value
from engine.core.parameter import Kind, coerce
from engine.core.show.mapping import CODINGS, kind_of
from engine.core.show.show import Show
from engine.core.show.state import State

HELD_NS = 300_000_000
"""Nothing is sent to a fader so long after a hand has moved it."""
MOST_PER_FRAME = 64
MOST_TOUCHED = 4096
_FINE = ("cc14", "nrpn", "bend")
"""Of more than seven bits."""


class Ports(Protocol):
    """Devices with controls, see `engine.sources.contract`."""

    def show(self, device: str, control: str, value: float) -> None:
        """Light a control, or move its motor."""

    def write(self, device: str, data: bytes) -> None:
        """Send a message."""

    def devices(self) -> list[str]:
        """Names of what is plugged in."""


@dataclass(frozen=True, slots=True, eq=False)
class Lamp:
    """A control that shows the value of what it moves."""

    device: str
    control: str
    bound: Bound

    @property
    def is_fader(self) -> bool:
        """Whether it stands where a hand left it, so that it may have a motor."""
        mapping = self.bound.mapping
        return self.bound.mode == "value" and mapping.coding == CODINGS[0] and not mapping.is_button


class Lights:
    """A sink of feedback (see `engine.play.live.feedback`) that shows values on controls."""

    kind = ""
    """Of the source whose values are not told: each control is judged by itself."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._values: dict[str, Value] = {}
        self._lamps: dict[str, list[Lamp]] = {}
        self._of: dict[tuple[str, str], Lamp] = {}
        self._due: dict[Lamp, None] = {}
        self._shown: dict[tuple[str, str], float] = {}
        self._touched_ns: dict[tuple[str, str], int] = {}
        self._pressed: set[tuple[str, str]] = set()
        self._cue = -1
        self.count = 0

    def send(self, address: str, value: Value) -> None:
        """Take a value that has changed."""
        self._values[address] = value
        self._due.update(dict.fromkeys(self._lamps.get(address, ())))

    def arrange(self, lamps: Iterable[Lamp], fresh: Iterable[str]) -> None:
        """Show values on these controls from now on; those of a fresh device know nothing yet."""
        self._lamps, self._of = {}, {}
        for lamp in lamps:
            self._lamps.setdefault(lamp.bound.address, []).append(lamp)
            self._of[lamp.device, lamp.control] = lamp
        for device, control in set(self._shown) - set(self._of):
            self._put(device, control, 0.0)
            del self._shown[device, control]
        new = set(fresh)
        self._shown = {key: level for key, level in self._shown.items() if key[0] not in new}
        self._due = dict.fromkeys(self._of.values())

    def touch(self, device: str, control: str, value: float, now_ns: int) -> None:
        """Note that a hand has moved a control; a fader is looked at again when it is let go."""
        key = device, control
        if value > 0.0:
            self._pressed.add(key)
        else:
            self._pressed.discard(key)
        if len(self._touched_ns) >= MOST_TOUCHED:
            self._touched_ns.clear()
        self._touched_ns[key] = now_ns  # also of a device that is not arranged yet
        lamp = self._of.get(key)
        if lamp is not None:
            self._due[lamp] = None
            if lamp.is_fader:
                self._shown[key] = value

    def tend(self, show: Show, state: State, now_ns: int) -> None:
        """Show what is not shown yet, a bounded number of controls."""
        if state.cue != self._cue:
            self._cue = state.cue
            goes = {show.registry.parameters[place].address for place in show.cue_of}
            self._due.update(
                {lamp: None for address in goes for lamp in self._lamps.get(address, ())}
            )
        count = 0
        for lamp in tuple(self._due):
            key = lamp.device, lamp.control
            if lamp.is_fader and now_ns - self._touched_ns.get(key, -HELD_NS) < HELD_NS:
                continue
            del self._due[lamp]
            level = self._level(show, lamp)
            if level is not None and not _is_same(lamp.control, self._shown.get(key), level):
                self._shown[key] = level
                self._put(*key, level)
                count += 1
                if count >= MOST_PER_FRAME:
                    break

    def _put(self, device: str, control: str, level: float) -> None:
        self.count += 1
        self._ports.show(device, control, level)

    def _level(self, show: Show, lamp: Lamp) -> float | None:
        """What a control is to show; None: nothing is known of its value yet."""
        bound = lamp.bound
        light = bound.mapping.light
        if light is None:
            return None
        if bound.place in show.cue_of:
            is_on = show.cue_of[bound.place] == self._cue
        elif bound.parameter.kind is Kind.TRIGGER:
            is_on = (lamp.device, lamp.control) in self._pressed
        else:
            told = self._values.get(bound.address)
            if told is None or isinstance(told, tuple):
                return None
            value = coerce(bound.parameter, told)
            if bound.mode in ("value", "velocity") and not bound.is_button:
                at = position(bound, value)
                return 2.0 * at - 1.0 if bound.is_centred else at
            if bound.mode == "trigger":
                is_on = value == coerce(bound.parameter, bound.value)
            elif bound.mode not in ("toggle", "momentary"):
                is_on = value != bound.low
            else:
                is_on = abs(value - bound.high) < abs(value - bound.low)
        return light[0] if is_on else light[1]

    def close(self) -> None:
        """Put out what is lit; faders stay where they are."""
        for key, lamp in self._of.items():
            if not lamp.is_fader and self._shown.get(key):
                self._put(*key, 0.0)


def _is_same(control: str, shown: float | None, level: float) -> bool:
    """Whether a control, of seven bits or more, shows two levels alike."""
    steps = 16383.0 if kind_of(control) in _FINE else 127.0
    return shown is not None and round(shown * steps) == round(level * steps)
