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
    values: list[float] = effective(show, state, seconds).tolist()
    rate = fixed(show).control_hz
    motion_s = (state.tick - state.still_ticks) / rate
    steer = steer_at(state, 0.0)
    paths = list(state.paths)
    for i in fixed(show).freezing:
        path, held = fixed(show).paths[i], paths[i]
        kept = held.more.frozen or (None,) * len(path.freezes)
        wanted = [values[place] > 0.0 for _, place in path.freezes]
        if wanted == [each is not None for each in kept]:
            continue
        now = coordinates_at(path, show.seed, held, values, motion_s, 0.0, steer, rate)
        found = tuple(
            None if not wish else now[list(rows)] if old is None else old
            for (rows, _), wish, old in zip(path.freezes, wanted, kept, strict=True)
        )
        frozen = found if any(wanted) else None
        paths[i] = replace(held, more=replace(held.more, frozen=frozen))
    return replace(state, paths=tuple(paths))
