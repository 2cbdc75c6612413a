"""Trajectories of a show file: one for each latent port of a generator, with its parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from engine.core.latent.examples import MOST_INPUTS, Examples
from engine.core.latent.manifold import AffineChart, AnyChart, SimplexChart
from engine.core.parameter import Kind, Parameter
from engine.core.path.model import Path
from engine.core.path.setting import Setting
from engine.core.show.generator import Port, Spec
from engine.core.trajectory.parts import make_parts
from engine.documents.builder import ShowBuilder, clamped, strict
from engine.documents.path.journal import read_past
from engine.documents.path.keyframes import read_keys
from engine.documents.path.picture_keyframes import read_pictures
from engine.documents.schema import LayerTable, PathTable
from engine.models.latent_file import check_model
from engine.models.sidecars import latent_map

FIRST = ("gaussian", "sphere", "wspace")
"""Geometries of the ports that ``path``, ``path_b``, ``path_c`` and ``path_d`` move, in order."""
OTHERS = ("simplex", "affine2d", "tokens", "noise-field")
"""Those of the ports whose paths go by their own names, ``paths/PORT``."""
PATHS = ("path", "path_b", "path_c", "path_d")
MOST_NUMBERS = 1 << 18


_NO_PATHS = LayerTable(id="")


def make_paths(
    builder: ShowBuilder, root: str, layer: LayerTable, spec: Spec, model: str
) -> tuple[Path, ...]:
    """Make the trajectories of a layer's generator.

    Raises
    ------
    ValueError
        ``key: what is wrong and what is allowed``.
    """
    ports = [port for port in spec.ports if port.geometry in (*FIRST, *OTHERS)]
    listed = PATHS
    firsts = [port for port in ports if port.geometry in FIRST][: len(listed)]
    rest = [port for port in ports if port not in firsts]
    for name in layer.paths:
        if name not in [port.name for port in rest]:
            there = ", ".join(port.name for port in rest) or "none"
            raise ValueError(f"paths.{name}: no such port of {spec.name}; there are: {there}")
    refuse_paths(layer, listed[len(firsts) :])
    tables = [(key, getattr(layer, key), port) for key, port in zip(listed, firsts, strict=False)]
    tables += [(f"paths/{p.name}", layer.paths.get(p.name, PathTable()), p) for p in rest]
    return tuple(_named(key, builder, root, table, port, model) for key, table, port in tables)


def refuse_paths(layer: LayerTable, keys: Sequence[str] = (*PATHS, "paths")) -> None:
    """Refuse paths that nothing goes.

    Raises
    ------
    ValueError
        ``key: what is wrong and what is allowed``.
    """
    for key in keys:
        if getattr(layer, key) != getattr(_NO_PATHS, key):
            raise ValueError(
                f"{key}: nothing goes this path; a path is of a generator, and of a port of it"
            )


def _named(
    key: str, builder: ShowBuilder, root: str, table: PathTable, port: Port, model: str
) -> Path:
    """Make a path, and put its table in front of errors that name no address."""
    try:
        return _path(builder, f"{root}/{key}", table, port, model)
    except ValueError as error:
        text = str(error)
        place = "" if text.startswith("/") else f"{key.replace('/', '.')}."
        raise ValueError(f"{place}{text}") from None


def _shape(port: Port) -> tuple[int, int]:
    """Points of a path and the coordinates of each: a field of noise is one point."""
    shape = port.shape
    rows, size = (1, math.prod(shape)) if port.geometry == "noise-field" else (1, shape[-1])
    if len(shape) > 1 and port.geometry != "noise-field":
        rows = math.prod(shape[:-1])
    if not 0 < rows * size <= MOST_NUMBERS or (port.geometry == "affine2d" and size != 4):
        raise ValueError(f"port: '{port.name}' of shape {shape} has no trajectory")
    return rows, size


def _chart(port: Port) -> AnyChart | None:
    if port.geometry == "simplex":
        return SimplexChart()
    return AffineChart() if port.geometry == "affine2d" else port.chart


def _path(builder: ShowBuilder, root: str, table: PathTable, port: Port, model: str) -> Path:
    add = builder.number
    points, size = _shape(port)
    port = replace(port, shape=(size,) if points == 1 else (points, size))
    chart = _chart(port)
    parts = make_parts()
    motions = tuple(motion.name for motion in parts.motions)
    motion = builder.add(
        Parameter(
            f"{root}/motion", Kind.CHOICE, float(motions.index(table.motion)), 0.0,
            len(motions) - 1.0, motions, text="How the trajectory moves.",
        )
    )  # fmt: skip
    whole = [
        builder.add(clamped(Parameter(f"{root}/{n}", Kind.INT, float(v), 0, 2**31, text=t)))
        for n, v, t in (
            ("seed", table.seed, "Which trajectory."),
            ("throw_seed", table.throw_seed, "Which way a throw goes."),
        )
    ]
    for name, names in parts.vectors.items():
        builder.groups[f"{root}/{name}"] = tuple(f"{root}/{each}" for each in names)
    pictured = read_pictures(builder, table, port)
    apart = table.spread
    if apart is None:  # the layers of a w+ begin as one style
        apart = 0.0 if port.geometry == "wspace" or port.groups else 1.0
    return Path(
        name=root,
        port=port.name,
        size=size,
        seeds=tuple(table.seeds),
        motion=motion,
        seed=whole[0],
        speed=add(f"{root}/speed", table.speed, -20, 20, "knots/s", "Speed along the path."),
        offset=add(f"{root}/offset", table.offset, -1e4, 1e4, "knots", "Place on the path."),
        radius=add(f"{root}/radius", table.radius, 0, 1, "", "How far it wanders."),
        throw=add(f"{root}/throw", table.throw, -math.pi, math.pi, "rad", "Thrown off its path."),
        throw_seed=whole[1],
        steer=add(f"{root}/steer", table.steer, 0, 4, "", "How much steering turns it."),
        jump=builder.trigger(f"{root}/jump", "Fly to a new place."),
        jump_s=add(f"{root}/jump_s", table.jump_s, 0, 30, "s", "Time of flight."),
        points=points,
        spread=add(f"{root}/spread", apart, 0, 1, "", "How far its points lie apart.")
        if points > 1
        else -1,
        chart=chart,
        at={
            s.name: builder.add(_path_parameter(s, f"{root}/{s.name}", table))
            for s in parts.settings
        },
        geometry=port.geometry,
        keys=read_keys(builder, pictured.keys, port, chart, model),
        past=read_past(builder, table.bans, table.journal, size),
        pictures=pictured.pictures,
        invert=pictured.invert,
        freezes=_freezes(builder, root, port),
        parts=parts,
        **_map(builder, root, table, port, model),
    )


def _freezes(
    builder: ShowBuilder, root: str, port: Port
) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Give each group of a port's rows, and each row of larger groups, a parameter to hold it."""
    text = "How much of the {} latents stays what it was: 1 is all, and above 0 catches it."
    there = tuple(dict.fromkeys(port.groups))
    groups = {
        group: tuple(row for row, each in enumerate(port.groups) if each == group)
        for group in there
    }
    if len(there) < len(port.groups):
        groups |= {str(row): (row,) for row in range(len(port.groups))}
    return tuple(
        (rows, builder.number(f"{root}/freeze_{name}", 0.0, 0, 1, "", text.format(name)))
        for name, rows in groups.items()
    )


