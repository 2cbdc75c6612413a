"""Versions of the files of a show's generators: a training replaces its network again and again."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from engine.generators import registry
from engine.generators.contract import Asset
from engine.system.hashing import cached_sha256

if TYPE_CHECKING:
    from engine.documents.show.load import Loaded

FileVersion = tuple[int, ...]


def assets_of(loaded: Loaded) -> tuple[Asset, ...]:
    """List the files of the generators of a show, as the show names them."""
    made = filter(None, (layer.generator for layer in loaded.table.layers))
    return tuple(asset for each in made for asset in registry.files(each.kind, each.config))


def watched_paths(assets: Iterable[Asset]) -> set[Path]:
    """Files whose change is a change of an asset, see `version_of`; also where links lead."""
    found = {path for asset in assets for path in asset.paths}
    return {each for path in found for each in (path.parent.resolve() / path.name, path.resolve())}


def version_of(assets: Iterable[Asset]) -> FileVersion:
    """Tell a version of files and of what lies beside them from others without reading them."""
    found: list[int] = []
    for path in (path for asset in assets for path in asset.paths):
        try:
            stat = path.stat()
            found += [stat.st_ino, stat.st_size, stat.st_mtime_ns]
        except OSError:
            found.append(0)
    return tuple(found)


def versions_of(assets: Iterable[Asset]) -> dict[str, FileVersion]:
    """Tell the versions of files, by path."""
    found: dict[str, FileVersion] = {}
    for asset in assets:  # one file may be there twice, with other things beside it
        found[asset.path] = found.get(asset.path, ()) + version_of([asset])
    return found


def hashes(paths: Iterable[str]) -> dict[str, str]:
    """Hash files that were replaced; one that is gone again is left out."""
    found = {}
    for path in paths:
        with suppress(OSError):
            found[path] = cached_sha256(Path(path))
    return found
