"""Layer tables of a show file: generators, paths and shader chains with their parameters."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from engine.core.isf import header as isf
from engine.core.isf.inputs import IMAGES
from engine.core.isf.turns import turning
from engine.core.parameter import Kind, Parameter
from engine.core.show.layer import IN_BETWEENS, Effect, Generator, Input, Layer, Reel
from engine.documents.builder import ShowBuilder, each, strict
from engine.documents.errors import within
from engine.documents.lettering import KINDS, made_source, make_writing
from engine.documents.path.paths import make_paths, refuse_paths
from engine.documents.path.picture_keyframes import LAYER
from engine.documents.schema import EffectTable, GeneratorTable, LayerTable, MasterTable, Number
from engine.documents.sheet import with_sheet
from engine.documents.show.shaders.images import brought, image_bindings
from engine.documents.show.shaders.inputs import bind_inputs
from engine.documents.show.stack.links import check_images
from engine.documents.show.stack.placing import add_placing
from engine.generators import registry
from engine.generators.contract import model_of, steps

OWN = ("mix",)
"""What every effect has beside its shader's inputs; an input of such a name is ``input/NAME``."""
INPUT = "input"
_NONE: frozenset[str] = frozenset()
_EFFECTS, _FADED = frozenset({"inputImage"}), frozenset({"startImage", "endImage"})
ANY_SIZE_PX, ANY_FILM_PX = 128, 384
"""Of a generator that takes any size, live and in a film, unless the show says another."""


def make_layer(builder: ShowBuilder, layer: LayerTable, beside: Sequence[LayerTable] = ()) -> Layer:
    """Resolve one layer table; `beside` are all of them."""
    root = f"/layer/{layer.id}"
    kinds = [n for n in KINDS if getattr(layer, n) is not None]
    if len(kinds) > 1:
        raise ValueError(f"{kinds[1]}: a layer has one source; it has {' and '.join(kinds)}")
    aspect = 0.0 if isinstance(layer.aspect, str) else float(layer.aspect)
    if aspect and not 0.05 <= aspect <= 20.0:
        raise ValueError(f'aspect: {aspect:g} is outside 0.05 to 20 (or "auto", "canvas")')
    if not 0.1 <= layer.render_scale <= 1.0:
        raise ValueError(f"render_scale: {layer.render_scale:g} is outside 0.1 to 1")
    places = add_placing(builder, root, layer)
    if layer.sheet is not None:
        layer = with_sheet(layer, beside)
    generator = None
    if layer.upscale is not None and not (layer.generator or layer.uses):
        raise ValueError("upscale: only a layer that shows a generator has pictures to enlarge")
    if layer.in_between is not None and layer.generator is None:
        raise ValueError("in_between: only a layer with a generator of its own has frames")
    if layer.generator is not None:
        generator = _generator(builder, root, layer, layer.generator)
    else:
        refuse_paths(layer)
    source, made = None, made_source(layer)
    if layer.source is not None:
        source = make_effect(builder, f"{root}/source", _named(layer.source, "source"), False)
    elif made is not None:
        source = make_effect(builder, f"{root}/{made.id}", made, False)
    return Layer(
        id=layer.id,
        aspect=aspect,
        **places,
        generator=generator,
        uses=layer.id if generator else None,
        source=source,
        effects=_effects(builder, root, layer.effects),
        writing=make_writing(builder, root, layer.text) if layer.text else None,
        upscale=layer.upscale or "auto",
        render_scale=layer.render_scale,
    )


def _named(effect: EffectTable, name: str) -> EffectTable:
    """Give an effect without an ID the name of its place."""
    return (
        effect
        if effect.id
        else EffectTable(
            shader=effect.shader,
            id=name,
            mix=effect.mix,
            bypass=effect.bypass,
            inputs=effect.inputs,
            images=effect.images,
        )
    )


def bind_images(layers: tuple[Layer, ...], place: int, table: LayerTable) -> Layer:
    """Resolve what a layer borrows from others: a generator's pixels, the finished picture."""
    layer = layers[place]
    makers = [other.id for other in layers if other.generator is not None]
    if table.uses is not None:
        if table.uses not in makers:
            raise ValueError(
                f"layers[{place}].uses: no layer '{table.uses}' with a generator; "
                f"there are: {', '.join(makers) or 'none'}"
            )
        layer = replace(layer, uses=table.uses)
    if table.aspect == "auto" and layer.uses is not None:
        spec = next(x.generator.spec for x in layers if x.id == layer.uses and x.generator)
        layer = layer if spec.any_size else replace(layer, aspect=spec.aspect)
    check_images(filter(None, (layer.source, *layer.effects)), layers, f"layers[{place}]")
    for path in layer.generator.paths if layer.generator else ():
        if path.invert.startswith(LAYER) and path.invert.removeprefix(LAYER) not in makers:
            key = path.name.removeprefix(f"/layer/{layer.id}/").replace("/", ".")
            raise ValueError(
                f"layers[{place}].{key}.invert: '{path.invert}' is not known; allowed are: "
                f"{', '.join(LAYER + m for m in makers)}, or a picture's file"
            )
    return layer


