"""Effective values: base, ramps and routes at one moment, in closed form."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.core.curve import follow, shape
from engine.core.fixed import fixed
from engine.core.glide import glide
from engine.core.keyed import gaussian
from engine.core.show import Lfo, Route, Show
from engine.core.state import Ramp, RouteState, State
from engine.core.steer import pass_steer
from engine.core.track_head import follow_track


def wave(name: str, phase: float, seed: int, key: str) -> float:
    """Value of an oscillator in [0, 1] at a phase in cycles.

    ``sine`` starts at 0.5 and rises; ``noise`` is smooth, and depends on (seed, key, phase) only.
    """
    x = phase - math.floor(phase)
    if name == "sine":
        return 0.5 + 0.5 * math.sin(2.0 * math.pi * x)
    if name == "triangle":
        return 1.0 - abs(2.0 * x - 1.0)
    if name == "saw":
        return x
    if name == "square":
        return 1.0 if x < 0.5 else 0.0
    knot = math.floor(phase)
    a = math.erf(float(gaussian(seed, key, knot, 1)[0]) / math.sqrt(2.0))
    b = math.erf(float(gaussian(seed, key, knot + 1, 1)[0]) / math.sqrt(2.0))
    return 0.5 + 0.5 * (a + (b - a) * x * x * (3.0 - 2.0 * x))


def ramp_value(ramp: Ramp, seconds: float, rate: float) -> float:
    """Value of a parameter on its way, at show time `seconds`."""
    since = seconds - ramp.start / rate
    if ramp.time_s <= 0.0 or since >= ramp.time_s:
        return ramp.goal if since >= 0.0 else ramp.origin
    return ramp.origin + (ramp.goal - ramp.origin) * shape(ramp.curve, since / ramp.time_s)


def lfo_phase(state: State, place: int, dt: float, lfo: Lfo) -> float:
    """Phase of an oscillator in cycles, `dt` seconds after the state's tick."""
    if lfo.beats > 0.0:
        return beat_at(state, dt) / lfo.beats
    phase, rate = state.lfos[place]
    return phase + rate * dt


def beat_at(state: State, dt: float) -> float:
    """Beats since the start, `dt` seconds after the state's tick."""
    return state.transport.beat + state.transport.bpm / 60.0 * dt


def signals_at(show: Show, state: State, dt: float) -> list[float]:
    """Signals between ticks: what comes from outside holds, oscillators and beats go on."""
    signals: list[float] = state.signals.tolist()
    beat = beat_at(state, dt)
    signals[show.beat[0]] = beat - math.floor(beat)
    if not state.is_still:
        for place, lfo in enumerate(show.lfos):
            phase = lfo_phase(state, place, dt, lfo)
            signals[lfo.signal] = wave(lfo.wave, phase, show.seed, lfo.id)
    return signals


def route_goal(route: Route, signal: float) -> float:
    """Shaped signal, in [0, 1]."""
    return shape(route.curve, (signal - route.low) / (route.high - route.low))


def routed(route: Route, base: float, y: float, depth: float) -> float:
    """Let a route's value enter its target."""
    if route.mode == "add":
        return base + depth * y
    if route.mode == "multiply":
        return base * (1.0 + depth * (y - 1.0))
    if route.mode == "max":
        return max(base, depth * y)
    return depth * y


def ramped(show: Show, state: State, seconds: float) -> NDArray[np.float64]:
    """Values with ramps, before routes [shape=(P,)]."""
    return np.array(_ramped(show, state, seconds))


def _ramped(show: Show, state: State, seconds: float) -> list[float]:
    values: list[float] = state.base.tolist()
    rate = float(show.control_hz)
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
        is_heard = True in fixed(show).is_direct and not state.is_still
        heard = signals_at(show, state, dt) if is_heard else None
        _route(show, state.routes, found, range(len(show.routes)), heard, dt)
    values = np.array(found)
    np.minimum(np.maximum(values, show.low, out=values), show.high, out=values)
    np.rint(values, out=values, where=show.discrete)
    if state.glides:
        glide(fixed(show).glides, state.glides, values, between(show, state, seconds))
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
    """Values at a tick, of which those in `Fixed.aimed` are effective."""
    values = _ramped(show, state, seconds)
    constants = fixed(show)
    if constants.aiming:
        _route(show, routes, values, constants.aiming, signals, 0.0)
    for place, low, high in constants.aimed:
        value = values[place]
        if not low <= value <= high:
            values[place] = min(max(value, low), high)
    return values


def _route(
    show: Show,
    routes: Sequence[RouteState],
    values: list[float],
    chosen: Iterable[int],
    heard: Sequence[float] | None,
    dt: float,
) -> None:
    """Let routes enter their targets, `dt` seconds after the tick.

    A route without smoothing shapes the signal of that very moment, if that is `heard`, so that
    oscillators do not step on ticks.
    """
    is_direct = fixed(show).is_direct
    for i in chosen:
        route, held = show.routes[i], routes[i]
        if not is_direct[i]:
            y = follow(held.value, held.goal, dt, route.attack_s, route.release_s)
        elif heard is None:
            y = held.goal
        else:
            y = route_goal(route, heard[route.signal])
        depth = values[route.depth_place] if route.depth_place >= 0 else route.depth
        values[route.target] = routed(route, values[route.target], y, depth)


def between(show: Show, state: State, seconds: float) -> float:
    """Seconds of motion since the state's tick: 0 in a frozen show."""
    return 0.0 if state.is_still else max(seconds - state.tick / float(show.control_hz), 0.0)


def steer_at(state: State, dt: float) -> tuple[float, float]:
    """Both steering axes `dt` seconds after the state's tick, in radians."""
    x, y = pass_steer(state, dt)
    return x[0], y[0]
