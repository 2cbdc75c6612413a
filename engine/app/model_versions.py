"""Versions of a show's model files: a training replaces its network again and again."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from engine.app.show_models import KINDS
from engine.generators.ages import network_hash, path_of

if TYPE_CHECKING:
    from engine.app.showfile import Loaded

Stamp = tuple[int, ...]


def model_paths(loaded: Loaded) -> tuple[Path, ...]:
    """List the model files that a show names, as it names them."""
    found: dict[Path, None] = {}
    for layer in loaded.table.layers:
        made = layer.generator
        path = made.config.get("path") if made is not None and made.kind in KINDS else None
        if isinstance(path, str) and path:
            found[Path(path)] = None
    return tuple(found)


def watched_paths(models: Iterable[Path]) -> set[Path]:
    """Files whose change is a change of a model: itself, what it links to, and its ages."""
    both = {each for path in models for each in (path, path_of(path))}
    return {place for path in both for place in (path.parent.resolve() / path.name, path.resolve())}


def stamp_of(path: object) -> Stamp:
    """Tell a version of a model's file, and of its ages, from any other without reading it."""
    if not isinstance(path, str | Path) or not Path(path).name:
        return ()
    found: list[int] = []
    for each in (Path(path), path_of(Path(path))):
        try:
            stat = each.stat()
            found += [stat.st_ino, stat.st_size, stat.st_mtime_ns]
        except OSError:
            found.append(0)
    return tuple(found)


def hashes(paths: Iterable[Path]) -> dict[str, str]:
    """Hash model files that were replaced; one that is gone again is left out."""
    found = {}
    for path in paths:
        with suppress(OSError):
            found[str(path)] = network_hash(path)
    return found
