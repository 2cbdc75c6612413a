"""Keys: through the keyframes of the path, on a spline; keys can be dropped while it plays.

``drop_key`` puts where the path is now, with everything that turns it, behind the key that it came
from; going through keys it goes on from the new one at once, so that nothing moves. ``key`` does
the same with coordinates of its own. ``take_key`` and ``clear_keys`` take dropped keys away.
Whatever would jump flies over.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import replace
from itertools import accumulate
from typing import Any

import numpy as np

from engine.core.bounds import whole
from engine.core.curves import CURVES
from engine.core.latent.geometry import Vector
from engine.core.latent.manifold import firm
from engine.core.latent.spline import SPLINES, at
from engine.core.parameter import Kind
from engine.core.path.keyframes import MOST_DROPPED, keyframe_spline, keyframes_of
from engine.core.path.memory import DroppedKey, DroppedKeys
from engine.core.path.model import (
    Change,
    Data,
    Extent,
    Here,
    Kept,
    Motion,
    Now,
    Part,
    Path,
    PathState,
    Values,
)  # fmt: skip
from engine.core.path.phase import TURNINGS, position
from engine.core.path.setting import Setting, choice, trigger

EASES = tuple(name for name in CURVES if name != "invert")
LARGEST = 1e3


def _move(path: Path, state: PathState, now: Now, phase: float) -> Vector:
    keys = keyframe_spline(path, state, now.values)
    found = at(keys.spline, phase - keys.start, EASES[int(now.values[path.at["ease"]])])
    return found if path.points == 1 else np.array(found)


def _extent(path: Path, state: PathState, values: Values) -> Extent:
    keys = keyframe_spline(path, state, values)
    return Extent(keys.start, keys.length, values[path.at["closed"]] >= 0.5)


def _take_drop(path: Path, state: PathState, now: Now, here: Here, _: Data) -> PathState:
    """Make where the path is now a key."""
    return _insert(path, state, now.values, here(), True)


def _take_key(path: Path, state: PathState, now: Now, _: Here, data: Data) -> PathState:
    """Make coordinates a key; of a path of several points also those of one for all of them."""
    if len(data) not in _lengths(path):
        return state
    rows = np.clip(np.array(data), -LARGEST, LARGEST).reshape(-1, path.size)
    latent = np.broadcast_to(rows, (path.points, path.size))
    return _insert(path, state, now.values, latent, False)


def _lengths(path: Path) -> tuple[int, ...]:
    return path.size, math.prod(path.shape)


def _insert(
    path: Path, state: PathState, values: Values, latent: Vector, is_here: bool
) -> PathState:
    is_keyed = path.motion_of(values).is_keyed
    is_bare = not (path.seeds or path.keys.keys)
    is_alone = is_bare and (not is_keyed or bool(path.pictures))  # pictures are all it waits for
    known = state.memory.get("keys") or DroppedKeys((), is_alone=is_alone)
    if len(known.keys) >= MOST_DROPPED:
        return state
    count = len(known.keys) if known.is_alone else len(keyframes_of(path, state, values).points)
    time, segment = _time_on(path, state, values)
    index = segment + 1 if is_keyed else count
    start = keyframe_spline(path, state, values).start
    shaped = firm(latent.reshape(path.shape))
    drop = DroppedKey(index, start + time + (0.0 if is_here else 0.5), shaped)
    after = state.remembering(keys=replace(known, keys=(*known.keys, drop)))
    return _go_on(path, after, values, float(index) if is_here else time)


def _time_on(path: Path, state: PathState, values: Values) -> tuple[float, int]:
    """Time on the spline through the keys, from its first one, and the key that it came from."""
    keys = keyframe_spline(path, state, values)
    time = position(path, state, values, 0.0) - keys.start
    time = time % keys.length if keys.spline.is_closed else min(max(time, 0.0), keys.length)
    ends = tuple(accumulate(keys.spline.spans, initial=0.0))
    return time, min(bisect_right(ends, time) - 1, len(keys.spline.points) - 1)


def _go_on(path: Path, state: PathState, values: Values, time: float) -> PathState:
    """Go on from a time on keys that have changed; where these have times, the clock stays."""
    is_keyed = path.motion_of(values).is_keyed
    if not is_keyed or values[path.at["turning"]] == TURNINGS.index("pingpong"):
        return state
    if keyframes_of(path, state, values).times:
        return state
    return state._replace(phase=time - values[path.offset] - state.place)


def _take_back(path: Path, state: PathState, now: Now, _: Here, __: Data) -> PathState:
    """Take the newest dropped key away."""
    known: DroppedKeys | None = state.memory.get("keys")
    if known is None:
        return state
    left = replace(known, keys=known.keys[:-1]) if len(known.keys) > 1 else None
    gone = known.keys[-1].at
    time = _time_on(path, state, now.values)[0]
    if time > gone - 1:  # both spans beside it become one
        time = time - 1.0 if time >= gone + 1 else gone - 1 + 0.5 * (time - gone + 1)
    return _go_on(path, state.remembering(keys=left), now.values, max(time, 0.0))


def _take_clear(_: Path, state: PathState, __: Now, ___: Here, ____: Data) -> PathState:
    """Take all dropped keys away."""
    return state.remembering(keys=None) if state.memory.get("keys") else state


def _write(found: DroppedKeys) -> list[Any]:
    return [found.is_alone, [[d.at, d.time, d.latent.tolist()] for d in found.keys]]


def _read(path: Path, data: Any) -> DroppedKeys | None:
    """Read dropped keys back; those of another shape are left out."""
    is_alone, listed = data
    drops = [DroppedKey(whole(i), float(t), np.asarray(z, np.float64)) for i, t, z in listed]
    for drop in drops:
        is_sane = math.isfinite(drop.time) and (np.abs(drop.latent) <= 1e9).all()
        if drop.at < 0 or len(drops) > MOST_DROPPED or not is_sane:
            raise ValueError("not a state snapshot: its keys are out of reason")
    kept = tuple(d._replace(latent=firm(d.latent)) for d in drops if d.latent.shape == path.shape)
    return DroppedKeys(kept, bool(is_alone)) if kept else None


KEYS = Motion(
    "keys",
    _move,
    extent=_extent,
    closes="closed",
    is_keyed=True,
    part=Part(
        settings=(
            choice("spline", "How it goes from key to key.", SPLINES)._replace(is_switch=True),
            Setting("tension", "1: it has no velocity at its keys.", 0.0, -1.0, 1.0),
            Setting(
                "closed", "The last key leads back to the first.", 1.0, kind=Kind.BOOL,
                is_timing=True, is_switch=True,
            ),
            choice("ease", "Curve of the time from key to key.", EASES),
            trigger("drop_key", "Where it is now becomes a key."),
            trigger("take_key", "Takes the newest dropped key away."),
            trigger("clear_keys", "Takes all dropped keys away."),
            # The latent that is found comes as a key: the trigger itself changes nothing.
            trigger("invert", "Finds the latent of its picture, which becomes a key."),
        ),
        events={
            "key": Change(_take_key, "jump", _lengths, "A latent in coordinates becomes a key."),
            "drop_key": Change(_take_drop, "jump", flights=1.3),
            "take_key": Change(_take_back, "jump", flights=0.0),
            "clear_keys": Change(_take_clear, "jump", flights=0.0),
        },
        memory={"keys": Kept(_write, _read)},
    ),
)  # fmt: skip
