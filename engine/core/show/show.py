"""The show, resolved: layers, routes, cues and signals with their places in the value vectors.

Plain data. The application decodes the show file into these; places are indices into
`Registry.parameters` (and `Show.signals`), so that nothing is looked up by name while playing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from engine.core.parameter import Registry
from engine.core.path.model import Path
from engine.core.show.generator import Sight, Spec
from engine.core.track.track import Track

BLENDS = ("normal", "add", "screen", "multiply")
MODES = ("add", "multiply", "replace", "max")
WAVES = ("sine", "triangle", "saw", "square", "noise")
WRAP_S = 3600
"""Period of every shader's TIME, so that no shader sees an unbounded float32 time."""


@dataclass(frozen=True, slots=True)
class Generator:
    """A layer's generator.

    Parameters
    ----------
    kind, config
        File on the shelf and its own table of the show file.
    size_px, film_px
        Side of a square with the picture's area, live and in a film; 0: the generator's own size,
        or less where the canvas shows less.
    rate_hz
        Cap on live frames per second.
    paths
        Trajectories, at most one per latent port.
    places
        (short parameter name, place).
    sights
        What its image ports see.
    """

    kind: str
    config: Mapping[str, object]
    spec: Spec
    size_px: int
    film_px: int
    rate_hz: float
    paths: tuple[Path, ...]
    places: tuple[tuple[str, int], ...]
    sights: tuple[Sight, ...] = ()


@dataclass(frozen=True, slots=True)
class Input:
    """One ISF input of an effect: uniform name, ISF type and the places of its components."""

    name: str
    type: str
    places: tuple[int, ...]
    values: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Effect:
    """One shader of a layer: inputs, image bindings and the place of its mix (-1: none)."""

    id: str
    shader: str
    mix: int
    inputs: tuple[Input, ...]
    images: Mapping[str, str]
    has_history: bool


@dataclass(frozen=True, slots=True)
class Layer:
    """A source of pixels, an effect chain, a blend mode and an opacity.

    `uses` is the ID of the layer whose generator it shows (its own ID, another's, or None).
    `aspect` is width / height, or 0 for that of the canvas.
    """

    id: str
    blend: str
    aspect: float
    opacity: int
    scale: int
    generator: Generator | None
    uses: str | None
    source: Effect | None
    effects: tuple[Effect, ...]


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
class Lfo:
    """A low-frequency oscillator: wave, place of its rate (Hz), beats per cycle if above 0."""

    id: str
    wave: str
    rate: int
    beats: float
    signal: int


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
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Show:
    """Everything that is constant while a show plays.

    It is equal to itself only, so that what follows from it (`engine.core.show.constants`) is kept
    with it.

    Parameters
    ----------
    size_px
        Canvas, width and height. Its aspect is part of the show, its size is not.
    control_hz, picture_hz
        Rate of ticks · rate at which histories step.
    seed, history_s
        Of all keyed randomness · time after which a history has forgotten: pre-roll of a film that
        starts late.
    signals
        Names; the place of a signal is its index.
    pulses
        Places of signals that return to 0 on every tick (onsets, beats).
    start
        Index of the first cue, -1 for none.
    shaders
        Shader name → source text.
    edges
        Places of switches whose turning on is remembered like the firing of a trigger.
    drag
        What dragging in the window does: ``steer``, ``paint``, ``map`` or ``grab``.
    files
        Name of a small file in the show → its content.
    track
        What an edited proxy film does to it.
    """

    name: str
    size_px: tuple[int, int]
    control_hz: Fraction
    picture_hz: Fraction
    seed: int
    history_s: float
    registry: Registry
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    discrete: NDArray[np.bool_]
    triggers: frozenset[int]
    master: Master
    layers: tuple[Layer, ...]
    routes: tuple[Route, ...]
    lfos: tuple[Lfo, ...]
    cues: tuple[Cue, ...]
    cue_of: Mapping[int, int]
    signals: tuple[str, ...]
    signal_of: Mapping[str, int]
    audio: tuple[int, ...]
    pulses: frozenset[int]
    beat: tuple[int, int]
    start: int
    shaders: Mapping[str, str]
    keys: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    edges: frozenset[int] = frozenset()
    drag: str = "steer"
    files: Mapping[str, bytes] = field(default_factory=dict)
    track: Track | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every trajectory, in layer order: the order of `State.paths`."""
        return tuple(p for layer in self.layers if layer.generator for p in layer.generator.paths)
