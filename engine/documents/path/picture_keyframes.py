"""Keyframes of a show that are pictures: the latents that lie beside them, and those still to find.

Nothing is inverted while a show is read. ``latent-cinema invert`` writes ``photo.jpg.latent.npz``
beside ``photo.jpg``; where it is missing the picture is inverted while the show plays, and becomes
a key when its latent is found.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from engine.core.show.generator import Port
from engine.documents.builder import NoFileError, ShowBuilder
from engine.documents.schema import KeyTable, PathTable
from engine.generators.host.tasks import MAILBOX_BYTES

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
LAYER = "layer:"
SUFFIX = ".latent.npz"
"""What a picture's name is followed by in that of its latent."""
_REST_BYTES = 1 << 16
_GEOMETRIES = ("gaussian", "sphere", "wspace")


class Pictured(NamedTuple):
    """Keys with their files of latents, pictures that have none yet, and what a trigger inverts."""

    keys: list[int | str | KeyTable]
    pictures: tuple[str, ...]
    invert: str


def read_pictures(builder: ShowBuilder, table: PathTable, port: Port) -> Pictured:
    """Look for the latents of pictures among a path's keys.

    Raises
    ------
    ValueError
        If a picture is missing or too large, or this path cannot be led to one.
    """
    keys: list[int | str | KeyTable] = []
    pictures: list[str] = []
    for entry in table.keys:
        name = entry.file if isinstance(entry, KeyTable) else entry
        if not isinstance(name, str) or not name.lower().endswith(ENDINGS):
            keys.append(entry)
        elif _is_there(builder, file := name + SUFFIX):
            given = entry if isinstance(entry, KeyTable) else KeyTable()
            keys.append(msgspec.structs.replace(given, file=file))
        else:
            pictures.append(_checked(builder, name, "keys", port))
    invert = table.invert
    if invert and not invert.startswith(LAYER):
        if not invert.lower().endswith(ENDINGS):
            raise ValueError(
                f"invert: '{invert[:80]}' is no picture ({', '.join(ENDINGS)}) and no {LAYER}ID"
            )
        invert = _checked(builder, invert, "invert", port)
    return Pictured(keys, tuple(pictures), invert)


def _is_there(builder: ShowBuilder, file: str) -> bool:
    try:
        return bool(builder.file(file))
    except NoFileError:
        builder.files[file] = b""  # so that a take knows that there was none
        return False


def _checked(builder: ShowBuilder, name: str, key: str, port: Port) -> str:
    if port.geometry not in _GEOMETRIES:
        raise ValueError(f"{key}: no picture leads to the port '{port.name}'")
    if len(builder.file(name)) > MAILBOX_BYTES - _REST_BYTES:
        most = (MAILBOX_BYTES - _REST_BYTES) >> 20
        raise ValueError(f"{key}: {name} is larger than {most} MB; save it smaller")
    return name
