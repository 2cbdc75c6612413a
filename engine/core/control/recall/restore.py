"""What is put back: values, cue and paths as they stood before, by undo, redo and restore.

It comes as one event of the engine's own, with its data, so that a take replays it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from engine.core.bounds import whole
from engine.core.control.recall import fader
from engine.core.parameter import Kind, coerce
from engine.core.show.show import Show
from engine.core.show.state import ListState, State

ADDRESS = "/history/put"
"""Of the event; its value is `Standing` as JSON."""


NOTHING: Mapping[str, Any] = {}


class Standing(NamedTuple):
    """How a part of a show stands.

    Parameters
    ----------
    values
        Address → value in stored form.
    cue
        ID of the newest cue, empty for none; None: as it is.
    lists
        ID of a cue list → where it is.
    paths
        Name of a path → [number of its jumps, what it remembers by name, None: nothing].
    """

    values: Mapping[str, float] = NOTHING
    cue: str | None = None
    lists: Mapping[str, Sequence[int]] = NOTHING
    paths: Mapping[str, Sequence[Any]] = NOTHING

    def write(self) -> str:
        """Write it as the value of an event."""
        return json.dumps(self._asdict())


def read(text: Any) -> Standing:
    """Read the value of an event; what is none of `Standing.write` is empty."""
    try:
        found = Standing(**json.loads(text))
        kinds = (found.values, found.lists, found.paths)
        is_cue = found.cue is None or isinstance(found.cue, str)
        return found if is_cue and all(isinstance(each, dict) for each in kinds) else Standing()
    except (ValueError, TypeError, RecursionError):
        return Standing()


def put(show: Show, state: State, listed: Sequence[Standing]) -> State:
    """Put values, the cue and the cue lists back at once; paths see `frame.paths`."""
    for each in listed:
        state = _put(show, state, each)
    return state


def _put(show: Show, state: State, standing: Standing) -> State:
    base, registry = state.base.copy(), show.registry
    written = set()
    for address, value in standing.values.items():
        place = registry.index.get(address)
        is_number = isinstance(value, (int, float)) and math.isfinite(value)
        if place is None or not is_number or registry.parameters[place].kind is Kind.TRIGGER:
            continue  # of a show that has been edited since
        base[place] = coerce(registry.parameters[place], float(value))
        written.add(place)
    cues = {cue.id: i for i, cue in enumerate(show.cues)}
    cue, cue_tick = state.cue, state.cue_tick
    if standing.cue is not None and (standing.cue in cues or not standing.cue):
        cue, cue_tick = cues.get(standing.cue, -1), state.tick
    return state._replace(
        base=base,
        ramps=tuple(r for r in state.ramps if r.place not in written),
        fader=fader.without(state.fader, written),
        cue=cue,
        cue_tick=cue_tick,
        lists=tuple(
            _list(standing.lists.get(listed.id), at, len(listed.cues))
            for listed, at in zip(show.lists, state.lists, strict=True)
        ),
        waiting=(),
        awaiting=(),
        touch_tick=state.tick,
    )


def _list(data: Any, at: ListState, count: int) -> ListState:
    try:
        place, draws = map(whole, data)
    except (TypeError, ValueError, OverflowError):
        return at
    return ListState(min(max(place, -1), count - 1), max(draws, 0))
