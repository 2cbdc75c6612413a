"""Fingerprints of the networks that a take was played with, so that its film is made with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.core.show.layer import Generator
from engine.core.show.show import Show
from engine.generators import registry
from engine.generators.contract import Asset
from engine.models.sidecars.beside import SIDECARS, beside
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
        if any(key.endswith("sha256") for key in fingerprint) or _key(fingerprint) not in places
    ]
    return old + [fingerprint for fingerprint in new if fingerprint not in old]


def _hashes(assets: Iterable[Asset]) -> dict[str, str]:
    """Hash files and what lies beside them, if it is there; ``sha256`` is that of ``path``."""
    found = {}
    for asset in assets:
        found["sha256" if asset.key == "path" else f"{asset.key}{_HASH}"] = hash_at(asset.path)
        found |= {f"{name}{_HASH}": hash_at(path) for name, path in asset.sidecars.items()}
    return {key: sha256 for key, sha256 in found.items() if sha256}


def _key(fingerprint: dict[str, Any]) -> tuple[object, ...]:
    return fingerprint.get("layer"), fingerprint.get("kind"), fingerprint.get("path")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that a take was played from.

    Parameters
    ----------
    layer
        That it was played in.
    path
        As it was recorded.
    sha256
        Of the file; empty if only its sidecars were hashed.
    sidecars
        Name → hash of what lay beside it and was played, too.
    """

    layer: str
    path: str
    sha256: str
    sidecars: Mapping[str, str]

    def differs(self, place: Path) -> tuple[Path, str] | None:
        """Which file at a place is another one or not there, and the hash that it should have."""
        files = [(place, self.sha256)]
        files += [(beside(str(place), [name])[name], self.sidecars[name]) for name in self.sidecars]
        return next((each for each in files if each[1] and hash_of(each[0]) != each[1]), None)


def wanted(listed: object) -> list[Wanted]:
    """List the files that a take's header knows the hashes of; what makes no sense is left out."""
    marks = listed if isinstance(listed, list) else []
    return [each for mark in marks if isinstance(mark, dict) for each in _wanted(mark)]


def _wanted(mark: Mapping[str, Any]) -> Iterator[Wanted]:
    hashes = {
        "path" if key == "sha256" else key.removesuffix(_HASH): str(value)
        for key, value in mark.items()
        if key.endswith("sha256") and value
    }
    sidecars = {name: hashes.pop(name) for name in SIDECARS if name in hashes and name not in mark}
    layer = str(mark.get("layer"))
    for name in dict.fromkeys(["path", *hashes]):
        own = sidecars if name == "path" else {}
        if mark.get(name) and (name in hashes or own):
            yield Wanted(layer, str(mark[name]), hashes.get(name, ""), own)


def hash_of(place: Path) -> str:
    """Hash of a file; empty if there is none, or what is there is no file."""
    try:
        return hash_at(place) if place.is_file() else ""
    except (OSError, ValueError):  # a name that no file can have
        return ""
