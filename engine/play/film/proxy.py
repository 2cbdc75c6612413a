"""Proxy film for a video editor: numbered frames, and a sidecar with each frame's values."""

from __future__ import annotations

import json
import posixpath
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from engine.core.frame.now import now_at
from engine.core.frame.values import effective
from engine.core.parameter import Kind
from engine.core.path.model import Now
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.core.track.track import clock
from engine.core.trajectory.chain import coordinates
from engine.documents import track_file
from engine.documents.assets import assets_dir
from engine.documents.edit import barcode
from engine.documents.show import load
from engine.documents.show.model_files import with_paths
from engine.documents.show.shaders.files import split_name
from engine.documents.take.content_store import read_blob
from engine.documents.take.models import with_hashes
from engine.documents.take.reader import open_take
from engine.documents.track_file import About, TrackError, TrackFile
from engine.play.film.export import before, before_history, render
from engine.play.film.job import Job, frame_count
from engine.play.film.playback import Playback, is_take
from engine.play.line import Line
from engine.system.atomic import check_writable
from engine.system.foreign import toml
from engine.system.hashing import content_hash


@dataclass(frozen=True, slots=True)
class Marked:
    """A picture with the number of its frame burnt in; fits `engine.outputs.film.film`."""

    picture: Any
    number: int

    def read(self, format: str) -> NDArray[np.uint8]:
        """Pixels of the picture with the number, row 0 at the top [shape=(H, W, 3)]."""
        return barcode.burn(self.picture.read(format), self.number)


class _Frame(NamedTuple):
    """Control state of one frame; `passed` are the cuts of its track so far."""

    values: NDArray[np.float64]
    motion_s: float
    passed: int
    latents: dict[str, NDArray[Any]]


class Sidecar:
    """Gathers the control state of every frame.

    Parameters
    ----------
    show
        As it begins; a take that loads one with other parameters is refused.
    frames
        How many will come.
    """

    def __init__(self, show: Show, frames: int) -> None:
        self._listed = [p for p in show.registry.parameters if p.kind is not Kind.TRIGGER]
        self._addresses = [p.address for p in self._listed]
        # One list: whatever interrupts, a frame is wholly there or not at all.
        self._frames: list[_Frame] = []
        self._geometries: dict[str, str] = {}
        self._charted: set[str] = set()
        numbers = 0
        for layer in show.layers:
            if layer.generator is not None:
                ports = {port.name: port.geometry for port in layer.generator.spec.ports}
                for path in layer.generator.paths:
                    address = f"/layer/{layer.id}/generator/{path.port}"
                    self._geometries[address] = ports[path.port]
                    numbers += int(np.prod(path.shape)) * (1 if path.chart is None else 2)
                    if path.chart is not None:
                        self._charted.add(address)
        if frames * numbers * 4 > track_file.LARGEST_BYTES or frames > barcode.MOST_FRAMES:
            raise ValueError(
                f"{frames} frames of {numbers} latent numbers are more than a sidecar holds; make "
                "proxies of shorter stretches, or at a lower --fps"
            )

    def add(self, show: Show, state: State, seconds: float) -> None:
        """Add a frame.

        Raises
        ------
        TrackError
            If the show has other parameters than it began with.
        """
        index = show.registry.index
        values = effective(show, state, seconds)
        now = now_at(show, state, seconds, values.tolist())
        found = coordinates_of(show, state, now)
        if found.keys() != self._geometries.keys() or any(a not in index for a in self._addresses):
            raise TrackError(f"another show is loaded at {seconds:g} s; make a proxy up to there")
        track = show.track
        at = 0 if track is None else track.frames.find(now.values[track.place])[0]
        frame = _Frame(
            values=values[[index[a] for a in self._addresses]],
            motion_s=clock(show.track, now.values, now.unfrozen_s),
            passed=0 if track is None else int(track.frames.cuts[:at].sum()),
            # What is decoded needs all its bits to be the same again; the rest is asked in float32.
            latents={
                address: rows.astype(np.float64 if address in self._charted else np.float32)
                for address, rows in found.items()
            },
        )
        self._frames.append(frame)

    @property
    def count(self) -> int:
        """How many frames were gathered."""
        return len(self._frames)

    def file(self, about: dict[str, Any], beside: dict[str, bytes]) -> TrackFile:
        """Put together what was gathered; values that never change become constants."""
        frames = list(self._frames)
        values = np.array([frame.values for frame in frames])
        is_moving = (values != values[0]).any(axis=0)
        return TrackFile(
            about=About(
                kind="sidecar",
                frames=len(values),
                parameters={p.address: (p.kind.value, p.unit, p.low, p.high) for p in self._listed},
                columns=[a for a, moves in zip(self._addresses, is_moving, strict=True) if moves],
                constants={
                    a: float(x)
                    for a, x, moves in zip(self._addresses, values[0], is_moving, strict=True)
                    if not moves
                },
                latents=self._geometries,
                **about,
            ),
            values=values[:, is_moving],
            motion_s=np.array([frame.motion_s for frame in frames]),
            cuts=np.append(np.diff([frame.passed for frame in frames]) != 0, True),
            latents={a: np.array([frame.latents[a] for frame in frames]) for a in self._geometries},
            beside=beside,
        )


