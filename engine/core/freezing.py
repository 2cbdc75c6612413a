"""Catching the rows of latents that begin to freeze on a tick, see `engine.core.freeze`."""

from __future__ import annotations

from dataclasses import replace

from engine.core.fixed import fixed
from engine.core.show import Show
from engine.core.state import State
from engine.core.trajectory import coordinates_at
from engine.core.value import effective, steer_at


def hold(show: Show, state: State, seconds: float) -> State:
    """Keep the rows of groups that begin to freeze on this tick, and forget those that are let go.

    Parameters
    ----------
    seconds
        Show time of the tick.
    """
    listed = [(i, fixed(show).paths[i], state.paths[i]) for i in fixed(show).freezing]
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
    rate = fixed(show).control_hz
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
