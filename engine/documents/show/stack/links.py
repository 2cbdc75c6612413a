"""Links between layers: groups, and what shaders see of other layers; circles are refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from engine.core.show.layer import Effect, Layer
from engine.documents.lettering import KINDS
from engine.documents.schema import LayerTable

MOST_STEPS = 16
"""A shader may look back over so many finished pictures; each is kept whole."""


def bind_groups(layers: Sequence[Layer], tables: Sequence[LayerTable]) -> tuple[Layer, ...]:
    """Resolve what lies in groups, and in which order layers are drawn that see others.

    Raises
    ------
    ValueError
        ``layers[PLACE].key: what is wrong and what is allowed``.
    """
    ids = [layer.id for layer in layers]
    groups = {table.group for table in tables if table.group}
    for place, table in enumerate(tables):
        if table.group and table.group not in ids:
            raise ValueError(
                f"layers[{place}].group: no layer '{table.group}'; there are: {', '.join(ids)}"
            )
        own = [n for n in KINDS if getattr(table, n) is not None]
        if table.id in groups and own:
            inside = next(t.id for t in tables if t.group == table.id)
            raise ValueError(
                f"layers[{place}].{own[0]}: '{table.id}' is a group, because the layer '{inside}' "
                "lies in it; a group shows these layers and has no pixels of its own"
            )
        if table.id in groups and layers[place].aspect:
            raise ValueError(
                f"layers[{place}].aspect: '{table.id}' is a group, and a group has the canvas's; "
                "leave it out, and cut with crop_left and so on"
            )
    bound = [
        replace(layer, group=table.group, is_group=layer.id in groups)
        for layer, table in zip(layers, tables, strict=True)
    ]
    reads = {layer.id: tuple(_reads(layer, bound)) for layer in bound}
    return tuple(
        replace(layer, reads=reads[layer.id], rank=_rank(layer.id, reads, (), place))
        for place, layer in enumerate(bound)
    )


def check_images(effects: Iterable[Effect], layers: Sequence[Layer], key: str) -> None:
    """See to it that what image inputs name is there."""
    allowed = ["picture", *(f"{of}:{layer.id}" for of in ("layer", "result") for layer in layers)]
    for effect in effects:
        for name, image in effect.images.items():
            of, _, steps = image.partition(":")
            is_past = of == "picture" and steps.isdecimal() and 1 <= int(steps) <= MOST_STEPS
            if not is_past and image not in allowed and of not in ("file", "cube"):
                raise ValueError(
                    f"{key}: image '{name}' of {effect.id}: '{image}' is not known; "
                    f"allowed are: {', '.join(allowed)}, file:NAME of a picture, "
                    f"picture:1 to picture:{MOST_STEPS}"
                )


def _reads(layer: Layer, layers: Sequence[Layer]) -> Iterator[str]:
    """What has to be drawn before a layer; of a generator's layer only its pixels may be seen."""
    yield from (other.id for other in layers if other.group == layer.id)
    for effect in (layer.source, *layer.effects):
        for image in effect.images.values() if effect else ():
            of, _, name = image.partition(":")
            if of == "result" or any(x.id == name and x.generator is None for x in layers):
                yield name


def _rank(name: str, reads: dict[str, tuple[str, ...]], way: tuple[str, ...], place: int) -> int:
    if name in way:
        circle = " sees ".join([*way[way.index(name) :], name])
        raise ValueError(
            f"layers[{place}]: {circle}: nothing could be drawn first; let one of them see "
            "'picture', which is the finished picture of the step before, or lie in no group"
        )
    return max((1 + _rank(other, reads, (*way, name), place) for other in reads[name]), default=0)
