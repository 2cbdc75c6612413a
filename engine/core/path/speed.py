"""Even motion: a trajectory's speed from how fast its picture changes, and what it is told of that.

The way through the space stays; only the speed along it follows the table
(`engine.core.path.arc_length`) or, until that is there, what was seen of the newest frames. The
phase goes on from where it is: nothing jumps when the strength or the table changes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from engine.core.path.arc_length import Table, from_numbers, rate, to_numbers
from engine.core.path.keyframes import way_of
from engine.core.path.model import MOTIONS, Path, PathState
from engine.core.path.phase import period_of, position

BAR_BEATS = 4
NEAR_BEATS = 0.25
SLOWEST, FASTEST = -0.75, 1.0


def knots_per_beat(path: Path, values: Sequence[float]) -> float:
    """How far a path goes in a beat; 0: it is not locked."""
    beats = values[path.at["beats"]]
    return values[path.at["beat_ratio"]] / beats if beats > 0.0 else 0.0


def paced(
    path: Path,
    held: PathState,
    values: Sequence[float],
    speed: float,
    beat: float,
    beats_per_tick: float,
    tick_s: float,
) -> PathState:
    """Give a trajectory the speed that holds until the next tick.

    Parameters
    ----------
    speed
        What it is without a lock, in knots per second; with one, its sign counts.
    beat, beats_per_tick
        Beat at this tick, and how far it goes until the next one.
    """
    rate, more = knots_per_beat(path, values), held.more
    if rate <= 0.0:
        speed = even_speed(path, held, values, speed, tick_s)
    elif speed != 0.0:
        way = math.copysign(rate, speed)
        off = beat * way - held.phase
        error = (off - round(off)) / way
        is_late = abs(error) > NEAR_BEATS
        if is_late and not more.is_relocating:
            is_bar = math.floor(beat / BAR_BEATS) != math.floor((beat - beats_per_tick) / BAR_BEATS)
            is_late = is_bar
            error = error if is_bar else 0.0
        if is_late != more.is_relocating:
            more = replace(more, is_relocating=is_late)
        speed = way * beats_per_tick / tick_s * (1.0 + min(max(error, SLOWEST), FASTEST))
    return PathState(held.phase, speed, held.place, held.left, held.origin, more)


MOST_KNOTS = 64.0
"""A longer path is looked at piece by piece, like an endless one."""
STEP_S = 1.0 / 60.0
_MOST_STEPS = 64


class Stretch(NamedTuple):
    """What there is to look at of a path: from `start`, `length` knots; endless if that is 0."""

    start: float
    length: float
    is_closed: bool


def stretch_of(path: Path, held: PathState, values: Sequence[float]) -> Stretch | None:
    """Say what a path goes through; None if it does not move by itself."""
    motion = MOTIONS[int(values[path.motion])]
    if motion in ("still", "map"):
        return None
    start, length, is_closed = 0.0, 0.0, True
    if motion == "keys":
        way = way_of(path, held, values)
        start, length, is_closed = way.start, way.length, values[path.at["closed"]] >= 0.5
    elif motion == "orbit":
        length = 1.0
    else:
        length = period_of(path, values, motion)
    if values[path.at["wander"]] > 0.0 or length > MOST_KNOTS:
        return Stretch(0.0, 0.0, False)
    if motion == "keys" and length <= 0.0:
        return None
    return Stretch(start, length, is_closed and length > 0.0)


def felt_at(held: PathState, place: float) -> tuple[float, float] | None:
    """Perceived change per knot at a place, and on the whole; None if nothing is known yet."""
    table = held.more.table
    found = None if table is None else table.speed_at(place)
    if table is None or found is None:
        return held.more.felt
    return found, table.mean


def factor(path: Path, held: PathState, values: Sequence[float], place: float) -> float:
    """How much faster than its ordinary speed a path goes at a place."""
    even = values[path.at["even"]]
    felt = felt_at(held, place) if even > 0.0 else None
    return 1.0 if felt is None else rate(*felt, even)


def even_speed(
    path: Path, held: PathState, values: Sequence[float], speed: float, tick_s: float
) -> float:
    """Speed along a path until the next tick, in knots per second, from the one asked for.

    It is that of the middle of the tick. With ``change`` above 0 that is so much perceived change
    per second, and of the asked speed the direction and the master's part count.
    """
    at, own = path.at, values[path.speed]
    if speed == 0.0 or (values[at["even"]] <= 0.0 and values[at["change"]] <= 0.0):
        return speed
    felt = felt_at(held, position(path, held, values, 0.5 * tick_s))
    if felt is None or felt[1] <= 0.0:
        return speed
    if values[at["change"]] > 0.0:
        speed = math.copysign(values[at["change"]] / felt[1] * abs(speed / own), speed)
    return speed * rate(*felt, values[at["even"]])


def even_dt(
    path: Path, held: PathState, values: Sequence[float], dt: float, tick_s: float
) -> float:
    """Time at the present speed in which a path goes as far as in `dt` seconds of even motion.

    So that who asks for a picture ahead of time asks for the right one.
    """
    if dt <= STEP_S or held.more.table is None or held.speed == 0.0:
        return dt
    if values[path.at["even"]] <= 0.0 or values[path.at["beats"]] > 0.0:
        return dt
    count = min(math.ceil(dt / STEP_S), _MOST_STEPS)
    now = position(path, held, values, 0.0)
    middle = position(path, held, values, 0.5 * tick_s)
    speed, gone = held.speed / factor(path, held, values, middle), 0.0
    for _ in range(count):
        middle = now + gone + 0.5 * speed * factor(path, held, values, now + gone) * dt / count
        gone += speed * factor(path, held, values, middle) * dt / count
    return gone / held.speed


def take_table(_: Any, __: Path, held: PathState, data: tuple[float, ...]) -> PathState:
    """Take a table; of an empty vector, or none that it can be, the old one is forgotten."""
    more = replace(held.more, table=from_numbers(data), felt=None)
    return replace(held, more=more)


def take_felt(moment: Any, path: Path, held: PathState, data: tuple[float, ...]) -> PathState:
    """Take what was seen of the newest frames: change per knot now, and on the whole.

    It is late already, so the speed follows on this tick.
    """
    felt = read_felt(None, data)
    if felt is None:
        return held
    told, values = replace(held, more=replace(held.more, felt=felt)), moment.values
    if values[path.at["beats"]] > 0.0:
        return told
    place = position(path, held, values, 0.0)
    change = factor(path, told, values, place) / factor(path, held, values, place)
    return replace(told, speed=held.speed * change)


def write_table(table: Table) -> list[float]:
    """Write a table as plain numbers."""
    return list(to_numbers(table.start, table.per_knot, table.is_closed, table.mean, table.steps))


def read_table(_: Any, data: Any) -> Table | None:
    """Read a table back; None if it is none.

    Raises
    ------
    ValueError, TypeError
        If these are no numbers.
    """
    return from_numbers([float(number) for number in data])


def read_felt(_: Any, data: Any) -> tuple[float, float] | None:
    """Read both numbers of what was felt; None if they are none."""
    if len(data) != 2 or not all(0.0 < float(number) <= 1e6 for number in data):
        return None
    return float(data[0]), float(data[1])
