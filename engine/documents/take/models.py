"""Which networks a take was played with: by content, so that a film is made with the same ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.core.show.show import Show
from engine.documents.take.blobs import TakeError
from engine.models.sidecars import clusters, directions, snapshots
from engine.system.hashing import hash_at


def marks(show: Show) -> list[dict[str, Any]]:
    """List a show's generators: layer, kind, provenance, paths of a model and of directions."""
    return [
        {
            "layer": layer.id,
            "kind": layer.generator.kind,
            "provenance": layer.generator.spec.provenance,
            **_paths(layer.generator.config),
        }
        for layer in show.layers
        if layer.generator is not None
    ]


def _paths(config: Mapping[str, object]) -> dict[str, str]:
    named = {key: config.get(key) for key in ("path", "directions", "other")}
    named["other"] = named["other"] or None
    return {key: path for key, path in named.items() if isinstance(path, str)}


def with_hashes(known: Sequence[dict[str, Any]], show: Show) -> list[dict[str, Any]]:
    """Add a show's marks, each model with the hash of its file, to those that are known.

    A model whose file was replaced has a mark for each version. It reads the files: a second for a
    gigabyte.
    """
    new = [{**mark, **_hashes(mark)} for mark in marks(show)]
    places = {_key(mark) for mark in new}
    old = [mark for mark in known if _is_hashed(mark) or _key(mark) not in places]
    return old + [mark for mark in new if mark not in old]


def _hashes(mark: Mapping[str, Any]) -> dict[str, str]:
    found = {key: hash_at(place) for key, place in _files(mark)}
    return {key: sha256 for key, sha256 in found.items() if sha256}


def _files(mark: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Files that a mark is about, by the key of their hash: models, and what lies beside one."""
    path, named, other = mark.get("path"), mark.get("directions"), mark.get("other")
    found = []
    if isinstance(path, str) and Path(path).name:
        beside = (
            ("ages", snapshots.path_of(Path(path))),
            ("clusters", clusters.path_of(Path(path))),
        )
        found = [("sha256", path), *((f"{name}_sha256", str(p)) for name, p in beside)]
        found += [("other_sha256", other)] if isinstance(other, str) and other else []
        named = named or str(directions.path_of(Path(path)))
    return [*found, ("directions_sha256", named)] if isinstance(named, str) else found


def _is_hashed(mark: Mapping[str, Any]) -> bool:
    return any(key.endswith("sha256") for key in mark)


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
    found = [mark for mark in listed if isinstance(mark, dict)] if isinstance(listed, list) else []
    for mark in found:
        for key, place in _files(mark):
            wanted = str(mark.get(key, ""))
            # Without a hash: no file, or the machine stopped before it was read.
            if wanted and hash_at(place) != wanted:
                same = [each for each in found if each.get("path") == mark.get("path")]
                versions = len({str(each[key]) for each in same if key in each})
                raise TakeError(f"{folder}: {_told(mark, place, wanted, versions)}")


def _told(mark: Mapping[str, Any], path: str, wanted: str, versions: int) -> str:
    there = hash_at(path)
    what = f"has the hash {there[:12]} now" if there else "is not there"
    told = (
        f"layer {mark.get('layer')} was played with the model {path} of hash {wanted[:12]}, "
        f"which {what}"
    )
    if versions == 1:
        return f"{told}; put that file back"
    return (
        f"{told}; the file was replaced while it played, and a film of {versions} networks under "
        "one name cannot be made: play the show again with the last one"
    )
