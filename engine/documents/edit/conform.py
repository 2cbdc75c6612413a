"""Carry the edit of a proxy film back to the show: read the edit, follow it, write a show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import numpy as np
import tomlkit

from engine.core.latent.manifold import manifold
from engine.core.track.conform import Reel, Shot, conform
from engine.documents import track_file
from engine.documents.edit.timeline import EditError, Film, Stack, shots
from engine.documents.show import load
from engine.documents.show.track import turn_of
from engine.documents.take.blobs import TakeError
from engine.documents.take.models import check as check_models
from engine.documents.track_file import TrackFile
from engine.system.atomic import check_writable, write_bytes, write_text

_LARGEST_EDIT = 64 << 20
_SUFFIXES = (".otio", ".edl", ".kdenlive", ".mlt", ".xml")


@dataclass(frozen=True, slots=True)
class Wish:
    """How an edit is followed.

    Parameters
    ----------
    fps
        Of the edit; None: what it says, or the proxy's.
    is_bridged, heal, is_loop
        See `engine.core.track.conform.conform`.
    media
        Other names of the proxy in the edit.
    is_film
        Whether the edit is a film that the editor rendered, read by its burnt-in numbers.
    """

    fps: Fraction | None = None
    is_bridged: bool = False
    heal: int = 0
    is_loop: bool = False
    media: tuple[str, ...] = ()
    is_film: bool = False


def run(edit: Path, sidecar: Path, out: Path, wish: Wish, say: Callable[[str], None]) -> None:
    """Write the show `out`, and its track beside it, that follows an edit.

    Raises
    ------
    EditError, TrackError, ShowError, ValueError, OSError
        With one sentence that names file, place and cure.
    """
    if out.suffix != ".toml":
        raise ValueError(f"{out}: a show ends in .toml")
    if out.exists() and "[track]" not in load.read_text(out, load.LARGEST_BYTES):
        raise ValueError(f"{out}: there is a show already that follows no track; choose another")
    source = track_file.load(sidecar)
    about = source.about
    film = Film((about.film or "the proxy", *wish.media), about.rate, about.frames)
    found, fps = read_film(edit, film) if wish.is_film else read_edit(edit, film, wish.fps)
    check_writable(out)
    reel = conform(
        reel_of(source), found, is_bridged=wish.is_bridged, heal=wish.heal, is_loop=wish.is_loop
    )
    track = out.with_suffix(".track.npz")
    made = msgspec.structs.replace(about, kind="track", fps=str(fps), frames=len(found))
    text = show_text(about.text, track.name, wish.is_loop, str(sidecar))
    lay_beside(out.parent, source.beside)
    track_file.write(track, TrackFile(made, reel.values, reel.motion_s, reel.cuts, reel.latents))
    write_text(out, text)
    try:
        check_models(sidecar, about.models)
    except TakeError as error:
        say(f"note: {error}")
    say(told(out, found, reel, fps))


def read_edit(path: Path, film: Film, fps: Fraction | None) -> tuple[list[Shot], Fraction]:
    """Read an edit by its suffix: what every frame shows, and its frame rate."""
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise EditError(
            f"{path}: no edit that can be read; export it as {', '.join(_SUFFIXES[:3])}, or name "
            "the film that the editor rendered with --video"
        )
    text = load.read_text(path, _LARGEST_EDIT)
    found: tuple[Stack, Fraction]
    if suffix == ".otio":
        from engine.documents.edit import otio

        found = otio.read(text, path.name, film, fps)
    elif suffix == ".edl":
        from engine.documents.edit import edl

        found = edl.read(text, path.name, film, fps)
    else:
        from engine.documents.edit import mlt

        found = mlt.read(text, path.name, film, fps)
    return shots(found[0], found[1], film, path.name), found[1]


def read_film(path: Path, film: Film) -> tuple[list[Shot], Fraction]:
    """Read an edit that was rendered."""
    from engine.documents.edit.film import read

    return read(path, film)


def reel_of(source: TrackFile) -> Reel:
    """Frames of a sidecar as the arithmetic takes them."""
    about = source.about
    kinds = [about.parameters[address] for address in about.columns]
    return Reel(
        values=source.values,
        is_held=np.array([kind != "float" for kind, *_ in kinds], bool),
        turns=np.array([turn_of(unit, low or 0.0, high or 0.0) for _, unit, low, high in kinds]),
        motion_s=source.motion_s,
        cuts=source.cuts,
        latents=source.latents,
        spaces={
            address: manifold(geometry, 1 if source.latents[address].ndim == 2 else 2)
            for address, geometry in about.latents.items()
        },
    )


def show_text(text: str, track: str, is_loop: bool, name: str) -> str:
    """Text of the show with its track.

    Raises
    ------
    ShowError
        If the sidecar's text is no show.
    """
    load.decode(text, name)
    document: Any = tomlkit.parse(text)
    table = tomlkit.table()
    table["file"] = track
    if is_loop:
        table["loop"] = True
    document.pop("track", None)
    if "speed" in document.get("master", {}):
        document["master"]["speed"] = 1.0  # what it did is in the track
    return f"{tomlkit.dumps(document).rstrip()}\n\n{tomlkit.dumps({'track': table})}"


def lay_beside(folder: Path, files: dict[str, bytes] | Any) -> None:
    """Put the files that a show names beside it, where they are not yet.

    Raises
    ------
    ValueError
        If another one is there, or a name leaves the folder.
    """
    for name, data in files.items():
        place = PurePosixPath(name.replace("\\", "/"))
        if place.is_absolute():
            continue  # by its whole path it is found from everywhere
        if ".." in place.parts or ":" in name or not place.parts:
            raise ValueError(f"'{name:.80}' is no file beside a show; do not use this sidecar")
        path = folder / place
        if path.is_file():
            if path.read_bytes() != data:
                raise ValueError(f"{path}: another file of that name is there; choose a new folder")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, data)


def told(out: Path, found: Sequence[Shot], reel: Reel, fps: Fraction) -> str:
    """Say what became of the edit."""
    gaps = sum(shot.first is None for shot in found)
    fades = sum(shot.second is not None for shot in found)
    parts = [f"{len(found)} frames ({float(len(found) / fps):.2f} s)"]
    parts += [f"{int(reel.cuts[:-1].sum())} cuts"]
    parts += [f"{fades} frames of dissolves"] if fades else []
    parts += [f"{gaps} frames of gaps"] if gaps else []
    return f"{out}: {', '.join(parts)}"
