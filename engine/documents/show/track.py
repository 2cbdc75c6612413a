"""Track table of a show file: its parameters, and which of the show's follow it."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.latent.manifold import manifold
from engine.core.parameter import Kind, Parameter
from engine.core.path.model import Path
from engine.core.show.layer import Layer
from engine.core.show.show import Show
from engine.core.track.track import Frames, Track, Written
from engine.documents import track_file
from engine.documents.builder import ShowBuilder
from engine.documents.errors import within
from engine.documents.schema import TrackTable

Floats = NDArray[np.float64]
_OWN = ("/track/", "/autopilot/", "/transport/", "/route/", "/lfo/", "/cue/", "/master/steer")
_OWN_TOO = ("/master/speed", "/master/freeze")
"""What steers other things: its effect is in the track already."""


class TrackParameters(NamedTuple):
    """A track that was read, with the places of its parameters."""

    file: track_file.TrackFile
    frames: Frames
    speed: int
    place: int
    mix: int


def read_track(builder: ShowBuilder, table: TrackTable) -> TrackParameters | None:
    """Read the track that a show names, and give it its parameters.

    Raises
    ------
    ValueError
        ``track.file: what is wrong``.
    """
    if not table.file:
        return None
    with within("track.file: "):
        file = track_file.read(builder.file(table.file), table.file)
    return TrackParameters(
        file,
        Frames(float(file.about.rate), file.cuts, table.loop),
        builder.number(
            "/track/speed", table.speed, -20, 20, "", "1 as edited; 0 stands still.", "Track speed"
        ),
        builder.number(
            "/track/place", table.place, -1e6, 1e6, "s", "Where the playhead is.", "Track place"
        ),
        builder.number(
            "/track/mix",
            table.mix,
            0,
            1,
            "",
            "From the show's own motion to the track.",
            "Track mix",
        ),
    )


def full_turn(unit: str, low: float, high: float) -> float:
    """Whole turn of a parameter that is an angle all round; 0 of any other."""
    return high - low if unit == "rad" and abs(high - low - 2.0 * np.pi) < 1e-6 else 0.0


def is_written(parameter: Parameter) -> bool:
    """Whether a parameter follows a track at all."""
    address = parameter.address
    is_path = address.startswith("/layer/") and address.split("/")[3].startswith("path")
    is_own = address.startswith(_OWN) or address in _OWN_TOO
    return parameter.kind is not Kind.TRIGGER and not is_path and not is_own


def bind_track(placed: TrackParameters | None, show: Show) -> Show:
    """Let a resolved show follow its track.

    Raises
    ------
    ValueError
        If the track is none of this show's.
    """
    if placed is None:
        return show
    about = placed.file.about
    layers = tuple(_bound(placed, layer) for layer in show.layers)
    column = {address: i for i, address in enumerate(about.columns)}
    listed = show.registry.parameters
    there = {p.address for p in listed if is_written(p)}
    still = {address: value for address, value in about.constants.items() if address in there}
    for path in show.paths:
        # What comes after their motion is in the latents of the track already.
        asleep = [path.at[n] for m in path.parts.modifiers for n in m.wakes if n in path.at]
        places = [path.throw, *asleep]
        still |= {listed[place].address: 0.0 for place in places}
    there = (there & column.keys()) | still.keys()
    chosen = [i for i, p in enumerate(listed) if p.address in there]
    picked = [listed[i] for i in chosen]
    moving = [k for k, p in enumerate(picked) if p.address not in still]
    columns = [column[picked[k].address] for k in moving]

    def bounded(values: Floats, places: list[int]) -> Floats:
        clipped = np.clip(values, show.low[places], show.high[places])
        return np.where(show.discrete[places], np.rint(clipped), clipped)

    return replace(
        show,
        layers=layers,
        start=-1,
        track=Track(
            frames=placed.frames,
            speed=placed.speed,
            place=placed.place,
            mix=placed.mix,
            places=np.array(chosen, np.intp),
            defaults=np.array([p.default for p in picked]),
            constants=bounded(
                np.array([still.get(listed[i].address, 0.0) for i in chosen]), chosen
            ),
            moving=np.array(moving, np.intp),
            columns=bounded(placed.file.values[:, columns], [chosen[k] for k in moving]),
            is_held=show.discrete[chosen],
            turns=np.array([full_turn(p.unit, p.low, p.high) for p in picked]),
            motion_s=placed.file.motion_s,
        ),
    )


def _bound(placed: TrackParameters, layer: Layer) -> Layer:
    generator = layer.generator
    if generator is None:
        return layer
    geometries = {port.name: port.geometry for port in generator.spec.ports}

    def bound(path: Path) -> Path:
        address = f"/layer/{layer.id}/generator/{path.port}"
        rows = placed.file.latents.get(address)
        if rows is None:
            return path
        if rows.shape[1:] != path.shape:
            raise ValueError(
                f"track.file: {address} has latents of shape {rows.shape[1:]}, the layer's "
                f"generator takes {path.shape}; the track was made with another model"
            )
        space = manifold(geometries[path.port], path.points)
        return replace(path, track=Written(placed.frames, rows, space, placed.place, placed.mix))

    return replace(layer, generator=replace(generator, paths=tuple(map(bound, generator.paths))))
