"""Keys dropped live: where a trajectory is, or a latent that comes from elsewhere.

``drop_key`` puts where the path is now, with everything that turns it, behind the key that it came
from; going through keys it stands on the new one at once, so that nothing moves. ``key`` does the
same with coordinates of its own. ``take_key`` and ``clear_keys`` take dropped keys away. Whatever
would jump flies over.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

import numpy as np

from engine.core.latent.geometry import Vector
from engine.core.latent.manifold import firm
from engine.core.path.keyframes import MOST_DROPPED, row_of, way_of
from engine.core.path.model import MOTIONS, Drop, Dropped, Moment, Path, PathState
from engine.core.path.phase import TURNINGS, position
from engine.core.trajectory.chain import led_at

LARGEST = 1e3


def take_drop(moment: Moment, path: Path, held: PathState, _: tuple[float, ...]) -> PathState:
    """Make where the path is now a key."""
    return _insert(moment, path, held, moment.coordinates(), True)


def take_key(moment: Moment, path: Path, held: PathState, data: tuple[float, ...]) -> PathState:
    """Make coordinates a key; of a path of several points also those of one for all of them."""
    if len(data) not in (path.size, math.prod(path.shape)):
        return held
    rows = np.clip(np.array(data), -LARGEST, LARGEST).reshape(-1, path.size)
    return _insert(moment, path, held, np.broadcast_to(rows, (path.points, path.size)), False)


def _insert(
    moment: Moment, path: Path, held: PathState, latent: Vector, is_here: bool
) -> PathState:
    values = moment.values
    is_way = MOTIONS[int(values[path.motion])] == "keys"
    is_bare = not (path.seeds or path.keys.keys)
    is_alone = is_bare and (not is_way or bool(path.pictures))  # pictures are all it waits for
    known = held.more.keys or Dropped((), is_alone=is_alone)
    if len(known.keys) >= MOST_DROPPED:
        return held
    count = len(known.keys) if known.is_alone else len(row_of(path, held, values).points)
    time, segment = _standing(path, held, values)
    index = segment + 1 if is_way else count
    start = way_of(path, held, values).start
    drop = Drop(index, start + time + (0.0 if is_here else 0.5), firm(latent.reshape(path.shape)))
    more = replace(held.more, keys=replace(known, keys=(*known.keys, drop)))
    after = _stand(path, replace(held, more=more), values, float(index) if is_here else time)
    return _glide(moment, path, held, after)


def _standing(path: Path, held: PathState, values: Sequence[float]) -> tuple[float, int]:
    """Time on the way through the keys, from its first one, and the key that it came from."""
    way = way_of(path, held, values)
    time = position(path, held, values, 0.0) - way.start
    time = time % way.length if way.spline.is_closed else min(max(time, 0.0), way.length)
    ends = tuple(accumulate(way.spline.spans, initial=0.0))
    return time, min(bisect_right(ends, time) - 1, len(way.spline.points) - 1)


def _stand(path: Path, held: PathState, values: Sequence[float], time: float) -> PathState:
    """Go on from a place of a row that has changed; one whose keys have times keeps its clock."""
    is_way = MOTIONS[int(values[path.motion])] == "keys"
    if not is_way or values[path.at["turning"]] == TURNINGS.index("pingpong"):
        return held
    if row_of(path, held, values).times:
        return held
    return replace(held, phase=time - values[path.offset] - held.place)


def take_back(moment: Moment, path: Path, held: PathState, _: tuple[float, ...]) -> PathState:
    """Take the newest dropped key away."""
    known = held.more.keys
    if known is None:
        return held
    left = replace(known, keys=known.keys[:-1]) if len(known.keys) > 1 else None
    more, gone = replace(held.more, keys=left), known.keys[-1].at
    time = _standing(path, held, moment.values)[0]
    if time > gone - 1:  # both spans beside it become one
        time = time - 1.0 if time >= gone + 1 else gone - 1 + 0.5 * (time - gone + 1)
    after = _stand(path, replace(held, more=more), moment.values, max(time, 0.0))
    return _glide(moment, path, held, after)


def take_clear(moment: Moment, path: Path, held: PathState, _: tuple[float, ...]) -> PathState:
    """Take all dropped keys away."""
    return _glide(moment, path, held, replace(held, more=replace(held.more, keys=None)))


def take_centre(moment: Moment, path: Path, held: PathState, _: tuple[float, ...]) -> PathState:
    """Make where the path is now what it orbits "here"."""
    more = replace(held.more, centre=firm(moment.coordinates()))
    return _glide(moment, path, held, replace(held, more=more))


def _glide(moment: Moment, path: Path, before: PathState, after: PathState) -> PathState:
    """Let a path that is led elsewhere now fly there, in the time of a jump."""
    tick, rate = moment.tick, moment.control_hz
    was, now = (
        led_at(path, moment.seed, held, moment.values, tick / rate, 0.0, rate)
        for held in (before, after)
    )
    if np.allclose(was, now, rtol=0.0, atol=1e-9):
        return after
    return replace(after, origin=was, left=tick)


def write(found: Dropped) -> list[Any]:
    """Write dropped keys as JSON-ready data."""
    return [found.is_alone, [[d.at, d.time, d.latent.tolist()] for d in found.keys]]


def read(path: Path, data: Any) -> Dropped | None:
    """Read them back; those of another shape are left out.

    Raises
    ------
    ValueError, TypeError
        If they are no such data.
    """
    is_alone, listed = data
    drops = [Drop(int(i), float(t), np.asarray(z, np.float64)) for i, t, z in listed]
    for drop in drops:
        is_sane = math.isfinite(drop.time) and (np.abs(drop.latent) <= 1e9).all()
        if drop.at < 0 or len(drops) > MOST_DROPPED or not is_sane:
            raise ValueError("not a state snapshot: its keys are out of reason")
    kept = tuple(d._replace(latent=firm(d.latent)) for d in drops if d.latent.shape == path.shape)
    return Dropped(kept, bool(is_alone)) if kept else None
