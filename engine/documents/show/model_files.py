"""Paths of the files that a show's generators are played from, written out whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.core.show.show import Show
from engine.documents.assets import assets_dir
from engine.generators import registry
from engine.generators.contract import steps
from engine.system.foreign import toml
from engine.system.limited_child import ask

Change = tuple[Sequence[str | int], Any]
"""Keys that lead to a value, and what it is to be; None: away with it."""


def with_whole_paths(text: str, *folders: Path) -> str:
    """Write out the paths of generators' files in a show's text: one may start beside the show.

    Of several folders the first counts that has the file, and after them that of the shipped
    shows, so that a copy of one plays anywhere.

    A take keeps that text, and then finds its models wherever it lies. Text that is no show comes
    back as it is: whoever reads it says what is wrong.
    """

    def whole(path: str) -> str:
        if Path(path).is_absolute():
            return path
        places = [folder.resolve() / path for folder in (*folders, *_shipped())]
        return str(next((p for p in places if p.exists()), places[0]))

    return with_paths(text, whole)


def with_paths(text: str, find: Callable[[str], str]) -> str:
    """Write into a show's text where `find` says that each file of its generators lies.

    What does not change is left as it was written, and so is text that is no show.
    """
    if "config" not in text and "file" not in text:
        return text
    try:
        layers = toml.loads(text)["layers"]
        changes = [
            (("layers", number, *way), place)
            for number, layer in enumerate(layers)
            for way, path in _files(layer)
            if (place := find(path)) != path
        ]
        return changed(text, changes) if changes else text
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return text


def changed(text: str, changes: Sequence[Change]) -> str:
    """Text of a show with values changed, and otherwise as somebody wrote it.

    Raises
    ------
    ValueError
        If it is no TOML, or takes too long.
    """
    job = {"changes": list(changes)}
    if len(text) <= toml.SMALL:
        return edit(text.encode(), job)
    return str(ask(f"{__name__}:edit", job, toml.BOUNDS, text.encode()))


def edit(data: bytes, job: Mapping[str, Any]) -> str:
    """Change values of a text; also as the task of a `engine.system.limited_child`."""
    import tomlkit

    document: Any = tomlkit.parse(data.decode())
    for (*way, key), value in job["changes"]:
        place = document
        for each in way:
            place = place[each]
        if value is not None:
            place[key] = value
        else:
            place.pop(key, None)
    return tomlkit.dumps(document)


def outside(show: Show, *folders: Path) -> list[str]:
    """Say which files of a show's generators lie elsewhere: they are read, and never written."""
    roots = [folder.resolve() for folder in (*folders, *_shipped())]
    told = []
    for layer in show.layers:
        made = layer.generator
        for file in registry.files(made.kind, made.config) if made else ():
            path = Path(file.path).resolve() if file.path else None
            if path is not None and not any(path.is_relative_to(root) for root in roots):
                told.append(f"layer {layer.id} reads {file.path}, outside the show's folder")
    return told


def _shipped() -> list[Path]:
    """Folder of the shipped shows, where there are any."""
    with suppress(FileNotFoundError):
        return [assets_dir("presets")]
    return []


def _files(layer: Mapping[str, Any]) -> list[tuple[tuple[str | int, ...], str]]:
    """Keys of a layer that name a file, and the paths."""
    own: list[tuple[tuple[str | int, ...], str]] = []
    if layer.get("file"):
        own = [(("file",), str(layer["file"]))]
    generator = layer.get("generator", {})
    if "config" not in generator:
        return own
    files = registry.files(generator["kind"], generator["config"])
    return own + [
        (("generator", "config", *steps(file.key)), file.path) for file in files if file.path
    ]
