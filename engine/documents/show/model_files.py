"""Model files that a show names: where they lie, and in which form they are played."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

KINDS = ("stylegan2", "stylegan3", "pix2pix")
"""Generators whose ``config.path`` is a model file."""
_FILES = (*KINDS, "nearest", "map")
"""Generators whose ``config.path`` is any file."""
DIRECTED = ("stylegan2", "stylegan3", "cppn")
"""Generators whose ``config.directions`` is a file of named directions."""


def with_whole_paths(text: str, folder: Path) -> str:
    """Write out the models' paths in a show's text: a relative one starts beside the show.

    A take keeps that text, and then finds its models wherever it lies. Text that is no show comes
    back as it is: whoever reads it says what is wrong.
    """
    if not any(kind in text for kind in {*_FILES, *DIRECTED}):
        return text
    try:
        if not any(_without_folder(layer) for layer in tomllib.loads(text)["layers"]):
            return text
        import tomlkit

        document: Any = tomlkit.parse(text)
        for layer in document["layers"]:
            for key in _without_folder(layer):
                config = layer["generator"]["config"]
                config[key] = str(folder.resolve() / str(config[key]))
        return tomlkit.dumps(document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return text


def _without_folder(layer: Mapping[str, Any]) -> list[str]:
    """Keys of a layer's config that name a file beside the show."""
    generator = layer.get("generator", {})
    paths = {
        key: generator.get("config", {}).get(key)
        for key, kinds in (("path", _FILES), ("other", KINDS), ("directions", DIRECTED))
        if generator.get("kind") in kinds
    }
    return [k for k, p in paths.items() if isinstance(p, str) and p and not Path(p).is_absolute()]


def native(kind: str, config: dict[str, Any]) -> dict[str, Any]:
    """Config of a generator with its model in our own form; a foreign file is converted once.

    Raises
    ------
    ValueError
        If the model is missing, or none that we play.
    """
    if kind not in KINDS:
        return config
    keys = [key for key in ("path", "other") if isinstance(config.get(key), str)]
    found = {key: _native(kind, key, config[key]) for key in keys if key == "path" or config[key]}
    return {**config, **found}


def _native(kind: str, key: str, path: str) -> str:
    from engine.models.card import peek
    from engine.models.importer.catalogue import playable

    try:
        if not path:
            raise ValueError("it is empty: give the path of a model")
        model = playable(Path(path))
        family = peek(model).family
        if family != kind:  # said here by the user's name of it, not by the cache's
            raise ValueError(f"{Path(path).name} is a {family}; its kind is '{family}'")
        return str(model)
    except OSError as error:
        why = f"{path}: {error.strerror}" if error.strerror else str(error)
        raise ValueError(f"config.{key}: {why}") from None
    except ValueError as error:
        raise ValueError(f"config.{key}: {error}") from None
