"""Which networks a take was played with: by content, so that a film is made with the same ones."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.app.blobs import TakeError
from engine.core.show import Show


def marks(show: Show) -> list[dict[str, Any]]:
    """List the generators of a show: layer, kind, provenance, and the path of a model."""
    return [
        {
            "layer": layer.id,
            "kind": layer.generator.kind,
            "provenance": layer.generator.spec.provenance,
            **_path(layer.generator.config.get("path")),
        }
        for layer in show.layers
        if layer.generator is not None
    ]


def _path(path: object) -> dict[str, str]:
    return {"path": path} if isinstance(path, str) else {}


def with_hashes(known: Sequence[dict[str, Any]], show: Show) -> list[dict[str, Any]]:
    """Add a show's marks, each model with the hash of its file, to those that are known.

    It reads the files: a second for a gigabyte.
    """
    found = {_key(mark): mark for mark in known}
    for mark in marks(show):
        sha256 = _hash_at(mark.get("path"))
        found[_key(mark)] = {**mark, "sha256": sha256} if sha256 else mark
    return list(found.values())


def _key(mark: dict[str, Any]) -> tuple[object, ...]:
    return mark.get("layer"), mark.get("kind"), mark.get("path")


def check(folder: Path, listed: object) -> None:
    """See to it that the models of a take are those that it was played with.

    Parameters
    ----------
    folder
        Of the take.
    listed
        What its header says of them.

    Raises
    ------
    TakeError
        If a model is another one now, or is gone; its hash and place are named.
    """
    for mark in listed if isinstance(listed, list) else ():
        if not isinstance(mark, dict):
            continue
        wanted, path = str(mark.get("sha256", "")), str(mark.get("path", ""))
        if not wanted or not path:
            continue  # no file, or the machine stopped before it was read
        found = _hash_at(path)
        if found != wanted:
            what = f"has the hash {found[:12]} now" if found else "is not there"
            raise TakeError(
                f"{folder}: layer {mark.get('layer')} was played with the model {path} of hash "
                f"{wanted[:12]}, which {what}; put that file back"
            )


def _hash_at(path: object) -> str:
    try:
        stat = Path(str(path)).stat()
        return _hash(str(path), stat.st_size, stat.st_mtime_ns) if path else ""
    except OSError:
        return ""


@lru_cache(maxsize=32)
def _hash(path: str, size: int, changed_ns: int) -> str:
    del size, changed_ns  # part of the key: another file is read again
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
