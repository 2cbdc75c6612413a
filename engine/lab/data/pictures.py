"""The pictures of a folder made ready: one array on disk, mapped into memory.

Decoding then costs nothing while training.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.lab.data import batches
from engine.lab.data.folder import Credit, Report, check, load
from engine.system.atomic import open_new, write_text
from engine.system.hashing import json_hash

_MOST_TILES = 4096  # of one picture
_BATCH_BYTES = 256 << 20
_FLAT = 3.0  # standard deviation of a tile (of 255) that has nothing on it
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Prepared:
    """Pictures ready for training.

    Parameters
    ----------
    pictures
        Mapped from disk [shape=(N, size, size, 3)], uint8.
    names
        The file that each is from.
    report
        What was found in the folder.
    sha256
        Of everything that decides what they are.
    """

    pictures: NDArray[np.uint8]
    names: list[str]
    report: Report
    sha256: str


def prepare(
    folder: Path, cache: Path, size: int, *, tiles: bool = False,
    notify: Callable[[str], None] = lambda _: None,
) -> Prepared:  # fmt: skip
    """Check a folder and make its pictures ready, or take them from the cache.

    Parameters
    ----------
    folder
        Where the pictures lie.
    cache
        A folder for what is made ready; it is made if missing.
    size
        Side in pixels.
    tiles
        Cuts large pictures into tiles that overlap by half, at full and at half size. Without it a
        picture gives its middle square.
    notify
        Hears how far it is.

    Raises
    ------
    ValueError, OSError
        As `check`; OSError too if the cache cannot be written.
    """
    key = _key(folder, size, tiles)
    known = _from_cache(cache, key)
    if known is not None:
        return known
    report = check(folder, size, notify)
    cache.mkdir(parents=True, exist_ok=True)
    origins = list[str]()
    raw = cache / "pictures.raw"
    asked, square_bytes = [[name] for name in report.files], 3 * size * size
    # What a child gives out is held in memory.
    count = 16 if tiles else max(1, min(256, _BATCH_BYTES // square_bytes))
    job = {"size": size, "tiles": tiles}
    with open_new(raw, is_durable=False) as file:
        ready = batches.read(f"{__name__}:cut", folder, asked, job, count)
        for done, ((name,), row, squares) in enumerate(ready):
            if "wrong" in row:  # it could be read a moment ago
                raise OSError(f"{folder / name}: {row['wrong']}; try again")
            file.write(squares)
            origins += [name] * (len(squares) // square_bytes)
            if done % 500 == 499:
                notify(f"{done + 1} of {len(asked)} pictures made ready")
    about = {"key": key, "names": origins, "size": size, "report": asdict(report)}
    write_text(cache / "pictures.json", json.dumps(about))
    return Prepared(_mapped(raw, len(origins), size), origins, report, key)


def cut(paths: Sequence[Path], job: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Cut a picture into squares, as a task of `engine.lab.data.batches`."""
    squares = _squares(load(paths[0]), job["size"], job["tiles"])
    return {}, b"".join(square.tobytes() for square in squares)


def _key(folder: Path, size: int, tiles: bool) -> str:
    listed: list[Any] = [_VERSION, size, tiles]
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if path.is_file():
            about = path.stat()
            listed.append([path.relative_to(folder).as_posix(), about.st_size, about.st_mtime_ns])
    return json_hash(listed)


def _from_cache(cache: Path, key: str) -> Prepared | None:
    try:
        about = json.loads((cache / "pictures.json").read_text("utf-8"))
        if about["key"] != key:
            return None
        report = Report(**about["report"])
        report.credit = {name: Credit(**one) for name, one in report.credit.items()}  # type: ignore[arg-type]
        names, size = about["names"], about["size"]
        return Prepared(_mapped(cache / "pictures.raw", len(names), size), names, report, key)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # not there, or not whole: it is made anew


def _mapped(raw: Path, count: int, size: int) -> NDArray[np.uint8]:
    return np.memmap(raw, np.uint8, "r", shape=(count, size, size, 3))


def _squares(picture: Image.Image, size: int, tiles: bool) -> Iterator[NDArray[np.uint8]]:
    if not tiles or min(picture.size) < 1.5 * size:
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        box = (left, top, left + side, top + side)
        yield _shrunk(picture, box, size)
        return
    count = 0
    for side in (size, 2 * size):
        for top in range(0, picture.height - side + 1, side // 2):
            for left in range(0, picture.width - side + 1, side // 2):
                square = _shrunk(picture, (left, top, left + side, top + side), size)
                is_flat = square.astype(np.float32).mean(2).std() < _FLAT
                if count < _MOST_TILES and not is_flat:
                    count += 1
                    yield square
    if not count:
        yield _shrunk(picture, (0, 0, min(picture.size), min(picture.size)), size)


def _shrunk(picture: Image.Image, box: tuple[int, int, int, int], size: int) -> NDArray[np.uint8]:
    side = box[2] - box[0]
    way = Image.Resampling.BOX if side % size == 0 else Image.Resampling.LANCZOS
    cut = picture.crop(box)
    return np.asarray(cut if side == size else cut.resize((size, size), way))
