"""What a trajectory is told once: events with data of their own, and triggers.

An event ``/layer/ID/path/NAME`` that is no parameter, with one number or a vector, changes the
state of that path; so does a trigger of `path_settings.SETTINGS`. Whatever comes asynchronously
(a key, a drag, a table of speeds) comes so, is recorded, and replays.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from engine.core.event import Value
from engine.core.modifiers import drag
from engine.core.motions import taught_map
from engine.core.parameter import Kind
from engine.core.path import speed
from engine.core.path.model import Moment, Path, PathState
from engine.core.trajectory import ban_events, keyframe_events
from engine.core.trajectory.settings import SETTINGS

MOST_NUMBERS = 65536


Take = Callable[[Moment, Path, PathState, tuple[float, ...]], PathState]
TAKES: Mapping[str, Take] = {
    "teach": lambda moment, path, held, _: taught_map.teach(
        path, held, moment.values, moment.coordinates()
    ),
    "forget": lambda _, path, held, __: taught_map.forget(path, held),
    "key": keyframe_events.take_key,
    "drop_key": keyframe_events.take_drop,
    "take_key": keyframe_events.take_back,
    "clear_keys": keyframe_events.take_clear,
    "centre_here": keyframe_events.take_centre,
    "ban": ban_events.take_ban,
    "unban": ban_events.take_unban,
    "clear_bans": ban_events.take_clear,
    "snap": ban_events.take_snap,
    "corner": ban_events.take_corner,
    "table": speed.take_table,
    "felt": speed.take_felt,
    "pull": drag.take_pull,
    "release": drag.take_release,
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
