"""Effective values: base, ramps and routes at one moment, in closed form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.core.control.cues import ramp_value
from engine.core.control.oscillators import signals_at
from engine.core.control.routes import _route
from engine.core.frame.playhead import follow_track
from engine.core.show.show import Show
from engine.core.show.state import RouteState, State
from engine.core.springs import glide


def ramped(show: Show, state: State, seconds: float) -> NDArray[np.float64]:
    """Values with ramps, before routes [shape=(P,)]."""
    return np.array(_ramped(show, state, seconds))


def _ramped(show: Show, state: State, seconds: float) -> list[float]:
    values: list[float] = state.base.tolist()
    rate = show.constants.control_hz
    for ramp in state.ramps:
        values[ramp.place] = ramp_value(ramp, seconds, rate)
    return values


def effective(show: Show, state: State, seconds: float) -> NDArray[np.float64]:
    """Value of every parameter at show time `seconds`, not before the state's tick.

    Returns
    -------
    ndarray [shape=(P,)]
        Clamped into range; whole numbers where the parameter is discrete.
    """
    found = _ramped(show, state, seconds)
    if show.routes:
        dt = between(show, state, seconds)
        # Only routes without smoothing hear between ticks; in a frozen show they hold.
        is_heard = True in show.constants.is_direct and not state.is_still
        heard = signals_at(show, state, dt) if is_heard else None
        _route(show, state.routes, found, range(len(show.routes)), heard, dt)
    values = np.array(found)
    np.minimum(np.maximum(values, show.low, out=values), show.high, out=values)
    np.rint(values, out=values, where=show.discrete)
    if state.glides:
        glide(show.constants.glides, state.glides, values, between(show, state, seconds))
    if show.track is not None:
        follow_track(show, show.track, state, values, between(show, state, seconds))
    return values


def aimed(
    show: Show,
    state: State,
    routes: Sequence[RouteState],
    seconds: float,
    signals: Sequence[float],
) -> list[float]:
    """Values at a tick, of which those in `Constants.aimed` are effective."""
    values = _ramped(show, state, seconds)
    constants = show.constants
    if constants.aiming:
        _route(show, routes, values, constants.aiming, signals, 0.0)
    for place, low, high in constants.aimed:
        value = values[place]
        if not low <= value <= high:
            values[place] = min(max(value, low), high)
    return values


def between(show: Show, state: State, seconds: float) -> float:
    """Seconds of motion since the state's tick: 0 in a frozen show."""
    return 0.0 if state.is_still else max(seconds - state.tick / show.constants.control_hz, 0.0)
