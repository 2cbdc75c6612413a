"""A folder of pictures, checked: its files, their credits and its problems."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from engine.lab.data import batches
from engine.system.foreign import picture_file, toml
from engine.system.hashing import sha256
from engine.system.untrusted import open_regular, read_bytes

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif")
CREDITS = "credits.toml"
_LARGEST_CREDITS = 16 << 20


@dataclass(frozen=True, slots=True)
class Credit:
    """Who made a picture, and its licence; empty: not said."""

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
    """Load a picture, see `engine.system.foreign.picture_file.load`; for a limited child.

    Raises
    ------
    OSError
        If it cannot be decoded whole, or is no regular file.
    """
    with open_regular(path) as file:
        return picture_file.load(file)


def look(paths: Sequence[Path], _: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Look at a picture, as a task of `engine.lab.data.batches`: its size and its hash."""
    picture = load(paths[0])
    mark = sha256(f"{picture.size}".encode() + picture.tobytes())
    return {"size": picture.size, "mark": mark}, b""


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
        said = toml.loads(read_bytes(path, _LARGEST_CREDITS).decode())
    except (ValueError, RecursionError) as error:
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
    """Look at every picture of a folder and its folders, to be shown at a size.

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
    names = [path.relative_to(folder).as_posix() for path in paths]
    asked = [[name] for name in names if name.lower().endswith(SUFFIXES)]
    report.others = len(names) - len(asked) - sum(path.name == CREDITS for path in paths)
    for count, ((name,), row, _) in enumerate(batches.read(f"{__name__}:look", folder, asked, {})):
        if count % 500 == 499:
            notify(f"{count + 1} of {len(asked)} files looked at")
        if "wrong" in row:
            report.broken[name] = row["wrong"]
            continue
        if (mark := row["mark"]) in seen:
            report.duplicates[name] = seen[mark]
            continue
        seen[mark] = name
        report.files.append(name)
        report.credit[name] = single.get(name, whole)
        width, height = row["size"]
        key = f"{width}x{height}"
        report.sizes[key] = report.sizes.get(key, 0) + 1
        if min(width, height) < size:
            report.small.append(name)
    if not report.files:
        broken = "; ".join(f"{name}: {why}" for name, why in list(report.broken.items())[:3])
        raise ValueError(
            f"{folder}: there is no picture that can be used ({broken or 'none at all'})"
        )
    return report
