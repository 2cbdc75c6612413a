"""What a hand has pulled a trajectory by: a displacement of its coordinates, held until released.

Whoever drags a point of the picture tells the path by how much (``pull``, one number for each
coordinate), again and again; the path follows on a critically damped spring, exact at any frame
rate. Let go, it stays pulled; ``release`` lets it go back. A displacement only turns a latent: its
length, and so its plausibility, stays what it was.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.core.latent.geometry import Vector
from engine.core.path.model import Pull

if TYPE_CHECKING:
    from engine.core.path.model import Moment, Path, PathState

OMEGA = 14.0
"""How quickly a path follows the hand, in 1/s: half way after 0.12 s."""
OVER = 40.0
"""Time constants after which a released pull is gone, to the last bit."""
LARGEST = 1e3
"""Of a displacement; a latent is about 1 in each coordinate."""


def pulled_by(pull: Pull, motion_s: float, control_hz: float) -> tuple[Vector, Vector]:
    """Displacement and its speed after `motion_s` seconds of motion [shape=path.shape, twice].

    As `engine.core.curves.spring`, for all coordinates at once.
    """
    seconds = max(motion_s - pull.since / control_hz, 0.0)
    offset = pull.place if pull.goal is None else pull.place - pull.goal
    drive = pull.speed + pull.omega * offset
    decay = math.exp(-pull.omega * seconds)
    found = (offset + seconds * drive) * decay
    speed = (pull.speed - pull.omega * seconds * drive) * decay
    return (found if pull.goal is None else found + pull.goal), speed


def drag(pull: Pull | None, now: tuple[float, float], rows: list[Vector]) -> list[Vector]:
    """Turn every point of a path [shape=(D,) each] by what pulls at it: lengths stay.

    Parameters
    ----------
    now
        Seconds of motion, and ticks per second.
    """
    if pull is None or _is_over(pull, *now):
        return rows
    displacement = pulled_by(pull, *now)[0].reshape(len(rows), -1)
    return list(turned(np.stack(rows), displacement))


def _is_over(pull: Pull, motion_s: float, control_hz: float) -> bool:
    gone = (motion_s - pull.since / control_hz) * pull.omega
    return pull.goal is None and gone > OVER


def turned(z: Vector, displacement: Vector) -> Vector:
    """Add a displacement [shape=(…, D)] along the sphere through z, whose length stays.

    What of it is tangent to the sphere is added, and the sum brought back to the sphere: an angle
    of ``atan(|tangent| / |z|)``, so that no displacement goes through the middle.
    """
    square = np.maximum((z * z).sum(-1, keepdims=True), 1e-12)
    tangent = displacement - (displacement * z).sum(-1, keepdims=True) / square * z
    found: Vector = z + tangent
    found *= np.sqrt(square / np.maximum((found * found).sum(-1, keepdims=True), 1e-12))
    return found


def take_pull(moment: Moment, path: Path, held: PathState, data: tuple[float, ...]) -> PathState:
    """Go to another displacement; one with a wrong number of coordinates changes nothing."""
    if len(data) != math.prod(path.shape):
        return held
    goal = np.clip(np.array(data), -LARGEST, LARGEST).reshape(path.shape)
    return _tell(moment, path, held, goal, OMEGA)


def take_release(moment: Moment, path: Path, held: PathState, _: tuple[float, ...]) -> PathState:
    """Go back to where the path is by itself, in the time that it takes."""
    if held.more.pull is None:
        return held
    return _tell(moment, path, held, None, 1.0 / moment.values[path.at["pull_s"]])


def _tell(
    moment: Moment, path: Path, held: PathState, goal: Vector | None, omega: float
) -> PathState:
    now, rate = moment.tick, moment.control_hz
    pull = held.more.pull
    place = speed = np.zeros(path.shape)
    if pull is not None and not _is_over(pull, now / rate, rate):
        place, speed = pulled_by(pull, now / rate, rate)
    return replace(held, more=replace(held.more, pull=Pull(place, speed, goal, omega, now)))


def write(pull: Pull) -> list[Any]:
    """Write it as JSON-ready data."""
    goal = None if pull.goal is None else pull.goal.tolist()
    return [pull.place.tolist(), pull.speed.tolist(), goal, pull.omega, pull.since]


def read(path: Path, data: Any) -> Pull | None:
    """Read it back; None if the path has another shape by now.

    Raises
    ------
    ValueError, TypeError
        If it is no such data.
    """
    place, speed, goal, omega, since = data
    vectors = [np.asarray(each, np.float64) for each in (place, speed, goal) if each is not None]
    if any(vector.shape != path.shape for vector in vectors):
        return None
    if not (0.0 < omega <= LARGEST and all((np.abs(v) <= 1e9).all() for v in vectors)):
        raise ValueError("not a state snapshot: its pull is out of reason")
    return Pull(vectors[0], vectors[1], vectors[2] if goal else None, float(omega), int(since))
