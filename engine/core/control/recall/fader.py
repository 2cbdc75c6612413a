"""Fader between two cues: what they set goes from the one to the other with one number.

It holds its parameters until a hand or another cue takes them, or until it has no two cues any
more: then they stay where they are. What only one of the two sets is, on the other side, as it
stands.
"""

from __future__ import annotations

from collections.abc import Collection, MutableSequence

import numpy as np
from numpy.typing import NDArray

from engine.core.control.recall.ways import (
    EXPONENTIAL,
    LINEAR,
    mix_colours,
    mix_numbers,
    ramp_value,
)
from engine.core.show.show import Show
from engine.core.show.state import Held, State

NONE = (-1, -1)


def ends(show: Show, state: State) -> tuple[int, int]:
    """Indices of the two cues that the fader's parameters name; `NONE` unless there are two."""
    assert show.fader is not None
    a, b = int(state.base[show.fader.a]) - 1, int(state.base[show.fader.b]) - 1
    return (a, b) if min(a, b) >= 0 else NONE


def pair_of(held: Held | None) -> tuple[int, int]:
    """Indices of the two cues that the fader goes between; `NONE` if it holds nothing."""
    return NONE if held is None else (held.a, held.b)


def move(show: Show, state: State, written: Collection[int]) -> State:
    """Follow the parameters of the fader on a tick, and let go what a hand has taken."""
    held = without(state.fader, written)
    pair = ends(show, state)
    if pair != pair_of(held):
        if held is not None:  # what it held stays where it is
            values = state.base.tolist()
            mix(held, values)
            base = state.base.copy()
            places = places_of(held)
            base[places] = [values[place] for place in places]
            state = state._replace(base=base)
        held = hold(show, state, *pair)
    if held is not None and held.switches:
        state = _switch(show, state, held)
    return state if held is state.fader else state._replace(fader=held)


def _switch(show: Show, state: State, held: Held) -> State:
    """Let choices and switches change half way: as any write, on a tick."""
    fade, rate = float(state.base[held.fade]), show.constants.control_hz
    for ramp in state.ramps:
        fade = ramp_value(ramp, state.tick / rate, rate) if ramp.place == held.fade else fade
    goals = {place: b if fade >= 0.5 else a for place, a, b in held.switches}
    if all(state.base[place] == goal for place, goal in goals.items()):
        return state
    base = state.base.copy()
    for place, goal in goals.items():
        base[place] = goal
    return state._replace(base=base)


def hold(show: Show, state: State, a: int, b: int) -> Held | None:
    """Take hold of everything that two cues set."""
    if show.fader is None or min(a, b) < 0:
        return None
    first, second = dict(show.cues[a].targets), dict(show.cues[b].targets)
    constants = show.constants
    items, switches, colours = [], [], {}
    for place in sorted((first.keys() | second.keys()) - set(show.fader)):
        parts, here = constants.colours.get(place, ()), float(state.base[place])
        if show.discrete[place]:
            switches.append((place, first.get(place, here), second.get(place, here)))
        elif place in parts:
            colours[parts] = (
                tuple([first.get(each) for each in parts]),
                tuple([second.get(each) for each in parts]),
            )
        else:
            kind = EXPONENTIAL if place in constants.exponential else LINEAR
            items.append((place, first.get(place), second.get(place), kind))
    listed = tuple((parts, *both) for parts, both in colours.items())
    return Held(a, b, show.fader.fade, tuple(items), listed, tuple(switches))


def places_of(held: Held) -> list[int]:
    """Places of all numbers and colours that the fader holds."""
    return [each[0] for each in held.items] + [p for parts, *_ in held.colours for p in parts]


def without(held: Held | None, places: Collection[int]) -> Held | None:
    """Let go of some places, of a colour as a whole."""
    if held is None or not places:
        return held
    items = tuple(each for each in held.items if each[0] not in places)
    colours = tuple(each for each in held.colours if not any(p in places for p in each[0]))
    switches = tuple(each for each in held.switches if each[0] not in places)
    left = held._replace(items=items, colours=colours, switches=switches)
    return held if left == held else left


Values = MutableSequence[float] | NDArray[np.float64]


def mix(held: Held, values: Values, fade: float | None = None) -> None:
    """Put what the fader holds among values, in which everything else is as it stands.

    Parameters
    ----------
    fade
        What the fader is at, with what routes and macros do to it; None: as among the values.
    """
    fade = float(values[held.fade]) if fade is None else min(max(fade, 0.0), 1.0)
    for place, a, b, kind in held.items:
        here = values[place]
        origin, goal = here if a is None else a, here if b is None else b
        if fade >= 1.0:
            values[place] = goal
        else:
            values[place] = mix_numbers(origin, goal, fade, kind == EXPONENTIAL)
    for parts, first, second in held.colours:
        own = [float(values[place]) for place in parts]
        r, g, b_ = [h if a is None else a for h, a in zip(own, first, strict=True)]
        x, y, z = [h if a is None else a for h, a in zip(own, second, strict=True)]
        for place, value in zip(parts, mix_colours((r, g, b_), (x, y, z), fade), strict=True):
            values[place] = value
