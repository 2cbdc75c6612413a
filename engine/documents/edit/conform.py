"""Conforming: the edit of a proxy film carried back to the show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import tomlkit

from engine.core.latent.manifold import manifold
from engine.core.track.conform import Shot, TrackFrames, conform
from engine.documents import track_file
from engine.documents.edit.beside import lay_beside
from engine.documents.edit.reading import SUFFIXES
from engine.documents.edit.spans import from_rows, shots
from engine.documents.edit.timeline import EditError, Film
from engine.documents.errors import reading
from engine.documents.show import load
from engine.documents.show.load import ShowError
from engine.documents.show.model_files import Change, changed, with_paths
from engine.documents.show.track import full_turn
from engine.documents.take.content_store import TakeError
from engine.documents.take.find_models import find
from engine.documents.track_file import TrackFile
from engine.system.atomic import check_writable, write_text
from engine.system.foreign import toml
from engine.system.limited_child import Bounds, ChildError, RefusedError, ask
from engine.system.untrusted import read_bytes

_LARGEST_EDIT = 64 << 20
_TASK = "engine.documents.edit.{}:answer"


@dataclass(frozen=True, slots=True)
class Options:
    """How an edit is followed.

    Parameters
    ----------
    fps
        Of the edit; None: what it says, or the proxy's.
    is_bridged, heal, is_loop
        See `engine.core.track.conform.conform`.
    media
        Other names of the proxy in the edit.
    begin
        Timecode of the edit at which its film begins; "": as the reader finds it.
    ignored
        What is left out instead of refused, see `engine.documents.edit.findings.IGNORABLE`.
    is_film
        Whether the edit is a film that the editor rendered, read by its burnt-in numbers.
    """

    fps: Fraction | None = None
    is_bridged: bool = False
    heal: int = 0
    is_loop: bool = False
    is_film: bool = False
    media: tuple[str, ...] = ()
    begin: str = ""
    ignored: tuple[str, ...] = ()


def run(
    edit: Path, sidecar: Path, out: Path, options: Options, notify: Callable[[str], None]
) -> None:
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
    film = Film((about.film or "the proxy", *options.media), about.rate, about.frames)
    if options.is_film:
        found, fps = read_film(edit, film)
    else:
        found, fps = read_edit(
            edit, film, options.fps, begin=options.begin, ignored=options.ignored, notify=notify
        )
    check_writable(out)
    frames = conform(
        frames_of(source),
        found,
        is_bridged=options.is_bridged,
        heal=options.heal,
        is_loop=options.is_loop,
    )
    track = out.with_suffix(".track.npz")
    made = msgspec.structs.replace(about, kind="track", fps=str(fps), frames=len(found))
    places, note = _places(sidecar, about.models)
    moved = with_paths(about.text, lambda path: places.get(path, path))
    text = show_text(moved, track.name, options.is_loop, str(sidecar))
    lay_beside(out.parent, source.beside, about.text)
    track_file.write(
        track, TrackFile(made, frames.values, frames.motion_s, frames.cuts, frames.latents)
    )
    write_text(out, text)
    if note:
        notify(f"note: {note}")
    notify(summary(out, found, frames, fps))


def _places(sidecar: Path, models: object) -> tuple[dict[str, str], str]:
    """Where the models of a proxy lie now, and what to say of one that is not found."""
    try:
        return find(sidecar, models), ""
    except TakeError as error:
        return {}, str(error)


def read_edit(
    path: Path, film: Film, fps: Fraction | None, *, begin: str = "",
    ignored: Sequence[str] = (), notify: Callable[[str], None] = lambda _: None,
) -> tuple[list[Shot], Fraction]:  # fmt: skip
    """Read an edit by its suffix: what every frame shows, and its frame rate.

    Raises
    ------
    EditError
        If it cannot be read or followed.
    """
    suffix = path.suffix.lower()
    if suffix == ".fcpxmld":  # the folder that newer versions of Final Cut export
        path, suffix = path / "Info.fcpxml", ".fcpxml"
    if suffix not in SUFFIXES:
        raise EditError(
            f"{path}: no edit that can be read; export it as {', '.join(SUFFIXES)}, or name the "
            "film that the editor rendered with --video"
        )
    data = _bytes_of(path)
    job = {
        "name": path.name, "suffix": suffix, "names": film.names, "film_fps": str(film.fps),
        "frames": film.frames, "fps": str(fps or ""), "begin": begin, "ignored": list(ignored),
    }  # fmt: skip
    bounds = Bounds((512 << 20) + 40 * len(data), 20 + len(data) // 200_000)
    reply = _asked("reading", path, job, bounds, data)
    own, begin_s = Fraction(reply["fps"]), Fraction(reply["begin"])
    found = shots(from_rows(reply["spans"]), begin_s, own, film, path.name)
    for note in reply["notes"]:
        notify(f"note: {note}")
    return found, own


def read_film(path: Path, film: Film) -> tuple[list[Shot], Fraction]:
    """Read an edit that was rendered."""
    if not path.is_file():
        raise EditError(f"{path}: cannot be read: there is no such film")
    job = {"path": str(path.absolute()), "names": film.names, "film_fps": str(film.fps),
           "frames": film.frames}  # fmt: skip
    reply = _asked("film", path, job, Bounds(4 << 30, 3600 + path.stat().st_size // 100_000))
    found = [
        Shot(first and Fraction(first), second and Fraction(second), Fraction(share), place,
             Fraction(speed))
        for first, second, share, place, speed in reply["shots"]
    ]  # fmt: skip
    return found, Fraction(reply["fps"])


def _bytes_of(path: Path) -> bytes:
    with reading(path, EditError):
        return read_bytes(path, _LARGEST_EDIT)


def _asked(task: str, path: Path, job: dict[str, Any], bounds: Bounds, data: bytes = b"") -> Any:
    """Let a limited child read a foreign file."""
    try:
        return ask(_TASK.format(task), job, bounds, data)
    except RefusedError as error:
        raise EditError(str(error)) from None
    except ChildError as error:
        raise EditError(f"{path}: {error}") from None


def frames_of(source: TrackFile) -> TrackFrames:
    """Frames of a sidecar as the arithmetic takes them."""
    about = source.about
    kinds = [about.parameters[address] for address in about.columns]
    return TrackFrames(
        values=source.values,
        is_held=np.array([kind != "float" for kind, *_ in kinds], bool),
        turns=np.array([full_turn(unit, low or 0.0, high or 0.0) for _, unit, low, high in kinds]),
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
    if len(text) > load.LARGEST_BYTES:
        raise ShowError(f"{name}: its show's text is too large to be one; do not use it")
    load.decode(text, name)
    changes: list[Change] = [(("track",), None)]
    if "speed" in toml.loads(text).get("master", {}):
        changes.append((("master", "speed"), 1.0))  # what it did is in the track
    named = {"file": track, **({"loop": True} if is_loop else {})}
    made = changed(text, changes).rstrip()
    return f"{made}\n\n{tomlkit.dumps({'track': named})}"


def summary(out: Path, found: Sequence[Shot], frames: TrackFrames, fps: Fraction) -> str:
    """Say what became of the edit."""
    gaps = sum(shot.first is None for shot in found)
    fades = sum(shot.second is not None for shot in found)
    parts = [f"{len(found)} frames ({float(len(found) / fps):.2f} s)"]
    parts += [f"{int(frames.cuts[:-1].sum())} cuts"]
    parts += [f"{fades} frames of dissolves"] if fades else []
    parts += [f"{gaps} frames of gaps"] if gaps else []
    return f"{out}: {', '.join(parts)}"
