"""TODO engine/core/control/routes.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.core.curves import filter_euro, follow, shape
from engine.core.show.controls import Route
from engine.core.show.show import Show
from engine.core.show.state import RouteState


def _move_routes(
    show: Show, routes: Sequence[RouteState], signals: Sequence[float], dt: float
) -> tuple[RouteState, ...]:
    """Let every route follow its goal up to the tick, and give it the next one."""
    constants = show.constants
    make = tuple.__new__  # a named tuple's own way to make one takes three times as long
    moved: list[RouteState] = []
    for route, held, (rise, fall) in zip(show.routes, routes, constants.decays, strict=True):
        value, goal, euro, speed, last = held
        # `curve.follow` over one tick, its decay worked out once
        value = goal + (value - goal) * (rise if goal > value else fall)
        raw = signals[route.signal]
        if route.euro is None:
            goal = route_goal(route, raw)
        else:
            if dt > 0.0:
                now = (raw - last) / dt
                speed = now + (speed - now) * constants.speed_decay
                euro = filter_euro(euro, raw, speed, dt, *route.euro)
            else:
                euro, speed = raw, 0.0
            goal = route_goal(route, euro)
        moved.append(make(RouteState, (value, goal, euro, speed, raw)))
    return tuple(moved)


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
    is_direct = show.constants.is_direct
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