def coordinates_of(show: Show, state: State, now: Now) -> dict[str, NDArray[np.float64]]:
    """Coordinates of every trajectory, by the address of its port."""
    states = iter(state.paths)
    return {
        f"/layer/{layer.id}/generator/{path.port}": coordinates(path, next(states), now)
        for layer in show.layers
        if layer.generator is not None
        for path in layer.generator.paths
    }


def make(source: str, playback: Playback, job: Job, sidecar: Path, progress: TextIO | None) -> int:
    """Render the proxy of a show or take, and write its sidecar; return the number of frames.

    Raises
    ------
    ValueError, OSError
        With one sentence, before anything is rendered where possible.
    """
    if job.out.suffix.lower() not in (".mp4", ".mov", ".mkv"):
        raise ValueError(f"{job.out}: a proxy is a film; end its name in .mp4, .mov or .mkv")
    if sidecar.suffix != ".npz":
        raise ValueError(f"{sidecar}: a sidecar ends in .npz")
    check_writable(sidecar)
    fps = job.fps or playback.fps
    size_px = job.size_px or playback.size_px
    if size_px[1] < barcode.LEAST_HEIGHT_PX or size_px[0] < size_px[1] * 0.9:
        raise ValueError(
            f"{size_px[0]}x{size_px[1]} is too small or narrow for a frame number that survives "
            f"editing; choose a --size of at least {barcode.LEAST_HEIGHT_PX} pixels' height"
        )
    text = show_text(source)
    text = text[0], with_paths(text[1], lambda path: playback.places.get(path, path))
    show = playback.line_at(playback.start_s).show
    kept = Sidecar(show, frame_count(playback, job, fps))

    def mark(number: int, line: Line, seconds: Fraction, picture: Any) -> Any:
        kept.add(line.show, line.seen, float(seconds))
        return Marked(picture, number)

    def light(seconds: Fraction) -> Line:
        line = playback.line_at(seconds)
        line.show = lightened(line.show)
        return line

    begin = playback.start_s + job.from_s
    if job.first:  # the values of the frames that are there: a second for a few thousand
        line = light(before_history(playback, begin, fps))
        list(before(playback, line, begin, fps))
        for number in range(job.first):
            seconds = begin + number / fps
            line.control(seconds, playback.events_of)
            kept.add(line.show, line.seen, float(seconds))
    try:
        count = render(replace(playback, line_at=light), job, progress, mark)
    except BaseException:
        # The film ends early and can be edited all the same, if its sidecar is there.
        if kept.count:
            with suppress(OSError):
                _write(sidecar, kept, text, show, (fps, job.out.name))
                if progress is not None:
                    progress.write(f"\n{job.out}, {sidecar}: stopped after {kept.count} frames\n")
        raise
    _write(sidecar, kept, text, show, (fps, job.out.name))
    return count


def _write(
    sidecar: Path, kept: Sidecar, source: tuple[str, str], show: Show, film: tuple[Fraction, str]
) -> None:
    """Write a sidecar; `source` is as `show_text`, `film` the rate and the name of its proxy."""
    name, text = source
    about = {
        "fps": str(film[0]), "film": film[1], "show": name, "text": text,
        "hash": content_hash(text.encode()), "models": with_hashes([], show),
    }  # fmt: skip
    files = beside(show)
    files.pop(toml.loads(text).get("track", {}).get("file", ""), None)  # another takes its place
    track_file.write(sidecar, kept.file(about, files))


def lightened(show: Show) -> Show:
    """The show with generators as large as they are live: a proxy is looked at, not shown."""
    layers = tuple(
        layer
        if layer.generator is None
        else replace(layer, generator=replace(layer.generator, film_px=layer.generator.size_px))
        for layer in show.layers
    )
    return replace(show, layers=layers)


def show_text(source: str) -> tuple[str, str]:
    """Name and text of a show, or of the show with which a take begins."""
    if not is_take(source):
        loaded = load.load(source)
        return Path(source).stem, loaded.text
    take = open_take(Path(source))
    name = str(take.header.get("show", ""))
    table = json.loads(read_blob(take.folder, name))
    return take.folder.name, read_blob(take.folder, table["show"])


def beside(show: Show) -> dict[str, bytes]:
    """Files that the show names and that are not shipped, by where they lie beside it."""
    found = {}
    for name, data in show.files.items():
        inside = split_name(name)
        found[name if inside is None else posixpath.normpath(f"shaders/{inside[1]}")] = data
    shipped = assets_dir("shaders")
    for name, text in show.shaders.items():
        file = name if name.endswith(".fs") else f"{name}.fs"
        place = shipped / file
        if not place.is_file() or place.read_text("utf-8-sig") != text:
            found[f"shaders/{file}"] = text.encode()
    return found
