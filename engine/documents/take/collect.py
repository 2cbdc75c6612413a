"""Collection of a take and its models in one folder, which plays on another machine."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.documents.take.content_store import TakeError
from engine.documents.take.find_models import CURE, MODELS, file_name, find
from engine.documents.take.models import Wanted, wanted
from engine.documents.take.reader import Take, open_take
from engine.documents.take.recorder import check_free
from engine.generators.media.recording import FOLDER
from engine.models.card import card_path
from engine.models.importer.catalogue import converted_name
from engine.models.sidecars.beside import beside
from engine.system import untrusted
from engine.system.atomic import copy
from engine.system.untrusted import OutsideError


def collect(source: Path, out: Path, others: Sequence[Path] = ()) -> list[Path]:
    """Copy a take, its models (`find_models.find`), sidecars, cards; return its models.

    Raises
    ------
    TakeError
        If the take cannot be read, or a model is not found, or was never hashed.
    OSError
        If `out` holds anything, or cannot be written; nothing is left then.
    """
    take = open_take(source)
    listed = take.header.get("models", [])
    places = find(source, listed, others, CURE)
    asked = wanted(listed)
    _check_hashed(take, asked)
    models = [(each, Path(places.get(each.path, each.path))) for each in asked]
    copies = {**dict(_own(take)), **dict(pair for each in models for pair in _copies(*each))}
    check_free(out)
    is_ours = not out.exists()
    try:
        for name, place in copies.items():
            copy(place, out / name)
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)
        if not is_ours:
            out.mkdir()
        raise
    return sorted({out / _name(*each) for each in models})


def _check_hashed(take: Take, asked: Sequence[Wanted]) -> None:
    """Refuse a model that could not be found again; it ended before its model was read."""
    known = {each.path for each in asked if each.sha256}
    for mark in take.header.get("models", []):
        path = mark.get("path") if isinstance(mark, dict) else None
        if path and path not in known:
            raise TakeError(
                f"{take.folder}: layer {mark.get('layer')} was recorded without the hash of its "
                f"model {path}; play the show again to collect it"
            )


def _own(take: Take) -> Iterator[tuple[str, Path]]:
    """Files of the take itself, by their names in it."""
    blobs = sorted((take.folder / "blobs").iterdir())
    names = [f"blobs/{path.name}" for path in blobs if re.fullmatch(r"[0-9a-f]{64}", path.name)]
    for part in take.parts:
        parts = (take.path(part, "jsonl"), take.path(part, "pcm"))
        names += [f"parts/{path.name}" for path in parts if path.exists()]
    recorded = sorted((take.folder / FOLDER).glob("*/*.mkv"))
    names += [path.relative_to(take.folder).as_posix() for path in recorded]
    for name in ("take.toml", *names):
        try:
            path = untrusted.place(name, take.folder)
        except OutsideError as error:
            raise TakeError(str(error)) from None
        if not path.is_file():
            raise TakeError(f"{path}: this is no file; a take holds files only")
        yield name, path


def _name(asked: Wanted, place: Path) -> str:
    """Name of a model in the collected take: files of one name may differ."""
    name = file_name(asked.path)
    if place.name == converted_name(asked.sha256):
        name = place.name  # it is known by that alone
    return f"{MODELS}/{asked.sha256[:12]}/{name}"


def _copies(asked: Wanted, place: Path) -> Iterator[tuple[str, Path]]:
    """A model, its card and the sidecars that it was played with, by their new names."""
    name = _name(asked, place)
    yield name, place
    if card_path(place).is_file():
        yield str(card_path(Path(name))), card_path(place)
    for sidecar in asked.sidecars:
        yield str(beside(name, [sidecar])[sidecar]), beside(str(place), [sidecar])[sidecar]