def master_effects(
    builder: ShowBuilder, table: MasterTable, layers: tuple[Layer, ...]
) -> tuple[Effect, ...]:
    """Resolve the effects over the whole picture."""
    with within("master."):
        effects = _effects(builder, "/master", table.effects)
    check_images(effects, layers, "master")
    return effects


def _generator(
    builder: ShowBuilder, root: str, layer: LayerTable, table: GeneratorTable
) -> Generator:
    with within("generator: "):
        opened = registry.open_spec(table.kind, table.config)
    spec, files = opened.spec, opened.files
    builder.notes += [f"layer {layer.id}: {note}" for note in opened.notes]
    config = deepcopy(table.config)
    for file in files:
        *way, last = steps(file.key)
        place: Any = config
        for each_step in way:
            place = place[each_step]
        place[last] = file.path
    size_px, film_px = table.size_px, table.film_px
    if spec.any_size:  # a network has a size of its own, and 0 stands for it
        size_px = size_px or ANY_SIZE_PX
        film_px = film_px or min(max(size_px, ANY_FILM_PX), spec.max_px)
    for key, side in (("size_px", size_px), ("film_px", film_px)):
        if side and not spec.min_px <= side <= spec.max_px:
            raise ValueError(
                f"generator.{key}: {side} is outside {spec.min_px} to {spec.max_px} pixels"
            )
    if not 0.1 <= table.rate_hz <= 240.0:
        raise ValueError(f"generator.rate_hz: {table.rate_hz:g} is outside 0.1 to 240 Hz")
    unknown = set(table.parameters) - {p.address for p in spec.parameters}
    if unknown:
        raise ValueError(
            f"generator.parameters: unknown key '{sorted(unknown)[0]}'; allowed are: "
            + ", ".join(p.address for p in spec.parameters)
        )
    room = "film" if spec.duration_s else "sheet" if layer.sheet else "generator"
    places = tuple(
        (p.address, _place(builder, p, f"{root}/{room}/{p.address}", table.parameters))
        for p in spec.parameters
    )
    if layer.sheet:
        refuse_paths(layer)
    paths = () if layer.sheet else make_paths(builder, root, layer, spec, model_of(files))
    reel = Reel(layer.id, spec.duration_s, **dict(places)) if spec.duration_s else None
    # Of a film every frame is seen for itself; a still one has nothing between.
    usual = "none" if reel or spec.runs == "still" else "fade"
    in_between = builder.choice(
        f"{root}/in_between", IN_BETWEENS, layer.in_between or usual,
        "What is seen between two of its frames.",
    )  # fmt: skip
    return Generator(
        table.kind, config, spec, size_px, film_px, table.rate_hz, paths, places,
        in_between=in_between, reel=reel, follows=layer.sheet.of if layer.sheet else "",
    )  # fmt: skip


def _place(
    builder: ShowBuilder, parameter: Parameter, address: str, given: dict[str, Number]
) -> int:
    """Add a declared parameter; one whose value is an address follows that parameter instead."""
    value = given.get(parameter.address)
    if not isinstance(value, str) or not value.startswith("/"):
        return builder.add(_set(parameter, address, given))
    place = builder.places.get(value)
    if place is None or builder.parameters[place].kind is Kind.TRIGGER:
        near = difflib.get_close_matches(value, builder.places, 3, 0.5)
        raise ValueError(
            f"generator.parameters.{parameter.address}: no parameter before this layer has the "
            f"address '{value[:80]}'; near are: {', '.join(near) or 'none'}"
        )
    return place


def _set(parameter: Parameter, address: str, given: dict[str, Number]) -> Parameter:
    """Place a declared parameter, with the show's value as its default."""
    full = replace(parameter, address=address)
    if parameter.address not in given:
        return full
    value = given[parameter.address]
    if isinstance(value, list):
        raise ValueError(f"parameters.{parameter.address}: one value, not {len(value)}")
    return replace(full, default=strict(full, value))


