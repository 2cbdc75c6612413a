"""Avoidance of banned caps: a smooth map of the sphere that leaves them empty.

No continuous map that moves only a neighbourhood of a ball can empty it: somewhere it must tear.
Here it tears at one point beside the centre, in a direction that is the cap's own: a trajectory
that comes through the very centre, as that of a loop does whose picture was banned, passes it by.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from engine.core.latent.geometry import Vector, angle, away, length, log_map, onto_shell
from engine.core.rng import gaussian

SLACK = 1e-9  # rad outside the edge, so that rounding brings nothing back inside
HALO = 2.0  # a cap of radius r moves what is nearer than HALO r to its centre
TEAR = 0.5  # of the radius: where the map tears
LARGEST = 2.4  # rad; caps that overlap are taken together only up to it
ROUNDS = 32
_APART = 0.25  # of a radius: room that a halo needs at least
_STRIDE = 64
Caps = tuple[tuple[bytes, float], ...]
"""Centres (see `centre_bytes`) and radii in radians."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Holes:
    """Holes whose halos do not overlap.

    Parameters
    ----------
    each
        The holes; caps that touch are one.
    gaps
        From the centre of each to the nearest edge of another, in rad [shape=(N,)].
    """

    caps: Caps
    each: tuple[Hole, ...]
    gaps: Vector

    @property
    def is_wide(self) -> bool:
        """Whether caps lie too widely to be taken together."""
        return max(hole.cap.radius for hole in self.each) >= LARGEST

    def near(self, unit: Vector) -> list[Hole]:
        """Find those whose halo a direction may lie in: hardly ever more than one."""
        centres, _, cosines = _stacked(self)
        found = np.flatnonzero(centres @ unit > cosines - 1e-9).tolist()
        return [self.each[k] for k in found]


@lru_cache(maxsize=64)
def _stacked(found: Holes) -> tuple[Vector, Vector, Vector]:
    """Centres [shape=(N, D)], radii and cosines of the halos [shape=(N,)] of holes."""
    centres = np.array([hole.cap.centre for hole in found.each])
    radii = np.array([hole.cap.radius for hole in found.each])
    return centres, radii, np.array([math.cos(hole.halo) for hole in found.each])


@lru_cache(maxsize=64)
def _firm(caps: Caps) -> tuple[Vector, Vector]:
    """Centres [shape=(N, D)] and radii [shape=(N,)] of the caps themselves."""
    return np.stack([centre_of(data) for data, _ in caps]), np.array([r for _, r in caps])


@lru_cache(maxsize=8192)
def holes(caps: Caps) -> Holes | None:
    """Take together the caps that touch, and give each a halo of its own; None if there are none.

    One after the other, so that a cap more (or one less) costs little however many there are.

    Parameters
    ----------
    caps
        Centre as bytes of float32, and radius: so that they are found again.
    """
    if not caps:
        return None
    for count in range(_STRIDE, len(caps) - 1, _STRIDE):
        holes(caps[:count])  # from a file there are many at once: not all of them recursively
    data, radius = caps[-1]
    return _joined(holes(caps[:-1]), caps, Cap(centre_of(data), radius))


def _joined(before: Holes | None, caps: Caps, cap: Cap) -> Holes:
    """Add a cap: while it touches another one, both become the smallest that holds them."""
    if before is None:
        return Holes(caps, (_hole(cap, math.inf),), np.array([math.inf]))
    centres, radii, _ = _stacked(before)
    left = np.arange(len(radii))
    while True:
        row = _angles(centres[left], cap.centre[None])[:, 0]
        room = 2.0 * _APART * np.minimum(radii[left], cap.radius)
        touching = row < radii[left] + cap.radius + room
        if not touching.any():
            break
        other = before.each[int(left[np.argmax(touching)])].cap
        cap = _around(other, cap, angle(other.centre, cap.centre))
        left = np.delete(left, np.argmax(touching))
    old = before.gaps[left]
    gaps = np.minimum(old, row - cap.radius)
    each = [before.each[k] for k in left.tolist()]
    for k in np.flatnonzero(gaps < old).tolist():
        each[k] = _hole(each[k].cap, float(gaps[k]))
    own = float((row - radii[left]).min(initial=math.inf))
    return Holes(caps, (*each, _hole(cap, own)), np.append(gaps, own))


def _hole(cap: Cap, gap: float) -> Hole:
    """Give a cap its halo, as wide as the gap to the next cap's edge lets it."""
    room = 0.5 * (gap - cap.radius)
    halo = min(HALO * cap.radius, 0.5 * (cap.radius + math.pi), cap.radius + room)
    side = gaussian(0, "avoid", 0, len(cap.centre))
    # The tear's antipode lies as far from that of the centre: the halo must not reach it.
    tear = min(TEAR * cap.radius, 0.5 * (math.pi - halo))
    return Hole(cap, halo, onto_shell(away(cap.centre, side, tear), 1.0))


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
    for _ in range(ROUNDS if size > 0.0 and found.is_wide else 0):
        centres, radii = _firm(found.caps)
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
