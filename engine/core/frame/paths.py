"""Flights: trajectories that leave for a new place, or move in another way, from where they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.core.event import Event
from engine.core.frame.values import effective, steer_at
from engine.core.modifiers.patina import traces_of, visit
from engine.core.path.model import Moment, Path, PathState
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.core.trajectory.ban_events import next_place
from engine.core.trajectory.chain import coordinates_at, led_at
from engine.core.trajectory.events import TAKES, TRIGGERS, numbers


def hold(show: Show, state: State, seconds: float) -> State:
    """Keep the rows of groups that begin to freeze on this tick, and forget those that are let go.

    Parameters
    ----------
    seconds
        Show time of the tick.
    """
    listed = [(i, show.constants.paths[i], state.paths[i]) for i in show.constants.freezing]
    places = {place for _, path, _ in listed for _, place in path.freezes}
    moved = [*(ramp.place for ramp in state.ramps), *(route.target for route in show.routes)]
    # The values that hold without ramps and routes are there already.
    levels = state.base if places.isdisjoint(moved) else effective(show, state, seconds)
    changed = [
        (i, path, held, wanted)
        for i, path, held in listed
        if (wanted := [bool(levels[place] > 0.0) for _, place in path.freezes])
        != [each is not None for each in held.more.frozen or (None,) * len(path.freezes)]
    ]
    if not changed:
        return state
    values: list[float] = effective(show, state, seconds).tolist()
    rate = show.constants.control_hz
    motion_s = (state.tick - state.still_ticks) / rate
    steer, paths = steer_at(state, 0.0), list(state.paths)
    for i, path, held, wanted in changed:
        now = coordinates_at(path, show.seed, held, values, motion_s, 0.0, steer, rate)
        kept = held.more.frozen or (None,) * len(path.freezes)
        found = tuple(
            None if not wish else now[list(rows)] if old is None else old
            for (rows, _), wish, old in zip(path.freezes, wanted, kept, strict=True)
        )
        frozen = found if any(wanted) else None
        paths[i] = replace(held, more=replace(held.more, frozen=frozen))
    return replace(state, paths=tuple(paths))


def remember(show: Show, state: State, seconds: float) -> State:
    """Let paths remember where they are on a tick: those with a limit of speed, those that age.

    Parameters
    ----------
    seconds
        Show time of the tick.
    """
    constants = show.constants
    if state.is_still or not (constants.is_remembering or state.base[constants.remembered].any()):
        return state
    values: list[float] = effective(show, state, seconds).tolist()
    motion = state.tick - state.still_ticks
    paths = [
        _remember(show, state, values, motion, path, held)
        for path, held in zip(constants.paths, state.paths, strict=True)
    ]
    return replace(state, paths=tuple(paths))


def _remember(
    show: Show, state: State, values: Sequence[float], motion: int, path: Path, held: PathState
) -> PathState:
    rate, more = show.constants.control_hz, held.more
    every = max(round(values[path.at["patina_s"]] * rate), 1)
    is_aging = path.past.traces is not None or values[path.at["patina"]] != 0.0
    is_visit = is_aging and motion % every == 0 and motion > traces_of(path, held).since
    if values[path.at["pace"]] <= 0.0 and not is_visit:
        return held
    here = coordinates_at(
        path, show.seed, held, values, motion / rate, 0.0, steer_at(state, 0.0), rate
    )
    if values[path.at["pace"]] > 0.0:
        more = replace(more, paced=(here, motion))
    if is_visit:
        rows = here.reshape(-1, path.size)
        more = replace(more, traces=visit(traces_of(path, held), rows, motion))
    return replace(held, more=more)


def is_told(show: Show, address: str) -> bool:
    """Whether an address that is no parameter is an event of one of the show's paths."""
    root, _, name = address.rpartition("/")
    return name in TAKES and name not in TRIGGERS and root in show.constants.path_of


def fits(show: Show, address: str, data: tuple[float, ...] | None) -> bool:
    """Whether an event for which `is_told` holds brings as many numbers as its path takes."""
    root, _, name = address.rpartition("/")
    path = show.constants.paths[show.constants.path_of[root]]
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
    constants = show.constants
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
    tick, steer = state.tick - state.still_ticks, steer_at(state, 0.0)
    # Where each axis comes to rest; a joystick's angle goes on from where it is.
    x, y = (
        a[2] if tau <= 0.0 else a[0] for a, tau in zip(state.steer, state.steer_tau, strict=True)
    )
    for i, name, data in heard:
        path, held = constants.paths[i], state.paths[i]
        now = partial(coordinates_at, path, show.seed, held, values, tick / rate, 0.0, steer, rate)
        moment = Moment(show.seed, rate, tick, steer, (x, y), values, now)
        taken = TAKES[name](moment, path, held, data)
        if taken is not held:
            state = replace(state, paths=(*state.paths[:i], taken, *state.paths[i + 1 :]))
    return state


def switch(show: Show, before: NDArray[np.float64], state: State, seconds: float) -> State:
    """Let trajectories whose kind of motion has changed fly over from where they were.

    Parameters
    ----------
    before
        Base values of the tick before.
    """
    changed = [
        (i, [place for place in places if before[place] != state.base[place]])
        for i, places in enumerate(show.constants.switches)
    ]
    if not any(places for _, places in changed):
        return state
    now: list[float] = effective(show, state, seconds).tolist()
    rate, motion = show.constants.control_hz, state.tick - state.still_ticks
    paths = list(state.paths)
    for i, places in changed:
        if places:
            path, values = show.constants.paths[i], list(now)
            for place in places:
                values[place] = float(before[place])
            origin = led_at(path, show.seed, paths[i], values, motion / rate, 0.0, rate)
            paths[i] = replace(paths[i], left=motion, origin=origin)
    return replace(state, paths=tuple(paths))


def leap(show: Show, state: State, seconds: float, fired: Sequence[int]) -> State:
    """Let trajectories leave for new places: those that jump, or all of them."""
    paths, is_all = list(state.paths), show.master.jump in fired
    leaving = [i for i, p in enumerate(show.constants.paths) if is_all or p.jump in fired]
    if not leaving:
        return state
    values: list[float] = effective(show, state, seconds).tolist()
    rate, motion = show.constants.control_hz, state.tick - state.still_ticks
    for i in leaving:
        path, held = show.constants.paths[i], paths[i]
        origin = led_at(path, show.seed, held, values, motion / rate, 0.0, rate)
        place = next_place(path, show.seed, held, values)
        paths[i] = replace(held, place=place, left=motion, origin=origin)
    return replace(state, paths=tuple(paths))
