"""Credits: the makers of packages, networks, pictures and shaders, with their licences."""

from __future__ import annotations

import importlib.metadata
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from engine import __version__
from engine.core.isf import header as isf
from engine.documents.assets import assets_dir
from engine.documents.show import load
from engine.generators import contract, registry
from engine.generators.archive import index as indexes
from engine.generators.archive.index import SUFFIX, plain
from engine.lab.analysis import archive
from engine.models.importer import catalogue
from engine.models.unpickle.inert import RefusedError
from engine.system import fonts

_NAME = "latent-cinema"
_LICENCE = "Apache-2.0"
_UPSCALER = {
    "name": "upscaler.npz",
    "licence": _LICENCE,
    "credits": "it learned from photographs by Aitzol Berasategi, Trevor 'Freespace', Abhishek "
    "Mudgal, Jakub Mede (CC-BY-4.0) and others: engine/compositor/frames/NOTICE",
}
_ENCODERS = {
    "x264": "GPL-2.0-or-later",
    "x265": "GPL-2.0-or-later",
    "avcodec": "LGPL-2.1-or-later, GPL-2.0-or-later with x264 and x265",
    "mp3lame": "LGPL-2.0-or-later",
}
_EXCEPTION = (
    "PyAV's wheel brings FFmpeg with encoders under the LGPL and GPL. They are depended on, loaded "
    "by PyAV, and no part of this package; without them films are not written, and all else works. "
    "The extra 'link' installs Ableton Link under the GPL-2.0-or-later; nothing else needs it."
)
_FACTS = (
    "architecture", "licence", "credits", "data_set", "origin", "pictures", "pictures_shown",
    "steps", "seed", "date", "hours", "distance", "sha256",
)  # fmt: skip
_MOST_SHORT = 120
_CREDITED = (contract.MODEL, contract.SECOND_NETWORK, contract.INDEX)


def run(source: str | None, as_json: bool) -> int:
    """Print credits; see `collect`."""
    found = collect(source)
    print(json.dumps(found, indent=1) if as_json else text(found))
    return 0


def collect(source: str | None) -> dict[str, Any]:
    """Collect credits of a show, a network or an index; None: of the engine and all it depends on.

    Returns
    -------
    dict
        ``networks``, ``archives``, ``shaders``, and for the engine ``engine``, ``fonts``,
        ``packages`` and ``exception``.

    Raises
    ------
    ValueError
        If the show or the file is none that can be played.
    OSError
        If a file cannot be read.
    """
    if source is None:
        return _of_engine()
    path = Path(source)
    if path.suffix in (".safetensors", ".pkl", ".pt", ".pth"):
        return {"of": path.name, **_of_files([path], {})}
    return _of_show(source)


def _of_engine() -> dict[str, Any]:
    shaders = {path.stem: path for path in sorted(assets_dir("shaders").glob("*.fs"))}
    networks = sorted((assets_dir("presets") / "networks").glob("*.safetensors"))
    encoders, found = list(_encoders()), _of_files(networks, shaders)
    return {
        "engine": {"name": _NAME, "version": __version__, "licence": _LICENCE},
        **found,
        "networks": [*found["networks"], _UPSCALER],
        "fonts": [{"name": fonts.NAME, "licence": fonts.LICENCE}],
        "packages": list(packages(_NAME)),
        "exception": {"text": _EXCEPTION, "libraries": encoders} if encoders else {},
    }


def _of_show(name: str) -> dict[str, Any]:
    loaded = load.load(name)
    files, computed = [], []
    for layer in loaded.show.layers:
        if layer.generator is None:
            continue
        named = registry.files(layer.generator.kind, layer.generator.config)
        whole = [Path(asset.path) for asset in named if asset.role in _CREDITED]
        files += whole
        if not whole:
            spec = layer.generator.spec
            made = {"name": spec.name, "origin": spec.provenance, "licence": spec.licence}
            computed += [made] if made not in computed else []
    found = _of_files(list(dict.fromkeys(files)), loaded.shader_paths)
    return {"of": loaded.show.name, **found, "networks": [*found["networks"], *computed]}


def _of_files(paths: Iterable[Path], shaders: Mapping[str, Path]) -> dict[str, Any]:
    networks, archives = [], dict[Path, dict[str, Any]]()
    for path in paths:
        beside = path
        if not path.name.endswith(SUFFIX):
            networks.append(_network(path))
            beside = indexes.path_beside(path)
        if beside.is_file() and beside not in archives:
            archives[beside] = _archive(beside)
    return {
        "networks": networks,
        "archives": list(archives.values()),
        "shaders": [_shader(name, path) for name, path in shaders.items()],
    }


