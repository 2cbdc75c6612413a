"""Routes: signals that move parameters, smoothed from tick to tick and exact between ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from engine.core.curves import filter_euro
from engine.core.show.reach import Entry
from engine.core.show.show import Show
from engine.core.show.state import RouteState


def move_routes(
    show: Show, routes: Sequence[RouteState], signals: Sequence[float], dt: float
) -> tuple[RouteState, ...]:
    """Let every route follow its goal up to the tick, and give it the next one."""
    constants = show.constants
    decay = constants.speed_decay
    make = tuple.__new__  # a named tuple's own way to make one takes three times as long
    moved: list[RouteState] = []
    for filtering, before in zip(constants.filters, routes, strict=True):
        signal, low, span, curve, rise, fall, cutoff = filtering
        value, goal, euro, speed, last = before
        value = goal + (value - goal) * (rise if goal > value else fall)
        raw = smoothed = signals[signal]
        if cutoff is not None:
            if dt > 0.0:
                now = (raw - last) / dt
                speed = now + (speed - now) * decay
                euro = filter_euro(euro, raw, speed, dt, *cutoff)
            else:
                euro, speed = raw, 0.0
            smoothed = euro
        goal = (smoothed - low) / span
        goal = 0.0 if goal < 0.0 else 1.0 if goal > 1.0 else goal
        if curve is not None:
            goal = curve(goal)
        moved.append(make(RouteState, (value, goal, euro, speed, raw)))
    return tuple(moved)


def enter_routes(
    entries: Iterable[Entry],
    routes: Sequence[RouteState],
    values: list[float],
    now: Sequence[float] | None,
    dt: float,
) -> None:
    """Let routes and macros, as the entries say, enter their targets `dt` seconds after the tick.

    A smoothed one is the exact solution of ``dy/dt = (goal - y) / tau``, tau being the time of
    attack while y rises and that of release while it falls: as y never crosses the goal, the choice
    holds for the whole interval. A route without smoothing shapes the signal of that very moment,
    if that is given as `now`, so that oscillators do not step on ticks.
    """
    exp = math.exp
    for entry in entries:
        route, target, mode, depth, depth_place, smoothing, shaping = entry
        if route < 0:
            _enter_macro(entry, values)
            continue
        route_state = routes[route]
        y, goal = route_state[0], route_state[1]
        if smoothing is not None:
            if y != goal:
                tau = smoothing[0] if goal > y else smoothing[1]
                y = goal if tau <= 0.0 else goal + (y - goal) * exp(-dt / tau)
        elif now is None:
            y = goal
        else:
            signal, low, span, curve = shaping
            y = (now[signal] - low) / span
            y = 0.0 if y < 0.0 else 1.0 if y > 1.0 else y
            if curve is not None:
                y = curve(y)
        if depth_place >= 0:
            depth = values[depth_place]
        if mode == "add":
            values[target] += depth * y
        elif mode == "multiply":
            values[target] *= 1.0 + depth * (y - 1.0)
        elif mode == "max":
            values[target] = max(values[target], depth * y)
        else:
            values[target] = depth * y


def _enter_macro(entry: Entry, values: list[float]) -> None:
    """Let a macro enter one of its targets; what moves the macro itself has entered before."""
    macro, low, _, curve = entry.shaping
    y = values[macro]
    y = 0.0 if y < 0.0 else 1.0 if y > 1.0 else y
    number = low + entry.depth * (y if curve is None else curve(y))
    target, mode = entry.target, entry.mode
    if mode == "add":
        values[target] += number
    elif mode == "multiply":
        values[target] *= number
    elif mode == "max":
        values[target] = max(values[target], number)
    else:
        values[target] = number