def _effects(builder: ShowBuilder, root: str, tables: list[EffectTable]) -> tuple[Effect, ...]:
    named = [_named(t, effect_id(t.shader)) for t in tables]
    ids = [t.id for t in named]
    for place, name in enumerate(ids):
        if name in ids[:place]:
            raise ValueError(f"effects[{place}].id: '{name}' is there twice; give one an id")
    for table, effect in zip(tables, named, strict=True):
        if not table.id and (once := _once(table.shader)) != effect.id:
            builder.aliases[f"{root}/effect/{once}/"] = f"{root}/effect/{effect.id}/"
    return tuple(
        each(named, "effects", lambda t: make_effect(builder, f"{root}/effect/{t.id}", t, True))
    )


def _once(shader: str) -> str:
    """ID that such an effect had in older takes, which may hold what no address may."""
    return shader.removesuffix(".fs").replace("-", "_")


def effect_id(shader: str) -> str:
    """ID of an effect that has none: its shader's name, of what addresses may hold."""
    return re.sub(r"[^A-Za-z0-9_.]", "_", shader.removesuffix(".fs"))


def read_shader(builder: ShowBuilder, name: str) -> isf.Header:
    """Header of a shader, which is then one of the show's."""
    if name not in builder.headers:
        file = f"{name.removesuffix('.fs')}.fs"
        text = builder.resolve(name)
        builder.shaders[name] = text
        builder.headers[name] = brought(builder, name, isf.parse(text, file))
    return builder.headers[name]


def make_effect(builder: ShowBuilder, root: str, table: EffectTable, has_mix: bool) -> Effect:
    """Resolve one shader with its inputs, whose addresses begin with `root`."""
    name = table.shader
    header = read_shader(builder, name)
    bound = bind_inputs(builder, header, table.inputs)
    free = replace(header, inputs=tuple(i for i in header.inputs if i.name not in bound))
    declared = {p.address: p for p in isf.parameters(free)}
    vectors = isf.groups(free)
    # An input that is called as what every effect has of its own gets a place apart.
    roots = {i.name: f"{root}/{INPUT}" for i in free.inputs if has_mix and i.name in OWN}
    given = _flat({n: v for n, v in table.inputs.items() if n not in bound}, declared, vectors)
    mix = (
        builder.number(f"{root}/mix", table.mix, 0, 1, "", "How much of the effect is seen.")
        if has_mix
        else -1
    )
    bypass = (
        builder.switch(f"{root}/bypass", "Leaves the effect out.", table.bypass)
        if has_mix and "bypass" not in declared
        else -1
    )
    places = {
        short: builder.add(_set(p, f"{roots.get(short.split('/')[0], root)}/{short}", given))
        for short, p in declared.items()
    }
    for vector, parts in vectors.items():
        place = roots.get(vector, root)
        builder.groups[f"{place}/{vector}"] = tuple(f"{place}/{part}" for part in parts)
    bound_images = _FADED if root.startswith("/transition/") else _EFFECTS if has_mix else _NONE
    images = image_bindings(builder, header, table, bound_images)
    rates = turning(header.inputs, header.body)
    inputs = tuple(
        Input(
            i.name,
            i.type,
            bound.get(i.name) or tuple(places[a] for a in vectors.get(i.name, (i.name,))),
            i.values,
            rates.get(i.name, 0.0),
        )
        for i in header.inputs
        if i.type not in IMAGES
    )
    history = isf.has_history(header)
    rests = _rests(header, inputs) if has_mix and not history else ()
    return Effect(table.id, name, mix, inputs, images, history, bypass, rests)


def _rests(header: isf.Header, inputs: tuple[Input, ...]) -> tuple[tuple[int, float], ...]:
    """Places and values with which an effect changes nothing, if its author says so of each."""
    own = [item.identity for item in header.inputs if item.type not in IMAGES]
    found: list[tuple[int, float]] = []
    for item, value in zip(inputs, own, strict=True):
        if value is None:
            return ()
        found += zip(item.places, value if isinstance(value, tuple) else (value,), strict=True)
    return tuple(found)


def _flat(
    inputs: dict[str, Number], declared: dict[str, Parameter], vectors: dict[str, tuple[str, ...]]
) -> dict[str, Number]:
    """Spread vectors of a shader's inputs over their components."""
    given: dict[str, Number] = {}
    for name, value in inputs.items():
        if name in vectors and isinstance(value, list):
            parts = vectors[name]
            if len(value) not in (len(parts), len(parts) - 1):
                raise ValueError(f"inputs.{name}: takes {len(parts)} numbers, not {len(value)}")
            given.update(zip(parts, [*value, 1.0][: len(parts)], strict=True))
        elif name in declared:
            given[name] = value
        else:
            there = ", ".join([*vectors, *(d for d in declared if "/" not in d)])
            raise ValueError(f"inputs: unknown key '{name}'; allowed are: {there}")
    return given