def _network(path: Path) -> dict[str, Any]:
    try:
        found = catalogue.describe(path)
    except RefusedError as error:
        return {"name": path.name, "licence": "not said", "note": str(error)}
    known = {**found, **found["card"]}
    facts = {key: known[key] for key in _FACTS if known.get(key) not in (None, "")}
    return {"name": path.name, "sha256": found["file_sha256"], **facts}


def _archive(path: Path) -> dict[str, Any]:
    try:
        index = indexes.load(path)
    except RefusedError as error:
        return {"name": path.name, "note": str(error), "credits": []}
    return {
        "name": path.name,
        "pictures": len(index.entries),
        "archive": index.archive,
        "credits": archive.credits_of(index),
    }


def _shader(name: str, path: Path) -> dict[str, str]:
    header = isf.parse(load.read_text(path, load.LARGEST_BYTES), path.name)
    return {"name": name, "credit": plain(header.credit) or "not said"}


def packages(root: str) -> Iterator[dict[str, str]]:
    """List what a distribution needs and what that needs, as far as it is installed, by name.

    Extras are left out: what is not asked for is not depended on.
    """
    found: dict[str, importlib.metadata.Distribution] = {}
    asked = [root]
    while asked:
        for line in _requirements(asked.pop()):
            name = re.split(r"[^\w.-]", line.strip(), maxsplit=1)[0]
            key = re.sub(r"[-_.]+", "-", name).lower()
            if key in found or re.search(r";.*\bextra\s*==", line):
                continue
            try:
                found[key] = importlib.metadata.distribution(name)
            except importlib.metadata.PackageNotFoundError:
                continue  # for another system, or another Python
            asked.append(name)
    for key in sorted(found):
        about = found[key].metadata
        yield {"name": about["Name"], "version": found[key].version, "licence": _licence(about)}


def _requirements(name: str) -> list[str]:
    try:
        return importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return []


def _licence(about: Any) -> str:
    """Read a package's licence: an expression, a short text, or what it is classified as."""
    said = about.get("License-Expression") or ""
    free = (about.get("License") or "").strip()
    classed = [
        line.rpartition(" :: ")[2]
        for line in about.get_all("Classifier") or ()
        if line.startswith("License ::")
    ]
    short = free if free and "\n" not in free and len(free) <= _MOST_SHORT else ""
    first = next(iter(free.splitlines()), "")[:_MOST_SHORT]
    return plain(said or short or "; ".join(classed) or first or "not said")


def _encoders() -> Iterator[dict[str, str]]:
    """Find the libraries in PyAV's wheel that are not under a permissive licence."""
    try:
        files = importlib.metadata.files("av") or []
    except importlib.metadata.PackageNotFoundError:
        return
    for file in sorted(str(each.name) for each in files):
        match = re.match(r"(?:lib)?([a-zA-Z0-9]+?)[-.]", file)
        if match and match[1] in _ENCODERS:
            yield {"file": file, "licence": _ENCODERS[match[1]]}


def text(found: Mapping[str, Any]) -> str:
    """Lay credits out for people."""
    lines = []
    if "engine" in found:
        lines.append("{name} {version} ({licence})".format(**found["engine"]))
    for one in found["networks"]:
        lines += ["", f"network {one['name']}"]
        lines += [f"  {key:15} {value}" for key, value in one.items() if key != "name"]
    for one in found["archives"]:
        lines += ["", f"archive {one['name']}"]
        if "note" in one:
            lines.append(f"  note            {one['note']}")
        lines += [
            f"  {each['pictures']:7} pictures: {each['credit']} ({each['licence']})"
            for each in one["credits"]
        ]
    if found["shaders"]:
        lines += ["", "shaders"]
        lines += [f"  {one['name']:15} {one['credit']}" for one in found["shaders"]]
    if found.get("fonts"):
        lines += ["", "fonts", *("  {name}: {licence}".format(**one) for one in found["fonts"])]
    if found.get("packages"):
        lines += ["", "packages"]
        lines += ["  {name} {version}: {licence}".format(**one) for one in found["packages"]]
    if found.get("exception"):
        lines += ["", found["exception"]["text"]]
        lines += ["  {file}: {licence}".format(**one) for one in found["exception"]["libraries"]]
    return "\n".join(lines)
