"""Motions: where a trajectory's own movement has taken it, by name and place on the path."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.core.latent.geometry import Vector, around
from engine.core.latent.seeds import seed_latent
from engine.core.motions.drift import drift
from engine.core.motions.loop import fourier
from engine.core.motions.noise import circle, ring
from engine.core.motions.orbit import orbit, orbit_around
from engine.core.motions.taught_map import place_on
from engine.core.motions.walk import point_name, walk_octaves, walks
from engine.core.path.keyframes import key_at, through_keys
from engine.core.path.model import MOTIONS, Path, PathState
from engine.core.path.phase import CENTRES, period_of
from engine.core.rng import gaussian


def move(path: Path, seed: int, held: PathState, values: Sequence[float], phase: float) -> Vector:
    """Coordinates of the motion alone [shape=path.shape].

    Points go ways of their own through the same space: another seed, another key, another part of
    the circle, another walk.

    Parameters
    ----------
    values
        Effective values of all parameters.
    phase
        Place on the path, see `engine.core.path.phase`.
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
