"""Files of a sidecar laid beside its show: only what the show names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from engine.system.atomic import write_bytes
from engine.system.foreign import toml
from engine.system.untrusted import read_bytes

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".tga")
_SUFFIXES = (".fs", ".npz", ".npy")
_LARGEST = 512 << 20


def lay_beside(folder: Path, files: Mapping[str, bytes], text: str) -> None:
    """Put the files that a show's text names beside it, where they are not yet.

    Raises
    ------
    ValueError
        If the show does not name one, another one of its name is there, or it leaves the folder by
        its name or by a link.
    """
    named = set(_words(toml.loads(text)))
    places = {name: _place(name, named) for name in files}
    for name, place in places.items():
        if place is None:
            continue  # by its whole path it is found from everywhere
        path = folder / place
        for part in (*list(path.parents)[: len(place.parts) - 1], path):
            if part.is_symlink() or (part.exists() and part.is_dir() == (part == path)):
                raise ValueError(f"{part}: something else is there; choose a new folder")
        if path.exists():
            if read_bytes(path, _LARGEST) != files[name]:
                raise ValueError(f"{path}: another file of that name is there; choose a new folder")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, files[name])


def _place(name: str, named: set[str]) -> PurePosixPath | None:
    """Where a file belongs beside its show; None: it has a place of its own."""
    place = PurePosixPath(name.replace("\\", "/"))
    if place.is_absolute():
        return None
    is_beside = place.parts[:1] == ("shaders",)
    is_shader = is_beside and bool({place.name, place.stem} & named)
    is_picture = is_beside and place.suffix.lower() in _PICTURES  # of a shader
    is_hidden = any(part.startswith(".") for part in place.parts)
    if (
        is_hidden or ":" in name or ".." in place.parts or not place.parts
        or not (is_picture or place.suffix in _SUFFIXES)
        or not (name in named or is_shader or is_picture)
    ):  # fmt: skip
        raise ValueError(
            f"the sidecar carries '{name:.80}', which its show does not name as a file; do not use "
            "this sidecar"
        )
    return place


def _words(value: Any) -> Iterator[str]:
    """Every text in a document, however deep."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
