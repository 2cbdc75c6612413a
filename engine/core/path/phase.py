"""Position: from the phase that a trajectory has gathered to its place on the path."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.path.arc_length import warp
from engine.core.path.keyframes import way_of
from engine.core.path.model import MOTIONS, Path, PathState

TURNINGS = ("loop", "pingpong", "once")
CENTRES = ("own", "seed", "key", "here")
LOOP_KNOTS = 8.0
"""Length of a loop that is told none."""
WRAP_KNOTS = 256.0
"""Period of the place that a port takes as a number: a float32 must tell frames apart."""
_SOFT = 0.25  # knots in which a path that turns back slows down


def position(path: Path, held: PathState, values: Sequence[float], dt: float) -> float:
    """Place on the path, in knots, `dt` seconds after the state's tick.

    Of a path through keys a jump is a step of one key. One that keeps to the beat is evened within
    its knots (see `engine.core.path.arc_length.warp`), any other by its speed.

    Parameters
    ----------
    values
        Effective values of all parameters.
    """
    place = _folded(path, held, values, held.phase + held.speed * dt + values[path.offset])
    if values[path.at["beats"]] > 0.0 and held.more.table is not None:
        return warp(held.more.table, values[path.at["even"]], place)
    return place


def _folded(path: Path, held: PathState, values: Sequence[float], place: float) -> float:
    motion = MOTIONS[int(values[path.motion])]
    if motion == "keys":
        place += held.place
    turning = TURNINGS[int(values[path.at["turning"]])]
    if turning == "loop" and (motion != "keys" or values[path.at["closed"]] >= 0.5):
        return place
    start, whole = _stretch(path, held, values, motion)
    if whole <= 0.0:
        return place
    soft = 0.0 if values[path.at["beats"]] > 0.0 else _SOFT
    return start + fold(place - start, whole, turning, soft)


def _stretch(
    path: Path, held: PathState, values: Sequence[float], motion: str
) -> tuple[float, float]:
    """Where a motion begins and how long it is; 0: it has no end."""
    if motion == "keys":
        way = way_of(path, held, values)
        return way.start, way.length
    if motion == "orbit":
        return 0.0, 1.0
    return 0.0, period_of(path, values, motion)


def period_of(path: Path, values: Sequence[float], motion: str) -> float:
    """Knots after which a motion repeats; 0: never."""
    period = values[path.at["period"]]
    if motion == "walk":
        return float(max(round(period), 4)) if period > 0.0 else 0.0
    if motion in ("loop", "noise", "opensimplex"):
        return period or LOOP_KNOTS
    return period if motion == "drift" else 0.0


def fold(place: float, whole: float, turning: str, soft: float = 0.0) -> float:
    """Lead a place that goes on and on over a path of a length.

    Parameters
    ----------
    turning
        ``loop``: from the end to the beginning · ``once``: it stays at the end · ``pingpong``:
        there and back.
    soft
        Stretch at both ends in which it slows down before it turns back; the time that this takes
        is made good between them.
    """
    if turning == "once":
        return min(max(place, 0.0), whole)
    if turning == "loop":
        return place % whole
    x = place % (2.0 * whole)
    if x > whole:
        x = 2.0 * whole - x
    soft = min(soft, 0.25 * whole)
    if soft <= 0.0:
        return x
    speed = whole / (whole - soft)
    if x < soft:
        return speed * x * x / (2.0 * soft)
    if x > whole - soft:
        return whole - speed * (whole - x) ** 2 / (2.0 * soft)
    return speed * (x - 0.5 * soft)
