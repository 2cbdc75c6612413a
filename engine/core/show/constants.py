"""Derived constants of a show, worked out once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.parameter import Kind, Registry
from engine.core.path.model import Path
from engine.core.show.controls import Cue, CueList
from engine.core.show.generator import ImageInput, asked_size, picture_size
from engine.core.show.layer import Effect, Layer, Reel
from engine.core.show.reach import Entry, Filter, Reach


class Asked(NamedTuple):
    """What a layer's generator is asked, as far as it never changes.

    Parameters
    ----------
    first
        Index of its first path in the show.
    paths, shapes
        Its paths, and the shapes of the ports that they feed.
    places
        (short parameter name, place).
    size_px, aspect
        Of its picture, and of the area that this fills.
    """

    layer: str
    first: int
    paths: tuple[Path, ...]
    shapes: tuple[tuple[int, ...], ...]
    places: tuple[tuple[str, int], ...]
    size_px: tuple[int, int]
    aspect: float


SOUND, DAY, SECOND = "sound/s", "date/day", "date/s"
"""Signals of shows whose shaders see the sound or the date; only the host says them."""


@dataclass(frozen=True, slots=True)
class Constants:
    """Constants of a show, see `engine.core.show.show`.

    Parameters
    ----------
    control_hz, picture_hz, tick_s
        Rates of ticks and of picture steps, and the length of a tick, as floats.
    aims
        Place → it and its range, of what holds from tick to tick: speeds, rates, steering, springs,
        tempo.
    moved
        Those of them that routes reach.
    aiming
        The routes that reach those places, in order; they enter among all values.
    filters, speed_decay
        How each route follows its signal · what is left of the speed of every one-euro filter
        after a tick.
    everything, fading, crossing, reach
        What reaches any parameter · the fader between two cues · the crossfader · by layer, those
        that its generator is asked with.
    asked
        What each layer's generator is asked.
    fades
        Of each cue: places of the opacities that it sets.
    needs
        Of each cue: layers whose generators must have a picture before it begins, because it
        brings up layers that show them.
    layers
        By ID.
    sights
        Of each layer whose generator has image ports: what they see.
    switches
        Of each path: places of what says how it moves; it flies over when one of them changes.
    all_switches
        Those of all paths.
    path_of
        Name of a path, or the same by the number of its layer → its index.
    fires
        Triggers of paths that change them: place, index of the path, name; in order of effect.
    springs
        Of each parameter on a spring: its place, and that of the time of its way.
    remembered, is_remembering
        Places that let paths remember where they were if they are not 0; whether paths may do so
        for another reason.
    freezing
        Indices of the paths that have rows to freeze.
    colours
        Place of each component of a colour → places of its red, green and blue.
    exponential
        Places of the numbers whose own curve is exponential.
    list_acts
        Place of each trigger of a cue list → index of the list, and what it does.
    targets
        Places that routes and macros write to.
    is_modulated
        Whether there are modulators, or signals that are parameters or clocks.
    sound
        Place of the signal that says how much of the sound is heard, for shaders that see it; -1:
        none does.
    date
        Places of the signals that say the date at show time 0, if a shader shows it: days since
        2000-01-01 and seconds.
    is_grouped, is_linked
        Whether layers lie in groups · whether what a layer shows may depend on other layers.
    reels
        Of the films, in the order of their layers.
    turning
        Rates of shaders, see `turning_of`.
    texts
        Address of such a text, or the same by the number of its layer → the first of them.
    """

    control_hz: float
    picture_hz: float
    tick_s: float
    paths: tuple[Path, ...]
    moved: tuple[tuple[int, float, float], ...]
    aims: Mapping[int, tuple[int, float, float]]
    aiming: tuple[Entry, ...]
    filters: tuple[Filter, ...]
    speed_decay: float
    everything: Reach
    fading: Reach
    crossing: Reach
    reach: Mapping[str, Reach]
    asked: tuple[Asked, ...]
    fades: tuple[frozenset[int], ...]
    needs: tuple[frozenset[str], ...]
    layers: Mapping[str, Layer]
    image_inputs: Mapping[str, tuple[ImageInput, ...]]
    switches: tuple[tuple[int, ...], ...]
    all_switches: NDArray[np.intp]
    path_of: Mapping[str, int]
    fires: tuple[tuple[int, int, str], ...]
    steering: Steering
    springs: tuple[tuple[int, int], ...]
    remembered: NDArray[np.intp]
    is_remembering: bool
    freezing: tuple[int, ...]
    colours: Mapping[int, tuple[int, int, int]]
    exponential: frozenset[int]
    list_acts: Mapping[int, tuple[int, str]]
    targets: frozenset[int]
    is_modulated: bool
    written: tuple[Layer, ...]
    texts: Mapping[str, str]
    is_grouped: bool
    is_linked: bool
    sound: int = -1
    date: tuple[int, int] | None = None
    reels: tuple[Reel, ...] = ()
    turning: tuple[tuple[int, float], ...] = ()


class Steering(NamedTuple):
    """Places of ``/master/steer_…``, see `engine.core.control.steering`."""

    mode: int
    momentum_s: int
    release: int


def cue_constants(
    registry: Registry, layers: Sequence[Layer], cues: Sequence[Cue], lists: Sequence[CueList]
) -> dict[str, Any]:
    """Work out what follows from cues and how they go."""
    return {
        "fades": fades_of(layers, cues),
        "needs": tuple(needed_layers(layers, cue) for cue in cues),
        "colours": colours_of(registry),
        "exponential": exponential_of(registry),
        "list_acts": list_acts_of(lists),
    }


def link_constants(layers: Sequence[Layer], effects: Sequence[Effect]) -> dict[str, Any]:
    """Work out whether layers, or effects of the master, depend on other layers."""
    named = any(":" in image for effect in effects for image in effect.images.values())
    return {
        "is_grouped": any(layer.group for layer in layers),
        "is_linked": named or any(layer.reads for layer in layers),
    }


def colours_of(registry: Registry) -> dict[int, tuple[int, int, int]]:
    """Find the components of colours: vectors of red, green, blue, and of what else they have."""
    found: dict[int, tuple[int, int, int]] = {}
    for places in registry.groups.values():
        names = [registry.parameters[place].address.rpartition("/")[2] for place in places]
        if names[:3] == ["r", "g", "b"]:
            found.update(dict.fromkeys(places, (places[0], places[1], places[2])))
    return found


def exponential_of(registry: Registry) -> frozenset[int]:
    """Places of the numbers that a hand moves by equal ratios."""
    listed = enumerate(registry.parameters)
    return frozenset(i for i, p in listed if p.kind is Kind.FLOAT and p.curve == "exponential")


def list_acts_of(lists: Sequence[CueList]) -> dict[int, tuple[int, str]]:
    """What the triggers of cue lists do."""
    return {
        place: (i, act)
        for i, each in enumerate(lists)
        for place, act in ((each.go, "go"), (each.back, "back"), (each.random, "random"))
    }


def fires_of(paths: Sequence[Path]) -> tuple[tuple[int, int, str], ...]:
    """List the triggers of paths that change them."""
    return tuple(
        (path.at[setting.name], i, setting.name)
        for i, path in enumerate(paths)
        for setting in path.parts.settings
        if setting.kind is Kind.TRIGGER and setting.name in path.parts.events
    )


def springs_of(registry: Registry, layers: Sequence[Layer]) -> tuple[tuple[int, int], ...]:
    """Pads, pushes and map inputs of paths; of generators what glides, as their first path does."""
    parameters = registry.parameters
    paths = [p for layer in layers if layer.generator for p in layer.generator.paths]
    found = [(p.at[s.name], p.at["glide_s"]) for p in paths for s in p.parts.settings if s.glides]
    found += [(place, p.at["glide_s"]) for p in paths for place in p.inputs]
    for layer in layers:
        if layer.generator is not None and layer.generator.paths:
            time = layer.generator.paths[0].at["glide_s"]
            places = [place for _, place in layer.generator.places if parameters[place].glides]
            found += [(place, time) for place in places]
    return tuple(dict(found).items())


def sights_of(layer: Layer, canvas_px: tuple[int, int]) -> tuple[ImageInput, ...]:
    """What a generator's image ports see, in the aspect of the area that it fills."""
    generator = layer.generator
    if generator is None or not generator.spec.any_size:
        return generator.image_inputs if generator else ()
    aspect = layer.aspect or canvas_px[0] / canvas_px[1]
    return tuple(
        image_input._replace(
            view=image_input.view._replace(
                size_px=picture_size(round(math.sqrt(math.prod(image_input.view.size_px))), aspect)
            )
        )
        for image_input in generator.image_inputs
    )


