"""Pictures made ready for training: squares in one array on disk, mapped into memory.

Decoding then costs nothing while training. A page of JSON beside them says what they were made of.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.lab.data.folder import Credit
from engine.system.atomic import write_text
from engine.system.hashing import json_hash

_VERSION = 1
R = TypeVar("R", bound=Any)


class Ready(NamedTuple, Generic[R]):
    """Pictures ready for training.

    Parameters
    ----------
    pictures
        [shape=(N, size, size, channels)], uint8.
    names
        The file that each is from.
    report
        What was found in the folder.
    sha256
        Of everything that decides what they are.
    """

    pictures: NDArray[np.uint8]
    names: list[str]
    report: R
    sha256: str


def key_of(folder: Path, *options: object) -> str:
    """Hash of everything that decides what is made ready: options, and the files as they are."""
    listed: list[object] = [_VERSION, *options]
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if path.is_file():
            about = path.stat()
            listed.append([path.relative_to(folder).as_posix(), about.st_size, about.st_mtime_ns])
    return json_hash(listed)


def read(stem: Path, kind: type[R], channels: int) -> Ready[R]:
    """Find pictures that were made ready, ``STEM.raw`` with its page ``STEM.json``.

    Raises
    ------
    OSError
        If they are not there.
    ValueError, KeyError, TypeError, AttributeError
        If they are not whole.
    """
    about = json.loads(stem.with_suffix(".json").read_text("utf-8"))
    report = kind(**about["report"])
    report.credit = {name: Credit(**one) for name, one in about["report"]["credit"].items()}
    shape = (len(about["names"]), about["size"], about["size"], channels)
    pictures = np.memmap(stem.with_suffix(".raw"), np.uint8, "r", shape=shape)
    return Ready(pictures, about["names"], report, about["key"])


def find(stem: Path, kind: type[R], channels: int, key: str) -> Ready[R] | None:
    """Find them if they are whole, and those of this key."""
    try:
        found = read(stem, kind, channels)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # they are made anew
    return found if found.sha256 == key else None


def keep(
    stem: Path, names: Sequence[str], size: int, channels: int, about: tuple[R, str]
) -> Ready[R]:
    """Write the page of what was written to ``STEM.raw``: its report and its key."""
    report, key = about
    page = {"key": key, "names": list(names), "size": size, "report": asdict(report)}
    write_text(stem.with_suffix(".json"), json.dumps(page))
    return read(stem, type(report), channels)


def square(picture: Image.Image, size: int, box: tuple[int, int, int, int] | None = None
           ) -> NDArray[np.uint8]:  # fmt: skip
    """Cut a square [shape=(size, size, 3)] out of a picture; without a box, its middle one."""
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    box = box or (left, top, left + side, top + side)
    side = box[2] - box[0]
    way = Image.Resampling.BOX if side % size == 0 else Image.Resampling.LANCZOS
    cut = picture.crop(box)
    return np.asarray(cut if side == size else cut.resize((size, size), way))
