"""Resuming of films: the note beside one that is not finished, and where it goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.documents.show import load
from engine.documents.take.content_store import manifest
from engine.documents.take.models import with_hashes
from engine.outputs import registry
from engine.outputs.film import png
from engine.outputs.film.film import kept_path
from engine.outputs.film.video import segment_frames, whole_frames
from engine.play.film.job import Job, frame_count
from engine.play.film.playback import Playback
from engine.system.atomic import write_json
from engine.system.hashing import content_hash, hash_at, json_hash
from engine.system.untrusted import read_bytes

_MOST_BYTES = 1 << 16
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"


def note_path(job: Job) -> Path:
    """Name the note: ``film.mp4.unfinished``, of pictures ``still.unfinished``."""
    out = job.out
    name = png.sound_path(out, job.start_number).stem if "%" in out.name else out.name
    return out.with_name(f"{name}.unfinished")


def identity(
    source: str, playback: Playback, job: Job, heard: Mapping[str, object]
) -> dict[str, str]:
    """What two films have in common if one is the beginning of the other.

    Parameters
    ----------
    heard
        Options of the sound, and the file of it.
    """
    import av

    show = playback.line_at(playback.start_s).show
    if playback.is_take:
        parts = sorted((p.name, p.stat().st_size) for p in Path(source, "parts").iterdir())
        content = content_hash(Path(source, "take.toml").read_bytes() + repr(parts).encode())
    else:
        content = manifest(load.load(source).text, show)[0]
    width, height = job.size_px or playback.size_px
    codec = job.codec if job.bits == 8 else f"{job.codec} of {job.bits} bits"
    options = {
        "size": f"{width}x{height}", "fps": job.fps or playback.fps, "from": job.from_s,
        "seed": show.seed, "codec": codec, "crf": job.crf, "preset": job.preset,
        "start-number": job.start_number,
        **{k: hash_at(v) if isinstance(v, Path) else v for k, v in heard.items()},
    }  # fmt: skip
    return {
        **{f"--{key}": str(value) for key, value in options.items()},
        "the show or take": content,
        "the models": json_hash(with_hashes([], show)),
        "the version of the encoder": av.__version__,
    }


@contextmanager
def noted(job: Job) -> Iterator[None]:
    """Keep the note until the film is finished."""
    if job.identity is None:
        yield
        return
    note = note_path(job)
    write_json(note, dict(job.identity))
    yield
    note.unlink(missing_ok=True)


def resumed(playback: Playback, job: Job) -> Job:
    """The job from the first frame that is missing; of a film that is not there, the whole.

    Raises
    ------
    ValueError, OSError
        If what is there is finished, or another film.
    """
    note, fps = note_path(job), job.fps or playback.fps
    is_sequence = registry.kind_of_file(job.out) == "png"
    if not note.exists():
        first = job.out.with_name(job.out.name % job.start_number) if is_sequence else job.out
        if not first.exists():
            return job
        raise ValueError(
            f"{job.out}: there is no {note.name} beside it, so it is finished, or not of this "
            "program; leave --resume out to make it anew"
        )
    before, now = _read(note), job.identity or {}
    for key in now:
        if before.get(key) != now[key]:
            is_option = key.startswith("--")
            was = f"{before.get(key)!s:.40}, not {now[key]:.40}," if is_option else "another one"
            raise ValueError(
                f"{job.out}: {key} was {was} when it was begun; say the same again, or leave "
                "--resume out to make it anew"
            )
    count = frame_count(playback, job, fps)
    most = count if job.hashes is None else min(count, len(lines_of(job.hashes)))
    if is_sequence:
        return replace(job, first=min(_pictures_there(job), most))
    kept = kept_path(job.out)  # still there if the film was ended while it was taken over
    found = {path: whole_frames(path, fps) for path in (kept, job.out) if path.exists()}
    best = max(found, key=found.__getitem__, default=kept)
    segment = segment_frames(fps)
    there = min(found.get(best, 0), most - 1) // segment * segment
    if there > 0 and best != kept:
        best.replace(kept)
    return replace(job, first=max(there, 0))


def _read(note: Path) -> dict[str, Any]:
    try:
        found = json.loads(read_bytes(note, _MOST_BYTES))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ValueError(f"{note}: cannot be read; leave --resume out to make the film anew")
    return found


def _pictures_there(job: Job) -> int:
    """Count the pictures that are there, one after the other."""
    count = 0
    while _is_whole(job.out.with_name(job.out.name % (job.start_number + count))):
        count += 1
    return count


def _is_whole(picture: Path) -> bool:
    try:
        with picture.open("rb") as file:
            file.seek(-len(_PNG_END), 2)
            return file.read() == _PNG_END
    except OSError:  # not there, or shorter
        return False


def lines_of(hashes: Path) -> list[bytes]:
    """Whole lines of a file of hashes; none if there is none."""
    return hashes.read_bytes().splitlines(keepends=True) if hashes.is_file() else []
