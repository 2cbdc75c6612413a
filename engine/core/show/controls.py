"""Routes, oscillators, cues and the master of a show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

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
    """What a macro does to one parameter.

    Its value goes through the curve onto the way from `low` to `high`, and that number enters the
    target: instead of its base (replace), added to it (add), as a factor (multiply), or if it is
    larger (max).

    Parameters
    ----------
    macro
        Place of the macro, a parameter from 0 to 1.
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


@dataclass(frozen=True, slots=True)
class Cue:
    """A set of targets, reached together.

    Parameters
    ----------
    targets
        (place, goal in stored form).
    time_s, delay_s, curve
        How the goals are reached; discrete values switch when the delay is over.
    quantise_beats, after_s, next
        If above 0, the cue waits for the next multiple of that many beats · the autopilot goes to
        the cue `next` (an index, -1: none) after that time.
    """

    id: str
    go: int
    targets: tuple[tuple[int, float], ...]
    time_s: float = 0.0
    delay_s: float = 0.0
    curve: str = "smooth"
    quantise_beats: float = 0.0
    after_s: float = 0.0
    next: int = -1


class Beats(NamedTuple):
    """Places of what a hand does to the beat, see `engine.core.control.transport`."""

    nudge: int
    double: int
    halve: int
    resync_bar: int
    beats_per_bar: int
    bars_per_phrase: int
    offset_ms: int


@dataclass(frozen=True, slots=True)
class Master:
    """Places of the parameters that stand over all layers; effects of the finished picture."""

    brightness: int
    blackout: int
    freeze: int
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
    effects: tuple[Effect, ...] = ()
