"""Timing of a trajectory: its speed, kept to the beat or evened to the perceived change.

The way through the space stays; only the speed along it follows the table
(`engine.core.path.arc_length`) or, until that is there, what was seen of the newest frames. The
phase goes on from where it is: nothing jumps when the strength or the table changes.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from engine.core.path.arc_length import Table, from_numbers, rate, to_numbers
from engine.core.path.model import (
    Change,
    Data,
    Extent,
    Here,
    Kept,
    Now,
    Part,
    Path,
    PathState,
    Values,
)  # fmt: skip
from engine.core.path.phase import TURNINGS, extent_of, position
from engine.core.path.setting import Setting, choice

BAR_BEATS = 4
NEAR_BEATS = 0.25
SLOWEST, FASTEST = -0.75, 1.0


def knots_per_beat(path: Path, values: Values) -> float:
    """How far a path goes in a beat; 0: it is not locked."""
    beats = values[path.at["beats"]]
    return values[path.at["beat_ratio"]] / beats if beats > 0.0 else 0.0


class Tempo(NamedTuple):
    """The beat at a tick, how far it goes until the next one, and how long that is."""

    beat: float
    beats_per_tick: float
    tick_s: float


def paced(path: Path, state: PathState, values: Values, speed: float, tempo: Tempo) -> PathState:
    """Give a path its speed in knots per second until the next tick; on a beat its sign."""
    rate, memory = knots_per_beat(path, values), state.memory
    if rate <= 0.0:
        speed = even_speed(path, state, values, speed, tempo.tick_s)
    elif speed != 0.0:
        beat, beats_per_tick, tick_s = tempo
        per_beat = math.copysign(rate, speed)
        off = beat * per_beat - state.phase
        error = (off - round(off)) / per_beat
        is_late, was_late = abs(error) > NEAR_BEATS, memory.get("is_relocating", False)
        if is_late and not was_late:
            is_bar = math.floor(beat / BAR_BEATS) != math.floor((beat - beats_per_tick) / BAR_BEATS)
            is_late = is_bar
            error = error if is_bar else 0.0
        if is_late != was_late:
            memory = state.remembering(is_relocating=is_late or None).memory
        speed = per_beat * beats_per_tick / tick_s * (1.0 + min(max(error, SLOWEST), FASTEST))
    return PathState(state.phase, speed, state.place, state.left, state.origin, memory)


MOST_KNOTS = 64.0
"""A longer path is looked at piece by piece, like an endless one."""
STEP_S = 1.0 / 60.0
_MOST_STEPS = 64


def probed_extent(path: Path, state: PathState, values: Values) -> Extent | None:
    """What there is to look at of a path; None if it does not move by itself."""
    motion = path.motion_of(values)
    if motion.is_still:
        return None
    start, length, is_closed = extent_of(motion, path, state, values)
    if values[path.at["wander"]] > 0.0 or length > MOST_KNOTS:
        return Extent(0.0, 0.0, False)
    if motion.extent is not None and length <= 0.0:
        return None
    return Extent(start, length, is_closed and length > 0.0)


def perceived_at(state: PathState, place: float) -> tuple[float, float] | None:
    """Perceived change per knot at a place, and on the whole; None if nothing is known yet."""
    table: Table | None = state.memory.get("table")
    found = None if table is None else table.speed_at(place)
    if table is None or found is None:
        perceived: tuple[float, float] | None = state.memory.get("felt")
        return perceived
    return found, table.mean


def factor(path: Path, state: PathState, values: Values, place: float) -> float:
    """How much faster than its ordinary speed a path goes at a place."""
    even = values[path.at["even"]]
    perceived = perceived_at(state, place) if even > 0.0 else None
    return 1.0 if perceived is None else rate(*perceived, even)


def even_speed(path: Path, state: PathState, values: Values, speed: float, tick_s: float) -> float:
    """Speed along a path until the next tick, in knots per second, from the one asked for.

    It is that of the middle of the tick. With ``change`` above 0 that is so much perceived change
    per second, and of the asked speed the direction and the master's part count.
    """
    at, own = path.at, values[path.speed]
    if speed == 0.0 or (values[at["even"]] <= 0.0 and values[at["change"]] <= 0.0):
        return speed
    perceived = perceived_at(state, position(path, state, values, 0.5 * tick_s))
    if perceived is None or perceived[1] <= 0.0:
        return speed
    if values[at["change"]] > 0.0:
        speed = math.copysign(values[at["change"]] / perceived[1] * abs(speed / own), speed)
    return speed * rate(*perceived, values[at["even"]])


def even_dt(path: Path, state: PathState, values: Values, dt: float, tick_s: float) -> float:
    """Time at the present speed in which a path goes as far as in `dt` seconds of even motion.

    So that who asks for a picture ahead of time asks for the right one.
    """
    if dt <= STEP_S or state.memory.get("table") is None or state.speed == 0.0:
        return dt
    if values[path.at["even"]] <= 0.0 or values[path.at["beats"]] > 0.0:
        return dt
    count = min(math.ceil(dt / STEP_S), _MOST_STEPS)
    now = position(path, state, values, 0.0)
    middle = position(path, state, values, 0.5 * tick_s)
    speed, gone = state.speed / factor(path, state, values, middle), 0.0
    for _ in range(count):
        middle = now + gone + 0.5 * speed * factor(path, state, values, now + gone) * dt / count
        gone += speed * factor(path, state, values, middle) * dt / count
    return gone / state.speed


def _take_table(_: Path, state: PathState, __: Now, ___: Here, data: Data) -> PathState:
    """Take a table; of an empty vector, or none that it can be, the old one is forgotten."""
    return state.remembering(table=from_numbers(data), felt=None)


def _take_perceived(path: Path, state: PathState, now: Now, _: Here, data: Data) -> PathState:
    """Take what was seen of the newest frames: change per knot now, and on the whole.

    It is late already, so the speed follows on this tick.
    """
    perceived = _read_perceived(None, data)
    if perceived is None:
        return state
    after, values = state.remembering(felt=perceived), now.values
    if values[path.at["beats"]] > 0.0:
        return after
    place = position(path, state, values, 0.0)
    change = factor(path, after, values, place) / factor(path, state, values, place)
    return after._replace(speed=state.speed * change)


def _write_table(table: Table) -> list[float]:
    """Write a table as plain numbers."""
    return list(to_numbers(table.start, table.per_knot, table.is_closed, table.mean, table.steps))


def _read_perceived(_: Any, data: Any) -> tuple[float, float] | None:
    """Read both numbers of what was felt; None if they are none."""
    if len(data) != 2 or not all(0.0 < float(number) <= 1e6 for number in data):
        return None
    return float(data[0]), float(data[1])


TIMING = Part(
    settings=(
        choice("turning", "What it does at the end of its path.", TURNINGS)._replace(
            is_timing=True, is_switch=True
        ),
        Setting(
            "period", "Length of the loop; 0: the motion's own, or none.", 0.0, 0.0, 1e4, "knots",
            is_timing=True, label="Loop length",
        ),
        Setting(
            "beats", "A knot takes so many beats; 0: its own speed.", 0.0, 0.0, 256.0, "beats",
            is_timing=True, label="Beats per knot",
        ),
        Setting(
            "beat_ratio", "2: double time, 0.5: half time.", 1.0, 0.125, 8.0, is_timing=True
        ),
        Setting(
            "glide_s", "Pads, pushes and directions are half way after it.", 0.2, 0.0, 30.0, "s"
        ),
        Setting(
            "even", "How much its speed is evened to the eye; 0: knots per second.", 0.0,
            is_timing=True, label="Even speed",
        ),
        Setting(
            "change", "Perceived change per second; 0: its speed in knots counts.", high=100.0,
            unit="1/s", is_timing=True, label="Change rate",
        ),
    ),
    events={
        "table": Change(_take_table, text="Speeds along the path that even it to the eye."),
        "felt": Change(_take_perceived, text="Perceived changes per knot, here and on average."),
    },
    memory={
        "is_relocating": Kept(bool, lambda _, data: bool(data) or None),
        "table": Kept(_write_table, lambda _, data: from_numbers([*map(float, data)])),
        "felt": Kept(list, _read_perceived),
    },
)  # fmt: skip
"""What every trajectory has, however it moves."""
