"""Effective values: base, ramps and routes at one moment, in closed form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.core.control.modulation import hear
from engine.core.control.recall import fader
from engine.core.control.recall.ways import ramp_value
from engine.core.control.routes import enter_routes
from engine.core.frame.playhead import follow_track
from engine.core.frame.reels import follow_reels
from engine.core.show.reach import Reach
from engine.core.show.show import Show
from engine.core.show.state import RouteState, State
from engine.core.springs import apply_springs


def ramped(show: Show, state: State, seconds: float) -> NDArray[np.float64]:
    """Values with ramps and the fader between two cues, before routes [shape=(P,)]."""
    values = _ramped(show, state, seconds)
    if state.fader is not None:
        fader.mix(state.fader, values)
    return values


def _ramped(show: Show, state: State, seconds: float) -> NDArray[np.float64]:
    values = state.base.copy()
    rate = show.constants.control_hz
    for ramp in state.ramps:
        values[ramp.place] = ramp_value(ramp, seconds, rate)
    return values


def _enter(
    show: Show, state: State, reach: Reach, values: NDArray[np.float64], dt: float
) -> list[float]:
    """Values at the places of a reach, with what routes and macros do to them."""
    # Only routes without smoothing hear between ticks; in a frozen show they hold.
    is_heard = reach.is_heard and not state.is_still
    now = hear(show, state, dt, reach) if is_heard else None
    mixed: list[float] = values[reach.places].tolist()
    enter_routes(reach.entries, state.routes, mixed, now, dt)
    return mixed


def effective(
    show: Show, state: State, seconds: float, reach: Reach | None = None
) -> NDArray[np.float64]:
    """Value of every parameter at show time `seconds`, not before the state's tick.

    Parameters
    ----------
    reach
        Only what it reaches has to be effective; None: everything.

    Returns
    -------
    ndarray [shape=(P,)]
        Clamped into range; whole numbers where the parameter is discrete.
    """
    reach = reach or show.constants.everything
    values = _ramped(show, state, seconds)
    dt = between(show, state, seconds)
    if state.fader is not None:
        fade, fading = None, show.constants.fading
        if fading.entries:  # the fader itself is moved by routes or macros
            mixed = _enter(show, state, fading, values, dt)
            fade = dict(zip(fading.places.tolist(), mixed, strict=True))[state.fader.fade]
        fader.mix(state.fader, values, fade)
    if reach.entries:
        values[reach.places] = _enter(show, state, reach, values, dt)
    np.minimum(np.maximum(values, show.low, out=values), show.high, out=values)
    np.rint(values, out=values, where=show.discrete)
    if state.springs:
        # A spring at rest is where its parameter is, unless something moves that meanwhile.
        is_moved = bool(reach.is_sprung or state.ramps or state.fader or state.is_still)
        apply_springs(reach.springs, state.springs, values, dt, is_moved)
    if show.track is not None:
        follow_track(show, show.track, state, values, dt)
    if state.reels:
        follow_reels(show, state, values, dt)
    return values


def aimed(
    show: Show,
    state: State,
    routes: Sequence[RouteState],
    seconds: float,
    signals: Sequence[float],
) -> list[float]:
    """Values at a tick, of which those in `Constants.aims` are effective."""
    constants = show.constants
    values: list[float] = _ramped(show, state, seconds).tolist()
    if state.fader is not None:
        fade, fading = None, constants.fading
        if fading.entries:
            places = fading.places.tolist()
            mixed = [values[place] for place in places]
            enter_routes(fading.entries, routes, mixed, signals, 0.0)
            fade = dict(zip(places, mixed, strict=True))[state.fader.fade]
        fader.mix(state.fader, values, fade)
    if constants.aiming:
        enter_routes(constants.aiming, routes, values, signals, 0.0)
    # Base values are in range, so that only what routes and ramps have moved can leave it.
    moved = constants.moved
    if state.ramps:
        aims = constants.aims
        moved = (*moved, *[aims[ramp.place] for ramp in state.ramps if ramp.place in aims])
    for place, low, high in moved:
        value = values[place]
        if not low <= value <= high:
            values[place] = min(max(value, low), high)
    return values


def between(show: Show, state: State, seconds: float) -> float:
    """Seconds of motion since the state's tick: 0 in a frozen show."""
    return 0.0 if state.is_still else max(seconds - state.tick / show.constants.control_hz, 0.0)
