"""States as plain data, by address: for takes, and to carry a performance into an edited show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.bounds import number, whole
from engine.core.curves import CURVES
from engine.core.modulators.model import Modulator, ModulatorState
from engine.core.path.model import NOTHING, Path, PathState
from engine.core.show.controls import CueList
from engine.core.show.decks import DeckState
from engine.core.show.lettering import refusal as text_refusal
from engine.core.show.show import Show
from engine.core.show.state import (
    Chased,
    Colour,
    Held,
    Lead,
    ListState,
    Ramp,
    ReelState,
    RouteState,
    State,
    Transport,
    Turn,
    first_state,
    waited_for,
)
from engine.core.springs import Spring
from engine.core.trajectory.snapshot import read_memory, write_memory

VERSION = 3
"""1 had no number, and knew nothing of generators without a picture; up to 2 a path was told
nothing."""


def to_data(show: Show, state: State) -> dict[str, Any]:
    """Write a state as JSON-ready data. Floats survive ``repr``, so the way back is exact."""
    names = [p.address for p in show.registry.parameters]
    paths = [
        [
            *(p.phase, p.speed, p.place, p.left),
            None if p.origin is None else p.origin.tolist(),
            write_memory(path, p),
        ]
        for path, p in zip(show.paths, state.paths, strict=True)
    ]
    beat = state.transport
    return {
        "version": VERSION,
        "tick": state.tick,
        "base": dict(zip(names, state.base.tolist(), strict=True)),
        "fired": {names[p]: tick for p, tick in state.fired.items()},
        "ramps": [
            [names[r.place], r.origin, r.goal, r.start, r.time_s, r.curve, r.way, r.colours]
            for r in state.ramps
        ],
        "signals": dict(zip(show.signals, state.signals.tolist(), strict=True)),
        "routes": [[r.value, r.goal, r.euro, r.euro_speed, r.raw] for r in state.routes],
        "paths": dict(zip((p.name for p in show.paths), paths, strict=True)),
        "lfos": {lfo.id: list(v) for lfo, v in zip(show.lfos, state.lfos, strict=True)},
        "steer": [list(axis) for axis in state.steer],
        "steer_omega": state.steer_omega,
        "steer_hold": [list(state.steer_tau), state.steer_rest],
        "glides": {
            names[place]: list(each)
            for (place, _), each in zip(show.constants.springs, state.springs, strict=False)
        },
        "transport": [beat.beat, beat.bpm, list(beat.taps), beat.origin_beat, beat.origin_tick],
        "beat": [*beat[5:-1], *beat.lead],
        "chased": list(state.chased),
        "still": [state.still_ticks, state.is_still],
        "cue": [show.cues[state.cue].id if state.cue >= 0 else "", state.cue_tick],
        "lists": {each.id: list(at) for each, at in zip(show.lists, state.lists, strict=True)},
        "fader": None if state.fader is None else _held_data(show, names, state.fader),
        "waiting": [[show.cues[i].id, at, own] for i, at, own in state.waiting],
        "unready": sorted(state.unready),
        "awaiting": [[show.cues[i].id, own] for i, own in state.awaiting],
        "decks": None if state.decks is None else list(state.decks),
        "touch_tick": state.touch_tick,
        "lost_s": state.lost_s,
        "turns": {
            f"{names[place]} {round_s:g}": list(turn)
            for (place, round_s), turn in zip(show.constants.turning, state.turns, strict=False)
        },
        "texts": dict(state.texts),
        "head": list(state.head),
        "modulators": {
            mod.id: [mod.kind.name, list(each.memory), list(each.held)]
            for mod, each in zip(show.modulators, state.modulators, strict=True)
        },
        "reels": {
            reel.layer: list(each)
            for reel, each in zip(show.constants.reels, state.reels, strict=True)
        },
    }


def from_data(show: Show, data: dict[str, Any]) -> State:
    """Read a state back.

    Addresses that this show does not have are left out; what it has beyond the data starts from
    its defaults.

    Raises
    ------
    ValueError
        If the data is not a snapshot, or is one of a later version.
    """
    try:
        version = data.get("version", 1)
        if type(version) is not int or version < 1:
            raise ValueError(f"not a state snapshot: its version is {version!r:.40}")
        if version > VERSION:
            raise ValueError(
                f"this state is written in version {version!s:.20}, and this program reads up to "
                f"{VERSION}: open it with the newer one that recorded it"
            )
        return _read(show, data if version > 1 else {**data, "unready": [], "awaiting": []})
    except (KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
        raise ValueError(f"not a state snapshot: {error!r}") from error


def _read(show: Show, data: dict[str, Any]) -> State:
    fresh = first_state(show)
    index = show.registry.index
    base, signals = _values(show, data, fresh)
    routes = [RouteState(*map(number, r)) for r in data["routes"]]
    beat, bpm, taps, *origin = data["transport"]
    steer_x, steer_y = data["steer"]
    hold = data.get("steer_hold", ((0.0, 0.0), None))
    still_ticks, is_still = data["still"]
    return fresh._replace(
        tick=whole(data["tick"]),
        base=base,
        fired={index[a]: whole(t) for a, t in data["fired"].items() if a in index},
        ramps=tuple(
            Ramp(index[a], number(o), number(g), whole(s), number(t), c, *_way(*more))
            for a, o, g, s, t, c, *more in data["ramps"]
            if a in index and c in CURVES
        ),
        signals=signals,
        routes=tuple(routes) if len(routes) == len(show.routes) else fresh.routes,
        paths=tuple(_path(data["paths"].get(p.name), p) for p in show.paths),
        lfos=tuple(_pair(data["lfos"].get(lfo.id, (0.0, 0.0))) for lfo in show.lfos),
        steer=(_axis(steer_x), _axis(steer_y)),
        steer_omega=number(data["steer_omega"]),
        steer_tau=_pair(hold[0]),
        steer_rest=None if hold[1] is None else _pair(hold[1]),
        springs=_springs(show, data.get("glides", {}), base),
        transport=Transport(
            number(beat),
            number(bpm),
            tuple(map(whole, taps)),
            number(origin[0]),
            whole(origin[1]),
            *_beat(data.get("beat", (bpm, *Transport()[6:-1], *Lead()))),
        ),
        chased=Chased(*_alike(Chased(), data.get("chased", Chased()))),
        still_ticks=whole(still_ticks),
        is_still=bool(is_still),
        **_cues(show, data),
        unready=frozenset(waited_for(show).intersection(map(str, data["unready"]))),
        decks=fresh.decks and _decks(*(data.get("decks") or fresh.decks)),
        touch_tick=whole(data["touch_tick"]),
        lost_s=number(data["lost_s"]),
        texts={a: t for a, t in data.get("texts", {}).items() if is_text(show, a, t)},
        head=_head(*data.get("head", fresh.head)),
        modulators=tuple(
            map(_modulator, repeat(data.get("modulators", {})), show.modulators, fresh.modulators)
        ),
        turns=_turns(show, data.get("turns", {})),
        reels=tuple(_reel(data.get("reels", {}).get(r.layer)) for r in show.constants.reels),
    )


def is_text(show: Show, address: str, text: Any) -> bool:
    """Whether a show takes a text at an address."""
    return address in show.constants.texts and text_refusal(address, text) is None


Floats = NDArray[np.float64]


def _values(show: Show, data: dict[str, Any], fresh: State) -> tuple[Floats, Floats]:
    """Base values, in range, and signals: those that the show has."""
    index = show.registry.index
    base = fresh.base.copy()
    for address, value in data["base"].items():
        if address in index:
            base[index[address]] = number(value)
    # Only what is out of range is touched: `np.maximum` would turn -0.0 into another zero.
    base = np.where(base < show.low, show.low, np.where(base > show.high, show.high, base))
    signals = fresh.signals.copy()
    for name, value in data["signals"].items():
        if name in show.signal_of:
            signals[show.signal_of[name]] = number(value)
    return base, signals


def _alike(like: Sequence[Any], data: Any) -> Iterator[Any]:
    """Read numbers and texts of the kinds that a tuple has."""
    read: dict[type, Callable[[Any], Any]] = {float: number, int: whole, str: str}
    for kind, each in zip(map(type, like), data, strict=True):
        yield read[kind](each)


def _beat(data: Any) -> tuple[Any, ...]:
    """Read the newer fields of a transport, and who leads it."""
    like = (*Transport()[5:-1], *Lead())
    tempo, *rest = _alike(like, data)
    count = len(Transport()) - 7
    return (tempo, *rest[:count], Lead(*rest[count:]))


def _path(data: Any, path: Path) -> PathState:
    if data is None:
        return PathState()
    phase, speed, place, left, origin, *memory = data
    latent = None
    if origin is not None:
        rows = origin if path.points > 1 else [origin]
        if [len(row) for row in rows] == [path.size] * path.points:
            latent = np.array([number(x) for row in rows for x in row]).reshape(path.shape)
    return PathState(
        number(phase),
        number(speed),
        whole(place),
        whole(left),
        latent,
        read_memory(path, memory[0]) if memory else NOTHING,
    )


def _cues(show: Show, data: Any) -> dict[str, Any]:
    """Read what is about cues; those that the show does not have any more are left out."""
    cue_of, lists = {cue.id: i for i, cue in enumerate(show.cues)}, data.get("lists", {})
    cue, cue_tick = data["cue"]
    waiting = [(cue_of[i], number(at), bool(o)) for i, at, o in data["waiting"] if i in cue_of]
    return {
        "cue": cue_of.get(cue, -1),
        "cue_tick": whole(cue_tick),
        "waiting": tuple(waiting),
        "awaiting": tuple((cue_of[i], bool(own)) for i, own in data["awaiting"] if i in cue_of),
        "fader": _held(show, data.get("fader")),
        "lists": tuple(_list(each, lists.get(each.id)) for each in show.lists),
    }


def _way(way: Any = "linear", colours: Any = None) -> tuple[str, tuple[Colour, Colour, int] | None]:
    """Kind of a ramp's way and colours at its ends; older snapshots know straight ones only."""
    if colours is None:
        return str(way), None
    origin, goal, part = colours
    if whole(part) not in range(3):
        raise ValueError("not a state snapshot: a colour has three components")
    return str(way), (_axis(origin), _axis(goal), whole(part))


