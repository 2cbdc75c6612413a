"""A folder of pictures, checked: its files, their credits and its problems."""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from engine.system.hashing import sha256

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif")
CREDITS = "credits.toml"
_MOST_PIXELS = 512_000_000


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


def check(folder: Path, size: int, notify: Callable[[str], None] = lambda _: None) -> Report:
    """Look at every picture of a folder and its folders.

    Parameters
    ----------
    folder
        Where they lie.
    size
        At which they will be shown, in pixels.
    notify
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
            mark = sha256(f"{picture.size}".encode() + picture.tobytes())
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
            notify(f"{count + 1} of {len(paths)} files looked at")
    if not report.files:
        broken = "; ".join(f"{name}: {why}" for name, why in list(report.broken.items())[:3])
        raise ValueError(
            f"{folder}: there is no picture that can be used ({broken or 'none at all'})"
        )
    return report
