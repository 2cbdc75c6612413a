"""The show, resolved: layers, routes, cues and signals with their places in the value vectors.

Plain data. The application decodes the show file into these; places are indices into
`Registry.parameters` (and `Show.signals`), so that nothing is looked up by name while playing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.curves import EURO_SPEED_TAU_S
from engine.core.modulators.model import Modulator
from engine.core.parameter import Registry
from engine.core.path.model import Path
from engine.core.show.constants import (
    Constants,
    Steering,
    asked_of,
    cue_constants,
    cue_targets,
    fires_of,
    link_constants,
    places_of,
    reels_of,
    sights_of,
    springs_of,
    switches_of,
    turning_of,
    world_constants,
)
from engine.core.show.controls import Cue, CueList, Fader, Lfo, MacroTarget, Master, Route
from engine.core.show.decks import Decks
from engine.core.show.layer import Effect, Layer
from engine.core.show.mapping import ControlMapping
from engine.core.show.reach import (
    Movers,
    decay_of,
    entries_of,
    filters_of,
    reach_of,
    reaching,
)
from engine.core.track.track import Track


@dataclass(frozen=True, slots=True, eq=False)
class Show:
    """Everything that is constant while a show plays.

    It is equal to itself only.

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
    beat
        Places of phase and pulse of the beat, of the bar and of the phrase.
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
    pictures
        Name of a picture that image inputs see → RGBA [shape=(H, W, 4)], or the faces of a cube;
        those that a shader brings along are called ``SHADER/NAME``.
    track
        What an edited proxy film does to it.
    notes
        What its reader has to say: of two meanings of a file, which was taken.
    lists, fader
        Lists of cues · places of the fader between two of them.
    modulators
        Each after those that it hears.
    macros
        What they do, one for each of their targets.
    addressed
        Signals that are parameters, as hands and cues set them: (place of the signal, of the
        parameter).
    clock
        Places of the signals that are the seconds of motion and the count of beats, -1 for none.
    mappings
        What controls of devices move while it is played.
    decks
        Two groups of layers with a crossfader; None: no layer has a deck.
    constants
        What follows from the rest, worked out once.
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
    beat: tuple[int, ...]
    start: int
    shaders: Mapping[str, str]
    keys: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    edges: frozenset[int] = frozenset()
    drag: str = "steer"
    files: Mapping[str, bytes] = field(default_factory=dict)
    track: Track | None = None
    notes: tuple[str, ...] = ()
    lists: tuple[CueList, ...] = ()
    fader: Fader | None = None
    modulators: tuple[Modulator, ...] = ()
    macros: tuple[MacroTarget, ...] = ()
    addressed: tuple[tuple[int, int], ...] = ()
    clock: tuple[int, int] = (-1, -1)
    mappings: tuple[ControlMapping, ...] = ()
    decks: Decks | None = None
    pictures: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)
    constants: Constants = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "constants", _constants(self))

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every trajectory, in layer order: the order of `State.paths`."""
        return tuple(p for layer in self.layers if layer.generator for p in layer.generator.paths)


def _names(show: Show) -> dict[str, int]:
    """Index of each path by its name, and by the number of its layer as parameters are."""
    found = {path.name: i for i, path in enumerate(show.paths)}
    for number, layer in enumerate(show.layers, 1):
        for path in layer.generator.paths if layer.generator else ():
            alias = f"/layer/{number}{path.name.removeprefix(f'/layer/{layer.id}')}"
            found[alias] = found[path.name]
    return found


def _texts(show: Show) -> dict[str, Any]:
    """Layers that show a text, and the names of their texts: each by the layer's number, too."""
    written = tuple(layer for layer in show.layers if layer.writing)
    names = {
        f"/layer/{name}/text": f"/layer/{layer.id}/text"
        for number, layer in enumerate(show.layers, 1)
        if layer.writing
        for name in (layer.id, number)
    }
    return {"written": written, "texts": names}