def _held_data(show: Show, names: list[str], held: Held) -> list[Any]:
    """Write what the fader holds: the cues, and each thing with its two ends."""
    return [
        *(show.cues[held.a].id, show.cues[held.b].id),
        [[names[place], *rest] for place, *rest in held.items],
        [[[names[p] for p in parts], a, b] for parts, a, b in held.colours],
        [[names[place], *rest] for place, *rest in held.switches],
    ]


def _held(show: Show, data: Any) -> Held | None:
    """Read it back; None where the show has no such cues any more."""
    if not data:
        return None
    a, b, items, colours, switches = data
    cues, index = {cue.id: i for i, cue in enumerate(show.cues)}, show.registry.index
    if show.fader is None or a not in cues or b not in cues:
        return None
    return Held(
        *(cues[a], cues[b], show.fader.fade),
        tuple((index[n], _end(p), _end(q), str(kind)) for n, p, q, kind in items if n in index),
        tuple(
            (tuple(index[n] for n in parts), tuple(map(_end, p)), tuple(map(_end, q)))
            for parts, p, q in colours
            if all(n in index for n in parts) and len(parts) == len(p) == len(q) == 3
        ),
        tuple((index[n], number(p), number(q)) for n, p, q in switches if n in index),
    )


def _end(value: Any) -> float | None:
    return None if value is None else number(value)


