"""A folder of pairs: what is in it, what is wrong with it, and its pairs made ready.

``source/`` holds the questions, ``target/`` the answers; a pair has one name in both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine.lab.data import batches, ready
from engine.lab.data.folder import SUFFIXES, Credit, load, read_credits
from engine.lab.data.ready import Ready
from engine.system.atomic import open_new

SIDES = ("source", "target")
_EVERY = 500
_BATCH_BYTES = 256 << 20


@dataclass(slots=True)
class PairReport:
    """What was found in a folder of pairs.

    Parameters
    ----------
    names
        Of usable pairs: file names of the targets, within their folder, sorted.
    wrong
        File → why it is passed over.
    small
        How many pairs are smaller than they will be shown, and are enlarged.
    credit
        Name → its credit.
    """

    names: list[str] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)
    small: int = 0
    credit: dict[str, Credit] = field(default_factory=dict)

    def text(self) -> str:
        """Say it to a person, file by file where something is wrong."""
        lines = [f"{len(self.names)} pairs"]
        if self.small:
            lines.append(f"{self.small} are smaller than asked and will be enlarged")
        lines += [f"passed over: {name}: {why}" for name, why in sorted(self.wrong.items())]
        licences = sorted({credit.licence or "not said" for credit in self.credit.values()})
        lines.append(f"licences: {', '.join(licences[:6])}{', …' if len(licences) > 6 else ''}")
        return "\n".join(lines)


def prepare_pairs(
    folder: Path, cache: Path, size: int, notify: Callable[[str], None] = lambda _: None
) -> Ready[PairReport]:
    """Check a folder of pairs and make them ready, or take them from the cache.

    Parameters
    ----------
    folder
        With ``source/`` and ``target/`` in it.
    cache
        A folder for what is made ready; it is made if missing.
    size
        Side in pixels: each pair is cut to its middle square, and brought to it.

    Raises
    ------
    ValueError
        If there is no pair that can be used, or the credits make no sense.
    OSError
        If a folder is missing, or nothing can be written.
    """
    for side in SIDES:
        if not (folder / side).is_dir():
            raise NotADirectoryError(
                f"{folder / side} is no folder: pairs are files of one name in source/ and target/"
            )
    stem, key = cache / "pairs", ready.key_of(folder, size)
    known = ready.find(stem, PairReport, 6, key)
    if known is not None:
        return known
    report = PairReport()
    whole, single = read_credits(folder)
    cache.mkdir(parents=True, exist_ok=True)
    asked = [
        [each.relative_to(folder).as_posix() for each in pair] for pair in _pairs(folder, report)
    ]
    count = max(1, min(128, _BATCH_BYTES // (6 * size * size)))
    with open_new(stem.with_suffix(".raw"), is_durable=False) as file:
        made = batches.read(f"{__name__}:cut", folder, asked, {"size": size}, count)
        for done, ((source, target), row, pair) in enumerate(made):
            if done % _EVERY == _EVERY - 1:
                notify(f"{done + 1} pairs looked at")
            if "wrong" in row:
                report.wrong[(source, target)[row.get("side", 0)]] = row["wrong"]
                continue
            file.write(pair)
            name = target.removeprefix(f"{SIDES[1]}/")
            report.names.append(name)
            report.credit[name] = single.get(name, whole)
            report.small += row["small"]
    if not report.names:
        wrong = "; ".join(f"{name}: {why}" for name, why in list(report.wrong.items())[:3])
        raise ValueError(f"{folder}: there is no pair that can be used ({wrong or 'none at all'})")
    return ready.keep(stem, report.names, size, 6, (report, key))


def _files(folder: Path, side: str, report: PairReport) -> dict[str, Path]:
    """Files of one side by their name without a suffix, sorted."""
    found: dict[str, Path] = {}
    for path in sorted(p for p in (folder / side).rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        stem = path.relative_to(folder / side).with_suffix("").as_posix()
        if path.suffix.lower() not in SUFFIXES:
            report.wrong[name] = "it is no picture of a kind that is read"
        elif stem in found:
            report.wrong[name] = f"{found[stem].name} has the same name"
        else:
            found[stem] = path
    return found


def _pairs(folder: Path, report: PairReport) -> Iterator[tuple[Path, Path]]:
    sources, targets = (_files(folder, side, report) for side in SIDES)
    for mine, others, other in ((sources, targets, SIDES[1]), (targets, sources, SIDES[0])):
        for stem in mine.keys() - others.keys():
            name = mine[stem].relative_to(folder).as_posix()
            report.wrong[name] = f"{other}/ has no file of this name"
    for stem, source in sources.items():
        if stem in targets:
            yield source, targets[stem]


def cut(paths: Sequence[Path], job: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Make a pair [shape=(size, size, 6)], as a task of `engine.lab.data.batches`."""
    pictures: list[Image.Image] = []
    for side, path in enumerate(paths):
        try:
            pictures.append(load(path))
        except OSError as error:
            return {"wrong": error.strerror or str(error), "side": side}, b""
    one, other = (picture.size for picture in pictures)
    if one != other:
        return {"wrong": f"it is {one[0]}×{one[1]}, its target {other[0]}×{other[1]}"}, b""
    squares = [ready.square(picture, job["size"]) for picture in pictures]
    return {"small": min(one) < job["size"]}, np.concatenate(squares, 2).tobytes()
