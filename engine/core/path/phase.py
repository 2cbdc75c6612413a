"""Phase of a trajectory: where on its path it is, from the phase that it has gathered."""

from __future__ import annotations

from engine.core.path.arc_length import warp
from engine.core.path.model import Extent, Motion, Path, PathState, Values

TURNINGS = ("loop", "pingpong", "once")
LOOP_KNOTS = 8.0
"""Length of a loop that is given none."""
WRAP_KNOTS = 256.0
"""Period of the phase that a port takes as a number: a float32 must tell frames apart."""
_SOFT = 0.25  # knots in which a path that turns back slows down


def position(path: Path, state: PathState, values: Values, dt: float) -> float:
    """Phase on the path, in knots, `dt` seconds after the state's tick.

    Of a path through keys a jump is a step of one key. One that keeps to the beat is evened within
    its knots (see `engine.core.path.arc_length.warp`), any other by its speed.
    """
    place = _folded(path, state, values, state.phase + state.speed * dt + values[path.offset])
    if values[path.at["beats"]] > 0.0 and "table" in state.memory:
        return warp(state.memory["table"], values[path.at["even"]], place)
    return place


def _folded(path: Path, state: PathState, values: Values, place: float) -> float:
    motion = path.motion_of(values)
    if motion.is_keyed:
        place += state.place
    turning = TURNINGS[int(values[path.at["turning"]])]
    if turning == "loop" and (not motion.closes or values[path.at[motion.closes]] >= 0.5):
        return place
    start, whole, _ = extent_of(motion, path, state, values)
    if whole <= 0.0:
        return place
    soft = 0.0 if values[path.at["beats"]] > 0.0 else _SOFT
    return start + fold(place - start, whole, turning, soft)


def extent_of(motion: Motion, path: Path, state: PathState, values: Values) -> Extent:
    """Where a motion begins and how long it is."""
    if motion.extent is not None:
        return motion.extent(path, state, values)
    return Extent(0.0, motion.period(path, values), True)


def own_period(path: Path, values: Values) -> float:
    """Period that the path is given; 0: none."""
    return values[path.at["period"]]


def loop_period(path: Path, values: Values) -> float:
    """Period of a motion that always has one."""
    return values[path.at["period"]] or LOOP_KNOTS


def fold(place: float, whole: float, turning: str, soft: float = 0.0) -> float:
    """Lead a place that goes on and on over a path of a length.

    Parameters
    ----------
    turning
        ``loop``: from the end to the beginning · ``once``: it stays at the end · ``pingpong``:
        there and back.
    soft
        Part of both ends in which it slows down before it turns back; the time that this takes is
        made good between them.
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
