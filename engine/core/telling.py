"""Let trajectories hear what they are told on a tick: events with data, and triggers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from engine.core.event import Event
from engine.core.fixed import fixed
from engine.core.path_event import TAKES, TRIGGERS, Moment, numbers
from engine.core.show import Show
from engine.core.state import State
from engine.core.trajectory import coordinates_at
from engine.core.value import effective, steer_at


def is_told(show: Show, address: str) -> bool:
    """Whether an address that is no parameter is an event of one of the show's paths."""
    root, _, name = address.rpartition("/")
    return name in TAKES and name not in TRIGGERS and root in fixed(show).path_of


def fits(show: Show, address: str, data: tuple[float, ...] | None) -> bool:
    """Whether an event for which `is_told` holds brings as many numbers as its path takes."""
    root, _, name = address.rpartition("/")
    path = fixed(show).paths[fixed(show).path_of[root]]
    whole = path.points * path.size
    allowed = {"key": (path.size, whole), "pull": (whole,), "corner": (1,)}.get(name)
    return data is not None and (allowed is None or len(data) in allowed)


def tell(
    show: Show, state: State, seconds: float, told: Sequence[Event], fired: Sequence[int]
) -> State:
    """Let every path take its events, in order, and then its triggers.

    Parameters
    ----------
    seconds
        Show time of the tick.
    told
        Events for which `is_told` holds.
    fired
        Places of the triggers that fired.
    """
    constants = fixed(show)
    heard: list[tuple[int, str, tuple[float, ...]]] = []
    for event in told:
        root, _, name = event.address.rpartition("/")
        found = numbers(event.value)
        if found is not None:
            heard.append((constants.path_of[root], name, found))
    for i, path in enumerate(constants.paths):
        heard += [(i, name, ()) for name in TRIGGERS if path.at.get(name, -1) in fired]
    if not heard:
        return state
    values: list[float] = effective(show, state, seconds).tolist()
    rate = constants.control_hz
    motion_s = (state.tick - state.still_ticks) / rate
    for i, name, data in heard:
        path, held = constants.paths[i], state.paths[i]
        now = partial(
            coordinates_at, path, show.seed, held, values, motion_s, 0.0, steer_at(state, 0.0), rate
        )
        taken = TAKES[name](Moment(show, state, values, now), path, held, data)
        if taken is not held:
            state = replace(state, paths=(*state.paths[:i], taken, *state.paths[i + 1 :]))
    return state
