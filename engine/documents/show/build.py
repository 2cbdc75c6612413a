"""Assembly of a show from its tables: parameter registry, layers, routes and cues."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np

from engine.core.audio.features import FEATURES
from engine.core.clock import parse_rate
from engine.core.isf.header import reads_date
from engine.core.isf.inputs import SOUNDS
from engine.core.parameter import Kind, Parameter, make_registry
from engine.core.show.addresses import HOST
from engine.core.show.constants import DAY, SECOND, SOUND
from engine.core.show.controls import Beats, Cue, CueList, Master, Route
from engine.core.show.layer import Layer
from engine.core.show.show import Show
from engine.documents.builder import ShowBuilder, clamped, each
from engine.documents.colour import make_colour
from engine.documents.errors import within
from engine.documents.lettering import bind_letters
from engine.documents.schema import ShowTable
from engine.documents.show.cues import add_fader, add_lists, cue_index, make_cue, make_list
from engine.documents.show.image_inputs import bind_ports
from engine.documents.show.layers import bind_images, make_layer, master_effects
from engine.documents.show.mappings import make_mappings
from engine.documents.show.mixer.decks import make_decks
from engine.documents.show.modulation import (
    Signals,
    add_parameters,
    add_rates,
    make_lfos,
    make_macros,
    make_modulators,
)
from engine.documents.show.routes_and_cues import key_map, make_route, signal_names
from engine.documents.show.stack.links import bind_groups
from engine.documents.show.track import bind_track, read_track

STEER_MODES = ("position", "velocity")
BEAT = ("beat/phase", "beat/pulse", "bar/phase", "bar/pulse", "phrase/phase", "phrase/pulse")
LARGEST_PX = 16384


def assemble(
    table: ShowTable, resolve: Callable[[str], str], open_file: Callable[[str], bytes]
) -> Show:
    """Resolve a checked show table, with its shaders and small files by their names.

    Raises
    ------
    ValueError
        ``key: what is wrong and what is allowed``.
    """
    _check(table)
    builder = ShowBuilder(resolve, open_file)
    master = _master(builder, table)
    placed = read_track(builder, table.track)
    layers = _layers(builder, table)
    master = replace(master, effects=master_effects(builder, table.master, layers))
    decks = make_decks(builder, table, layers)
    goes, rates, depths = _goes(builder, table), add_rates(builder, table), _depths(builder, table)
    acts, fader = add_lists(builder, table), add_fader(builder, table)
    add_parameters(builder, table)
    registry = make_registry(builder.parameters, builder.groups, builder.aliases)
    named = Signals({name: i for i, name in enumerate(signal_names(table))}, registry)
    modulators = make_modulators(builder, table, named)
    named.hear(route.signal for route in table.routes)
    signals, signal_of = _told(builder, named), named.places
    listed = registry.parameters
    show = Show(
        name=table.name,
        size_px=table.size_px,
        control_hz=parse_rate(table.control_hz),
        picture_hz=parse_rate(table.picture_hz),
        seed=table.seed,
        history_s=table.history_s,
        registry=registry,
        low=np.array([p.low for p in listed]),
        high=np.array([p.high for p in listed]),
        discrete=np.array([p.kind is not Kind.FLOAT for p in listed]),
        triggers=frozenset(i for i, p in enumerate(listed) if p.kind is Kind.TRIGGER),
        master=master,
        layers=layers,
        routes=(),
        lfos=make_lfos(table, rates, signal_of),
        cues=(),
        cue_of={place: i for i, place in enumerate(goes)},
        signals=signals,
        signal_of=signal_of,
        audio=tuple(signal_of[f"audio/{name}"] for name in FEATURES),
        pulses=named.pulses(modulators),
        beat=tuple(signal_of[name] for name in BEAT),
        start=-1,
        shaders=builder.shaders,
        keys=key_map(table, registry.index.keys() | registry.groups.keys() | HOST.keys()),
        edges=frozenset(builder.edges),
        drag=table.drag,
        files=builder.files,
        pictures=builder.pictures,
        fader=fader,
        modulators=modulators,
        macros=make_macros(table, registry),
        addressed=tuple(named.addressed.items()),
        clock=named.clock,
        mappings=tuple(make_mappings(table.mappings)),
        decks=decks,
    )
    routes = _routes(show, table, depths)
    cues, lists = _cues(builder, show, table, (goes, acts))
    start = cue_index(table, table.start, "start") if table.start else -1
    show = replace(show, routes=routes, cues=cues, lists=lists, start=start)
    return bind_track(placed, replace(show, notes=tuple(dict.fromkeys(builder.notes))))


def _told(builder: ShowBuilder, named: Signals) -> tuple[str, ...]:
    """Add signals that the host says, where shaders see them: sound, date; give all of them."""
    headers = builder.headers.values()
    if any(item.type in SOUNDS for header in headers for item in header.inputs):
        named.places[SOUND] = len(named.places)
    if any(reads_date(header) for header in headers):
        named.places[DAY] = len(named.places)
        named.places[SECOND] = len(named.places)
    return tuple(named.places)


def _routes(show: Show, table: ShowTable, depths: list[int]) -> tuple[Route, ...]:
    listed = list(zip(table.routes, depths, strict=True))
    return tuple(each(listed, "routes", lambda r: make_route(show, *r)))


def _cues(
    builder: ShowBuilder,
    show: Show,
    table: ShowTable,
    places: tuple[list[int], list[tuple[int, int, int]]],
) -> tuple[tuple[Cue, ...], tuple[CueList, ...]]:
    """Resolve cues and cue lists; `places` are those of their triggers."""
    goes, acts = places
    cues, lists = zip(table.cues, goes, strict=True), zip(table.cue_lists, acts, strict=True)
    note = builder.notes.append
    return (
        tuple(each(list(cues), "cues", lambda c: make_cue(show, table, *c, note))),
        tuple(each(list(lists), "cue_lists", lambda c: make_list(table, *c))),
    )


def _layers(builder: ShowBuilder, table: ShowTable) -> tuple[Layer, ...]:
    """Layers, with what their shaders and image ports see; each has its number as a name, too."""
    layers = tuple(each(table.layers, "layers", lambda x: make_layer(builder, x, table.layers)))
    for number, layer in enumerate(layers, 1):
        builder.aliases[f"/layer/{number}/"] = f"/layer/{layer.id}/"
    layers = tuple(bind_images(layers, i, table.layers[i]) for i in range(len(layers)))
    layers = bind_groups(layers, table.layers)
    layers = tuple(bind_ports(layers, i, table.layers[i].generator) for i in range(len(layers)))
    return tuple(map(bind_letters, layers))


def _goes(builder: ShowBuilder, table: ShowTable) -> list[int]:
    """Places of the triggers that begin cues; by number, too, as layers are."""
    for number, cue in enumerate(table.cues, 1):
        builder.aliases[f"/cue/{number}/"] = f"/cue/{cue.id}/"
    return [
        builder.trigger(f"/cue/{c.id}/go", f"Begin the cue {c.id}.", f"Cue {c.id}")
        for c in table.cues
    ]


def _depths(builder: ShowBuilder, table: ShowTable) -> list[int]:
    """Places of the routes' depths; -1 of a route without an ID."""
    return [
        builder.number(
            f"/route/{r.id}/depth", r.depth, -1e4, 1e4, "", "Depth of a route.",
            f"Depth of {r.id}", "exponential",
        )
        if r.id
        else -1
        for r in table.routes
    ]  # fmt: skip


