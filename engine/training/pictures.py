"""A folder of pictures: what is in it, what is wrong with it, and its pictures made ready.

Ready pictures are one array on disk, mapped into memory: decoding costs nothing while training.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif")
CREDITS = "credits.toml"
_MOST_PIXELS = 512_000_000
_MOST_TILES = 4096  # of one picture
_FLAT = 3.0  # standard deviation of a tile (of 255) that has nothing on it
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Credit:
    """Whom a picture is from, and under which licence; empty: not said."""

    title: str = ""
    credit: str = ""
    licence: str = ""


@dataclass(slots=True)
class Report:
    """What was found in a folder.

    Parameters
    ----------
    files
        Names of usable pictures, within the folder, sorted.
    broken
        Name → why it cannot be used.
    duplicates
        Name → name of the same picture that is used.
    small
        Names of pictures that are smaller than they will be shown, and are enlarged.
    sizes
        ``WIDTHxHEIGHT`` → count.
    credit
        Name → its credit.
    others
        How many files of other kinds were passed over.
    """

    files: list[str] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    duplicates: dict[str, str] = field(default_factory=dict)
    small: list[str] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    credit: dict[str, Credit] = field(default_factory=dict)
    others: int = 0

    def text(self) -> str:
        """Say it to a person, file by file where something is wrong."""
        sizes = sorted(self.sizes.items(), key=lambda item: -item[1])
        most = ", ".join(f"{size} ({count})" for size, count in sizes[:4])
        lines = [f"{len(self.files)} pictures: {most}{', …' if len(sizes) > 4 else ''}"]
        if self.small:
            lines.append(f"{len(self.small)} are smaller than asked and will be enlarged")
        lines += [f"broken: {name}: {why}" for name, why in sorted(self.broken.items())]
        lines += [f"twice: {name} is {first}" for name, first in sorted(self.duplicates.items())]
        if self.others:
            lines.append(f"{self.others} files of other kinds are passed over")
        licences = sorted({credit.licence or "not said" for credit in self.credit.values()})
        lines.append(f"licences: {', '.join(licences[:6])}{', …' if len(licences) > 6 else ''}")
        return "\n".join(lines)


def load(path: Path) -> Image.Image:
    """Load a picture as RGB, turned as its camera says; transparency is laid on black.

    Raises
    ------
    OSError
        If it cannot be decoded whole, or has more than 512 million pixels.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path) as opened:
                if opened.width * opened.height > _MOST_PIXELS:
                    raise OSError(f"has {opened.width}×{opened.height} pixels, too many")
                opened.load()
                turned = ImageOps.exif_transpose(opened)
                if turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info:
                    seen = turned.convert("RGBA")
                    return Image.alpha_composite(
                        Image.new("RGBA", seen.size, "black"), seen
                    ).convert("RGB")
                if turned.mode.startswith("I"):  # 16 bits of grey
                    grey = np.asarray(turned, np.float32) / 257
                    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).convert("RGB")
                return turned.convert("RGB")
        except (ValueError, SyntaxError, Image.DecompressionBombError, MemoryError) as error:
            raise OSError(str(error) or type(error).__name__) from None


def read_credits(folder: Path) -> tuple[Credit, dict[str, Credit]]:
    """Read ``credits.toml`` of a folder: what holds for all, and for single files.

    Raises
    ------
    ValueError
        If it is no TOML, or says something else than titles, credits and licences.
    """
    path = folder / CREDITS
    if not path.is_file():
        return Credit(), {}
    try:
        said = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}; mend it, or take it away") from None
    files = said.pop("files", {})
    try:
        whole = Credit(**said)
        single = {
            name: Credit(**{"credit": whole.credit, "licence": whole.licence, **one})
            for name, one in files.items()
        }
        if not all(
            isinstance(x, str) for c in [whole, *single.values()] for x in asdict(c).values()
        ):
            raise TypeError
    except (TypeError, AttributeError):
        raise ValueError(
            f"{path}: it may say title, credit and licence (texts), for all or in [files]; "
            'as in: [files] "a.png" = { title = "…", licence = "CC-BY-4.0" }'
        ) from None
    return whole, single


def check(folder: Path, size: int, told: Callable[[str], None] = lambda _: None) -> Report:
    """Look at every picture of a folder and its folders.

    Parameters
    ----------
    folder
        Where they lie.
    size
        At which they will be shown, in pixels.
    told
        Hears how far it is, now and then.

    Raises
    ------
    ValueError
        If there is no picture that can be used, or the credits make no sense.
    OSError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is no folder: give one with pictures in it")
    whole, single = read_credits(folder)
    report, seen = Report(), dict[str, str]()
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    for count, path in enumerate(paths):
        name = path.relative_to(folder).as_posix()
        if path.suffix.lower() not in SUFFIXES:
            report.others += path.name != CREDITS
            continue
        try:
            picture = load(path)
            mark = hashlib.sha256(f"{picture.size}".encode() + picture.tobytes()).hexdigest()
        except OSError as error:
            report.broken[name] = " ".join(str(error).split()).replace(str(path), "it")
            continue
        if mark in seen:
            report.duplicates[name] = seen[mark]
            continue
        seen[mark] = name
        report.files.append(name)
        report.credit[name] = single.get(name, whole)
        key = f"{picture.width}x{picture.height}"
        report.sizes[key] = report.sizes.get(key, 0) + 1
        if min(picture.size) < size:
            report.small.append(name)
        if count % 500 == 499:
            told(f"{count + 1} of {len(paths)} files looked at")
    if not report.files:
        broken = "; ".join(f"{name}: {why}" for name, why in list(report.broken.items())[:3])
        raise ValueError(
            f"{folder}: there is no picture that can be used ({broken or 'none at all'})"
        )
    return report


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
    told: Callable[[str], None] = lambda _: None, names: Sequence[str] | None = None,
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
    told
        Hears how far it is.
    names
        Only these files (pairs need the same ones of both folders).

    Raises
    ------
    ValueError, OSError
        As `check`; OSError too if the cache cannot be written.
    """
    key = _key(folder, size, tiles, names)
    known = _from_cache(cache, key)
    if known is not None:
        return known
    report = check(folder, size, told)
    chosen = [name for name in report.files if names is None or name in set(names)]
    cache.mkdir(parents=True, exist_ok=True)
    made, origins = 0, list[str]()
    raw = cache / "pictures.raw"
    with raw.open("wb") as file:
        for count, name in enumerate(chosen):
            for square in _squares(load(folder / name), size, tiles):
                file.write(square.tobytes())
                origins.append(name)
                made += 1
            if count % 500 == 499:
                told(f"{count + 1} of {len(chosen)} pictures made ready")
    about = {"key": key, "names": origins, "size": size, "report": asdict(report)}
    (cache / "pictures.json").write_text(json.dumps(about), "utf-8")
    return Prepared(_mapped(raw, made, size), origins, report, key)


def _key(folder: Path, size: int, tiles: bool, names: Sequence[str] | None) -> str:
    listed: list[Any] = [_VERSION, size, tiles, list(names) if names is not None else None]
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if path.is_file():
            about = path.stat()
            listed.append([path.relative_to(folder).as_posix(), about.st_size, about.st_mtime_ns])
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


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
