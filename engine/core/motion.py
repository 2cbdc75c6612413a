"""Motions: where a trajectory's own movement has taken it, by name and place on the path."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from engine.core.drift import drift, fourier
from engine.core.geometry import Vector, length, onto_shell, shell_radius
from engine.core.key_path import key_at, through_keys
from engine.core.keyed import gaussian
from engine.core.lessons import place_on
from engine.core.noise import circle, ring
from engine.core.path import around, point_name, walk_octaves, walks
from engine.core.position import CENTRES, period_of
from engine.core.show import MOTIONS, Path
from engine.core.state import PathState


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


def orbit_around(centre: Vector, seed: int, name: str, phase: float, radius: float) -> Vector:
    """Go round an exact small circle about a point, on the sphere of its length; see `orbit`."""
    size = length(centre)
    axes = [np.array(gaussian(seed, f"{name}/orbit", k, len(centre))) for k in (1, 2)]
    for k, axis in enumerate(axes):
        for other in (centre, *axes[:k]):
            axis -= (axis @ other) / max(float(other @ other), 1e-300) * other
        axes[k] = onto_shell(axis, size)
    angle = 2.0 * math.pi * (phase - math.floor(phase))
    return around(centre, math.cos(angle) * axes[0] + math.sin(angle) * axes[1], radius)


@lru_cache(maxsize=64)
def seed_latent(seed: int, size: int) -> Vector:
    """Latent of a seed as StyleGAN's tools draw it: ``RandomState(seed).randn(1, size)``."""
    latent: Vector = np.random.RandomState(seed & 0xFFFFFFFF).randn(1, size)[0]
    return latent


def move(path: Path, seed: int, held: PathState, values: Sequence[float], phase: float) -> Vector:
    """Coordinates of the motion alone [shape=path.shape].

    Points go ways of their own through the same space: another seed, another key, another part of
    the circle, another walk.

    Parameters
    ----------
    values
        Effective values of all parameters.
    phase
        Place on the path, see `engine.core.position`.
    """
    motion = MOTIONS[int(values[path.motion])]
    if motion == "keys":
        found = through_keys(path, held, values, phase)
    else:
        mapped = place_on(path, held, values) if motion == "map" else None
        found = _own(path, seed, held, values, phase, motion) if mapped is None else mapped
    wander = values[path.at["wander"]]
    if wander > 0.0:
        name = f"{path.name}/{int(values[path.seed])}/wander"
        way = walks(seed, name, phase, path.size, path.points)
        if path.points > 1:
            way[1:] = around(way[0], way[1:], values[path.spread])
        found = around(found, way.reshape(path.shape), wander)
    return found


def _own(
    path: Path, seed: int, held: PathState, values: Sequence[float], phase: float, motion: str
) -> Vector:
    """Coordinates of a motion of which every point has its own [shape=path.shape]."""
    octaves, period = int(values[path.at["octaves"]]), int(period_of(path, values, motion))
    is_plain = motion == "walk" and values[path.radius] >= 1.0 and octaves == 1 and not period
    if path.points > 1 and is_plain:
        name = f"{path.name}/{int(values[path.seed])}/{held.place}"
        found = walks(seed, name, phase, path.size, path.points)
    else:
        spread = values[path.spread] if path.points > 1 else 1.0
        points = range(path.points if spread > 0.0 else 1)
        rows = [_point(path, seed, held, values, phase, k) for k in points]
        if path.points == 1:
            return rows[0]
        found = np.array(rows if spread > 0.0 else rows * path.points)
    found[1:] = around(found[0], found[1:], values[path.spread])
    return found


def _point(
    path: Path, seed: int, held: PathState, values: Sequence[float], phase: float, point: int
) -> Vector:
    """Coordinates of the motion at one of the path's points, after `place` jumps."""
    motion = MOTIONS[int(values[path.motion])]
    own, size, place = int(values[path.seed]), path.size, held.place
    if motion in ("still", "map"):  # a map without examples rests
        return seed_latent(own + place + point, size)
    name = f"{path.name}/{own}/{place}"
    radius = values[path.radius]
    if motion == "orbit":
        turn = phase + point / path.points
        centre = _centre(path, held, values, point)
        if centre is None:
            return orbit(seed, name, turn, size, radius)
        return orbit_around(centre, seed, name, turn, radius)
    period = period_of(path, values, motion)
    if motion == "opensimplex":
        return circle(own + place + point * size, phase, size, period)
    name = point_name(name, point)
    if motion == "walk":
        z = walk_octaves(seed, name, phase, size, int(period), int(values[path.at["octaves"]]))
    elif motion == "drift":
        z = drift(seed, name, phase, size, period)
    else:
        z = (fourier if motion == "loop" else ring)(seed, name, phase, size, period)
    if radius >= 1.0:
        return z
    return around(gaussian(seed, f"{name}/centre", 0, size), z, radius)


def _centre(path: Path, held: PathState, values: Sequence[float], point: int) -> Vector | None:
    """What an orbit of a point goes around; None: the middle of its own frame."""
    centre = CENTRES[int(values[path.at["centre"]])]
    if centre == "seed":
        return seed_latent(int(values[path.seed]) + held.place, path.size)
    if centre == "key":
        key: Vector = key_at(path, held, values, held.place).reshape(-1, path.size)[point]
        return key
    if centre == "here" and held.more.centre is not None:
        here: Vector = held.more.centre.reshape(-1, path.size)[point]
        return here
    return None
