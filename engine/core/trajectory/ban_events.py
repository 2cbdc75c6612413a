"""Never again, snap, corners: what a performer says about where a trajectory is now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np

from engine.core.latent.caps import angle, centre_bytes, holes
from engine.core.latent.geometry import Vector, length, onto_shell
from engine.core.modifiers.ban import bans_of
from engine.core.modifiers.pad import CORNERS
from engine.core.motions.move import move
from engine.core.path.keyframes import Way, row_of, way_of
from engine.core.path.model import MOTIONS, Ban, Moment, Path, PathState, Seam
from engine.core.path.phase import TURNINGS, position
from engine.core.trajectory.chain import coordinates_at

MOST_BANS = 512
TRIES = 32
Data = tuple[float, ...]


def take_ban(moment: Moment, path: Path, held: PathState, _: Data) -> PathState:
    """Ban the neighbourhood of where the path is, of all its points."""
    bans, radius = bans_of(path, held), moment.values[path.at["ban_radius"]]
    units: list[Vector] = []
    for row in moment.coordinates().reshape(-1, path.size):
        if length(row) > 0.0 and len(bans) + len(units) < MOST_BANS:
            unit = onto_shell(row, 1.0)
            if all(angle(other, unit) > 1e-3 for other in units):  # the points may be one
                units.append(unit)
    found = (*bans, *((centre_bytes(unit), radius) for unit in units))
    after = _banning(held, found)
    if units:
        more = replace(after.more, presses=(*held.more.presses, len(units)))
        after = replace(after, more=more)
    return _sewn(moment, path, held, after, len(bans))


def take_unban(moment: Moment, path: Path, held: PathState, _: Data) -> PathState:
    """Lift what the newest press banned; of bans from a file, the last one."""
    bans, presses = bans_of(path, held), held.more.presses
    left = bans[: max(len(bans) - (presses[-1] if presses else 1), 0)]
    after = _banning(held, left)
    after = replace(after, more=replace(after.more, presses=presses[:-1]))
    return _sewn(moment, path, held, after, len(left))


def take_clear(moment: Moment, path: Path, held: PathState, _: Data) -> PathState:
    """Lift all bans."""
    after = _banning(held, ())
    return _sewn(moment, path, held, replace(after, more=replace(after.more, presses=())), 0)


def _banning(held: PathState, bans: tuple[Ban, ...]) -> PathState:
    return replace(held, more=replace(held.more, bans=bans))


def _sewn(moment: Moment, path: Path, before: PathState, after: PathState, firm: int) -> PathState:
    """Let a path that is elsewhere now fly there, in the time of a jump.

    Parameters
    ----------
    firm
        How many bans hold before and after.
    """
    tick, rate, origin = moment.tick, moment.control_hz, moment.coordinates()
    goal = coordinates_at(
        path, moment.seed, after, moment.values, tick / rate, 0.0, moment.steer, rate
    )
    if np.array_equal(origin, goal):
        return after
    old = before.more.seam
    if old is not None and (tick - old.left) / rate < moment.values[path.jump_s]:
        firm = min(firm, old.firm)
    seam = Seam(origin.reshape(path.shape), tick, firm)
    return replace(after, more=replace(after.more, seam=seam))


def is_banned(path: Path, held: PathState, z: Vector) -> bool:
    """Whether any of a path's points [shape=path.shape] lies within a ban."""
    found = holes(bans_of(path, held))
    units = [onto_shell(row, 1.0) for row in z.reshape(-1, path.size)] if found else []
    return found is not None and any(
        angle(hole.cap.centre, unit) < hole.cap.radius
        for unit in units
        for hole in found.near(unit)
    )


def next_place(path: Path, seed: int, held: PathState, values: Sequence[float]) -> int:
    """Number of the next place of a path that is not banned when a jump lands there."""
    first = held.place + 1
    if not bans_of(path, held):
        return first
    for place in range(first, first + TRIES):
        landed = replace(held, place=place)
        phase = position(path, landed, values, values[path.jump_s])
        if not is_banned(path, landed, move(path, seed, landed, values, phase)):
            return place
    return first


def take_snap(moment: Moment, path: Path, held: PathState, _: Data) -> PathState:
    """Fly to the nearest whole place: of a path through keys the nearest key, else whole knots.

    Steering begins anew there, so that the key itself is met.
    """
    values = moment.values
    phase = held.phase + _way_to_whole(path, held, values, moment.coordinates())
    more = replace(held.more, steer_zero=moment.steer_rest, seam=None)
    after = replace(held, phase=phase, origin=None, more=more)
    return _sewn(moment, path, held, after, len(bans_of(path, held)))


def _way_to_whole(path: Path, held: PathState, values: Sequence[float], z: Vector) -> float:
    """Knots from the place on the path to the nearest whole place."""
    raw = held.phase + values[path.offset]
    if MOTIONS[int(values[path.motion])] != "keys":
        return float(round(raw)) - raw
    units = [onto_shell(row, 1.0) for row in z.reshape(-1, path.size)]

    def apart(key: Vector) -> float:
        rows = key.reshape(-1, path.size)
        return sum(angle(onto_shell(a, 1.0), b) for a, b in zip(rows, units, strict=True))

    way, points = way_of(path, held, values), row_of(path, held, values).points
    nearest = min(range(len(points)), key=lambda k: apart(points[k]))
    time = tuple(accumulate(way.spline.spans, initial=0.0))[nearest]
    place = raw + held.place - way.start
    turning = TURNINGS[int(values[path.at["turning"]])]
    if turning == "once":
        return time - place
    goals, period = [time], way.length
    if turning == "pingpong":
        there = _unfolded(path, held, values, way, time)
        goals, period = [there, -there], 2.0 * way.length
    return min((g - place + period * round((place - g) / period) for g in goals), key=abs)


def _unfolded(path: Path, held: PathState, values: Sequence[float], way: Way, time: float) -> float:
    """Place that a path that turns back leads to a time, on its way there: by bisection."""
    low, high = 0.0, way.length
    for _step in range(60):
        middle = 0.5 * (low + high)
        phase = way.start + middle - values[path.offset] - held.place
        at = position(path, replace(held, phase=phase), values, 0.0) - way.start
        low, high = (middle, high) if at < time else (low, middle)
    return high


def take_corner(moment: Moment, path: Path, held: PathState, data: Data) -> PathState:
    """Let where the path is be a corner of its pad: 1 to 4, from the bottom left."""
    if len(data) != 1 or not 1.0 <= data[0] <= CORNERS:
        return held
    known = list(held.more.corners or (None,) * CORNERS)
    known[round(data[0]) - 1] = moment.coordinates().reshape(path.shape)
    after = replace(held, more=replace(held.more, corners=tuple(known)))
    return _sewn(moment, path, held, after, len(bans_of(path, held)))