def _list(listed: CueList, data: Any) -> ListState:
    at, draws = data or ListState()
    return ListState(min(max(whole(at), -1), len(listed.cues) - 1), max(whole(draws), 0))


def _modulator(data: Any, mod: Modulator, begun: ModulatorState) -> ModulatorState:
    """Read what a modulator remembers; one of another kind begins anew."""
    kind, *found = data.get(mod.id, ("",))
    if kind != mod.kind.name or list(map(len, found)) != list(map(len, begun)):
        return begun
    return ModulatorState(*(tuple(map(number, each)) for each in found))


def _reel(data: Any) -> ReelState:
    if data is None:
        return ReelState()
    gone_s, origin, rate, begin_s, length_s, is_synced, lock, beat = map(number, data)
    return ReelState(gone_s, origin, rate, begin_s, length_s, bool(is_synced), lock, beat)


def _turns(show: Show, data: Any) -> tuple[Turn, ...]:
    """Read where the rates of shaders are; empty where nothing is known of any, as at first."""
    if not data:
        return ()
    names = [(show.registry.parameters[p].address, s) for p, s in show.constants.turning]
    found = [data.get(f"{name} {round_s:g}", Turn()) for name, round_s in names]
    return tuple(Turn(number(shift), None if r is None else number(r)) for shift, r in found)


def _head(gone_s: Any, tick: Any, speed: Any) -> tuple[float, int, float]:
    return number(gone_s), whole(tick), number(speed)


def _decks(front: Any, *rest: Any) -> DeckState:
    is_latent, is_crossed, awaits = map(bool, rest)
    return DeckState(min(max(whole(front), 0), 1), is_latent, is_crossed, awaits)


def _springs(show: Show, data: Any, base: NDArray[np.float64]) -> tuple[Spring, ...]:
    """Springs of the parameters that glide; those that it does not know rest where they are."""
    if not data:  # before the first tick nothing is on its way
        return ()
    names = [show.registry.parameters[place].address for place, _ in show.constants.springs]
    values = [float(base[place]) for place, _ in show.constants.springs]
    return tuple(
        Spring(*map(number, data[name])) if name in data else Spring(value, 0.0, value, 0.0)
        for name, value in zip(names, values, strict=True)
    )


def _pair(data: Any) -> tuple[float, float]:
    first, second = data
    return number(first), number(second)


def _axis(data: Any) -> tuple[float, float, float]:
    first, second, third = data
    return number(first), number(second), number(third)


def migrate(old: Show, new: Show, state: State) -> State:
    """Carry a state into an edited show.

    What a person or a cue has set stays; what still stood at the old default takes the new one.
    Motions, beats and signals go on where they are.
    """
    data = to_data(old, state)
    kept = {
        p.address: value
        for p, value in zip(old.registry.parameters, state.base.tolist(), strict=True)
        if value != p.default
    }
    data["base"] = kept
    return from_data(new, data)
