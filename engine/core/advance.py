"""One tick: state and events in, the next state out. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.core.cue import follow_cues, settle
from engine.core.curve import euro_cutoff, follow, spring
from engine.core.event import Event
from engine.core.parameter import Kind, coerce
from engine.core.show import Route, Show
from engine.core.state import PathState, RouteState, State, Transport
from engine.core.trajectory import latent_at
from engine.core.value import effective, route_goal, signals_at

Values = NDArray[np.float64]
TAP_FORGET_S = 2.5
TAPS = 8


def advance(show: Show, state: State, tick: int, events: Sequence[Event] = ()) -> State:
    """Go on to a tick.

    Parameters
    ----------
    tick
        The one after ``state.tick``.
    events
        Those of this tick, in order of effect. Addresses that the show does not know and values
        that it refuses change nothing (the application counts them before they come here).

    Raises
    ------
    ValueError
        If ticks are left out.
    """
    if tick != state.tick + 1:
        raise ValueError(f"tick {tick} does not follow tick {state.tick}")
    dt = 0.0 if state.tick < 0 else 1.0 / float(show.control_hz)
    state = _pass_time(show, state, tick, dt)
    fired: list[int] = []
    if events or show.pulses:
        state = _take_events(show, state, events, fired)
    state = follow_cues(show, state, fired)
    seconds = tick / float(show.control_hz)
    state = settle(show, state, seconds)
    if fired:
        state = _take_triggers(show, state, seconds, fired)
    return _aim(show, state, seconds, dt)


def _pass_time(show: Show, state: State, tick: int, dt: float) -> State:
    """Carry everything that moves by itself over the interval up to the tick."""
    beat = state.transport.beat + state.transport.bpm / 60.0 * dt
    transport = replace(state.transport, beat=beat)
    if state.is_still:
        still = state.still_ticks + (1 if dt else 0)
        return replace(state, tick=tick, transport=transport, still_ticks=still)
    routes = tuple(
        RouteState(
            follow(held.value, held.goal, dt, route.attack_s, route.release_s),
            held.goal, held.euro, held.euro_speed, held.raw,
        )
        for route, held in zip(show.routes, state.routes, strict=True)
    )  # fmt: skip
    omega = float(state.base[show.master.steer_omega])
    x, y = ((*spring(p, v, goal, dt, omega), goal) for p, v, goal in state.steer)
    return replace(
        state,
        tick=tick,
        transport=transport,
        routes=routes,
        steer=(x, y),
        paths=tuple(
            PathState(p.phase + p.speed * dt, p.speed, p.place, p.left, p.origin)
            for p in state.paths
        ),
        lfos=tuple((phase + rate * dt, rate) for phase, rate in state.lfos),
    )


def _take_events(show: Show, state: State, events: Sequence[Event], fired: list[int]) -> State:
    """Write events into base values and signals; list the triggers that fired."""
    signals = state.signals.copy()
    for place in show.pulses:
        signals[place] = 0.0
    base, ramps, touch, lost = state.base, state.ramps, state.touch_tick, state.lost_s
    fires = dict(state.fired)
    if events:
        base = base.copy()
    for event in events:
        if event.address.startswith("/signal/"):
            _hear(show, signals, event)
        elif event.address == "/clock/jump":
            lost += float(event.value) if isinstance(event.value, (int, float)) else 0.0
        else:
            places = write(show, base, event)
            if places:
                touch = state.tick
                ramps = tuple(r for r in ramps if r.place not in places)
                fired.extend(p for p in places if p in show.triggers)
                fires.update({p: state.tick for p in places if p in show.triggers})
    return replace(
        state, signals=signals, base=base, ramps=ramps, fired=fires, touch_tick=touch, lost_s=lost
    )


def write(show: Show, base: Values, event: Event) -> tuple[int, ...]:
    """Write one event into the base values; return the places written, none if refused."""
    try:
        targets = resolve(show, event.address, event.value)
    except (KeyError, ValueError):
        return ()
    for place, value in targets:
        base[place] = base[place] + 1.0 if place in show.triggers else value
    return tuple(place for place, _ in targets)


def resolve(
    show: Show, address: str, value: bool | int | float | str | tuple[float, ...]
) -> tuple[tuple[int, float], ...]:
    """Find the places an event writes to and the stored values.

    Raises
    ------
    KeyError
        If the show has no such address.
    ValueError
        If it does not take the value.
    """
    registry = show.registry
    if address in registry.groups:
        places = registry.groups[address]
        if not isinstance(value, tuple) or len(value) != len(places):
            raise ValueError(f"{address} takes {len(places)} numbers")
        return tuple(
            (p, coerce(registry.parameters[p], v)) for p, v in zip(places, value, strict=True)
        )
    place = registry.index[address]
    parameter = registry.parameters[place]
    if parameter.kind is Kind.TRIGGER and value in (0, 0.0, False):
        return ()  # the release of a button is not a second press
    return ((place, coerce(parameter, value)),)


def _hear(show: Show, signals: Values, event: Event) -> None:
    """Take a signal event: the audio vector, or one named signal."""
    name, value = event.address[len("/signal/") :], event.value
    if name == "audio" and isinstance(value, tuple):
        pairs = list(zip(show.audio, value, strict=False))
    elif name in show.signal_of and isinstance(value, (bool, int, float)):
        pairs = [(show.signal_of[name], float(value))]
    else:
        return
    for place, number in pairs:
        if place < 0 or not math.isfinite(number):
            continue
        # Two analysis hops may fall on one tick: an onset in either of them is an onset.
        signals[place] = max(signals[place], number) if place in show.pulses else number


def _take_triggers(show: Show, state: State, seconds: float, fired: list[int]) -> State:
    """Jump, tap and resynchronise."""
    hits = set(fired)
    master = show.master
    if master.tap in hits:
        state = _tap(show, state)
    if master.resync in hits:
        state = replace(state, transport=replace(state.transport, beat=0.0))
    leaving = [i for i, p in enumerate(show.paths) if p.jump in hits or master.jump in hits]
    if not leaving:
        return state
    values = effective(show, state, seconds).tolist()
    steer = (0.0, 0.0)  # steering and throw are added after the leap
    paths = list(state.paths)
    for i in leaving:
        path, held = show.paths[i], paths[i]
        bare = list(values)
        bare[path.throw] = 0.0
        origin = latent_at(path, show.seed, held, bare, seconds, 0.0, steer, float(show.control_hz))
        paths[i] = replace(held, place=held.place + 1, left=state.tick, origin=origin)
    return replace(state, paths=tuple(paths))


def _tap(show: Show, state: State) -> State:
    """Learn the tempo from taps: mean interval of the newest ones; the tap is on the beat."""
    transport, rate = state.transport, float(show.control_hz)
    taps = transport.taps
    if taps and (state.tick - taps[-1]) / rate > TAP_FORGET_S:
        taps = ()
    taps = (*taps, state.tick)[-TAPS:]
    transport = Transport(float(round(transport.beat)), transport.bpm, taps)
    if len(taps) < 3 or taps[-1] == taps[0]:
        return replace(state, transport=transport)
    place = show.master.bpm
    base = state.base.copy()
    base[place] = coerce(
        show.registry.parameters[place], 60.0 * rate * (len(taps) - 1) / (taps[-1] - taps[0])
    )
    return replace(state, transport=transport, base=base)


def _aim(show: Show, state: State, seconds: float, dt: float) -> State:
    """Set what holds until the next tick: goals, speeds and rates."""
    master = show.master
    if state.is_still:
        still = state.base[master.freeze] >= 0.5
        bpm = float(state.base[master.bpm])
        return replace(state, is_still=still, transport=replace(state.transport, bpm=bpm))
    signals = signals_at(show, state, 0.0)
    old_beat = state.transport.beat - state.transport.bpm / 60.0 * dt
    if dt and math.floor(state.transport.beat) > math.floor(old_beat):
        signals[show.beat[1]] = 1.0
    routes = tuple(
        _aim_route(route, held, float(signals[route.signal]), dt)
        for route, held in zip(show.routes, state.routes, strict=True)
    )
    state = replace(state, routes=routes, signals=signals)
    values: list[float] = effective(show, state, seconds, signals).tolist()
    speed = values[master.speed]
    goals = (values[master.steer_x], values[master.steer_y])
    x, y = ((p, v, goal) for (p, v, _), goal in zip(state.steer, goals, strict=True))
    return replace(
        state,
        steer=(x, y),
        paths=tuple(
            PathState(held.phase, values[path.speed] * speed, held.place, held.left, held.origin)
            for path, held in zip(show.paths, state.paths, strict=True)
        ),
        lfos=tuple(
            (phase, values[lfo.rate] * speed)
            for lfo, (phase, _) in zip(show.lfos, state.lfos, strict=True)
        ),
        transport=replace(state.transport, bpm=values[master.bpm]),
        is_still=values[master.freeze] >= 0.5,
    )


def _aim_route(route: Route, held: RouteState, raw: float, dt: float) -> RouteState:
    """Give a route its goal until the next tick, through the one-euro filter if it has one."""
    if route.euro is None:
        return RouteState(held.value, route_goal(route, raw), held.euro, held.euro_speed, raw)
    if dt <= 0.0:
        return RouteState(held.value, route_goal(route, raw), raw, 0.0, raw)
    # One-euro filter (Casiez 2012): the speed through a 1 Hz low-pass opens the cut-off.
    speed = follow(held.euro_speed, (raw - held.raw) / dt, dt, *(1 / (2 * math.pi),) * 2)
    tau = 1.0 / (2.0 * math.pi * euro_cutoff(speed, *route.euro))
    smooth = follow(held.euro, raw, dt, tau, tau)
    return RouteState(held.value, route_goal(route, smooth), smooth, speed, raw)