def _check(table: ShowTable) -> None:
    width, height = table.size_px
    if not (16 <= width <= LARGEST_PX and 16 <= height <= LARGEST_PX):
        raise ValueError(f"size_px: {width} x {height}; each side has 16 to {LARGEST_PX} pixels")
    rates = {"control_hz": table.control_hz, "picture_hz": table.picture_hz}
    for key, rate in {**rates, "output.fps": table.output.fps}.items():
        with within(f"{key}: "):
            parse_rate(rate)
    if not 0 <= table.seed < 2**63:
        raise ValueError("seed: outside 0 to 2^63 - 1")
    if not 0.0 <= table.history_s <= 600.0:
        raise ValueError(f"history_s: {table.history_s:g} is outside 0 to 600 s")
    for kind in ("layers", "lfos", "cues", "cue_lists", "modulators", "macros"):
        ids = [entry.id for entry in getattr(table, kind)]
        for place, name in enumerate(ids):
            if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name):
                raise ValueError(
                    f"{kind}[{place}].id: '{name[:40]}' is not an ID; use a small letter, "
                    "then small letters, digits and _"
                )
            if name in ids[:place]:
                raise ValueError(f"{kind}[{place}].id: '{name}' is there twice")


Row = tuple[str, str, str, tuple[Any, ...]]
"""Its key in the table and in `Master`, its kind, its address, and what the kind takes beside the
default: numbers low, high, unit, text, label, curve; whole ones high, text; the others text, label.
"""
STEERING: tuple[Row, ...] = (
    ("steer_momentum_s", "number", "/master/steer_momentum_s",
     (0, 30, "s", "Steering that was let go fades in this time.", "Steer momentum")),
    ("", "trigger", "/master/steer_release", ("Lets go of steering, which goes on by itself.",)),
)  # fmt: skip
MASTER: tuple[Row, ...] = (
    ("brightness", "number", "/master/brightness", (0, 1, "", "Light of the picture.")),
    ("blackout", "switch", "/master/blackout", ("Black, at once.",)),
    ("freeze", "switch", "/master/freeze", ("Holds every motion.",)),
    ("hold", "switch", "/master/hold", ("The picture stands still; all goes on behind it.",)),
    ("speed", "number", "/master/speed", (-4, 4, "", "Factor on every motion.")),
    ("truncation", "number", "/master/truncation",
     (0, 2, "", "Factor on every truncation: less is tamer.")),
    ("steer_x", "number", "/master/steer_x", (-50, 50, "rad", "Turns every latent, one way.")),
    ("steer_y", "number", "/master/steer_y", (-50, 50, "rad", "Turns every latent, another way.")),
    ("steer_omega", "number", "/master/steer_omega",
     (0.5, 60, "rad/s", "Stiffness of steering.", "Steer stiffness")),
    ("jump", "trigger", "/master/jump", ("Every trajectory flies to a new place.",)),
    ("autopilot", "switch", "/autopilot/on", ("Goes from cue to cue by itself.", "Autopilot")),
    ("rest_s", "number", "/autopilot/rest_s",
     (0, 3600, "s", "The autopilot rests so long after a touch.", "Autopilot rest")),
    ("bpm", "number", "/transport/bpm", (20, 300, "bpm", "Tempo.", "Tempo", "linear")),
    ("tap", "trigger", "/transport/tap", ("Tap the beat.",)),
    ("resync", "trigger", "/transport/resync", ("The beat begins now.",)),
)  # fmt: skip
BEATS: tuple[Row, ...] = (
    ("nudge", "number", "/transport/nudge", (-1, 1, "", "While it is held: at 1 a tenth faster.")),
    ("double", "trigger", "/transport/double", ("Twice the tempo.",)),
    ("halve", "trigger", "/transport/halve", ("Half the tempo.",)),
    ("resync_bar", "trigger", "/transport/resync_bar", ("The phrase begins at the next bar.",)),
    ("beats_per_bar", "whole", "/transport/beats_per_bar", (32, "Beats in a bar.")),
    ("bars_per_phrase", "whole", "/transport/bars_per_phrase", (64, "Bars in a phrase.")),
    ("offset_ms", "number", "/transport/offset_ms",
     (-500, 500, "ms", "How much earlier the beat is drawn than it sounds: the way to the eye.")),
)  # fmt: skip
FLASHES: tuple[Row, ...] = (
    ("flash_limiter", "switch", "/master/flash_limiter",
     ("No more than three flashes a second.",)),
)  # fmt: skip


