"""The tick: state and events in, the next state out. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.core.control.arbiter import follow
from engine.core.control.chase import chase
from engine.core.control.cues import follow_cues, receive_ready, settle
from engine.core.control.modulation import hold_settings, move_modulators
from engine.core.control.oscillators import signals_at
from engine.core.control.recall import fader, restore
from engine.core.control.recall.restore import Standing
from engine.core.control.routes import move_routes
from engine.core.control.signals import finite, receive_signal
from engine.core.control.steering import aim_steer, let_go, pass_steer
from engine.core.control.transport import hold_tempo, is_beat, keep_time, pass_beats, pulses, run_on
from engine.core.event import Event, Value
from engine.core.frame import decks
from engine.core.frame.paths import Happened, change_paths, path_event
from engine.core.frame.playhead import aim_head, seek
from engine.core.frame.reels import aim_reels, move_reels
from engine.core.frame.turns import aim_turns
from engine.core.frame.values import aimed
from engine.core.parameter import coerce
from engine.core.path.model import PathState
from engine.core.path.speed import Tempo, paced
from engine.core.show.lettering import refusal as text_refusal
from engine.core.show.show import Show
from engine.core.show.state import Ramp, State
from engine.core.springs import advance_springs, aim_springs
from engine.core.tempo.sync import TOLD

Values = NDArray[np.float64]


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
    constants = show.constants
    dt = 0.0 if state.tick < 0 else constants.tick_s
    before, was_still = state, state.is_still
    still_ticks = state.still_ticks + (1 if was_still and dt else 0)
    taken = _take_events(show, state, tick, tick - still_ticks, events)
    fired = taken.triggers
    state = _pass_time(state, still_ticks, dt, constants.control_hz, taken)
    if show.track is not None and events:
        state = state._replace(head=seek(show, state, events))
    if taken.standings:
        state = restore.put(show, state, taken.standings)
    state = run_on(show, state)
    if taken.of_tempo:
        state = follow(show, state, taken.of_tempo)
    state = follow_cues(show, state, fired)
    if show.decks is not None:
        state = decks.take(show, state, fired, taken.written)
    if state.chased.source or taken.of_tempo:
        state = chase(show, state, taken.of_tempo)
    seconds = tick / constants.control_hz
    is_on_beat = dt > 0.0 and is_beat(before.transport, state.transport)
    state = settle(show, state, seconds, is_on_beat or show.master.resync in fired)
    if show.fader is not None:
        state = fader.move(show, state, taken.written)
    if fired:
        state = let_go(show, keep_time(show, state, fired), fired)
    if state.reels:
        state = state._replace(reels=move_reels(show, before, state, {*taken.written, *fired}))
    if was_still:
        state = _hold_still(show, state)
    else:
        begun = pulses(show, before.transport, state) if dt > 0.0 else ()
        state = _aim(show, state, seconds, dt, begun)
    if show.decks is not None:
        state = decks.follow(show, state)
    is_faded = fader.pair_of(before.fader) != fader.pair_of(state.fader)
    happened = Happened(taken.path_events, fired, taken.standings, is_faded)
    return change_paths(show, before if dt > 0.0 else state, state, happened)


@dataclass(slots=True)
class Taken:
    """What the events of a tick leave behind: fields of the state.

    `triggers` are places of those that fired, `path_events` the events of paths, `standings` what
    is put back, `written` the places of values, `of_tempo` what sources of tempo say.
    """

    tick: int
    base: Values
    signals: Values
    ramps: tuple[Ramp, ...]
    fired: Mapping[int, int]
    touch_tick: int
    lost_s: float
    unready: frozenset[str]
    texts: Mapping[str, str]
    triggers: list[int] = field(default_factory=list)
    path_events: list[Event] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)
    written: set[int] = field(default_factory=set)
    of_tempo: list[Event] = field(default_factory=list)


def _take_events(
    show: Show, state: State, tick: int, motion: int, events: Sequence[Event]
) -> Taken:
    """Write events into base values and signals.

    Parameters
    ----------
    motion
        The tick less the frozen ones.
    """
    signals = state.signals.copy()
    for pulse in show.pulses:
        signals[pulse] = 0.0
    taken = Taken(
        tick, state.base, signals, state.ramps, state.fired, state.touch_tick, state.lost_s,
        state.unready, state.texts,
    )  # fmt: skip
    if not events:
        return taken
    taken.base = base = state.base.copy()
    index, parameters = show.registry.index, show.registry.parameters
    triggers, edges, written = show.triggers, show.edges, taken.written
    for event in events:
        place = index.get(event.address)
        if place is None or place in triggers:
            written.update(_take_other(show, taken, event))
            continue
        try:
            value = coerce(parameters[place], event.value)
        except ValueError:
            continue
        written.add(place)
        if place in edges and value > base[place]:
            taken.fired = {**taken.fired, place: motion}
        base[place] = value
    if taken.triggers:
        taken.fired = {**taken.fired, **dict.fromkeys(taken.triggers, motion)}
    if written:
        taken.touch_tick = tick
        taken.ramps = tuple(r for r in state.ramps if r.place not in written)
    return taken


def _take_other(show: Show, taken: Taken, event: Event) -> list[int]:
    """Take an event that is not for one plain parameter; return the places that it writes."""
    address = event.address
    if address.startswith("/signal/"):
        receive_signal(show, taken.signals, event)
        return []
    if address == restore.ADDRESS:
        taken.standings.append(restore.read(event.value))
        return []
    if (text := show.constants.texts.get(address)) is not None:
        if text_refusal(address, event.value) is None:
            taken.texts = {**taken.texts, text: str(event.value)}
            taken.touch_tick = taken.tick
        return []
    if address in TOLD:
        taken.of_tempo.append(event)
        return []
    if address == "/clock/jump":
        taken.lost_s += finite(event.value)
        return []
    try:
        targets = resolve(show, address, event.value)
    except KeyError:  # no parameter: the host's word about a generator, or nothing
        if path_event(show, address):
            taken.path_events.append(event)
        taken.unready = receive_ready(show, taken.unready, event)
        return []
    except ValueError:
        return []
    for place, value in targets:
        if place in show.triggers:
            taken.triggers.append(place)
            taken.base[place] += 1.0
        else:
            taken.base[place] = value
    return [place for place, _ in targets]


def _pass_time(state: State, still_ticks: int, dt: float, control_hz: float, taken: Taken) -> State:
    """Carry everything that moves by itself over the interval up to the tick, but for routes."""
    steer, paths, lfos, springs = state.steer, state.paths, state.lfos, state.springs
    if not state.is_still:
        steer = pass_steer(state, dt)
        springs = advance_springs(springs, dt)
        paths = tuple(
            [
                PathState(p.phase + p.speed * dt, p.speed, p.place, p.left, p.origin, p.memory)
                for p in paths
            ]
        )
        lfos = tuple([(phase + rate * dt, rate) for phase, rate in lfos])
    return state._replace(
        tick=taken.tick,
        base=taken.base,
        fired=taken.fired,
        ramps=taken.ramps,
        signals=taken.signals,
        paths=paths,
        lfos=lfos,
        steer=steer,
        transport=pass_beats(state.transport, taken.tick, control_hz) if dt else state.transport,
        still_ticks=still_ticks,
        unready=taken.unready,
        touch_tick=taken.touch_tick,
        lost_s=taken.lost_s,
        texts=taken.texts,
        springs=springs,
        begun=(),
    )


def resolve(show: Show, address: str, value: Value) -> tuple[tuple[int, float], ...]:
    """Find the places an event writes to and the stored values.

    Raises
    ------
    KeyError
        If the show has no such address.
    ValueError
        If it does not take the value.
    """
    registry = show.registry
    place = registry.index.get(address)
    if place is not None:
        if place in show.triggers and value in (0, 0.0, False):
            return ()  # the release of a button is not a second press
        return ((place, coerce(registry.parameters[place], value)),)
    places = registry.groups[address]
    if not isinstance(value, tuple) or len(value) != len(places):
        came = f"{len(value)} numbers" if isinstance(value, tuple) else "one value"
        raise ValueError(f"{address} takes {len(places)} numbers, not {came}")
    return tuple((p, coerce(registry.parameters[p], v)) for p, v in zip(places, value, strict=True))


def _hold_still(show: Show, state: State) -> State:
    """Stay frozen, or go on from here with the speeds and goals that held before."""
    still = bool(state.base[show.master.freeze] >= 0.5)
    transport = hold_tempo(state.transport, float(state.base[show.master.bpm]), state.tick)
    return state._replace(is_still=still, transport=transport)


def _aim(show: Show, state: State, seconds: float, dt: float, begun: Sequence[int]) -> State:
    """Set what holds until the next tick: goals, speeds and rates; `begun` are pulses of it."""
    master = show.master
    signals = signals_at(show, state, 0.0)
    for place in begun:
        signals[place] = 1.0
    modulators = state.modulators
    if show.constants.is_modulated:
        modulators = move_modulators(show, state, signals, dt)
    routes = move_routes(show, state.routes, signals, dt)
    values = aimed(show, state, routes, seconds, signals)
    if modulators:
        modulators = hold_settings(show, modulators, values)
    speed, tick_s = values[master.speed], show.constants.tick_s
    nudge = values[master.beats.nudge]
    transport = hold_tempo(state.transport, values[master.bpm], state.tick, nudge)
    tempo = Tempo(transport.beat, transport.bpm / 60.0 * tick_s, tick_s)
    steer, omega, taus, rest = aim_steer(show, state, values)
    return state._replace(
        signals=np.array(signals),
        routes=routes,
        steer=steer,
        steer_omega=omega,
        steer_tau=taus,
        steer_rest=rest,
        springs=aim_springs(show.constants.springs, state.springs, values),
        paths=tuple(
            [
                paced(path, path_state, values, values[path.speed] * speed, tempo)
                for path, path_state in zip(show.constants.paths, state.paths, strict=True)
            ]
        ),
        lfos=tuple(
            [
                (phase, values[lfo.rate] * speed)
                for lfo, (phase, _) in zip(show.lfos, state.lfos, strict=True)
            ]
        ),
        transport=transport,
        reels=aim_reels(show, state, values) if state.reels else (),
        turns=aim_turns(show, state, values, seconds) if show.constants.turning else (),
        # Only a person or a cue freezes the show: a route could not let it go again.
        is_still=bool(state.base[master.freeze] >= 0.5),
        head=aim_head(show, state, values),
        modulators=modulators,
    )