def _faders(show: Show, movers: Movers) -> dict[str, Any]:
    """What reaches the fader between two cues, and the crossfader."""
    decks = show.decks
    crossing = set() if decks is None else {decks.fade, decks.curve, decks.transition}
    return {
        "fading": reach_of(movers, (), set(show.fader[:1] if show.fader else ())),
        "crossing": reach_of(movers, (), crossing),
    }


def effects_of(show: Show) -> Iterator[Effect]:
    """Every shader of a show: of layers, of the master, between decks."""
    for layer in show.layers:
        yield from filter(None, (layer.source, *layer.effects))
    yield from show.master.effects
    yield from (effect for _, effect in (show.decks.effects if show.decks else ()))


def _aimed(show: Show) -> set[int]:
    """Places of what holds from tick to tick: speeds, rates, tempo."""
    master = show.master
    found = {master.speed, master.bpm, master.steer_x, master.steer_y, master.steer_omega}
    found.add(master.beats.nudge)
    for path in show.paths:
        found |= {path.speed, path.motion, path.seed, path.offset}
        found.update(path.at[s.name] for s in path.parts.settings if s.is_timing)
    if show.track is not None:
        found |= {show.track.speed, show.track.place}
    found.update(lfo.rate for lfo in show.lfos)
    found.update(place for mod in show.modulators for place, _ in mod.settings)
    return found


def _constants(show: Show) -> Constants:
    """Work out what follows from a show alone."""
    rate = float(show.control_hz)
    tick_s = 1.0 / rate
    paths, master = show.paths, show.master
    steering = Steering(*(show.registry.index[f"/master/steer_{n}"] for n in Steering._fields))
    springs, reels = springs_of(show.registry, show.layers), reels_of(show.layers)
    turning = turning_of(effects_of(show))
    aimed = {*_aimed(show), *steering[:2], *chain(*springs)}
    aimed.update(place for reel in reels for place in reel[2:-1])
    aimed.update(place for place, _ in turning)
    remembering = [(p, m) for p in paths for m in p.parts.modifiers if m.remember and m.fits(p)]
    remembered = {p.at[name] for p, m in remembering for name in m.wakes if name in p.at}
    movers = Movers(show.routes, show.macros, show.lfos, show.modulators)
    image_inputs = {layer.id: sights_of(layer, show.size_px) for layer in show.layers}
    aims = {p: (p, float(show.low[p]), float(show.high[p])) for p in sorted(aimed)}
    switches = switches_of(paths)
    asked = tuple(asked_of(show.layers, show.size_px))
    return Constants(
        control_hz=rate,
        picture_hz=float(show.picture_hz),
        tick_s=tick_s,
        paths=paths,
        aims=aims,
        moved=tuple(each for each in aims.values() if each[0] in movers.targets),
        aiming=entries_of(movers, reaching(movers, aimed)),
        filters=filters_of(show.routes, tick_s),
        speed_decay=decay_of(EURO_SPEED_TAU_S, tick_s),
        everything=reach_of(movers, springs),
        **_faders(show, movers),
        reach={
            each.layer: reach_of(movers, springs, places_of(each) | {master.truncation})
            for each in asked
        },
        asked=asked,
        **cue_constants(show.registry, show.layers, show.cues, show.lists),
        layers={layer.id: layer for layer in show.layers},
        image_inputs={name: found for name, found in image_inputs.items() if found},
        switches=switches,
        all_switches=np.array([place for places in switches for place in places], np.intp),
        path_of=_names(show),
        fires=fires_of(paths),
        steering=steering,
        springs=springs,
        remembered=np.array(sorted(remembered), np.intp),
        is_remembering=any(modifier.begins_awake(path) for path, modifier in remembering)
        or not movers.targets.isdisjoint(remembered)
        or any(place in remembered for cue in show.cues for place, _ in cue_targets(cue)),
        freezing=tuple(i for i, path in enumerate(paths) if path.freezes),
        targets=movers.targets,
        is_modulated=bool(show.modulators or show.addressed or max(show.clock) >= 0),
        reels=reels,
        turning=turning,
        **(_texts(show) | world_constants(show.signal_of)),
        **link_constants(show.layers, show.master.effects),
    )