def _add(builder: ShowBuilder, rows: tuple[Row, ...], table: Any) -> dict[str, Any]:
    """Add parameters in the order of the rows, with the table's defaults, else 0."""
    found: dict[str, Any] = {}
    for key, kind, address, words in rows:
        default = getattr(table, key, 0)
        if kind == "number":
            found[key] = builder.number(address, default, *words)
        elif kind == "switch":
            found[key] = builder.switch(address, words[0], bool(default), *words[1:])
        elif kind == "trigger":
            found[key] = builder.trigger(address, *words)
        else:
            made = Parameter(address, Kind.INT, float(default), 1.0, words[0], text=words[1])
            found[key] = builder.add(clamped(made))
    return found


def _master(builder: ShowBuilder, table: ShowTable) -> Master:
    m = table.master
    if has_brush(table):
        _add_point(builder, "/brush", "Whether it touches the canvas.", "Brush down")
        builder.switch("/brush/erase", "Whether it takes away.", label="Brush erases")
    if table.drag == "grab":
        _add_point(builder, "/grab", "Whether it holds what lies below it.", "Grab")
    text = "position: where the hand is · velocity: how far the stick is bent, in rad/s."
    builder.choice("/master/steer_mode", STEER_MODES, m.steer_mode, text)
    _add(builder, STEERING, m)
    builder.groups["/master/steer"] = ("/master/steer_x", "/master/steer_y")
    auto = {"autopilot": table.autopilot.on, "rest_s": table.autopilot.rest_s}
    places = _add(builder, MASTER, SimpleNamespace(**msgspec.structs.asdict(m), **auto))
    beats = Beats(**_add(builder, BEATS, m))
    colour = make_colour(builder, m.colour)
    return Master(**places, beats=beats, colour=colour, **_add(builder, FLASHES, m))


def _add_point(builder: ShowBuilder, root: str, text: str, label: str) -> None:
    """Add a place of the canvas, and whether it is down there."""
    builder.number(f"{root}/x", 0.5, 0, 1, "", "Of the canvas, from the left.")
    builder.number(f"{root}/y", 0.5, 0, 1, "", "Of the canvas, from the bottom.")
    builder.groups[root] = (f"{root}/x", f"{root}/y")
    builder.switch(f"{root}/down", text, label=label)


def has_brush(table: ShowTable) -> bool:
    """Whether somebody can paint: by dragging, or because a shader reads the brush."""
    effects = [e for layer in table.layers for e in (layer.source, *layer.effects) if e]
    given = [v for effect in (*effects, *table.master.effects) for v in effect.inputs.values()]
    return table.drag == "paint" or any(str(value).startswith("/brush") for value in given)