def _map(
    builder: ShowBuilder, root: str, table: PathTable, port: Port, model: str
) -> dict[str, Any]:
    """Read the examples of a path's map, and give each of its controllers a parameter."""
    name = table.map
    atlas = read_atlas(builder.file(name), name, port, model) if name else None
    count = table.inputs if atlas is None else atlas.places.shape[1]
    if not 0 <= count <= MOST_INPUTS:
        raise ValueError(f"inputs: {count} is outside 0 to {MOST_INPUTS}")
    if table.motion == "map" and not count:
        raise ValueError(
            'motion: "map" goes by examples: give map = "FILE.map.npz", or inputs = 2 and teach it'
        )
    text = "Controller {} of the map."
    inputs = tuple(
        builder.number(f"{root}/map_{k}", 0.5, 0, 1, "", text.format(k))
        for k in range(1, count + 1)
    )
    if count > 1:
        names = tuple(f"{root}/map_{k}" for k in range(1, count + 1))
        builder.groups[f"{root}/map"] = names
    return {"examples": atlas, "inputs": inputs}


def _path_parameter(setting: Setting, address: str, table: PathTable) -> Parameter:
    """Make the parameter of a path's setting; the show file's key of that name is its default."""
    if setting.kind is Kind.TRIGGER:
        return Parameter(
            address, Kind.TRIGGER, 0.0, 0.0, math.inf, text=setting.text, label=setting.label
        )
    full = Parameter(
        address, setting.kind, setting.default, setting.low, setting.high, setting.choices,
        setting.unit, setting.text, label=setting.label,
    )  # fmt: skip
    given = getattr(table, setting.name, None)  # a part that joined later has no key
    return full if given is None else replace(full, default=strict(full, given))


def read_atlas(data: bytes, name: str, port: Port, model: str) -> Examples:
    """Read a map's examples for a port, in its coordinates.

    Raises
    ------
    ValueError
        If it is no map, or one of other latents or of another model.
    """
    found = latent_map.read(data, name)
    rows = port.shape[0] if len(port.shape) > 1 else 1
    size = port.shape[-1]
    latents = found.latents.astype(np.float64)
    shape = latents.shape[1:]
    if shape not in ((size,), (rows, size)):
        raise ValueError(
            f"map: {name} holds latents of shape {shape}, and the port '{port.name}' takes "
            f"{port.shape}: make the map with this model"
        )
    check_model(str(found.about.get("model", "")), model, f"map: {name}")
    if latents.ndim == 2:
        latents = np.repeat(latents[:, None], rows, axis=1)
    if port.chart is not None:
        latents = port.chart.encode(latents)
    return Examples(found.places.astype(np.float64), latents)
