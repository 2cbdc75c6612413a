"""Events of a trajectory, with data of their own, and its triggers.

An event ``/layer/ID/path/NAME`` that is no parameter, with one number or a vector, changes the
state of that path; so does a setting that is a trigger. Whatever comes asynchronously (a key, a
drag, a table of speeds) comes so, is recorded, and replays. What an event does stands beside the
motion or the modifier that it is for; here the path flies to where it leads.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from engine.core.event import Value
from engine.core.latent.geometry import Vector
from engine.core.modifiers import transition
from engine.core.modifiers.ban import bans_of, is_banned
from engine.core.motions.move import move
from engine.core.path.model import Change, Data, Now, Path, PathState
from engine.core.path.phase import position
from engine.core.trajectory.chain import coordinates, lead, turned

MOST_NUMBERS = 65536
TRIES = 32
CUT_US, PATH_US, POINT_US, KEYED_US = 15.0, 20.0, 3.0, 50.0
"""About what an event costs that cuts · to ask where a path is · for each of its points · for each
of several that go through keys."""


def _asking_us(path: Path) -> float:
    """About what it costs to ask where a path is."""
    is_keyed = path.points > 1 and bool(path.seeds or path.keys.keys)
    return PATH_US + path.points * (POINT_US + KEYED_US * is_keyed)


def leave_us(path: Path) -> float:
    """About what it costs that a path leaves for elsewhere: it is asked where it is."""
    return CUT_US + _asking_us(path)


def price_us(path: Path, change: Change) -> float:
    """About what an event of a path costs, in microseconds of CPU."""
    flights = 0.0 if change.transition == "cut" else change.flights
    return CUT_US + flights * 2.0 * _asking_us(path)


def numbers(value: Value) -> Data | None:
    """Read an event's data; None if it is none that a path understands."""
    found = value if isinstance(value, tuple) else (value,)
    if any(isinstance(each, str) for each in found) or len(found) > MOST_NUMBERS:
        return None
    listed = tuple(float(each) for each in found)
    return listed if all(map(math.isfinite, listed)) else None


def once(make: Callable[[], Vector]) -> Callable[[], Vector]:
    """Ask for something at most once, and only if somebody wants it."""
    made: list[Vector] = []

    def get() -> Vector:
        if not made:
            made.append(make())
        return made[0]

    return get


def on_event(path: Path, state: PathState, now: Now, name: str, data: Data) -> PathState:
    """Let an event of the path's parts change its state.

    One that cannot be is left out, without an error: the application has said why before.
    """
    change = path.parts.events[name]
    ahead = once(lambda: lead(path, state, now))
    here = once(lambda: turned(path, state, now, ahead()))
    after = change.take(path, state, now, here, data)
    if after is state or change.transition == "cut":
        return after
    if change.transition == "jump":
        origin = ahead()
        if np.abs(origin - lead(path, after, now)).max() <= 1e-9:
            return after
        return after._replace(origin=origin, left=now.tick)
    if np.array_equal(here(), coordinates(path, after, now)):
        return after
    return transition.begin(path, state, after, now, here())


def jumped(path: Path, state: PathState, now: Now) -> PathState:
    """Let a trajectory leave for its next place that is not banned when it lands there."""
    return state._replace(
        place=_next_place(path, state, now), left=now.tick, origin=lead(path, state, now)
    )


def _next_place(path: Path, state: PathState, now: Now) -> int:
    first = state.place + 1
    if not bans_of(path, state):
        return first
    for place in range(first, first + TRIES):
        landed = state._replace(place=place)
        phase = position(path, landed, now.values, now.values[path.jump_s])
        if not is_banned(path, landed, move(path, landed, now, phase)):
            return place
    return first
