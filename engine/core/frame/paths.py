"""Trajectories on a tick: transitions, events and memories."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

from engine.core.bounds import whole
from engine.core.control.recall.fader import pair_of, places_of
from engine.core.control.recall.restore import Standing
from engine.core.event import Event
from engine.core.frame.now import now_on_tick
from engine.core.modifiers import freeze, transition, travel
from engine.core.path.model import Now, Path, PathState, Values
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.core.trajectory.chain import coordinates, lead, rows_before
from engine.core.trajectory.events import jumped, numbers, on_event
from engine.core.trajectory.snapshot import read_memory

PathEvent = tuple[int, str, tuple[float, ...]]
"""Index of a path, name of an event, its data."""


def path_event(show: Show, address: str) -> tuple[Path, str] | None:
    """The path and the name of an event that is no parameter; None if it is no such event."""
    root, _, name = address.rpartition("/")
    index = show.constants.path_of.get(root)
    if index is None:
        return None
    path = show.constants.paths[index]
    return (path, name) if name in path.parts.events and name not in path.at else None


def fits(show: Show, address: str, data: tuple[float, ...] | None) -> bool:
    """Whether an event of a path brings as many numbers as the path takes."""
    found = path_event(show, address)
    if found is None or data is None:
        return False
    path, name = found
    lengths = path.parts.events[name].lengths
    return lengths is None or len(data) in lengths(path)


class Happened(NamedTuple):
    """What happened to paths on a tick.

    Parameters
    ----------
    events
        Those of paths, see `path_event`.
    fired
        Places of the triggers that fired.
    standings
        What is put back.
    is_faded
        The fader between two cues has other ones than before.
    """

    events: Sequence[Event] = ()
    fired: Sequence[int] = ()
    standings: Sequence[Standing] = ()
    is_faded: bool = False


def change_paths(show: Show, before: State, state: State, happened: Happened) -> State:
    """Let trajectories take what has happened on a tick, and remember where they are.

    Parameters
    ----------
    before
        The state whose base values held on the tick before; the same values if nothing may fly
        over because of them.
    state
        At the tick.
    """
    events, fired, standings, is_faded = happened
    is_led = bool(state.begun or standings or is_faded) or _is_travelling(state)
    is_switched = before.base is not state.base and _is_switched(show, before, state)
    is_remembering = not state.is_still and _is_remembering(show, state)
    is_stirred = is_switched or is_led or is_remembering
    if not (is_stirred or fired or events or show.constants.freezing):
        return state
    paths = list(state.paths)
    now = cache(partial(now_on_tick, show, state))
    if is_switched:
        _switch(show, before, state, paths, now)
    if fired:
        _jump(show, paths, fired, now)
    if events or fired:
        _take_events(show, paths, _listed(show, events, fired), now)
    for standing in standings:
        _put_back(show, paths, standing.paths, now)
    if is_led:
        _lead(show, state, paths, now, is_faded)
    if show.constants.freezing:
        _freeze(show, state, paths, now)
    if is_remembering:
        _remember(show, paths, now)
    return state._replace(paths=tuple(paths))


Paths = list[PathState]
Asked = Callable[[], Now]


def _is_switched(show: Show, before: State, state: State) -> bool:
    places = show.constants.all_switches
    return bool(before.base[places].tobytes() != state.base[places].tobytes())


def _switch(show: Show, before: State, state: State, paths: Paths, now: Asked) -> None:
    """Let trajectories whose kind of motion has changed fly over from where they were."""
    for i, places in enumerate(show.constants.switches):
        changed = [place for place in places if before.base[place] != state.base[place]]
        if changed:
            values = list(now().values)
            for place in changed:
                values[place] = float(before.base[place])
            origin = lead(show.constants.paths[i], paths[i], now()._replace(values=values))
            paths[i] = paths[i]._replace(left=now().tick, origin=origin)


def _jump(show: Show, paths: Paths, fired: Sequence[int], now: Asked) -> None:
    """Let trajectories leave for new places: those that jump, or all of them."""
    is_all = show.master.jump in fired
    for i, path in enumerate(show.constants.paths):
        if is_all or path.jump in fired:
            paths[i] = jumped(path, paths[i], now())


def _listed(show: Show, events: Sequence[Event], fired: Sequence[int]) -> list[PathEvent]:
    """Events of paths in order, then their triggers."""
    found: list[PathEvent] = []
    for event in events:
        root, _, name = event.address.rpartition("/")
        data = numbers(event.value)
        if data is not None:
            found.append((show.constants.path_of[root], name, data))
    places = frozenset(fired)
    if places:
        found += [(i, name, ()) for place, i, name in show.constants.fires if place in places]
    return found


def _take_events(show: Show, paths: Paths, listed: Sequence[PathEvent], now: Asked) -> None:
    for i, name, data in listed:
        paths[i] = on_event(show.constants.paths[i], paths[i], now(), name, data)


def _is_travelling(state: State) -> bool:
    return any(bool(path.memory) and travel.is_pending(path) for path in state.paths)


def _put_back(show: Show, paths: Paths, data: Mapping[str, Any], now: Asked) -> None:
    """Let paths be where they were, and know what they knew; they fly there."""
    for name, given in data.items():
        index = show.constants.path_of.get(name, -1)
        if index < 0:
            continue
        path, state = show.constants.paths[index], paths[index]
        try:
            place, memory = given
            known = {**state.memory, **read_memory(path, {k: v for k, v in memory.items() if v})}
            left = {k: v for k, v in known.items() if k not in memory or memory[k]}
            after = state._replace(place=whole(place), memory=left)
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
            continue  # not of this path any more
        here = coordinates(path, state, now())
        paths[index] = transition.begin(path, state, after, now(), here)


def _lead(show: Show, state: State, paths: Paths, now: Asked, is_faded: bool) -> None:
    """Let paths leave for the latents of cues, and arrive there."""
    rate = show.constants.control_hz
    for cue in (show.cues[index] for index in state.begun):
        way = cue.travel
        start, ticks = now().tick + round(way.delay_s * rate), round(way.time_s * rate)
        for index, goal in cue.latents:
            going = travel.Travel(goal, start, ticks, way.curve)
            paths[index] = travel.begin(paths[index], going)
    if is_faded:
        _fade(show, state, paths, now)
    for i, path in enumerate(show.constants.paths):
        if travel.is_pending(paths[i]):
            rows = rows_before(path, paths[i], now(), travel.TRAVEL.apply)
            paths[i] = travel.tend(path, paths[i], now(), rows)


def _fade(show: Show, state: State, paths: Paths, now: Asked) -> None:
    """Give paths the latents of both cues of the fader, or let them fly to their own way again."""
    a, b = (dict(show.cues[i].latents) if i >= 0 else {} for i in pair_of(state.fader))
    for i, path in enumerate(show.constants.paths):
        ends = a.get(i), b.get(i)
        known = paths[i].memory.get("between")
        if ends[0] is not None or ends[1] is not None:
            paths[i] = paths[i].remembering(between=ends)
        elif known is not None:
            here = coordinates(path, paths[i], now())
            after = paths[i].remembering(between=None)
            paths[i] = transition.begin(path, paths[i], after, now(), here)


def _freeze(show: Show, state: State, paths: Paths, now: Asked) -> None:
    """Catch the rows of groups that begin to freeze on this tick, and let others go."""
    listed = [(i, show.constants.paths[i]) for i in show.constants.freezing]
    places = {place for _, path in listed for _, place in path.freezes}
    moved = show.constants.targets.union(ramp.place for ramp in state.ramps)
    moved = moved.union(() if state.fader is None else places_of(state.fader))
    # The values that hold without ramps and routes are there already.
    is_known = places.isdisjoint(moved)
    for i, path in listed:
        levels: Values = state.base if is_known else now().values  # type: ignore[assignment]
        if freeze.is_changing(path, paths[i], levels):
            here = coordinates(path, paths[i], now())
            paths[i] = freeze.catch(path, paths[i], levels, here)


def _is_remembering(show: Show, state: State) -> bool:
    constants = show.constants
    return constants.is_remembering or any(state.base[constants.remembered].tolist())


def _remember(show: Show, paths: Paths, now: Asked) -> None:
    """Let paths remember where they are: those with a limit of speed, those that age."""
    for i, path in enumerate(show.constants.paths):
        here = cache(partial(coordinates, path, paths[i], now()))
        for modifier in path.parts.modifiers:
            if modifier.remember is not None and modifier.fits(path):
                paths[i] = modifier.remember(path, paths[i], now(), here)
