"""Routes, oscillators, cues and the master of a show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.colour.cube import Lut
from engine.core.show.layer import Effect


@dataclass(frozen=True, slots=True)
class Route:
    """Signal → parameter.

    The signal is mapped from [low, high] to [0, 1], shaped by the curve, smoothed, and enters the
    target as ``base + depth y`` (add), ``base (1 + depth (y - 1))`` (multiply: depth 1 scales by
    y), ``depth y`` (replace) or ``max(base, depth y)`` (max). `depth` is a place if `depth_place`
    is not -1.
    """

    signal: int
    target: int
    depth: float
    low: float = 0.0
    high: float = 1.0
    curve: str = "linear"
    attack_s: float = 0.0
    release_s: float = 0.0
    mode: str = "add"
    euro: tuple[float, float] | None = None
    depth_place: int = -1


@dataclass(frozen=True, slots=True)
class MacroTarget:
    """What a macro, a parameter from 0 to 1 at the place `macro`, does to another parameter.

    Its value goes through the curve onto the way from `low` to `high`, and that number enters the
    target: instead of its base (replace), added to it (add), as a factor (multiply), or if it is
    larger (max).
    """

    macro: int
    target: int
    low: float
    high: float
    curve: str = "linear"
    mode: str = "replace"


@dataclass(frozen=True, slots=True)
class Lfo:
    """A low-frequency oscillator: wave, place of its rate (Hz), beats per cycle if above 0.

    Parameters
    ----------
    phase, swing
        Where it begins, in cycles · how much longer every first of two cycles is.
    width
        Part of a cycle in which ``square`` is high.
    """

    id: str
    wave: str
    rate: int
    beats: float
    signal: int
    phase: float = 0.0
    swing: float = 0.0
    width: float = 0.5


class Way(NamedTuple):
    """How values of one kind go to the goals of a cue; `kind` see `core.control.recall.ways`."""

    time_s: float = 0.0
    delay_s: float = 0.0
    curve: str = "smooth"
    kind: str = "linear"


@dataclass(frozen=True, slots=True)
class Cue:
    """A set of targets, reached together.

    Parameters
    ----------
    targets
        (place, goal in stored form).
    numbers, colours, choices, travel
        How the goals of each kind are reached: `choices` are also switches, and have no time;
        `travel` is that of `latents`.
    quantise_beats, quantise_bars, after_s, next
        If above 0, the cue waits for the next multiple of that many beats, or bars · the autopilot
        goes to the cue `next` (an index, -1: none) after that time.
    latents
        (index of a path, its coordinates [shape=path.shape]; None: its own way again).
    timecode_s
        Where it begins by timecode; -1: nowhere.
    on_next
        Further targets, for each deck those that hold while it is the hidden one.
    texts
        (address of a layer's text, what stands there from the cue's beginning on).
    """

    id: str
    go: int
    targets: tuple[tuple[int, float], ...]
    numbers: Way
    colours: Way
    choices: Way
    travel: Way
    quantise_beats: float = 0.0
    quantise_bars: float = 0.0
    after_s: float = 0.0
    next: int = -1
    latents: tuple[tuple[int, NDArray[np.float64] | None], ...] = ()
    timecode_s: float = -1.0
    on_next: tuple[tuple[tuple[int, float], ...], ...] = ((), ())
    texts: tuple[tuple[str, str], ...] = ()


class Fader(NamedTuple):
    """Places of the fader between two cues: what it is at, and the two cues (0: none)."""

    fade: int
    a: int
    b: int


@dataclass(frozen=True, slots=True)
class CueList:
    """Cues in an order, with the places of the triggers that go through it.

    `follows`: it goes on by itself when `after_s` of its newest cue is over; `loops`: its end leads
    back to its beginning.
    """

    id: str
    cues: tuple[int, ...]
    go: int
    back: int
    random: int
    loops: bool = False
    follows: bool = False


class Beats(NamedTuple):
    """Places of what a hand does to the beat, see `engine.core.control.transport`."""

    nudge: int
    double: int
    halve: int
    resync_bar: int
    beats_per_bar: int
    bars_per_phrase: int
    offset_ms: int


class Colour(NamedTuple):
    """Colour of the finished picture: places in the order of `Grade`, its look, its dither."""

    places: tuple[int, ...]
    lut: Lut | None = None
    is_blue: bool = False


@dataclass(frozen=True, slots=True)
class Master:
    """Places of the parameters that stand over all layers; effects of the finished picture."""

    brightness: int
    blackout: int
    freeze: int
    hold: int
    speed: int
    truncation: int
    steer_x: int
    steer_y: int
    steer_omega: int
    jump: int
    autopilot: int
    rest_s: int
    bpm: int
    tap: int
    resync: int
    beats: Beats
    colour: Colour
    flash_limiter: int
    effects: tuple[Effect, ...] = ()
