"""A setting of a trajectory: a parameter ``/layer/ID/path/NAME``, declared where it is used."""

from __future__ import annotations

from typing import NamedTuple

from engine.core.parameter import Kind


class Setting(NamedTuple):
    """One parameter of a trajectory, see `engine.core.parameter.Parameter`.

    Parameters
    ----------
    default
        Of a choice, its index.
    label
        A word or two for people, if its name is not enough.
    is_timing
        The speed depends on it: it is effective on every tick, not only when a frame is drawn.
    is_switch
        It says how the path moves: when it changes, the path flies over from where it was.
    glides
        It moves on a spring.
    """

    name: str
    text: str
    default: float = 0.0
    low: float = 0.0
    high: float = 1.0
    unit: str = ""
    kind: Kind = Kind.FLOAT
    choices: tuple[str, ...] = ()
    is_timing: bool = False
    is_switch: bool = False
    glides: bool = False
    label: str = ""


def choice(name: str, text: str, choices: tuple[str, ...], label: str = "") -> Setting:
    """Make a setting that is one of several names."""
    last = len(choices) - 1.0
    return Setting(name, text, 0.0, 0.0, last, "", Kind.CHOICE, choices, label=label)


def trigger(name: str, text: str, label: str = "") -> Setting:
    """Make a setting that fires: an event of the same name says what that does."""
    return Setting(name, text, kind=Kind.TRIGGER, label=label)
