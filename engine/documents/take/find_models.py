"""Where the models of a take lie now: they are known by content, wherever they were played from."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from engine.documents.take.content_store import TakeError
from engine.documents.take.models import Wanted, hash_of, wanted
from engine.models.importer.catalogue import cache_folder, converted_name

MODELS = "models"  # where `collect` puts them in a take
PUT_BACK = "put that file back"
CURE = f"{PUT_BACK}, or name a folder that has it with --models DIR"


def find(
    folder: Path, listed: object, others: Sequence[Path] = (), cure: str = PUT_BACK
) -> dict[str, str]:
    """Find the models of a take: in it, beside it, in the cache, in `others`, where they were.

    Parameters
    ----------
    listed
        What its header says of them.
    others
        Folders to look into, and into the folders in them.
    cure
        What to do if one is not found.

    Returns
    -------
    dict
        Recorded path → place, of those that lie elsewhere now.

    Raises
    ------
    TakeError
        If one is another now, or is gone; its hash and place are named.
    """
    of_path: dict[str, list[Wanted]] = {}
    for each in wanted(listed):
        of_path.setdefault(each.path, []).append(each)
    found = {}
    for path, marks in of_path.items():
        versions = _versions(marks)
        # A path that had two files has no place that is right for both.
        place = _find(_joined(marks), folder, others) if versions == 1 else None
        if place is None:
            for each in marks:
                if wrong := each.differs(Path(path)):
                    raise TakeError(f"{folder}: {_difference(each, wrong, versions, cure)}")
        elif str(place) != path:
            found[path] = str(place)
    return found


def _versions(marks: Sequence[Wanted]) -> int:
    """How many versions of a file, or of one of its sidecars, were played."""
    known: dict[str, set[str]] = {"": set()}
    for mark in marks:
        for name, sha256 in {"": mark.sha256, **mark.sidecars}.items():
            known.setdefault(name, set()).add(sha256)
    return max(map(len, known.values()))


def _joined(marks: Sequence[Wanted]) -> Wanted:
    """A file with all sidecars that it had in any layer, or at any time."""
    sidecars = {name: sha256 for mark in marks for name, sha256 in mark.sidecars.items()}
    return replace(marks[0], sidecars=sidecars)


def file_name(path: str) -> str:
    """Last part of a path that may come from any system; empty if it names no file."""
    name = re.split(r"[/\\]", path)[-1]
    return "" if "\0" in name or name in (".", "..") else name


def _find(asked: Wanted, folder: Path, others: Sequence[Path]) -> Path | None:
    name = file_name(asked.path)
    if not name or not asked.sha256:
        return None
    own, cache = folder.absolute() / MODELS, cache_folder()
    roots = (own, own.parent, own.parent.parent, cache, *others)
    # Not into the folders beside the take: they are anybody's.
    deep = (own, cache, *others)
    # By name first: what is called otherwise is read only if it has to be.
    for place in (*_files(roots, deep, glob.escape(name)), Path(asked.path)):
        if asked.differs(place) is None:
            return place
    if not asked.sidecars:  # a conversion has none
        for place in _files((own, cache), deep, converted_name(asked.sha256)):
            return place
    same_kind = _files(roots, deep, "*" + glob.escape(Path(name).suffix))
    return next((place for place in same_kind if asked.differs(place) is None), None)


def _files(roots: Sequence[Path], deep: Sequence[Path], pattern: str) -> Iterator[Path]:
    """Files in folders; of those that are deep, also in the folders in them."""
    for root in roots:
        for depth in ("", "*/") if root in deep else ("",):
            yield from sorted(path for path in root.glob(depth + pattern) if path.is_file())


def _difference(asked: Wanted, wrong: tuple[Path, str], versions: int, cure: str) -> str:
    place, sha256 = wrong
    there = hash_of(place)
    # Not its hash: a take from anywhere may name any file.
    what = "is another one now" if there else "is not there"
    told = (
        f"layer {asked.layer} was played with the model {place} of hash {sha256[:12]}, which {what}"
    )
    if versions == 1:
        return f"{told}; {cure}"
    return (
        f"{told}; the file was replaced while it played, and a film of {versions} networks under "
        "one name cannot be made: play the show again with the last one"
    )
