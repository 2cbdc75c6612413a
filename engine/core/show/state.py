"""The state of a playing show, as one immutable value."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.modulators.model import ModulatorState
from engine.core.parameter import Registry
from engine.core.path.model import PathState
from engine.core.show.decks import DeckState
from engine.core.show.show import Show
from engine.core.springs import Spring

Colour = tuple[float, float, float]
Part = tuple[float | None, ...]
SHADER = "/shader/"


class Held(NamedTuple):
    """What the fader between two cues holds, see `engine.core.control.recall.fader`.

    Parameters
    ----------
    a, b, fade
        Indices of the cues · place of the fader's own parameter.
    items
        (place, goal of the one, of the other; None: as it stands, kind of the way).
    colours
        (places of red, green and blue, goals of the one, of the other).
    switches
        (place, value of the one, of the other): they change half way, on a tick.
    """

    a: int
    b: int
    fade: int
    items: tuple[tuple[int, float | None, float | None, str], ...]
    colours: tuple[tuple[tuple[int, ...], Part, Part], ...]
    switches: tuple[tuple[int, float, float], ...] = ()


class ListState(NamedTuple):
    """Where a cue list is: index of its newest cue in it (-1: none), cues drawn by lot so far."""

    at: int = -1
    draws: int = 0


class Ramp(NamedTuple):
    """A parameter on its way to a goal, from tick `start` (delay included) for `time_s`.

    `way` is the kind of it, see `engine.core.control.recall.ways`; a component of a colour that
    goes through OKLab has the colours (RGB) at both ends and its index in them.
    """

    place: int
    origin: float
    goal: float
    start: int
    time_s: float
    curve: str
    way: str = "linear"
    colours: tuple[Colour, Colour, int] | None = None


class RouteState(NamedTuple):
    """A route's smoothed value, its goal, the one-euro filter's value and speed, its signal.

    A tuple, because every tick makes one for each route.
    """

    value: float = 0.0
    goal: float = 0.0
    euro: float = 0.0
    euro_speed: float = 0.0
    raw: float = 0.0


class Lead(NamedTuple):
    """Who leads the beat from outside, and what a hand has changed against it.

    `tick` is when it said `beat` and `bpm`, `set_bpm` the tempo that it wrote last; up to
    `free_tick` that of a hand stands. Its beats are multiplied by `scale` and `shift` is added.
    """

    rank: int = 5
    source: str = ""
    tick: int = 0
    beat: float = 0.0
    bpm: float = 0.0
    set_bpm: float = 0.0
    free_tick: int = 0
    shift: float = 0.0
    scale: float = 1.0


class Transport(NamedTuple):
    """The beat: `beat` counts beats since the start, `bpm` holds until the next tick.

    Beats are counted from where the tempo last changed, not summed, so that they fall on their
    ticks also after months. `taps` are the ticks of the newest taps.

    Parameters
    ----------
    tempo, nudge, extra, until
        The part of `bpm` that is asked for · what a hand adds for now · what is added up to a tick,
        to make up for what the beat is early or late.
    jump, restart
        Beats left out on this tick · beat at which counting begins anew (-1: at none).
    offset_ms
        How far ahead of the sound the beat is, because what is drawn now is seen later.
    """

    beat: float = 0.0
    bpm: float = 120.0
    taps: tuple[int, ...] = ()
    origin_beat: float = 0.0
    origin_tick: int = 0
    tempo: float = 120.0
    extra: float = 0.0
    until: int = 0
    nudge: float = 0.0
    jump: float = 0.0
    offset_ms: float = 0.0
    restart: float = -1.0
    lead: Lead = Lead()


class ReelState(NamedTuple):
    """Where the playhead of a film is, see `engine.core.frame.reels`.

    Parameters
    ----------
    gone_s, origin, rate
        Seconds of film travelled up to `origin`, a tick of motion, and those a second since then.
    begin_s, length_s
        Of the part that is played; 0 before the first tick.
    is_synced
        It follows the beat: `rate` is then seconds of film a beat, counted from the beat `lock`
        on, and `beat` is the newest one that it knows.
    """

    gone_s: float = 0.0
    origin: float = 0.0
    rate: float = 0.0
    begin_s: float = 0.0
    length_s: float = 0.0
    is_synced: bool = False
    lock: float = 0.0
    beat: float = 0.0


class Turn(NamedTuple):
    """A rate of a shader: its rounds are TIME times `rate` and the part `shift` of one.

    `rate` holds until the next tick; None: it is not known yet.
    """

    shift: float = 0.0
    rate: float | None = None


class Chased(NamedTuple):
    """Timecode that cues follow, as `source` told it at `tick`; up to `reached` they have begun."""

    seconds: float = 0.0
    speed: float = 0.0
    tick: int = 0
    reached: float = -1.0
    source: str = ""


class State(NamedTuple):
    """The show at a tick; a tuple, because every tick makes one.

    Parameters
    ----------
    tick
        The newest tick that was advanced; -1 before the first.
    base
        Value of every parameter before ramps and routes [shape=(P,)].
    fired
        Tick of motion (ticks less the frozen ones) at which each trigger parameter last fired.
    signals
        Value of every signal [shape=(S,)].
    steer
        Spring of each steering axis: (angle, velocity, goal).
    steer_omega
        Angular frequency of these springs that holds until the next tick.
    lfos
        Phase in cycles and the rate that holds until the next tick.
    still_ticks
        Ticks spent frozen so far; `is_still` says whether the show is frozen now.
    cue, cue_tick
        Newest cue and the tick on which it began.
    begun
        Cues that began on this very tick, in order.
    fader
        What the fader between two cues holds; None: it has no two cues.
    waiting
        Cues that wait for a beat: (index, beat, whether the autopilot called it).
    unready
        Layers whose generator has no picture yet, and ``/shader/NAME`` of shaders that are not
        drawn yet; only a live host says so.
    awaiting
        Cues that wait for such layers: (index, whether the autopilot called it).
    touch_tick
        Newest tick on which a person touched anything.
    lost_s
        Time given up in clock jumps.
    head
        Playhead of the track, see `engine.core.track.track`.
    modulators
        What each remembers, and its settings that hold until the next tick.
    decks
        Of a show with decks: which one is on air.
    reels
        Of the films, in the order of `Constants.reels`.
    texts
        Address of a layer's text → what was told there.
    turns
        Of the rates of shaders, in the order of `Constants.turning`; empty before the first tick.
    """

    tick: int
    base: NDArray[np.float64]
    fired: Mapping[int, int]
    ramps: tuple[Ramp, ...]
    signals: NDArray[np.float64]
    routes: tuple[RouteState, ...]
    paths: tuple[PathState, ...]
    lfos: tuple[tuple[float, float], ...]
    steer: tuple[tuple[float, float, float], tuple[float, float, float]]
    transport: Transport
    steer_omega: float = 6.0
    still_ticks: int = 0
    is_still: bool = False
    cue: int = -1
    cue_tick: int = 0
    waiting: tuple[tuple[int, float, bool], ...] = ()
    unready: frozenset[str] = frozenset()
    awaiting: tuple[tuple[int, bool], ...] = ()
    touch_tick: int = -1
    lost_s: float = 0.0
    steer_tau: tuple[float, float] = (0.0, 0.0)
    steer_rest: tuple[float, float] | None = None
    springs: tuple[Spring, ...] = ()
    head: tuple[float, int, float] = (0.0, 0, 0.0)
    begun: tuple[int, ...] = ()
    lists: tuple[ListState, ...] = ()
    fader: Held | None = None
    modulators: tuple[ModulatorState, ...] = ()
    chased: Chased = Chased()
    decks: DeckState | None = None
    reels: tuple[ReelState, ...] = ()
    texts: Mapping[str, str] = MappingProxyType({})
    turns: tuple[Turn, ...] = ()


def waited_for(show: Show) -> set[str]:
    """Everything that may be unready, see `State.unready`."""
    makers = {layer.id for layer in show.layers if layer.generator is not None}
    return makers.union(SHADER + name for name in show.shaders)


def defaults(registry: Registry) -> NDArray[np.float64]:
    """Default of every parameter, in order."""
    return np.array([p.default for p in registry.parameters], dtype=np.float64)


def first_state(show: Show) -> State:
    """Make the state before tick 0."""
    base = defaults(show.registry)
    bpm = float(base[show.master.bpm])
    return State(
        tick=-1,
        base=base,
        fired={},
        ramps=(),
        signals=np.zeros(len(show.signals)),
        routes=tuple(RouteState() for _ in show.routes),
        paths=tuple(PathState() for _ in show.paths),
        lfos=tuple((0.0, 0.0) for _ in show.lfos),
        steer=((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
        transport=Transport(bpm=bpm, tempo=bpm),
        steer_omega=float(base[show.master.steer_omega]),
        lists=(ListState(),) * len(show.lists),
        modulators=tuple(
            ModulatorState(mod.kind.first(mod), tuple(float(base[p]) for p, _ in mod.settings))
            for mod in show.modulators
        ),
        decks=None if show.decks is None else DeckState(int(base[show.decks.fade] >= 0.5)),
        reels=(ReelState(),) * len(show.constants.reels),
    )
