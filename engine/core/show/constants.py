"""What follows from a show alone, worked out once, so that no tick looks it up again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.parameter import Registry
from engine.core.path.model import Path
from engine.core.show.controls import Cue, Route
from engine.core.show.generator import Sight, picture_size
from engine.core.show.layer import Layer


@dataclass(frozen=True, slots=True)
class Constants:
    """Constants of a show, see `engine.core.show.show`.

    Parameters
    ----------
    control_hz, picture_hz, tick_s
        Rates of ticks and of picture steps, and the length of a tick, as floats.
    paths
        `Show.paths`.
    aimed
        Places and ranges of what holds from tick to tick: speeds, rates, steering, springs, tempo.
    aiming
        Indices of the routes that reach those places, in order.
    decays
        Of each route over one tick: what is left of the way to its goal, rising and falling.
    speed_decay
        Of the speed of every one-euro filter over one tick.
    is_direct
        Of each route: it follows its signal at once, also between ticks.
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
    path_of
        Name of a path → its index.
    steering
        Places of how steering moves.
    glides
        Of each parameter on a spring: its place, and that of the time of its way.
    remembered, is_remembering
        Places that let paths remember where they were if they are not 0; whether paths may do so
        for another reason.
    freezing
        Indices of the paths that have rows to freeze.
    """

    control_hz: float
    picture_hz: float
    tick_s: float
    paths: tuple[Path, ...]
    aimed: tuple[tuple[int, float, float], ...]
    aiming: tuple[int, ...]
    decays: tuple[tuple[float, float], ...]
    speed_decay: float
    is_direct: tuple[bool, ...]
    fades: tuple[frozenset[int], ...]
    needs: tuple[frozenset[str], ...]
    layers: Mapping[str, Layer]
    sights: Mapping[str, tuple[Sight, ...]]
    switches: tuple[tuple[int, ...], ...]
    path_of: Mapping[str, int]
    steering: Steering
    glides: tuple[tuple[int, int], ...]
    remembered: NDArray[np.intp]
    is_remembering: bool
    freezing: tuple[int, ...]


class Steering(NamedTuple):
    """Places of ``/master/steer_…``, see `engine.core.control.steering`."""

    mode: int
    momentum_s: int
    release: int


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


def sights_of(layer: Layer, canvas_px: tuple[int, int]) -> tuple[Sight, ...]:
    """What a generator's image ports see, in the aspect of the area that it fills."""
    generator = layer.generator
    if generator is None or not generator.spec.any_size:
        return generator.sights if generator else ()
    aspect = layer.aspect or canvas_px[0] / canvas_px[1]
    return tuple(
        sight._replace(
            look=sight.look._replace(
                size_px=picture_size(round(math.sqrt(math.prod(sight.look.size_px))), aspect)
            )
        )
        for sight in generator.sights
    )


def needed_layers(layers: Sequence[Layer], cue: Cue) -> frozenset[str]:
    """Layers whose generators' pixels are seen in the layers that a cue brings up."""
    goals, makers = dict(cue.targets), {layer.id for layer in layers if layer.generator}
    found: set[str] = set()
    for layer in layers:
        if goals.get(layer.opacity, 0.0) <= 0.0:
            continue
        found.add(layer.uses or "")
        for each in (layer.source, *layer.effects):
            if each is not None:
                found.update(i[6:] for i in each.images.values() if i.startswith("layer:"))
    return frozenset(found & makers)


def decay_of(tau_s: float, tick_s: float) -> float:
    """What is left after a tick of a way that is followed with a time constant."""
    return math.exp(-tick_s / tau_s) if tau_s > 0.0 else 0.0


def reaching(routes: Sequence[Route], places: set[int]) -> tuple[int, ...]:
    """Routes that write to the places, or to the depth of a route that does."""
    wanted, found = set(places), -1
    while found != len(wanted):
        found = len(wanted)
        wanted |= {r.depth_place for r in routes if r.target in wanted and r.depth_place >= 0}
    return tuple(i for i, r in enumerate(routes) if r.target in wanted)
