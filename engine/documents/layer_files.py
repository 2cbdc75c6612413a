"""Layers that name a picture or a film: the generator that this stands for."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import msgspec

from engine.documents.errors import within
from engine.documents.schema import GeneratorTable, LayerTable, ShowTable
from engine.generators.media import film_file
from engine.system.foreign import still_file

PICTURES, FILMS = still_file.SUFFIXES, film_file.SUFFIXES
FILE = "file:"
"""Before the name of a picture's file, where an image input names it."""
RATE_HZ = 60.0
"""How often a film is looked at live; a frame that is seen already costs next to nothing."""


def kind_of(file: str) -> str:
    """Say which generator shows a file: ``picture`` or ``film``.

    Raises
    ------
    ValueError
        If none does, by its suffix.
    """
    suffix = PurePath(file).suffix.lower()
    if suffix in PICTURES:
        return "picture"
    if suffix in FILMS:
        return "film"
    raise ValueError(
        f"'{PurePath(file).name}' is neither a picture ({', '.join(PICTURES)}) nor a film "
        f"({', '.join(FILMS)}); save it as one of them"
    )


def image_file(wanted: str) -> str:
    """Write out what an image input sees: a picture's name is short for ``file:NAME``.

    Raises
    ------
    ValueError
        If it is the file of a film.
    """
    suffix = PurePath(wanted).suffix.lower()
    if suffix in FILMS:
        raise ValueError(
            f"'{wanted[:80]}' is a film: give it a layer (file = ..., opacity = 0.0), and write "
            '"layer:ID" here'
        )
    return f"{FILE}{wanted}" if suffix in PICTURES and not wanted.startswith(FILE) else wanted


def spelled_out(table: ShowTable) -> ShowTable:
    """Put the generator of each file into its layer.

    Raises
    ------
    ValueError
        ``layers[PLACE].KEY: what is wrong``.
    """
    layers = []
    for place, layer in enumerate(table.layers):
        with within(f"layers[{place}]."):
            layers.append(_spelled_out(layer))
    return msgspec.structs.replace(table, layers=layers)


def _spelled_out(layer: LayerTable) -> LayerTable:
    if not layer.file:
        if layer.film is not None:
            raise ValueError("film: only a layer with the file of a film has this table")
        return layer
    other = next((n for n in ("generator", "uses", "source") if getattr(layer, n)), "")
    if other:
        raise ValueError(f"{other}: a layer has one source; it has file and {other}")
    with within("file: "):
        kind = kind_of(layer.file)
    if kind == "picture" and layer.film is not None:
        raise ValueError(f"film: {layer.file} is a picture; only a film has this table")
    given: dict[str, Any] = {} if layer.film is None else msgspec.structs.asdict(layer.film)
    made = GeneratorTable(kind=kind, config={"path": layer.file}, parameters=given, rate_hz=RATE_HZ)
    return msgspec.structs.replace(layer, generator=made, file="", film=None)
