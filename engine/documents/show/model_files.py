"""Paths of the files that a show's generators are played from, written out whole."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

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
            document["layers"][number]["generator"]["config"][key] = place
        return tomlkit.dumps(document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return text


def _files(layer: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Keys of a layer's config that name a file, and the paths."""
    generator = layer.get("generator", {})
    if "config" not in generator:
        return []
    files = registry.files(generator["kind"], generator["config"])
    return [(file.key, file.path) for file in files if file.path]
