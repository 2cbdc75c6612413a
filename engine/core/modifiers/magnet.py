"""Magnets: keys that draw a latent to themselves, and the flight to the nearest one."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from engine.core.latent.geometry import Vector, away, length, onto_shell
from engine.core.path.keyframes import Keyframes, keyframe_spline, keyframes_of
from engine.core.path.model import (
    Change,
    Data,
    Extent,
    Here,
    Modifier,
    Now,
    Part,
    Path,
    PathState,
    Rows,
    Values,
)  # fmt: skip
from engine.core.path.phase import TURNINGS, position
from engine.core.path.setting import Setting, trigger


class Poles(NamedTuple):
    """Directions of keys [unit vectors, shape=(N, D)], and of each how far the next one is.

    The distance is worked out when a key is first the nearest one: `apart` remembers it.
    """

    units: Vector
    apart: dict[int, float]


def poles(keys: Vector) -> Poles:
    """Take the directions of keys [shape=(N, D)]."""
    return Poles(keys / np.sqrt((keys * keys).sum(axis=1))[:, None], {})


@lru_cache(maxsize=256)
def _poles_of(keys: Keyframes, point: int, size: int) -> Poles:
    return poles(np.stack([key.reshape(-1, size)[point] for key in keys.points]))


def magnet(z: Vector, keys: Poles, strength: float, reach: float, hold: float) -> Vector:
    """Draw a latent to the key that it is near to.

    At an angle a to the key, what lies within `hold` comes onto it and what lies beyond `reach`
    stays; between them the angle becomes ``a (3 x^2 - 2 x^3)``, ``x = (a - hold) / (reach - hold)``
    (C1, and what was nearer stays nearer), mixed with a itself by the strength. Keys that lie
    within twice the reach of each other reach half the way, so that no latent jumps from one to
    the other.

    Parameters
    ----------
    z [shape=(D,)]
        Its length stays.
    keys
        At least one.
    strength
        0..1.
    reach, hold
        Radians.
    """
    size = length(z)
    if size == 0.0 or strength <= 0.0:
        return z
    nearest, apart = _nearest(keys.units, z / size)
    key = keys.units[nearest]
    if nearest not in keys.apart:
        others = _angles(keys.units, key)
        # The same place twice is one place.
        keys.apart[nearest] = float(others.min(initial=math.inf, where=others > 1e-6))
    reach = min(reach, 0.5 * keys.apart[nearest])
    if apart >= reach or apart == 0.0:
        return z
    hold = min(hold, 0.9 * reach)
    x = max(apart - hold, 0.0) / (reach - hold)
    return away(z, key, strength * apart * (1.0 - x * x * (3.0 - 2.0 * x)))


def _nearest(units: Vector, unit: Vector) -> tuple[int, float]:
    """Find the direction nearest to one, and how far it is: exactly of those that may be it."""
    along = units @ unit
    near = np.flatnonzero(along >= along.max() - 1e-9)
    angles = _angles(units[near], unit)
    first = int(np.argmin(angles))
    return int(near[first]), float(angles[first])


def _angles(units: Vector, unit: Vector) -> Vector:
    """Angles from a direction to others, accurate where they are small [shape=(N,)]."""
    apart, along = units - unit, units + unit
    found: Vector = np.arctan2(
        np.sqrt((apart * apart).sum(axis=1)), np.sqrt((along * along).sum(axis=1))
    )
    return 2.0 * found


def _apply(path: Path, state: PathState, now: Now, rows: Rows) -> Rows:
    """Let keys draw every point, and hold what is very near to one."""
    values = now.values
    strength, snap = values[path.at["magnet"]], values[path.at["snap_rad"]]
    if strength <= 0.0 and snap <= 0.0:
        return rows
    frames = keyframes_of(path, state, values)
    reach, found = values[path.at["magnet_rad"]], []
    for k, row in enumerate(rows):
        keys = _poles_of(frames, k, path.size)
        row = magnet(row, keys, strength, reach, 0.0)
        found.append(magnet(row, keys, 1.0, 2.0 * snap, snap) if snap > 0.0 else row)
    return found


def _take_snap(path: Path, state: PathState, now: Now, here: Here, _: Data) -> PathState:
    """Fly to the nearest whole place: of a path through keys the nearest key, else whole knots.

    Steering begins anew there, so that the key itself is met.
    """
    phase = state.phase + _knots_to_whole(path, state, now.values, here())
    after = state._replace(phase=phase, origin=None)
    return after.remembering(steer_zero=now.steer_rest, seam=None)


def _knots_to_whole(path: Path, state: PathState, values: Values, z: Vector) -> float:
    """Knots from the place on the path to the nearest whole place."""
    raw = state.phase + values[path.offset]
    if not path.motion_of(values).is_keyed:
        return float(round(raw)) - raw
    frames, rows = keyframes_of(path, state, values), z.reshape(-1, path.size)
    spline, start = keyframe_spline(path, state, values)
    whole = Extent(start, sum(spline.spans), spline.is_closed)
    apart = [
        _angles(_poles_of(frames, k, path.size).units, onto_shell(row, 1.0))
        for k, row in enumerate(rows)
    ]
    nearest = int(np.argmin(sum(apart)))
    time = tuple(accumulate(spline.spans, initial=0.0))[nearest]
    place = raw + state.place - start
    turning = TURNINGS[int(values[path.at["turning"]])]
    if turning == "once":
        return time - place
    goals, period = [time], whole.length
    if turning == "pingpong":
        there = _unfolded(path, state, values, whole, time)
        goals, period = [there, -there], 2.0 * whole.length
    return min((g - place + period * round((place - g) / period) for g in goals), key=abs)


def _unfolded(path: Path, state: PathState, values: Values, whole: Extent, time: float) -> float:
    """Place that a path that turns back leads to a time, on its way there: by bisection."""
    low, high = 0.0, whole.length
    for _step in range(60):
        middle = 0.5 * (low + high)
        phase = whole.start + middle - values[path.offset] - state.place
        at = position(path, state._replace(phase=phase), values, 0.0) - whole.start
        low, high = (middle, high) if at < time else (low, middle)
    return high


MAGNET = Modifier(
    "magnet",
    _apply,
    wakes=("magnet", "snap_rad"),
    part=Part(
        settings=(
            trigger("snap", "Flies to the nearest key, or whole knot."),
            Setting("magnet", "How strongly keys draw it when it is near to one.", 0.0),
            Setting(
                "magnet_rad",
                "How near to it keys begin to draw it.",
                0.6,
                0.01,
                1.5,
                "rad",
                label="Magnet reach",
            ),
            Setting(
                "snap_rad",
                "So near to a key it is the key.",
                0.0,
                0.0,
                0.5,
                "rad",
                label="Snap reach",
            ),
        ),
        events={"snap": Change(_take_snap, "blend")},
    ),
)
