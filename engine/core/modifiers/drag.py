"""Drag: a displacement of a path's coordinates, held until it is released.

Whoever drags a point of the picture gives the path a displacement (``pull``, one number for each
coordinate), again and again; the path follows on a critically damped spring, exact at any frame
rate. Let go, it stays; ``release`` lets it go back. A displacement only turns a latent: its length,
and so its plausibility, stays what it was.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.core.bounds import whole
from engine.core.latent.geometry import Vector
from engine.core.path.memory import Pull
from engine.core.path.model import (
    Change,
    Data,
    Here,
    Kept,
    Modifier,
    Now,
    Part,
    Path,
    PathState,
    Rows,
)  # fmt: skip
from engine.core.path.setting import Setting, trigger

OMEGA = 14.0
"""How quickly a path follows the hand, in 1/s: half way after 0.12 s."""
OVER = 40.0
"""Time constants after which a released pull is gone, to the last bit."""
LARGEST = 1e3
"""Of a displacement; a latent is about 1 in each coordinate."""


def pulled_by(pull: Pull, unfrozen_s: float, control_hz: float) -> tuple[Vector, Vector]:
    """Displacement and its speed after `unfrozen_s` seconds of motion [shape=path.shape, twice].

    As `engine.core.curves.spring`, for all coordinates at once.
    """
    seconds = max(unfrozen_s - pull.since / control_hz, 0.0)
    offset = pull.place if pull.goal is None else pull.place - pull.goal
    drive = pull.speed + pull.omega * offset
    decay = math.exp(-pull.omega * seconds)
    found = (offset + seconds * drive) * decay
    speed = (pull.speed - pull.omega * seconds * drive) * decay
    return (found if pull.goal is None else found + pull.goal), speed


def _apply(path: Path, state: PathState, now: Now, rows: Rows) -> Rows:
    """Turn every point by what pulls at it: lengths stay."""
    del path
    pull = state.memory.get("pull")
    if pull is None or _is_over(pull, now.unfrozen_s, now.control_hz):
        return rows
    displacement = pulled_by(pull, now.unfrozen_s, now.control_hz)[0].reshape(len(rows), -1)
    return list(turned(np.stack(rows), displacement))


def _is_over(pull: Pull, unfrozen_s: float, control_hz: float) -> bool:
    gone = (unfrozen_s - pull.since / control_hz) * pull.omega
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


def _take_pull(path: Path, state: PathState, now: Now, _: Here, data: Data) -> PathState:
    """Go to another displacement; one with a wrong number of coordinates changes nothing."""
    if len(data) != math.prod(path.shape):
        return state
    goal = np.clip(np.array(data), -LARGEST, LARGEST).reshape(path.shape)
    return _aim(path, state, now, goal, OMEGA)


def _take_release(path: Path, state: PathState, now: Now, _: Here, __: Data) -> PathState:
    """Go back to where the path is by itself, in the time that it takes."""
    if "pull" not in state.memory:
        return state
    return _aim(path, state, now, None, 1.0 / now.values[path.at["pull_s"]])


def _aim(path: Path, state: PathState, now: Now, goal: Vector | None, omega: float) -> PathState:
    """Give the spring another goal; it goes on from where it is."""
    since_s = now.tick / now.control_hz
    pull = state.memory.get("pull")
    place = speed = np.zeros(path.shape)
    if pull is not None and not _is_over(pull, since_s, now.control_hz):
        place, speed = pulled_by(pull, since_s, now.control_hz)
    return state.remembering(pull=Pull(place, speed, goal, omega, now.tick))


def _write(pull: Pull) -> list[Any]:
    goal = None if pull.goal is None else pull.goal.tolist()
    return [pull.place.tolist(), pull.speed.tolist(), goal, pull.omega, pull.since]


def _read(path: Path, data: Any) -> Pull | None:
    place, speed, goal, omega, since = data
    vectors = [np.asarray(each, np.float64) for each in (place, speed, goal) if each is not None]
    if any(vector.shape != path.shape for vector in vectors):
        return None
    if not (0.0 < omega <= LARGEST and all((np.abs(v) <= 1e9).all() for v in vectors)):
        raise ValueError("not a state snapshot: its pull is out of reason")
    return Pull(vectors[0], vectors[1], vectors[2] if goal else None, float(omega), whole(since))


DRAG = Modifier(
    "drag",
    _apply,
    wakes=("pull",),
    part=Part(
        settings=(
            trigger("release", "What was dragged goes back to where it was."),
            Setting(
                "pull_s",
                "Time constant in which it goes back when it is released.",
                1.0,
                0.02,
                600.0,
                "s",
            ),
        ),
        events={
            "pull": Change(
                _take_pull,
                lengths=lambda path: (math.prod(path.shape),),
                text="Displaces it, one number for each coordinate, until it is released.",
            ),
            "release": Change(_take_release),
        },
        memory={"pull": Kept(_write, _read)},
    ),
)