def turning_of(effects: Iterable[Effect]) -> tuple[tuple[int, float], ...]:
    """Rates of shaders: their places, and the seconds in which 1 of each goes round."""
    inputs = (item for effect in effects for item in effect.inputs)
    return tuple(dict.fromkeys((i.places[0], i.round_s) for i in inputs if i.round_s))


def reels_of(layers: Sequence[Layer]) -> tuple[Reel, ...]:
    """Playheads of the films, in the order of their layers."""
    made = [layer.generator for layer in layers if layer.generator is not None]
    return tuple(each.reel for each in made if each.reel is not None)


def switches_of(paths: Sequence[Path]) -> tuple[tuple[int, ...], ...]:
    """Of each path: places of what says how it moves."""
    return tuple(
        (p.motion, *(p.at[s.name] for s in p.parts.settings if s.is_switch)) for p in paths
    )


def cue_targets(cue: Cue) -> Iterator[tuple[int, float]]:
    """All that a cue may set, also on the deck that is hidden then."""
    return chain(cue.targets, *cue.on_next)


def fades_of(layers: Sequence[Layer], cues: Sequence[Cue]) -> tuple[frozenset[int], ...]:
    """Places of the opacities that each cue sets."""
    opacities = frozenset(layer.opacity for layer in layers)
    return tuple(opacities.intersection(dict(cue.targets)) for cue in cues)


