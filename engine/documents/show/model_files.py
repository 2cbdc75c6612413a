"""Paths of the files that a show's generators are played from, written out whole."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine.core.show.show import Show
from engine.generators import registry


def with_whole_paths(text: str, *folders: Path) -> str:
    """Write out the paths of generators' files in a show's text: one may start beside the show.

    Of several folders the first counts that has the file.

    A take keeps that text, and then finds its models wherever it lies. Text that is no show comes
    back as it is: whoever reads it says what is wrong.
    """

    def whole(path: str) -> str:
        if Path(path).is_absolute():
            return path
        places = [folder.resolve() / path for folder in folders]
        return str(next((p for p in places if p.exists()), places[0]))

    return with_paths(text, whole)


def with_paths(text: str, find: Callable[[str], str]) -> str:
    """Write into a show's text where `find` says that each file of its generators lies.

    What does not change is left as it was written, and so is text that is no show.
    """
    if "config" not in text:
        return text
    try:
        layers = tomllib.loads(text)["layers"]
        changed = [
            (number, key, place)
            for number, layer in enumerate(layers)
            for key, path in _files(layer)
            if (place := find(path)) != path
        ]
        if not changed:
            return text
        import tomlkit

        document: Any = tomlkit.parse(text)
        for number, key, place in changed:
            named, _, index = key.partition(".")  # `styles.2`: the third of a list
            config = document["layers"][number]["generator"]["config"]
            at, key_or_index = (config[named], int(index)) if index else (config, named)
            at[key_or_index] = place
        return tomlkit.dumps(document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return text


def outside(show: Show, *folders: Path) -> list[str]:
    """Say which files of a show's generators lie elsewhere: they are read, and never written."""
    roots = [folder.resolve() for folder in folders]
    told = []
    for layer in show.layers:
        made = layer.generator
        for file in registry.files(made.kind, made.config) if made else ():
            path = Path(file.path).resolve() if file.path else None
            if path is not None and not any(path.is_relative_to(root) for root in roots):
                told.append(f"layer {layer.id} reads {file.path}, outside the show's folder")
    return told


def _files(layer: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Keys of a layer's config that name a file, and the paths."""
    generator = layer.get("generator", {})
    if "config" not in generator:
        return []
    files = registry.files(generator["kind"], generator["config"])
    return [(file.key, file.path) for file in files if file.path]
