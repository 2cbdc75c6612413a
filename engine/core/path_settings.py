"""The table of what a trajectory can be told beyond its oldest parameters: one line each.

A line makes the parameter ``/layer/ID/path/NAME``; the key of the show file is a field of the same
name in `engine.app.document.PathTable`, and `Path.at` gives its place in the value vector. A
trigger has no key, and is heard in `engine.core.path_event`.
"""

from __future__ import annotations

from typing import NamedTuple

from engine.core.parameter import Kind


class Setting(NamedTuple):
    """One parameter of a trajectory, see `engine.core.parameter.Parameter`.

    The default of a choice is a place among its choices.
    """

    name: str
    text: str
    default: float = 0.0
    low: float = 0.0
    high: float = 1.0
    unit: str = ""
    kind: Kind = Kind.FLOAT
    choices: tuple[str, ...] = ()


SETTINGS: tuple[Setting, ...] = (
    Setting("teach", "The controllers stand for this picture now.", kind=Kind.TRIGGER),
    Setting("forget", "Takes the newest taught example away.", kind=Kind.TRIGGER),
)
"""In the order of the registry: append, so that recorded shows keep their places."""