def needed_layers(layers: Sequence[Layer], cue: Cue) -> frozenset[str]:
    """Layers whose generators' pixels are seen in the layers that a cue brings up."""
    goals = dict(cue.targets)
    return needed_by(layers, [x for x in layers if goals.get(x.opacity, 0.0) > 0.0])


def needed_by(layers: Sequence[Layer], shown: Iterable[Layer]) -> frozenset[str]:
    """Layers whose generators' pixels are seen in some of all `layers`."""
    makers = {layer.id for layer in layers if layer.generator}
    found: set[str] = set()
    for layer in shown:
        found.add(layer.uses or "")
        for each in (layer.source, *layer.effects):
            if each is not None:
                found.update(i[6:] for i in each.images.values() if i.startswith("layer:"))
    return frozenset(found & makers)


def asked_of(layers: Sequence[Layer], canvas_px: tuple[int, int]) -> Iterator[Asked]:
    """What the generators of layers are asked."""
    first = 0
    makers = {layer.id: layer.generator for layer in layers if layer.generator}
    begins = {}
    for name, maker in makers.items():
        begins[name] = first
        first += len(maker.paths)
    for layer in layers:
        generator = layer.generator
        if generator is None:
            continue
        led = makers[generator.follows or layer.id]
        shapes = {port.name: port.shape for port in generator.spec.ports}
        aspect = layer.aspect or canvas_px[0] / canvas_px[1]
        yield Asked(
            layer.id,
            begins[generator.follows or layer.id],
            led.paths,
            tuple(shapes[path.port] for path in led.paths),
            tuple({**dict(led.places), **dict(generator.places)}.items()),
            asked_size(generator.spec, generator.size_px, aspect, canvas_px),
            aspect,
        )


def places_of(asked: Asked) -> set[int]:
    """Places of all parameters that a generator is asked with, but for those over all layers."""
    found = {place for _, place in asked.places}
    for path in asked.paths:
        found |= {*path.at.values(), *path.inputs, *(place for _, place in path.freezes)}
        found |= {path.motion, path.seed, path.speed, path.offset, path.radius, path.throw}
        found |= {path.throw_seed, path.steer, path.jump_s}
        found |= {path.spread} if path.spread >= 0 else set()
    return found


def world_constants(signal_of: Mapping[str, int]) -> dict[str, Any]:
    """Places of the signals that say what shaders see of the world."""
    date = (signal_of[DAY], signal_of[SECOND]) if DAY in signal_of else None
    return {"sound": signal_of.get(SOUND, -1), "date": date}
