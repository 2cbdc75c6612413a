"""What follows from a show alone, worked out once, so that no tick looks it up again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.curves import EURO_SPEED_TAU_S
from engine.core.modifiers.pad import GLIDING
from engine.core.path.model import Path
from engine.core.show.generator import Sight, picture_size
from engine.core.show.show import Cue, Layer, Route, Show
from engine.core.trajectory.settings import PACING

SWITCHES = ("spline", "closed", "turning", "centre")
"""Settings of a path that change how it moves, beside its motion."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """Constants of a show.

    Parameters
    ----------
    control_hz, tick_s
        Rate and length of a tick as floats.
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


@lru_cache(maxsize=32)
def fixed(show: Show) -> Fixed:
    """Work out a show's constants."""
    rate = float(show.control_hz)
    tick_s = 1.0 / rate
    paths, master = show.paths, show.master
    aimed = {master.speed, master.bpm, master.steer_x, master.steer_y, master.steer_omega}
    for path in paths:
        aimed |= {path.speed, path.motion, path.seed, path.offset}
        aimed.update(path.at[name] for name in PACING)
    steering = Steering(*(show.registry.index[f"/master/steer_{n}"] for n in Steering._fields))
    glides = _glides(show)
    aimed.update(steering[:2], *glides)
    remembered = {path.at[name] for path in paths for name in ("pace", "patina")}
    if show.track is not None:
        aimed |= {show.track.speed, show.track.place}
    aimed.update(lfo.rate for lfo in show.lfos)
    opacities = frozenset(layer.opacity for layer in show.layers)
    return Fixed(
        control_hz=rate,
        tick_s=tick_s,
        paths=paths,
        aimed=tuple(
            (place, float(show.low[place]), float(show.high[place])) for place in sorted(aimed)
        ),
        aiming=_reaching(show.routes, aimed),
        decays=tuple((_left(r.attack_s, tick_s), _left(r.release_s, tick_s)) for r in show.routes),
        speed_decay=_left(EURO_SPEED_TAU_S, tick_s),
        is_direct=tuple(
            r.attack_s <= 0.0 and r.release_s <= 0.0 and r.euro is None for r in show.routes
        ),
        fades=tuple(opacities.intersection(dict(cue.targets)) for cue in show.cues),
        needs=tuple(_needed(show, cue) for cue in show.cues),
        layers={layer.id: layer for layer in show.layers},
        sights={layer.id: sights for layer in show.layers if (sights := _sights(show, layer))},
        switches=tuple((p.motion, *(p.at[name] for name in SWITCHES)) for p in paths),
        path_of={path.name: i for i, path in enumerate(paths)},
        steering=steering,
        glides=glides,
        remembered=np.array(sorted(remembered), np.intp),
        is_remembering=any(path.past.traces is not None for path in paths)
        or any(route.target in remembered for route in show.routes)
        or any(place in remembered for cue in show.cues for place, _ in cue.targets),
        freezing=tuple(i for i, path in enumerate(paths) if path.freezes),
    )


def _glides(show: Show) -> tuple[tuple[int, int], ...]:
    """Pads, pushes and map inputs of paths; of generators what glides, as their first path does."""
    parameters = show.registry.parameters
    found = [(p.at[name], p.at["glide_s"]) for p in show.paths for name in GLIDING]
    found += [(place, p.at["glide_s"]) for p in show.paths for place in p.inputs]
    for layer in show.layers:
        if layer.generator is not None and layer.generator.paths:
            time = layer.generator.paths[0].at["glide_s"]
            places = [place for _, place in layer.generator.places if parameters[place].glides]
            found += [(place, time) for place in places]
    return tuple(dict(found).items())


def _sights(show: Show, layer: Layer) -> tuple[Sight, ...]:
    """What a generator's image ports see, in the aspect of the area that it fills."""
    generator = layer.generator
    if generator is None or not generator.spec.any_size:
        return generator.sights if generator else ()
    aspect = layer.aspect or show.size_px[0] / show.size_px[1]
    return tuple(
        sight._replace(
            look=sight.look._replace(
                size_px=picture_size(round(math.sqrt(math.prod(sight.look.size_px))), aspect)
            )
        )
        for sight in generator.sights
    )


def _needed(show: Show, cue: Cue) -> frozenset[str]:
    """Layers whose generators' pixels are seen in the layers that a cue brings up."""
    goals, makers = dict(cue.targets), {layer.id for layer in show.layers if layer.generator}
    found: set[str] = set()
    for layer in show.layers:
        if goals.get(layer.opacity, 0.0) <= 0.0:
            continue
        found.add(layer.uses or "")
        for each in (layer.source, *layer.effects):
            if each is not None:
                found.update(i[6:] for i in each.images.values() if i.startswith("layer:"))
    return frozenset(found & makers)


def _left(tau_s: float, tick_s: float) -> float:
    return math.exp(-tick_s / tau_s) if tau_s > 0.0 else 0.0


def _reaching(routes: Sequence[Route], places: set[int]) -> tuple[int, ...]:
    """Routes that write to the places, or to the depth of a route that does."""
    wanted, found = set(places), -1
    while found != len(wanted):
        found = len(wanted)
        wanted |= {r.depth_place for r in routes if r.target in wanted and r.depth_place >= 0}
    return tuple(i for i, r in enumerate(routes) if r.target in wanted)
