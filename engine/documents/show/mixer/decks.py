"""Decks of a show file: which layers they have, the crossfader, and its transitions."""

from __future__ import annotations

from engine.core.show.decks import BLACK, CURVES, CUT, FADE, LATENT, SIDES, Decks
from engine.core.show.layer import Effect, Layer
from engine.documents.builder import ShowBuilder, each
from engine.documents.errors import within
from engine.documents.part_tables import DecksTable, TransitionTable
from engine.documents.schema import EffectTable, LayerTable, ShowTable
from engine.documents.show.layers import effect_id, make_effect, read_shader
from engine.documents.show.stack.links import check_images

ENDS = ("startImage", "endImage")
PROGRESS = "progress"


def make_decks(builder: ShowBuilder, table: ShowTable, layers: tuple[Layer, ...]) -> Decks | None:
    """Resolve the decks; None if no layer has one.

    Raises
    ------
    ValueError
        ``decks.KEY: what is wrong and what is allowed``.
    """
    deck_of = {x.id: _deck_of(x, table) for x in table.layers}
    members = tuple(frozenset(x for x in deck_of if deck_of[x] == side) for side in SIDES)
    if not any(members):
        if table.decks is not None:
            raise ValueError('decks: no layer has deck = "a" or deck = "b"')
        return None
    keys = table.decks or DecksTable()
    decked = [[x for x in layers if x.id in ids] for ids in members]
    pairs = _pairs(layers, *decked)
    names = (FADE, CUT, BLACK, *([LATENT] if pairs else ()), *map(_id, keys.transitions))
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"decks.transitions: '{twice}' is there already; give it another id")
    if keys.transition not in names:
        what = "not known"
        if keys.transition == LATENT:
            what = "only there where each deck has a layer of one generator, of one kind and config"
        raise ValueError(
            f"decks.transition: '{keys.transition[:40]}' is {what}; allowed are: {', '.join(names)}"
        )
    fade, curve, transition, take, cut, time_s, beats = _parameters(builder, keys, names)
    first = len(names) - len(keys.transitions)
    effects = each(keys.transitions, "transitions", lambda t: _transition(builder, t, layers))
    with within("decks."):
        found = tuple(enumerate(effects, first))
    lowest = min(i for i, layer in enumerate(layers) if any(layer.id in ids for ids in members))
    return Decks(
        fade, curve, transition, take, cut, time_s, beats,
        names, found, (members[0], members[1]), lowest, pairs,
    )  # fmt: skip


def _deck_of(layer: LayerTable, table: ShowTable) -> str:
    """Deck of a layer: that of the group in which it lies, if it lies in one."""
    if not layer.group:
        return layer.deck
    if layer.deck:
        place = next(i for i, x in enumerate(table.layers) if x is layer)
        raise ValueError(f"layers[{place}].deck: it lies in a group; write deck there")
    return _deck_of(next(x for x in table.layers if x.id == layer.group), table)


def _id(table: TransitionTable) -> str:
    return table.id or effect_id(table.shader)


def _parameters(builder: ShowBuilder, keys: DecksTable, names: tuple[str, ...]) -> tuple[int, ...]:
    text, how = "From deck A (0) to deck B (1).", "How the crossfader changes the picture."
    way = "How one deck becomes the other."
    return (
        builder.number("/crossfader", keys.crossfader, 0, 1, "", text),
        builder.choice("/crossfader/curve", CURVES, keys.curve, how),
        builder.choice("/crossfader/transition", names, keys.transition, way),
        builder.trigger("/deck/take", "The crossfader moves to the other deck."),
        builder.trigger("/deck/cut", "The other deck is on air at once."),
        builder.number("/deck/time_s", keys.time_s, 0, 600, "s", "How long a take lasts."),
        builder.number(
            "/deck/beats", keys.beats, 0, 256, "beats", "How long a take lasts; 0: /deck/time_s."
        ),
    )


def _transition(builder: ShowBuilder, table: TransitionTable, layers: tuple[Layer, ...]) -> Effect:
    if read_shader(builder, table.shader).kind != "transition":
        raise ValueError(
            f"shader: {table.shader} is no transition: that has the image inputs "
            f"{' and '.join(ENDS)} and a number {PROGRESS}"
        )
    if PROGRESS in table.inputs:
        raise ValueError(f"inputs.{PROGRESS}: the crossfader moves it; leave it out")
    for name in ENDS:
        if name in table.images:
            raise ValueError(f"images.{name}: it is a deck; leave it out")
    crossed = EffectTable(
        shader=table.shader, id=_id(table), images=table.images,
        inputs={**table.inputs, PROGRESS: "/crossfader"},
    )  # fmt: skip
    effect = make_effect(builder, f"/transition/{crossed.id}", crossed, False)
    if effect.has_history:
        raise ValueError(
            f"shader: {table.shader} remembers (PERSISTENT); between decks every picture is drawn "
            "from those of the two decks alone"
        )
    check_images([effect], layers, f"transition {effect.id}")
    return effect


def _pairs(
    layers: tuple[Layer, ...], a: list[Layer], b: list[Layer]
) -> tuple[tuple[str, str], ...]:
    """Pair the layers of both decks that have one generator: of its kind, with the same files."""
    found: list[tuple[str, str]] = []
    for left in a:
        for right in b:
            taken = {name for pair in found for name in pair}
            if not taken & {left.id, right.id} and _are_one(layers, left, right):
                found.append((left.id, right.id))
    return tuple(found)


def _are_one(layers: tuple[Layer, ...], left: Layer, right: Layer) -> bool:
    a, b = left.generator, right.generator
    if a is None or b is None or (a.kind, a.config) != (b.kind, b.config):
        return False
    if left.aspect != right.aspect:  # one worker draws for both
        return False
    if a.spec.stateful or a.spec.live_only or a.image_inputs or b.image_inputs:
        return False
    ways = [[(p.port, p.shape) for p in x.paths] for x in (a, b)]
    return ways[0] == ways[1] and not _is_borrowed(layers, {left.id, right.id})


def _is_borrowed(layers: tuple[Layer, ...], ids: set[str]) -> bool:
    """Whether others show these layers' pixels: then each worker has to draw its own."""
    for layer in layers:
        if layer.uses in ids and layer.uses != layer.id:
            return True
        shaders = filter(None, (layer.source, *layer.effects))
        ports = layer.generator.image_inputs if layer.generator else ()
        seen = {image for effect in shaders for image in effect.images.values()}
        seen |= {port.view.of for port in ports}
        if ids & {image.partition(":")[2] for image in seen}:
            return True
    return False
