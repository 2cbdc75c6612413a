"""Orbit: an exact small circle on the shell, about its own centre, a seed, a key or a place."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from engine.core.latent.geometry import Vector, around, length, onto_shell, shell_radius
from engine.core.latent.manifold import firm
from engine.core.latent.seeds import seed_latent
from engine.core.motions.points import each_point, walk_name
from engine.core.path.coordinates import read_coordinates
from engine.core.path.keyframes import keyframes_of
from engine.core.path.model import (
    Change,
    Kept,
    Motion,
    Now,
    Part,
    Path,
    PathState,
    Values,
)  # fmt: skip
from engine.core.path.setting import choice, trigger
from engine.core.rng import gaussian

CENTRES = ("own", "seed", "key", "here")


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


def _point(path: Path, state: PathState, now: Now, phase: float, point: int) -> Vector:
    name, radius = walk_name(path, state, now.values), now.values[path.radius]
    turn = phase + point / path.points
    centre = _centre(path, state, now.values, point)
    if centre is None:
        return orbit(now.seed, name, turn, path.size, radius)
    return orbit_around(centre, now.seed, name, turn, radius)


def _centre(path: Path, state: PathState, values: Values, point: int) -> Vector | None:
    """What an orbit of a point goes around; None: the middle of its own frame."""
    centre = CENTRES[int(values[path.at["centre"]])]
    if centre == "seed":
        return seed_latent(int(values[path.seed]) + state.place, path.size)
    place = None
    if centre == "key":
        points = keyframes_of(path, state, values).points
        place = points[state.place % len(points)]
    elif centre == "here":
        place = state.memory.get("centre")
    if place is None:
        return None
    row: Vector = place.reshape(-1, path.size)[point]
    return row


def _turn(_: Path, __: Values) -> float:
    return 1.0


ORBIT = Motion(
    "orbit",
    each_point(_point),
    period=_turn,
    part=Part(
        settings=(
            choice("centre", "What an orbit goes around.", CENTRES)._replace(is_switch=True),
            trigger("centre_here", "Where it is now becomes the centre of orbits."),
        ),
        # Where the path is now becomes what it orbits "here".
        events={
            "centre_here": Change(
                lambda _, state, __, here, ___: state.remembering(centre=firm(here())), "jump"
            )
        },
        memory={"centre": Kept(lambda centre: centre.tolist(), read_coordinates)},
    ),
)
