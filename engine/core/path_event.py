"""What a trajectory is told once: events with data of their own, and triggers.

An event ``/layer/ID/path/NAME`` that is no parameter, with one number or a vector, changes the
state of that path; so does a trigger of `path_settings.SETTINGS`. Whatever comes asynchronously
(a key, a drag, a table of speeds) comes so, is recorded, and replays.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from engine.core import ban_event, even, key_event, lessons, pull
from engine.core.event import Value
from engine.core.geometry import Vector
from engine.core.parameter import Kind
from engine.core.path_settings import SETTINGS
from engine.core.show import Path, Show
from engine.core.state import PathState, State

MOST_NUMBERS = 65536


class Moment(NamedTuple):
    """When a path is told something.

    Parameters
    ----------
    show, state
        At the tick, with everything else done.
    values
        Effective values of all parameters.
    coordinates
        Gives where the path is now, in coordinates [shape=path.shape].
    """

    show: Show
    state: State
    values: Sequence[float]
    coordinates: Callable[[], Vector]


Take = Callable[[Moment, Path, PathState, tuple[float, ...]], PathState]
TAKES: Mapping[str, Take] = {
    "teach": lambda moment, path, held, _: lessons.teach(
        path, held, moment.values, moment.coordinates()
    ),
    "forget": lambda _, path, held, __: lessons.forget(path, held),
    "key": key_event.take_key,
    "drop_key": key_event.take_drop,
    "take_key": key_event.take_back,
    "clear_keys": key_event.take_clear,
    "centre_here": key_event.take_centre,
    "ban": ban_event.take_ban,
    "unban": ban_event.take_unban,
    "clear_bans": ban_event.take_clear,
    "snap": ban_event.take_snap,
    "corner": ban_event.take_corner,
    "table": even.take_table,
    "felt": even.take_felt,
    "pull": pull.take_pull,
    "release": pull.take_release,
    "invert": lambda _, __, held, ___: held,  # the latent that is found comes as a key
}
"""Name of an event or a trigger → what it does. One that cannot be is left out, without an error:
the application has said why before."""

TRIGGERS = tuple(setting.name for setting in SETTINGS if setting.kind is Kind.TRIGGER)


def numbers(value: Value) -> tuple[float, ...] | None:
    """Read an event's data; None if it is none that a path understands."""
    found = value if isinstance(value, tuple) else (value,)
    if any(isinstance(each, str) for each in found) or len(found) > MOST_NUMBERS:
        return None
    listed = tuple(float(each) for each in found)
    return listed if all(map(math.isfinite, listed)) else None
