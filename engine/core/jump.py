"""Flights: trajectories that leave for a new place, or move in another way, from where they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.core.ban_event import next_place
from engine.core.fixed import fixed
from engine.core.show import Show
from engine.core.state import State
from engine.core.trajectory import led_at
from engine.core.value import effective


def switch(show: Show, before: NDArray[np.float64], state: State, seconds: float) -> State:
    """Let trajectories whose kind of motion has changed fly over from where they were.

    Parameters
    ----------
    before
        Base values of the tick before.
    """
    changed = [
        (i, [place for place in places if before[place] != state.base[place]])
        for i, places in enumerate(fixed(show).switches)
    ]
    if not any(places for _, places in changed):
        return state
    now: list[float] = effective(show, state, seconds).tolist()
    rate, motion = fixed(show).control_hz, state.tick - state.still_ticks
    paths = list(state.paths)
    for i, places in changed:
        if places:
            path, values = fixed(show).paths[i], list(now)
            for place in places:
                values[place] = float(before[place])
            origin = led_at(path, show.seed, paths[i], values, motion / rate, 0.0, rate)
            paths[i] = replace(paths[i], left=motion, origin=origin)
    return replace(state, paths=tuple(paths))


def leap(show: Show, state: State, seconds: float, fired: Sequence[int]) -> State:
    """Let trajectories leave for new places: those that jump, or all of them."""
    paths, is_all = list(state.paths), show.master.jump in fired
    leaving = [i for i, p in enumerate(fixed(show).paths) if is_all or p.jump in fired]
    if not leaving:
        return state
    values: list[float] = effective(show, state, seconds).tolist()
    rate, motion = fixed(show).control_hz, state.tick - state.still_ticks
    for i in leaving:
        path, held = fixed(show).paths[i], paths[i]
        origin = led_at(path, show.seed, held, values, motion / rate, 0.0, rate)
        place = next_place(path, show.seed, held, values)
        paths[i] = replace(held, place=place, left=motion, origin=origin)
    return replace(state, paths=tuple(paths))
