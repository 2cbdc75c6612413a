"""Gamepads: sticks, triggers and buttons as controls, through GLFW, which the window has open.

Names are those of GLFW's gamepad mapping (of SDL's database, so that ``button/a`` is the lower one
on every make); a joystick that has none has numbers. GLFW belongs to the thread of the window,
which is the one that polls sources.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Self

from engine.sources.contract import Item, Moved

ADDRESSES: tuple[str, ...] = ()
"""None of its own: what the mappings make of its controls."""
MOST_PADS = 16
LOOK_S = 0.5
"""Between two looks at what is plugged in."""
NO_WINDOW = "no device: gamepads are read through the window, and there is none"
_BUTTONS = (
    "a", "b", "x", "y", "left_bumper", "right_bumper", "back", "start", "guide", "left_thumb",
    "right_thumb", "up", "right", "down", "left",
)  # fmt: skip
_STEP = 1.0 / 512.0


@dataclass(frozen=True, slots=True)
class Config:
    """How sticks are read: the `dead_zone` is the part of the way that is the middle, 0 to 0.9."""

    dead_zone: float = 0.12


class Reading(NamedTuple):
    """Where everything on a pad is.

    Parameters
    ----------
    axes
        -1..1 each, up and right positive; with a mapping: left x, y, right x, y, left and right
        trigger, which rest at -1.
    buttons
        Whether each is pressed.
    has_names
        Whether it has a mapping.
    """

    name: str
    axes: tuple[float, ...]
    buttons: tuple[bool, ...]
    has_names: bool = True


class Backend(Protocol):
    """What reads pads."""

    def is_on(self) -> bool:
        """Whether it can read anything."""

    def read(self, slot: int) -> Reading | None:
        """Read the pad in a slot; None: there is none."""


class Glfw:
    """GLFW, while a window has it open."""

    def __init__(self) -> None:
        import glfw

        self._glfw: Any = glfw

    def is_on(self) -> bool:
        """Whether a window has opened GLFW."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._glfw.joystick_present(0)
            return bool(self._glfw.get_error()[0] != self._glfw.NOT_INITIALIZED)

    def read(self, slot: int) -> Reading | None:
        """Read the pad in a slot."""
        glfw = self._glfw
        if not glfw.joystick_present(slot):
            return None
        if glfw.joystick_is_gamepad(slot):
            state = glfw.get_gamepad_state(slot)
            if not state:
                return None
            x, y, right_x, right_y, *triggers = state.axes
            axes = (x, -y, right_x, -right_y, *triggers)  # GLFW counts down
            return Reading(
                _text(glfw.get_gamepad_name(slot)), axes, tuple(map(bool, state.buttons))
            )
        axes, count = glfw.get_joystick_axes(slot)
        buttons, more = glfw.get_joystick_buttons(slot)
        return Reading(
            _text(glfw.get_joystick_name(slot)), tuple(axes[:count]),
            tuple(map(bool, buttons[:more])), False,
        )  # fmt: skip


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name or "gamepad")


def open(config: Config, now_ns: Callable[[], int]) -> Gamepads:
    """Open it; pads may come and go.

    Raises
    ------
    ValueError
        If the dead zone leaves nothing of the way.
    """
    if not 0.0 <= config.dead_zone <= 0.9:
        raise ValueError(f"dead_zone: {config.dead_zone:g} is outside 0 to 0.9")
    return Gamepads(config, now_ns, Glfw())


class Gamepads:
    """Every pad that is plugged in."""

    def __init__(self, config: Config, now_ns: Callable[[], int], backend: Backend) -> None:
        self._dead_zone, self._now_ns, self._backend = config.dead_zone, now_ns, backend
        self._names: dict[int, str] = {}
        self._values: dict[tuple[int, str], float] = {}
        self._waiting: list[Moved] = []
        self._looked_s = -math.inf
        self.state = "" if backend.is_on() else NO_WINDOW

    def tend(self, now_s: float) -> None:
        """Look for pads that came, now and then."""
        if self.state != NO_WINDOW and now_s - self._looked_s >= LOOK_S:
            self._looked_s = now_s
            for slot in range(MOST_PADS):
                if slot not in self._names and (found := self._backend.read(slot)) is not None:
                    self._names[slot] = found.name
                    for control, value in self._controls(slot, found):  # where it is at rest
                        self._values[slot, control] = value

    def poll(self, max_items: int) -> list[Item]:  # noqa: ARG002 - the contract
        """Nothing: it knows no addresses."""
        return []

    def moved(self, max_items: int) -> list[Moved]:
        """Take what was moved since it was last asked."""
        now = self._now_ns()
        for slot, name in tuple(self._names.items()):
            found = self._backend.read(slot)
            if found is None:
                self._unplug(slot, now)
                continue
            for control, value in self._controls(slot, found):
                before = self._values.get((slot, control), 0.0)
                is_at_rest = value in (-1.0, 0.0, 1.0) and value != before
                if is_at_rest or abs(value - before) >= _STEP:
                    self._values[slot, control] = value
                    self._waiting.append(Moved(now, name, control, value))
        given, self._waiting = self._waiting[:max_items], self._waiting[max_items:]
        return given

    def _unplug(self, slot: int, now: int) -> None:
        """Let go of everything on a pad that is gone."""
        name = self._names.pop(slot)
        for key in [key for key in self._values if key[0] == slot]:
            if self._values.pop(key):
                self._waiting.append(Moved(now, name, key[1], 0.0))

    def devices(self) -> list[str]:
        """Names of the pads that are plugged in."""
        return list(self._names.values())

    def _controls(self, slot: int, found: Reading) -> Iterable[tuple[str, float]]:
        root = f"gamepad/{slot + 1}"
        if not found.has_names:
            for number, value in enumerate(found.axes):
                yield f"{root}/axis/{number}", self._alive(value, 0.0)[0]
        else:
            x, y, right_x, right_y, *triggers = found.axes
            for side, stick in (("left", (x, y)), ("right", (right_x, right_y))):
                for axis, value in zip("xy", self._alive(*stick), strict=True):
                    yield f"{root}/axis/{side}_{axis}", value
            for side, value in zip(("left", "right"), triggers, strict=True):
                yield f"{root}/trigger/{side}", min(max(0.5 * (value + 1.0), 0.0), 1.0)
        names = _BUTTONS if found.has_names else range(len(found.buttons))
        for button, is_down in zip(names, found.buttons, strict=False):
            yield f"{root}/button/{button}", float(is_down)

    def _alive(self, x: float, y: float) -> tuple[float, float]:
        """Take the dead zone out of a stick: 0 in it, and from its rim to 1 without a jump."""
        reach = math.hypot(x, y)
        if not reach > self._dead_zone:  # also where a driver says NaN
            return 0.0, 0.0
        gain = (min(reach, 1.0) - self._dead_zone) / (1.0 - self._dead_zone) / reach
        return min(max(x * gain, -1.0), 1.0), min(max(y * gain, -1.0), 1.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:  # fmt: skip
        """Nothing is open: GLFW is the window's."""
