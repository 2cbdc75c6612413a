"""Avoidance of banned caps: a smooth map of the sphere that leaves them empty.

No continuous map that moves only a neighbourhood of a ball can empty it: somewhere it must tear.
Here it tears at one point beside the centre, in a direction that is the cap's own: a trajectory
that comes through the very centre, as that of a loop does whose picture was banned, passes it by.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from engine.core.latent.geometry import Vector, away, length, log_map, onto_shell
from engine.core.rng import gaussian

SLACK = 1e-9  # rad outside the edge, so that rounding brings nothing back inside
HALO = 2.0  # a cap of radius r moves what is nearer than HALO r to its centre
TEAR = 0.5  # of the radius: where the map tears
LARGEST = 2.4  # rad; caps that overlap are taken together only up to it
ROUNDS = 32
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


class Holes(NamedTuple):
    """Holes whose halos do not overlap, with all centres [shape=(N, D)] and cosines of halos.

    `firm` are centres and radii of the caps themselves, where they lie too widely to be taken
    together; else None.
    """

    each: tuple[Hole, ...]
    centres: Vector
    cosines: Vector
    firm: tuple[Vector, Vector] | None

    def near(self, unit: Vector) -> list[Hole]:
        """Find those whose halo a direction may lie in: hardly ever more than one."""
        found = np.flatnonzero(self.centres @ unit > self.cosines - 1e-9).tolist()
        return [self.each[k] for k in found]


@lru_cache(maxsize=64)
def holes(caps: tuple[tuple[bytes, float], ...]) -> Holes | None:
    """Take together the caps that touch, and give each a halo of its own; None if there are none.

    Parameters
    ----------
    caps
        Centre as bytes of float32, and radius: so that they are found again.
    """
    if not caps:
        return None
    whole = [Cap(centre_of(data), radius) for data, radius in caps]
    listed, angles = _united(whole)
    found, radii = [], np.array([cap.radius for cap in listed])
    for cap, row in zip(listed, angles, strict=True):
        gap = float((row - radii).min()) - cap.radius  # its own angle to itself is infinite
        halo = min(HALO * cap.radius, 0.5 * (cap.radius + math.pi), cap.radius + 0.5 * gap)
        side = gaussian(0, "avoid", 0, len(cap.centre))
        # The tear's antipode lies as far from that of the centre: the halo must not reach it.
        tear = min(TEAR * cap.radius, 0.5 * (math.pi - halo))
        found.append(Hole(cap, halo, onto_shell(away(cap.centre, side, tear), 1.0)))
    centres = np.stack([cap.centre for cap in listed])
    firm = None
    if radii.max() >= LARGEST:
        firm = (np.stack([cap.centre for cap in whole]), np.array([cap.radius for cap in whole]))
    return Holes(tuple(found), centres, np.array([math.cos(h.halo) for h in found]), firm)


def _united(caps: list[Cap]) -> tuple[list[Cap], Vector]:
    """Put the smallest cap around every two that touch, until none do.

    Returns
    -------
    caps, and the angles between them [shape=(N, N)], infinite on the diagonal
    """
    centres, radii = np.stack([cap.centre for cap in caps]), np.array([cap.radius for cap in caps])
    angles = _angles(centres, centres)
    np.fill_diagonal(angles, np.inf)
    while True:
        rooms = 2.0 * _APART * np.minimum.outer(radii, radii)
        touching = angles < np.add.outer(radii, radii) + rooms
        if not touching.any():
            return [Cap(c, float(r)) for c, r in zip(centres, radii, strict=True)], angles
        pair = list(divmod(int(np.argmax(touching)), len(radii)))
        one, other = (Cap(centres[k], float(radii[k])) for k in pair)
        cap = _around(one, other, angle(one.centre, other.centre))
        centres, radii = np.delete(centres, pair, 0), np.delete(radii, pair)
        angles = np.delete(np.delete(angles, pair, 0), pair, 1)
        row = _angles(centres, cap.centre[None])
        angles = np.block([[angles, row], [row.T, np.full((1, 1), np.inf)]])
        centres, radii = np.concatenate([centres, cap.centre[None]]), np.append(radii, cap.radius)


def _angles(a: Vector, b: Vector) -> Vector:
    """Angles between unit vectors [shape=(N, D), (M, D) → (N, M)], to 1e-7 rad."""
    return np.asarray(np.arccos(np.clip(a @ b.T, -1.0, 1.0)), np.float64)


def _around(a: Cap, b: Cap, between: float) -> Cap:
    """Find the smallest cap that holds two."""
    if a.radius < b.radius:
        a, b = b, a
    if between + b.radius <= a.radius:
        return a
    radius = min(0.5 * (between + a.radius + b.radius), LARGEST)
    return Cap(onto_shell(away(a.centre, b.centre, radius - a.radius), 1.0), radius)


def avoid(z: Vector, found: Holes) -> Vector:
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
    for cap, halo, tear in found.near(z / size):
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
    return _firmly(z, found)


def _firmly(z: Vector, found: Holes) -> Vector:
    """Push a latent out of each cap by itself, the deepest first: not smooth, but outside."""
    size = length(z)
    for _ in range(ROUNDS if found.firm and size > 0.0 else 0):
        assert found.firm is not None
        centres, radii = found.firm
        inside = radii - _angles(centres, z[None] / size)[:, 0]
        deepest = int(np.argmax(inside))
        if inside[deepest] <= 0.0:
            break
        centre, unit = centres[deepest], z / size
        way = log_map(centre, unit)
        if length(way) < 1e-9:
            way = gaussian(0, "avoid", 0, len(unit))  # `away` takes its part along the sphere
        edge = radii[deepest] + 1e-6
        z = onto_shell(away(centre, way, edge), size)
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


def project_out(z: Vector, found: Holes) -> Vector:
    """Put a latent that is in a hole on its edge; leave any other as it is."""
    size = length(z)
    for cap, _, tear in found.near(z / size) if size > 0.0 else ():
        unit = z / size
        if angle(unit, cap.centre) < cap.radius:
            way = log_map(tear, unit)
            way = way if length(way) > 1e-9 else log_map(tear, -cap.centre)
            way /= length(way)
            z = onto_shell(away(tear, way, _ends(cap, cap.radius, tear, way)[0]), size)
    return _firmly(z, found)
