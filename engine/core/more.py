"""What a trajectory has been told, as plain data for snapshots: one line for each field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from engine.core import even, freeze, key_event, lessons, past_data, pull
from engine.core.show import Path
from engine.core.state import NOTHING, More

LARGEST = 1e15

Write = Callable[[Any], Any]
Read = Callable[[Path, Any], Any]


def read_rows(path: Path, data: Any) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """Read coordinates of a path [shape=path.shape]; None if they are of another shape."""
    found = np.asarray(data, np.float64)
    if found.shape != path.shape:
        return None
    if not (np.abs(found) <= LARGEST).all():
        raise ValueError("not a state snapshot: it holds a number that is not finite")
    return found


FIELDS: Mapping[str, tuple[Write, Read]] = {
    "lessons": (lessons.write, lessons.read),
    "keys": (key_event.write, key_event.read),
    "centre": (lambda centre: centre.tolist(), read_rows),
    "is_relocating": (bool, lambda _, data: bool(data)),
    "bans": (past_data.write_bans, past_data.read_bans),
    "presses": (list, lambda _, data: tuple(map(int, data))),
    "traces": (past_data.write_traces, past_data.read_traces),
    "seam": (past_data.write_seam, past_data.read_seam),
    "steer_zero": (list, past_data.read_pair),
    "paced": (past_data.write_paced, past_data.read_paced),
    "corners": (past_data.write_corners, past_data.read_corners),
    "table": (even.write_table, even.read_table),
    "felt": (list, even.read_felt),
    "pull": (pull.write, pull.read),
    "frozen": (freeze.write, freeze.read),
}
"""Field of `More` → how it is written as JSON-ready data, and read back for a path.

What does not fit the path any more (an edited show) is read as the field's default.
"""


def write_more(more: More) -> dict[str, Any]:
    """Write what differs from the default."""
    return {
        field.name: FIELDS[field.name][0](getattr(more, field.name))
        for field in fields(more)
        if getattr(more, field.name) is not getattr(NOTHING, field.name)
    }


def read_more(path: Path, data: Any) -> More:
    """Read it back; a field that this program does not know is left out.

    Raises
    ------
    ValueError, TypeError, KeyError
        If it is not such data.
    """
    known = {name: FIELDS[name][1](path, value) for name, value in data.items() if name in FIELDS}
    return More(**known) if known else NOTHING
