"""Versions of a show's model files: a training replaces its network again and again."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from engine.documents.show.model_files import DIRECTED, KINDS
from engine.models.sidecars import clusters, directions, snapshots
from engine.system.hashing import cached_sha256

if TYPE_CHECKING:
    from engine.documents.show.load import Loaded

Stamp = tuple[int, ...]


def model_paths(loaded: Loaded) -> tuple[Path, ...]:
    """List the files of models and of directions that a show names, as it names them."""
    found: dict[Path, None] = {}
    for made in filter(None, (layer.generator for layer in loaded.table.layers)):
        for key, kinds in (("path", KINDS), ("other", KINDS), ("directions", DIRECTED)):
            path = made.config.get(key) if made.kind in kinds else None
            if isinstance(path, str) and path:
                found[Path(path)] = None
    return tuple(found)


def watched_paths(models: Iterable[Path]) -> set[Path]:
    """Files whose change is a change of a model: see `stamp_of`, and what they link to."""
    found = {each for path in models for each in _of(path)}
    return {each for path in found for each in (path.parent.resolve() / path.name, path.resolve())}


def _of(path: Path) -> tuple[Path, ...]:
    return path, snapshots.path_of(path), directions.path_of(path), clusters.path_of(path)


def stamp_of(path: object) -> Stamp:
    """Tell a version of a model, its ages and its directions from others without reading them."""
    if not isinstance(path, str | Path) or not Path(path).name:
        return ()
    found: list[int] = []
    for each in _of(Path(path)):
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
            found[str(path)] = cached_sha256(path)
    return found
