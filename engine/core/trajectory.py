"""Where a trajectory is: the chain of its nodes, from its phase to what the generator gets.

Every node works in coordinates (see `engine.core.chart`): motion, jump, steering and throw; the
last step decodes them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from engine.core.curve import shape
from engine.core.geometry import Vector, away, length, onto_shell, shell_radius, slerp
from engine.core.keyed import gaussian
from engine.core.lessons import place_on
from engine.core.path import around, keys, point_name, walk, walks
from engine.core.show import MOTIONS, Path
from engine.core.state import PathState
from engine.core.track import on_track


@lru_cache(maxsize=64)
def _frame(seed: int, name: str, size: int) -> tuple[Vector, Vector, Vector]:
    """Three orthogonal vectors on the shell (Gram-Schmidt)."""
    radius = shell_radius(size)
    axes: list[Vector] = []
    for index in range(3):
        axis = np.array(gaussian(seed, f"{name}/orbit", index, size))
        for other in axes:
            axis -= (axis @ other) / (other @ other) * other
        axes.append(onto_shell(axis, radius))
    return axes[0], axes[1], axes[2]


def orbit(seed: int, name: str, phase: float, size: int, radius: float) -> Vector:
    """Go round an exact small circle on the shell, at constant speed.

    ``z = sqrt(1 - r^2) q0 + r (q1 cos 2 pi u + q2 sin 2 pi u)``, q orthogonal and on the shell.

    Parameters
    ----------
    phase
        In turns.
    radius
        Of the circle, relative to the shell, 0..1.
    """
    q0, q1, q2 = _frame(seed, name, size)
    angle = 2.0 * math.pi * (phase - math.floor(phase))
    return around(q0, math.cos(angle) * q1 + math.sin(angle) * q2, radius)


@lru_cache(maxsize=64)
def seed_latent(seed: int, size: int) -> Vector:
    """Latent of a seed as StyleGAN's tools draw it: ``RandomState(seed).randn(1, size)``."""
    latent: Vector = np.random.RandomState(seed & 0xFFFFFFFF).randn(1, size)[0]
    return latent


def move(
    path: Path, seed: int, values: Sequence[float], place: int, phase: float, point: int = 0
) -> Vector:
    """Latent of the motion alone, after `place` jumps, at one of the path's points.

    Points go ways of their own through the same space: another seed, another key, another part of
    the circle, another walk.
    """
    motion = MOTIONS[int(values[path.motion])]
    own = int(values[path.seed])
    if motion in ("still", "map"):  # a map without examples rests
        return seed_latent(own + place + point, path.size)
    if motion == "keys":
        return keys(path.seeds or tuple(range(own, own + 6)), phase + place + point, path.size)
    name = f"{path.name}/{own}/{place}"
    radius = values[path.radius]
    if motion == "orbit":
        return orbit(seed, name, phase + point / path.points, path.size, radius)
    name = point_name(name, point)
    z = walk(seed, name, phase, path.size)
    if radius >= 1.0:
        return z
    return around(gaussian(seed, f"{name}/centre", 0, path.size), z, radius)


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
    """Latent of a trajectory, as its port takes it; see `coordinates_at`."""
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
    ndarray [shape=(size,)], or of a path of several points [shape=(points, size)]
    """
    phase = held.phase + held.speed * dt + values[path.offset]
    since_s = motion_s - held.left / control_hz
    found = on_track(path.track, values, lambda: _own(path, seed, held, values, phase))
    if path.points == 1:
        z = found
        return _turn(path, seed, values, steer, _leap(path, values, z, held.origin, since_s))
    is_turned = values[path.throw] != 0.0 or (steer != (0.0, 0.0) and values[path.steer] != 0.0)
    for point in range(path.points) if held.origin is not None or is_turned else ():
        origin = None if held.origin is None else held.origin[point]
        z = _leap(path, values, found[point], origin, since_s)
        found[point] = _turn(path, seed, values, steer, z)
    return found


def _own(path: Path, seed: int, held: PathState, values: Sequence[float], phase: float) -> Vector:
    """Coordinates of the path's own motion [shape=path.shape]."""
    mapped = place_on(path, held, values) if MOTIONS[int(values[path.motion])] == "map" else None
    if mapped is not None:
        return mapped
    if path.points == 1:
        return move(path, seed, values, held.place, phase)
    found = _moves(path, seed, values, held.place, phase)
    found[1:] = around(found[0], found[1:], values[path.spread])
    return found


def _moves(path: Path, seed: int, values: Sequence[float], place: int, phase: float) -> Vector:
    """Latents of the motion alone at every point [shape=(points, size)]."""
    if MOTIONS[int(values[path.motion])] == "walk" and values[path.radius] >= 1.0:
        name = f"{path.name}/{int(values[path.seed])}/{place}"
        return walks(seed, name, phase, path.size, path.points)
    return np.stack([move(path, seed, values, place, phase, k) for k in range(path.points)])


def _turn(
    path: Path, seed: int, values: Sequence[float], steer: tuple[float, float], z: Vector
) -> Vector:
    """Add steering and throw."""
    gain = values[path.steer]
    for axis, angle in zip(("right", "up"), steer, strict=True):
        if angle * gain != 0.0:
            z = away(z, gaussian(seed, f"{path.name}/{axis}", 0, path.size), angle * gain)
    if values[path.throw] != 0.0:
        index = int(values[path.throw_seed])
        z = away(z, gaussian(seed, f"{path.name}/throw", index, path.size), values[path.throw])
    return z


def _leap(
    path: Path, values: Sequence[float], z: Vector, origin: Vector | None, since_s: float
) -> Vector:
    """Fly from where a jump began to the new place, at rest at both ends."""
    jump_s = values[path.jump_s]
    if origin is None or since_s >= jump_s or length(origin) == 0.0:
        return z
    return slerp(origin, z, shape("smoother", since_s / jump_s))
