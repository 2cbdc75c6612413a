"""What a trajectory remembers from tick to tick: where it was, if it is held back or ages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.core.fixed import fixed
from engine.core.patina import traces_of, visit
from engine.core.show import Path, Show
from engine.core.state import PathState, State
from engine.core.trajectory import coordinates_at
from engine.core.value import effective, steer_at


def remember(show: Show, state: State, seconds: float) -> State:
    """Let paths remember where they are on a tick: those with a limit of speed, those that age.

    Parameters
    ----------
    seconds
        Show time of the tick.
    """
    constants = fixed(show)
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
    rate, more = fixed(show).control_hz, held.more
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
