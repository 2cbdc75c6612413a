"""Layers that need no file of their own: a text, a colour."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.core.parameter import Kind, Parameter
from engine.core.show.layer import Layer
from engine.core.show.lettering import ALIGNS, PLACES, Writing, picture_name, refusal
from engine.documents.builder import ShowBuilder
from engine.documents.errors import within
from engine.documents.part_tables import TextTable
from engine.documents.schema import EffectTable, LayerTable, Number

KINDS = ("generator", "uses", "source", "solid", "text", "sheet")
"""Keys of a layer that say what it shows; one of them at most."""
_NUMBERS = {
    "size": (0.005, 2.0, "Height of the letters, of the layer's height."),
    "line": (0.5, 4.0, "From line to line, in heights of a letter."),
    "spacing": (-0.2, 2.0, "Added between letters, in heights of a letter."),
    "outline": (0.0, 0.2, "Width of the outline, in heights of a letter."),
}
_WORDS = {
    "align": (ALIGNS, "To which side the lines are set."),
    "place": (PLACES, "Where the text stands."),
}


def made_source(layer: LayerTable) -> EffectTable | None:
    """Shader that draws such a layer; its ID is where its inputs have their addresses."""
    if layer.solid is not None:
        own: dict[str, Number] = {"colour": [*layer.solid.colour], "light": layer.solid.light}
        return EffectTable(shader="solid", id="solid", inputs=own)
    if layer.text is not None:
        text = layer.text
        inputs: dict[str, Number] = {"reveal": text.reveal, "soft": text.soft}
        inputs |= {"colour": [*text.colour], "outline_colour": [*text.outline_colour]}
        return EffectTable(shader="lettering", id="text", inputs=inputs)
    return None


def make_writing(builder: ShowBuilder, root: str, table: TextTable) -> Writing:
    """Read a text with its font, and add what of it can be moved.

    Raises
    ------
    ValueError
        ``text.KEY: what is wrong``.
    """
    with within("text."):
        text = checked("text", table.text)
        if table.font:
            _check_font(builder, table.font)
    places = [
        builder.number(f"{root}/text/{name}", getattr(table, name), low, high, "", said)
        for name, (low, high, said) in _NUMBERS.items()
    ]
    for name, (words, said) in _WORDS.items():
        default, last = float(words.index(getattr(table, name))), float(len(words) - 1)
        address = f"{root}/text/{name}"
        places.append(
            builder.add(Parameter(address, Kind.CHOICE, default, 0.0, last, words, text=said))
        )
    return Writing(f"{root}/text", text, table.font, tuple(places))


def _check_font(builder: ShowBuilder, name: str) -> None:
    from engine.compositor.lettering import check_font

    with within(f"font: {name}: "):
        check_font(builder.file(name))


def bind_letters(layer: Layer) -> Layer:
    """Let the shader of a text layer see its letters."""
    if layer.writing is None or layer.source is None:
        return layer
    images = {"letters": picture_name(layer.id)}
    return replace(layer, source=replace(layer.source, images=images))


def checked(address: str, value: Any) -> str:
    """Take a text of a show file.

    Raises
    ------
    ValueError
        If it is none, or too long.
    """
    why = refusal(address, value)
    if why is not None:
        raise ValueError(why)
    return str(value)
