"""Job of a film: what to render, and how many frames that are."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from engine.play.film.playback import Playback
from engine.system.free_memory import available_bytes


@dataclass(frozen=True, slots=True)
class Job:
    """What to render.

    Parameters
    ----------
    out
        ``.mp4``, ``.mov``, ``.mkv`` or ``name-%05d.png``.
    size_px, fps
        None takes the show's.
    from_s, to_s
        Stretch of the show or take, from its own start; `to_s` None goes to the end.
    hashes
        File for the frame hashes, or None.
    start_number
        Of the first picture of a PNG sequence.
    first
        Frames that are there already; see `engine.play.film.resume`.
    identity
        What the note beside an unfinished film says; None: there is none.
    bits
        Of a sample of a film: 8 or 10.
    """

    out: Path
    size_px: tuple[int, int] | None = None
    fps: Fraction | None = None
    from_s: Fraction = Fraction(0)
    to_s: Fraction | None = None
    hashes: Path | None = None
    codec: str = "h264"
    crf: int = 16
    preset: str = "medium"
    device: str = "auto"
    start_number: int = 0
    first: int = 0
    identity: Mapping[str, str] | None = None
    bits: int = 8


def frame_count(playback: Playback, job: Job, fps: Fraction) -> int:
    """Count the frames of a job.

    Raises
    ------
    ValueError
        If the stretch is empty or has no end.
    """
    end = job.to_s
    if playback.end_s is not None:
        whole = playback.end_s - playback.start_s
        if end is not None and end > whole and playback.is_take:
            raise ValueError(
                f"the take ends at {float(whole):g} s; --to and --duration stay within it"
            )
        end = whole if end is None else end
    if end is None:
        raise ValueError("a show has no end: say --duration S, --to S or --audio FILE")
    count = round((end - job.from_s) * fps)
    if job.from_s < 0 or count < 1:
        raise ValueError(
            f"nothing to render from {float(job.from_s):g} s to {float(end):g} s; "
            "--from lies before the end"
        )
    return count


BYTES_A_PIXEL = 80
"""Memory of a film, textures and encoder: measured, 10 GB at 16384x8192."""
PNG_BYTES_A_PIXEL = 0.1
"""Of the plainest pictures."""
FILM_BYTES_A_PIXEL = (0, 8, 16, 23, 28, 40, 51), (1.8, 1.1, 0.8, 0.55, 0.4, 0.05, 0.02)
"""At these CRFs, of pure noise: measured with x264 and x265; a show takes a tenth or less."""
SOUND_BYTES_A_SECOND = 48_000


def check_room(job: Job, size_px: tuple[int, int], count: int, fps: Fraction) -> str:
    """Refuse, with figures, what neither memory nor disk can hold.

    Returns
    -------
    str
        A sentence, if a film may be larger than the disk has room for; else empty.

    Raises
    ------
    ValueError
        If it needs more than there is, by an estimate that is low for the disk.
    """
    pixels = size_px[0] * size_px[1]
    needed, available = pixels * BYTES_A_PIXEL, available_bytes()
    if available is not None and needed > available:
        raise ValueError(
            f"{job.out}: {size_px[0]}x{size_px[1]} needs about {needed / 1e9:.1f} GB of memory and "
            f"{available / 1e9:.1f} GB are free; choose a smaller --size, or close other programs"
        )
    folder, left = job.out.parent, count - job.first
    if not folder.is_dir():
        return ""
    free = shutil.disk_usage(folder).free
    if job.out.suffix.lower() == ".png":
        needed = round(left * pixels * PNG_BYTES_A_PIXEL)
        if needed > free:
            raise ValueError(
                f"{job.out}: {left} pictures need at least {needed / 1e9:.1f} GB of disk and "
                f"{free / 1e9:.1f} GB are free; choose another disk, a smaller --size or a shorter "
                "stretch"
            )
        return ""
    most = float(left * pixels * np.interp(job.crf, *FILM_BYTES_A_PIXEL))
    most += float(left / fps) * SOUND_BYTES_A_SECOND
    if most <= free:
        return ""
    return (
        f"{job.out}: {left} pictures take up to {most / 1e9:.1f} GB, as a rule a tenth, and "
        f"{free / 1e9:.1f} GB of disk are free; if it fills, the film ends there and can be played"
    )
