"""Paths of the files that a show's generators are played from, written out whole."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
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
    if "config" not in text:
        return text
    try:
        if not any(_without_folder(layer) for layer in tomllib.loads(text)["layers"]):
            return text
        import tomlkit

        document: Any = tomlkit.parse(text)
        for layer in document["layers"]:
            for key in _without_folder(layer.unwrap()):
                config = layer["generator"]["config"]
                places = [folder.resolve() / str(config[key]) for folder in folders]
                config[key] = str(next((p for p in places if p.exists()), places[0]))
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


def _without_folder(layer: Mapping[str, Any]) -> list[str]:
    """Keys of a layer's config that name a file beside the show."""
    generator = layer.get("generator", {})
    if "config" not in generator:
        return []
    files = registry.files(generator["kind"], generator["config"])
    return [f.key for f in files if f.path and not Path(f.path).is_absolute()]
