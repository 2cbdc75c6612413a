"""Fingerprints of the networks that a take was played with, so that its film is made with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.core.show.layer import Generator
from engine.core.show.show import Show
from engine.documents.take.content_store import TakeError
from engine.generators import registry
from engine.generators.contract import Asset
from engine.models.sidecars.beside import beside
from engine.system.hashing import hash_at

_HASH = "_sha256"


def fingerprints(show: Show) -> list[dict[str, Any]]:
    """List a show's generators: layer, kind, provenance, and paths of their files.

    The files are named by their keys in the generator's config.
    """
    return [_fingerprint(layer.id, layer.generator) for layer in show.layers if layer.generator]


def _fingerprint(layer: str, generator: Generator) -> dict[str, Any]:
    files = {asset.key: asset.path for asset in _assets(generator)}
    provenance = generator.spec.provenance
    return {"layer": layer, "kind": generator.kind, "provenance": provenance, **files}


def _assets(generator: Generator) -> tuple[Asset, ...]:
    return registry.files(generator.kind, generator.config)


def with_hashes(known: Sequence[dict[str, Any]], show: Show) -> list[dict[str, Any]]:
    """Add a show's marks, each model with the hash of its file, to those that are known.

    A model whose file was replaced has a mark for each version. It reads the files: a second for a
    gigabyte.
    """
    made = [(layer.id, layer.generator) for layer in show.layers if layer.generator]
    new = [
        {**_fingerprint(name, generator), **_hashes(_assets(generator))} for name, generator in made
    ]
    places = {_key(fingerprint) for fingerprint in new}
    old = [
        fingerprint
        for fingerprint in known
        if _is_hashed(fingerprint) or _key(fingerprint) not in places
    ]
    return old + [fingerprint for fingerprint in new if fingerprint not in old]


def _hashes(assets: Iterable[Asset]) -> dict[str, str]:
    """Hash files and what lies beside them, if it is there; ``sha256`` is that of ``path``."""
    found = {}
    for asset in assets:
        found["sha256" if asset.key == "path" else f"{asset.key}{_HASH}"] = hash_at(asset.path)
        found |= {f"{name}{_HASH}": hash_at(path) for name, path in asset.sidecars.items()}
    return {key: sha256 for key, sha256 in found.items() if sha256}


def _hashed_files(fingerprint: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Files that a mark is about, by the key of their hash."""
    model = str(fingerprint.get("path", ""))
    for key in fingerprint:
        name = "path" if key == "sha256" else key.removesuffix(_HASH)
        place = fingerprint.get(name) or beside(model).get(name)
        if place and name != key:
            yield key, str(place)


def _is_hashed(fingerprint: Mapping[str, Any]) -> bool:
    return any(key.endswith("sha256") for key in fingerprint)


def _key(fingerprint: dict[str, Any]) -> tuple[object, ...]:
    return fingerprint.get("layer"), fingerprint.get("kind"), fingerprint.get("path")


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
    found = (
        [fingerprint for fingerprint in listed if isinstance(fingerprint, dict)]
        if isinstance(listed, list)
        else []
    )
    for fingerprint in found:
        for key, place in _hashed_files(fingerprint):
            wanted = str(fingerprint.get(key, ""))
            if wanted and hash_at(place) != wanted:
                same = [each for each in found if each.get("path") == fingerprint.get("path")]
                versions = len({str(each[key]) for each in same if key in each})
                raise TakeError(f"{folder}: {_difference(fingerprint, place, wanted, versions)}")


def _difference(fingerprint: Mapping[str, Any], path: str, wanted: str, versions: int) -> str:
    # Not its hash: a take from anywhere may name any file.
    what = "is another one now" if hash_at(path) else "is not there, or no file"
    told = (
        f"layer {fingerprint.get('layer')} was played with the model {path} of hash {wanted[:12]}, "
        f"which {what}"
    )
    if versions == 1:
        return f"{told}; put that file back"
    return (
        f"{told}; the file was replaced while it played, and a film of {versions} networks under "
        "one name cannot be made: play the show again with the last one"
    )
