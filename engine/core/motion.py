"""Motions: where a trajectory's own movement has taken it, by name and place on the path."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from engine.core.geometry import Vector, onto_shell, shell_radius
from engine.core.keyed import gaussian
from engine.core.lessons import place_on
from engine.core.path import around, keys, point_name, walk, walks
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
    if motion == "map":
        mapped = place_on(path, held, values)
        if mapped is not None:
            return mapped
    if path.points == 1:
        return _point(path, seed, values, held.place, phase, 0)
    if motion == "walk" and values[path.radius] >= 1.0:
        name = f"{path.name}/{int(values[path.seed])}/{held.place}"
        found = walks(seed, name, phase, path.size, path.points)
    else:
        points = range(path.points)
        found = np.stack([_point(path, seed, values, held.place, phase, k) for k in points])
    found[1:] = around(found[0], found[1:], values[path.spread])
    return found


def _point(
    path: Path, seed: int, values: Sequence[float], place: int, phase: float, point: int
) -> Vector:
    """Coordinates of the motion at one of the path's points, after `place` jumps."""
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
