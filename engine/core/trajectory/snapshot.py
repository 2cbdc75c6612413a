"""What a trajectory has been told, as plain data for snapshots: one line for each field."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.latent.geometry import Vector
from engine.core.modifiers import drag, freeze
from engine.core.modifiers.pad import CORNERS
from engine.core.motions import taught_map
from engine.core.path import speed
from engine.core.path.model import NOTHING, Ban, More, Path, Seam, Traces
from engine.core.trajectory import keyframe_events

LARGEST = 1e15
_MOST_ROWS = 4096


def write_bans(bans: tuple[Ban, ...]) -> Any:
    """Write bans."""
    return [[_text(centre), radius] for centre, radius in bans]


def read_bans(path: Path, data: Any) -> tuple[Ban, ...] | None:
    """Read them back; None if they are of another space.

    Raises
    ------
    ValueError, TypeError
        If they are no such data; so do the other readers here.
    """
    found = []
    for text, radius in data:
        centre = base64.b64decode(text, validate=True)
        if len(centre) != 4 * path.size:
            return None
        row = np.frombuffer(centre, "<f4")
        if not (np.isfinite(row).all() and (row != 0.0).any() and 0.0 < radius <= math.pi / 2):
            raise ValueError("not a state snapshot: a ban is out of reason")
        found.append((centre, float(radius)))
    return tuple(found)


def write_traces(traces: Traces) -> Any:
    """Write traces."""
    parts = [_text(part.astype("<f2").tobytes()) for part in (traces.centres, traces.fresh)]
    numbers = [traces.arriving, traces.leaving, traces.since]
    return [*parts, traces.weights.tolist(), *numbers]


def read_traces(path: Path, data: Any) -> Traces | None:
    """Read them back; None if they are of another space."""
    centres, fresh = (_halves(text, path.size) for text in data[:2])
    if centres is None or fresh is None:
        return None
    weights = np.asarray(data[2], np.float64)
    arriving, leaving, since = map(int, data[3:])
    if weights.shape != (len(centres),) or not (weights >= 0.0).all() or not (weights <= 1e9).all():
        raise ValueError("not a state snapshot: the weights of its traces are out of reason")
    if min(arriving, leaving) < 0 or arriving + leaving > len(centres):
        raise ValueError("not a state snapshot: more traces come and go than there are")
    return Traces(centres, weights, fresh, arriving, leaving, since)


def write_seam(seam: Seam) -> Any:
    """Write a seam."""
    return [seam.origin.tolist(), seam.left, seam.firm]


def read_seam(path: Path, data: Any) -> Seam | None:
    """Read it back; None if it is of another space."""
    origin, left, firm = data
    found = _place(path, origin)
    return None if found is None else Seam(found, int(left), max(int(firm), 0))


def write_paced(paced: tuple[Vector, int]) -> Any:
    """Write where a path was that is held back."""
    return [paced[0].tolist(), paced[1]]


def read_paced(path: Path, data: Any) -> tuple[Vector, int] | None:
    """Read it back; None if it is of another space."""
    here, motion = data
    found = _place(path, here)
    return None if found is None else (found, int(motion))


def write_corners(corners: tuple[Vector | None, ...]) -> Any:
    """Write the corners of a pad."""
    return [None if corner is None else corner.tolist() for corner in corners]


def read_corners(path: Path, data: Any) -> tuple[Vector | None, ...] | None:
    """Read them back; None if they are of another space."""
    found = tuple(None if corner is None else _place(path, corner) for corner in data)
    if len(found) != CORNERS:
        raise ValueError("not a state snapshot: a pad has four corners")
    return found


def read_pair(_: Path, data: Any) -> tuple[float, float]:
    """Read two angles."""
    x, y = (float(each) for each in data)
    if not (abs(x) <= LARGEST and abs(y) <= LARGEST):
        raise ValueError("not a state snapshot: an angle is not finite")
    return x, y


def _place(path: Path, data: Any) -> Vector | None:
    found = np.asarray(data, np.float64)
    if found.shape != path.shape:
        return None
    if not (np.abs(found) <= LARGEST).all():
        raise ValueError("not a state snapshot: it holds a number that is not finite")
    return found


def _halves(text: Any, size: int) -> NDArray[np.float16] | None:
    data = base64.b64decode(text, validate=True)
    if len(data) % (2 * size):
        return None
    found = np.frombuffer(data, "<f2").reshape(-1, size)
    if len(found) > _MOST_ROWS or not (np.abs(found) <= 1.01).all():
        raise ValueError("not a state snapshot: its traces are out of reason")
    return found.astype(np.float16)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


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
    "lessons": (taught_map.write, taught_map.read),
    "keys": (keyframe_events.write, keyframe_events.read),
    "centre": (lambda centre: centre.tolist(), read_rows),
    "is_relocating": (bool, lambda _, data: bool(data)),
    "bans": (write_bans, read_bans),
    "presses": (list, lambda _, data: tuple(map(int, data))),
    "traces": (write_traces, read_traces),
    "seam": (write_seam, read_seam),
    "steer_zero": (list, read_pair),
    "paced": (write_paced, read_paced),
    "corners": (write_corners, read_corners),
    "table": (speed.write_table, speed.read_table),
    "felt": (list, speed.read_felt),
    "pull": (drag.write, drag.read),
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
