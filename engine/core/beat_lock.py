"""Beat lock: a trajectory's place is a function of the beat; its speed is corrected, never it.

A knot takes `beats` beats. Where the path is off by an error e (beats), it goes by a factor of
``1 + e`` as fast, so that the error is a third after a beat. An error of more than a quarter of a
beat, after a tap or when the lock is switched on, waits for the next bar, and is made good from
there, at no less than a quarter and no more than twice the speed. So no tempo and no tap ever
makes a picture jump.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from engine.core.even import even_speed
from engine.core.show import Path
from engine.core.state import PathState

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
