"""Where a trajectory is: the chain of its nodes, from its phase to what the generator gets.

Every node works in coordinates (see `engine.core.latent.coordinates`): position, motion, patina and
jump lead it, then come those of `engine.core.trajectory.chain`; the last step decodes them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from engine.core.curves import shape
from engine.core.latent.geometry import Vector, length
from engine.core.latent.manifold import manifold
from engine.core.modifiers.ban import _keep_out
from engine.core.modifiers.drag import drag
from engine.core.modifiers.freeze import frozen
from engine.core.modifiers.limiter import limit
from engine.core.modifiers.magnet import magnet
from engine.core.modifiers.pad import CORNERS, on_pad
from engine.core.modifiers.patina import aged
from engine.core.modifiers.push import _turn
from engine.core.motions.move import move
from engine.core.path.keyframes import Row, row_of
from engine.core.path.model import Path, PathState
from engine.core.path.phase import WRAP_KNOTS, position
from engine.core.path.speed import even_dt
from engine.core.track.track import on_track

LIMITED = ("gaussian", "sphere", "wspace")
"""Geometries whose coordinates are N(0, I), so that they can be implausible."""


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


def latent_at(
    path: Path,
    seed: int,
    held: PathState,
    values: Sequence[float],
    motion_s: float,
    dt: float,
    steer: tuple[float, float],
    control_hz: float,
) -> Vector:
    """Latent of a trajectory, as its port takes it; see `coordinates_at`.

    A field of noise that is one number takes the place on the path, modulo `WRAP_KNOTS`.
    """
    if path.geometry == "noise-field" and path.size == 1:
        return np.array([position(path, held, values, dt) % WRAP_KNOTS])
    found = coordinates_at(path, seed, held, values, motion_s, dt, steer, control_hz)
    return found if path.chart is None else path.chart.decode(found)


def coordinates_at(
    path: Path,
    seed: int,
    held: PathState,
    values: Sequence[float],
    motion_s: float,
    dt: float,
    steer: tuple[float, float],
    control_hz: float,
) -> Vector:
    """Coordinates of a trajectory after `motion_s` seconds of motion, `dt` seconds after its tick.

    Parameters
    ----------
    values
        Effective values of all parameters.
    steer
        Both steering axes in radians.

    Returns
    -------
    ndarray [shape=path.shape]
    """
    found = led_at(path, seed, held, values, motion_s, dt, control_hz)
    if path.geometry != "affine2d":  # hands turn what lies on a shell
        found = handled(path, seed, held, values, steer, (motion_s, control_hz), found)
    return frozen(path, held, values, found)


def led_at(
    path: Path,
    seed: int,
    held: PathState,
    values: Sequence[float],
    motion_s: float,
    dt: float,
    control_hz: float,
) -> Vector:
    """Coordinates before anybody turns them: where motion and jumps lead. See `coordinates_at`."""
    even = even_dt(path, held, values, dt, 1.0 / control_hz)
    found = on_track(
        path.track,
        values,
        lambda: move(path, seed, held, values, position(path, held, values, even)),
    )
    found = aged(path, held, values, motion_s, control_hz, found)
    since_s = motion_s - held.left / control_hz
    if held.origin is None or since_s >= values[path.jump_s]:
        return found
    if path.points == 1:
        return _leap(path, values, found, held.origin, since_s)
    for point in range(path.points):
        found[point] = _leap(path, values, found[point], held.origin[point], since_s)
    return found


def _leap(path: Path, values: Sequence[float], z: Vector, origin: Vector, since_s: float) -> Vector:
    """Fly from where a jump began to the new place, at rest at both ends."""
    if length(origin) == 0.0:
        return z
    slide = manifold(path.geometry).slide
    return slide(origin, z, shape("smoother", since_s / values[path.jump_s]))
