"""Layers that name a picture or a film: the generator that this stands for."""

from __future__ import annotations

from functools import lru_cache
from pathlib import PurePath
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.documents.builder import ShowBuilder
from engine.documents.schema import GeneratorTable, LayerTable, ShowTable
from engine.generators.media import film_file
from engine.system.foreign import still_file
from engine.system.limited_child import ChildError

PICTURES, FILMS = still_file.SUFFIXES, film_file.SUFFIXES
LARGEST_PX = 4096
"""Side of a picture that an image input names; a larger one is averaged down."""
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
        f"({', '.join(FILMS)})"
    )


def is_picture(name: str) -> bool:
    """Whether a name is that of a picture's file."""
    return PurePath(name).suffix.lower() in PICTURES


@lru_cache(maxsize=8)
def _decoded(data: bytes) -> NDArray[np.uint8]:
    """Decode a picture in a limited child; the same content is the same array."""
    return still_file.read(data, (LARGEST_PX, LARGEST_PX))[0]


def bind_file(builder: ShowBuilder, key: str, wanted: str) -> None:
    """Have the picture ready that an image input names by its file.

    Raises
    ------
    ValueError
        If it is missing or none, or the file of a film.
    """
    if is_picture(wanted):
        try:
            builder.pictures[wanted] = _decoded(builder.file(wanted))
        except ChildError as error:
            raise ValueError(f"{key}: {wanted}: {error}") from None
    elif PurePath(wanted).suffix.lower() in FILMS:
        raise ValueError(
            f"{key}: '{wanted[:80]}' is a film: give it a layer (file = ..., opacity = 0.0), and "
            'write "layer:ID" here'
        )


def spelled_out(table: ShowTable) -> ShowTable:
    """Put the generator of each file into its layer.

    Raises
    ------
    ValueError
        ``layers[PLACE].KEY: what is wrong``.
    """
    layers = []
    for place, layer in enumerate(table.layers):
        try:
            layers.append(_spelled_out(layer))
        except ValueError as error:
            raise ValueError(f"layers[{place}].{error}") from None
    return msgspec.structs.replace(table, layers=layers)


def _spelled_out(layer: LayerTable) -> LayerTable:
    if not layer.file:
        if layer.film is not None:
            raise ValueError("film: only a layer with the file of a film has this table")
        return layer
    other = next((n for n in ("generator", "uses", "source") if getattr(layer, n)), "")
    if other:
        raise ValueError(f"{other}: a layer has one source; it has file and {other}")
    try:
        kind = kind_of(layer.file)
    except ValueError as error:
        raise ValueError(f"file: {error}") from None
    if kind == "picture" and layer.film is not None:
        raise ValueError(f"film: {layer.file} is a picture; only a film has this table")
    given: dict[str, Any] = {} if layer.film is None else msgspec.structs.asdict(layer.film)
    made = GeneratorTable(kind=kind, config={"path": layer.file}, parameters=given, rate_hz=RATE_HZ)
    return msgspec.structs.replace(layer, generator=made, file="", film=None)
