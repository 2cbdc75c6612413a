"""A take's content store: its shows, their shaders and small files, named by their hashes."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.core.show.show import Show
from engine.documents.builder import NoFileError
from engine.documents.errors import reading
from engine.documents.show import load
from engine.documents.show.model_files import changed, with_paths
from engine.generators.media.recording import FOLDER
from engine.system import untrusted
from engine.system.foreign import toml
from engine.system.hashing import content_hash


class TakeError(ValueError):
    """A take that cannot be read; the message names file, place and cure."""


class MissingBlobError(TakeError, NoFileError):
    """A file that was not there when the take was recorded."""


def manifest(text: str, show: Show) -> tuple[str, dict[str, bytes]]:
    """Name a show by all its content; list the blobs that hold it."""
    blobs = {content_hash(text.encode()): text.encode()}
    table: dict[str, Any] = {"show": content_hash(text.encode()), "shaders": {}}
    for name, source in sorted(show.shaders.items()):
        blobs[content_hash(source.encode())] = source.encode()
        table["shaders"][name] = content_hash(source.encode())
    for name, data in sorted(show.files.items()):
        blobs[content_hash(data)] = data
        table.setdefault("files", {})[name] = content_hash(data)
    listed = json.dumps(table, sort_keys=True).encode()
    blobs[content_hash(listed)] = listed
    return content_hash(listed), blobs


@lru_cache(maxsize=16)
def read_show(folder: Path, name: str, places: tuple[tuple[str, str], ...] = ()) -> Show:
    """Build a show from a take's blobs; `places` say where models lie, by the recorded paths."""
    try:
        table = json.loads(read_blob(folder, name))
        moved = dict(places)
        text = with_recordings(
            with_paths(
                read_blob(folder, table["show"]), lambda recorded: moved.get(recorded, recorded)
            ),
            folder,
        )
        shaders = {str(k): str(v) for k, v in table["shaders"].items()}
        files = {str(k): str(v) for k, v in table.get("files", {}).items()}
    except TakeError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
        raise TakeError(f"{folder}: the show {name} is damaged") from None

    def resolve(shader: str) -> str:
        if shader not in shaders:
            raise TakeError(f"{folder}: the take lacks the shader '{shader}'")
        return read_blob(folder, shaders[shader])

    def open_file(file: str) -> bytes:
        if file not in files:
            raise MissingBlobError(f"{folder}: the take lacks the file '{file[:80]}'")
        return read_data(folder, files[file])

    return load.read(text, f"{folder}/{name[:15]}", resolve, open_file)[0]


def with_recordings(text: str, folder: Path) -> str:
    """Let the cameras of a take's show be what it recorded of them."""
    if "camera" not in text or not (folder / FOLDER).is_dir():
        return text
    changes = []
    for number, layer in enumerate(toml.loads(text).get("layers", [])):
        made, place = layer.get("generator", {}), folder.absolute() / FOLDER / str(layer.get("id"))
        if made.get("kind") == "camera" and "config" in made and place.is_dir():
            changes.append((("layers", number, "generator", "config", "recording"), str(place)))
    return changed(text, changes) if changes else text


def read_blob(folder: Path, name: str) -> str:
    """Text of a blob, see `read_data`."""
    return read_data(folder, name).decode("utf-8")


def read_data(folder: Path, name: str) -> bytes:
    """Content of a blob, checked against its name.

    Raises
    ------
    TakeError
        If it is missing, no file of the take's own, or was altered.
    """
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", str(name)):
        raise TakeError(f"{folder}: '{str(name)[:40]}' is not a content hash")
    place = f"blobs/{name.removeprefix('sha256:')}"
    with reading(folder / place, TakeError):
        try:
            data = untrusted.read_beneath(folder, place, load.LARGEST_FILE_BYTES)
        except FileNotFoundError:
            raise TakeError(f"{folder}: the take lacks {name}; it was moved without it") from None
    if content_hash(data) != name:
        raise TakeError(
            f"{folder / place}: altered since it was recorded; its content is not {name}"
        )
    return data
