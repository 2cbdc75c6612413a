"""What hands do to a trajectory that is led somewhere: the later nodes of its chain, in order.

steer, throw, push → pad → pull → magnet → avoid → seam → pace → expel → limit. Each leaves the very
same array where it has nothing to do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from engine.core.avoid import Holes, angle, avoid, expel, holes
from engine.core.curve import shape
from engine.core.geometry import Vector, away, length, slerp
from engine.core.key_path import row_of
from engine.core.keyed import gaussian
from engine.core.keyframe import Row
from engine.core.limit import limit
from engine.core.magnet import magnet
from engine.core.pad import CORNERS, PUSHES, on_pad, push, push_basis
from engine.core.past import Ban
from engine.core.pull import drag
from engine.core.show import Path
from engine.core.state import PathState

LIMITED = ("gaussian", "sphere", "wspace")
"""Geometries whose coordinates are N(0, I), so that they can be implausible."""
_PUSHES = tuple(f"push_{k + 1}" for k in range(PUSHES))


def handled(
    path: Path,
    seed: int,
    held: PathState,
    values: Sequence[float],
    steer: tuple[float, float],
    now: tuple[float, float],
    z: Vector,
) -> Vector:
    """Do to coordinates [shape=path.shape] what hands and bans do.

    Parameters
    ----------
    steer
        Both steering axes in radians.
    now
        Seconds of motion, and ticks per second.
    """
    own = [z] if path.points == 1 else list(z)
    rows = _turn(path, seed, held, values, steer, own)
    if values[path.at["pad"]] > 0.0:
        rows = _pad(path, held, values, rows)
    rows = drag(held.more.pull, now, rows)
    rows = _magnet(path, held, values, rows)
    rows = _keep_out(path, held, values, now, rows)
    if values[path.at["limit"]] >= 0.5 and path.geometry in LIMITED:
        above = _longest(row_of(path, held, values)) if path.keys.keys or held.more.keys else 0.0
        rows = [limit(row, above) for row in rows]
    if all(a is b for a, b in zip(rows, own, strict=True)):
        return z
    return rows[0] if path.points == 1 else np.stack(rows)


@lru_cache(maxsize=32)
def _longest(row: Row) -> float:
    """Length of the longest key, by ``sqrt d``: what somebody chose as a key is met as it is."""
    squares = [(point * point).mean(axis=-1).max() for point in row.points]
    return math.sqrt(max(squares, default=0.0)) * (1.0 + 1e-9)


def _turn(
    path: Path,
    seed: int,
    held: PathState,
    values: Sequence[float],
    steer: tuple[float, float],
    rows: list[Vector],
) -> list[Vector]:
    """Add steering, throw and pushes."""
    gain, (zero_x, zero_y) = values[path.steer], held.more.steer_zero
    turns = [
        (f"{path.name}/right", 0, (steer[0] - zero_x) * gain),
        (f"{path.name}/up", 0, (steer[1] - zero_y) * gain),
        (f"{path.name}/throw", int(values[path.throw_seed]), values[path.throw]),
    ]
    for name, index, turn in turns:
        if turn != 0.0:
            direction = gaussian(seed, name, index, path.size)
            rows = [away(row, direction, turn) for row in rows]
    sigmas = [values[path.at[name]] for name in _PUSHES]
    if any(sigmas):
        basis = push_basis(seed, path.name, int(values[path.at["push_seed"]]), path.size)
        rows = [push(row, basis, sigmas) for row in rows]
    return rows


def _pad(path: Path, held: PathState, values: Sequence[float], rows: list[Vector]) -> list[Vector]:
    """Draw every point to the place of the pad."""
    keys = row_of(path, held, values).points
    told = held.more.corners
    corners = [
        keys[k % len(keys)] if told is None or told[k] is None else told[k] for k in range(CORNERS)
    ]
    x, y, amount = (values[path.at[name]] for name in ("pad_x", "pad_y", "pad"))
    split = [corner.reshape(-1, path.size) for corner in corners if corner is not None]
    return list(on_pad(np.stack(rows), split, x, y, amount))


def _magnet(
    path: Path, held: PathState, values: Sequence[float], rows: list[Vector]
) -> list[Vector]:
    """Let keys draw every point, and hold what is very near to one."""
    strength, snap = values[path.at["magnet"]], values[path.at["snap_rad"]]
    if strength <= 0.0 and snap <= 0.0:
        return rows
    points = [key.reshape(-1, path.size) for key in row_of(path, held, values).points]
    reach, found = values[path.at["magnet_rad"]], []
    for k, row in enumerate(rows):
        keys = np.stack([point[k] for point in points])
        row = magnet(row, keys, strength, reach, 0.0)
        found.append(magnet(row, keys, 1.0, 2.0 * snap, snap) if snap > 0.0 else row)
    return found


def bans_of(path: Path, held: PathState) -> tuple[Ban, ...]:
    """Places that a path must not come near to."""
    return held.more.bans if held.more.bans is not None else path.past.bans or ()


def _keep_out(
    path: Path,
    held: PathState,
    values: Sequence[float],
    now: tuple[float, float],
    rows: list[Vector],
) -> list[Vector]:
    """Lead around what is banned, over seams, and not too fast; nothing ends in a ban."""
    motion_s, control_hz = now
    bans, seam, jump_s = bans_of(path, held), held.more.seam, values[path.jump_s]
    found = firm = holes(bans)
    rows = [_around(path, values, row, found) for row in rows] if found else rows
    is_led = False
    if seam is not None and (since_s := motion_s - seam.left / control_hz) < jump_s:
        is_led, firm = True, holes(bans[: seam.firm])
        share = shape("smoother", since_s / jump_s)
        rows = [slerp(a, b, share) for a, b in zip(_rows(path, seam.origin), rows, strict=True)]
    pace, last = values[path.at["pace"]], held.more.paced
    if pace > 0.0 and last is not None:
        is_led, reach = True, pace * max(motion_s - last[1] / control_hz, 0.0)
        rows = [_within(a, b, reach) for a, b in zip(_rows(path, last[0]), rows, strict=True)]
    return [expel(row, firm) for row in rows] if is_led and firm else rows


def _around(path: Path, values: Sequence[float], z: Vector, found: Holes) -> Vector:
    """Lead around what is banned; of a track, which went around it before, only what lies in it."""
    written = path.track
    share = 0.0 if written is None else min(max(values[written.mix], 0.0), 1.0)
    if share <= 0.0:
        return avoid(z, found)
    firm = expel(z, found)
    return firm if share >= 1.0 else expel(slerp(avoid(z, found), firm, share), found)


def _rows(path: Path, z: Vector) -> Vector:
    return z.reshape(-1, path.size)


def _within(last: Vector, z: Vector, reach: float) -> Vector:
    """Go from a latent towards another by an angle (rad) at most."""
    if length(last) == 0.0 or length(z) == 0.0:
        return z
    way = angle(last / length(last), z / length(z))
    return z if way <= reach else slerp(last, z, reach / way)
