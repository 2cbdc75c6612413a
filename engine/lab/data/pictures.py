"""The pictures of a folder, checked, cut into squares and made ready."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.lab.data import batches, ready
from engine.lab.data.folder import Report, check, load
from engine.lab.data.ready import Ready
from engine.system.atomic import open_new

_MOST_TILES = 4096  # of one picture
_BATCH_BYTES = 256 << 20
_FLAT = 3.0  # standard deviation of a tile (of 255) that has nothing on it


def prepare(
    folder: Path, cache: Path, size: int, *, tiles: bool = False,
    notify: Callable[[str], None] = lambda _: None,
) -> Ready[Report]:  # fmt: skip
    """Check a folder and make its pictures ready, or take them from the cache.

    Parameters
    ----------
    cache
        A folder for what is made ready; it is made if missing.
    tiles
        Cuts large pictures into tiles that overlap by half, at full and at half size. Without it a
        picture gives its middle square.

    Raises
    ------
    ValueError, OSError
        As `check`; OSError too if the cache cannot be written.
    """
    stem, key = cache / "pictures", ready.key_of(folder, size, tiles)
    known = ready.find(stem, Report, 3, key)
    if known is not None:
        return known
    report = check(folder, size, notify)
    cache.mkdir(parents=True, exist_ok=True)
    origins = list[str]()
    asked, square_bytes = [[name] for name in report.files], 3 * size * size
    # What a child gives out is held in memory.
    count = 16 if tiles else max(1, min(256, _BATCH_BYTES // square_bytes))
    job = {"size": size, "tiles": tiles}
    with open_new(stem.with_suffix(".raw"), is_durable=False) as file:
        made = batches.read(f"{__name__}:cut", folder, asked, job, count)
        for done, ((name,), row, squares) in enumerate(made):
            if "wrong" in row:  # it could be read a moment ago
                raise OSError(f"{folder / name}: {row['wrong']}; try again")
            file.write(squares)
            origins += [name] * (len(squares) // square_bytes)
            if done % 500 == 499:
                notify(f"{done + 1} of {len(asked)} pictures made ready")
    return ready.keep(stem, origins, size, 3, (report, key))


def cut(paths: Sequence[Path], job: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Cut a picture into squares, as a task of `engine.lab.data.batches`."""
    squares = _squares(load(paths[0]), job["size"], job["tiles"])
    return {}, b"".join(square.tobytes() for square in squares)


def _squares(picture: Image.Image, size: int, tiles: bool) -> Iterator[NDArray[np.uint8]]:
    if not tiles or min(picture.size) < 1.5 * size:
        yield ready.square(picture, size)
        return
    count = 0
    for side in (size, 2 * size):
        for top in range(0, picture.height - side + 1, side // 2):
            for left in range(0, picture.width - side + 1, side // 2):
                square = ready.square(picture, size, (left, top, left + side, top + side))
                is_flat = square.astype(np.float32).mean(2).std() < _FLAT
                if count < _MOST_TILES and not is_flat:
                    count += 1
                    yield square
    if not count:
        yield ready.square(picture, size, (0, 0, min(picture.size), min(picture.size)))
