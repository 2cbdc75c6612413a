"""Where a trajectory is: the chain of its nodes, from its phase to what the generator gets.

Every node works in coordinates (see `engine.core.chart`): position, motion, patina and jump lead
it, then come those of `engine.core.hand`; the last step decodes them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.core.curve import shape
from engine.core.even import even_dt
from engine.core.freeze import frozen
from engine.core.geometry import Vector, length
from engine.core.hand import handled
from engine.core.manifold import manifold
from engine.core.motion import move
from engine.core.patina import aged
from engine.core.position import WRAP_KNOTS, position
from engine.core.show import Path
from engine.core.state import PathState
from engine.core.track import on_track


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
