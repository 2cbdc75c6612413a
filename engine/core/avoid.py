"""Never again: a smooth map of the sphere that leaves banned caps empty.

No continuous map that moves only a neighbourhood of a ball can empty it: somewhere it must tear.
Here it tears at one point beside the centre, in a direction that is the cap's own: a trajectory
that comes through the very centre, as that of a loop does whose picture was banned, passes it by.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from engine.core.geometry import Vector, away, length, log_map, onto_shell
from engine.core.keyed import gaussian

SLACK = 1e-9  # rad outside the edge, so that rounding brings nothing back inside
HALO = 2.0  # a cap of radius r moves what is nearer than HALO r to its centre
TEAR = 0.5  # of the radius: where the map tears
LARGEST = 2.4  # rad; caps that overlap are taken together only up to it
_APART = 0.25  # of a radius: room that a halo needs at least


class Cap(NamedTuple):
    """All that is nearer than `radius` (rad) to a centre [unit vector, shape=(D,)]."""

    centre: Vector
    radius: float


class Hole(NamedTuple):
    """A cap with what the map needs: its halo (rad), and where it tears [unit vector]."""

    cap: Cap
    halo: float
    tear: Vector


def centre_of(data: bytes) -> Vector:
    """Read a direction written by `centre_bytes` [unit vector]."""
    return onto_shell(np.frombuffer(data, "<f4").astype(np.float64), 1.0)


def centre_bytes(z: Vector) -> bytes:
    """Write the direction of a latent as float32: what a state keeps of a centre."""
    return onto_shell(z, 1.0).astype("<f4").tobytes()


def angle(a: Vector, b: Vector) -> float:
    """Angle between two unit vectors, accurate also where it is small."""
    return 2.0 * math.atan2(length(a - b), length(a + b))


@lru_cache(maxsize=64)
def holes(caps: tuple[tuple[bytes, float], ...]) -> tuple[Hole, ...]:
    """Take together the caps that touch, and give each a halo of its own.

    Parameters
    ----------
    caps
        Centre as bytes of float32, and radius: so that they are found again.
    """
    listed = _united([Cap(centre_of(data), radius) for data, radius in caps])
    found = []
    for i, cap in enumerate(listed):
        halo = min(HALO * cap.radius, 0.5 * (cap.radius + math.pi))
        for other in listed[:i] + listed[i + 1 :]:
            gap = angle(cap.centre, other.centre) - cap.radius - other.radius
            halo = min(halo, cap.radius + 0.5 * gap)
        side = gaussian(0, "avoid", 0, len(cap.centre))
        # The tear's antipode lies as far from that of the centre: the halo must not reach it.
        tear = min(TEAR * cap.radius, 0.5 * (math.pi - halo))
        found.append(Hole(cap, halo, onto_shell(away(cap.centre, side, tear), 1.0)))
    return tuple(found)


def _united(caps: list[Cap]) -> list[Cap]:
    """Put the smallest cap around every two that touch, until none do."""
    done: list[Cap] = []
    while caps:
        cap = caps.pop(0)
        for i, other in enumerate(done):
            between = angle(cap.centre, other.centre)
            room = _APART * min(cap.radius, other.radius)
            if between < cap.radius + other.radius + 2.0 * room:
                del done[i]
                caps.insert(0, _around(cap, other, between))
                break
        else:
            done.append(cap)
    return done


def _around(a: Cap, b: Cap, between: float) -> Cap:
    """Find the smallest cap that holds two."""
    if a.radius < b.radius:
        a, b = b, a
    if between + b.radius <= a.radius:
        return a
    radius = min(0.5 * (between + a.radius + b.radius), LARGEST)
    return Cap(onto_shell(away(a.centre, b.centre, radius - a.radius), 1.0), radius)


def avoid(z: Vector, found: tuple[Hole, ...]) -> Vector:
    """Push a latent out of the holes, along the great circle that leads away from their tear.

    Along it, let b and B be the angles at which the cap and its halo end: what was at r < B goes
    to ``b + (B - b) (r / B)^(B / (B - b))``. So nothing stays within b, what lies beyond B is left
    as it is to the bit, the map is C1 at B, and what was apart stays apart.

    Parameters
    ----------
    z [shape=(D,)]
        Its length stays.
    """
    size = length(z)
    if size == 0.0:
        return z
    for cap, halo, tear in found:
        unit = z / size
        if angle(unit, cap.centre) >= halo:
            continue
        way = log_map(tear, unit)
        r = length(way)
        if r < 1e-9:  # on the tear itself every way is as good
            way, r = log_map(tear, -cap.centre), 1e-9
        b, far = _ends(cap, halo, tear, way / length(way))
        if r < far:
            z = onto_shell(away(tear, way, b + (far - b) * (r / far) ** (far / (far - b))), size)
    return z


def _ends(cap: Cap, halo: float, tear: Vector, way: Vector) -> tuple[float, float]:
    """Angles at which a great circle from the tear leaves the cap and its halo.

    Along it the cosine to the centre is ``C cos r + U sin r``.
    """
    c, u = float(cap.centre @ tear), float(cap.centre @ way)
    amplitude, phase = math.hypot(c, u), math.atan2(u, c)
    edge, outer = (
        phase + math.acos(min(max(math.cos(a) / amplitude, -1.0), 1.0))
        for a in (cap.radius + SLACK, halo)
    )
    return edge, outer


def expel(z: Vector, found: tuple[Hole, ...]) -> Vector:
    """Put a latent that is in a hole on its edge; leave any other as it is."""
    size = length(z)
    for cap, _, tear in found if size > 0.0 else ():
        unit = z / size
        if angle(unit, cap.centre) < cap.radius:
            way = log_map(tear, unit)
            way = way if length(way) > 1e-9 else log_map(tear, -cap.centre)
            way /= length(way)
            z = onto_shell(away(tear, way, _ends(cap, cap.radius, tear, way)[0]), size)
    return z
