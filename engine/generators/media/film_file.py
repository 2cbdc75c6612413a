"""What a film's file says of itself: size, length, whether it can be shown at all."""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from engine.system.limited_child import Bounds, ask
from engine.system.untrusted import open_regular

SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".ts", ".ogv", ".gif")
FORMATS = "mov,mp4,matroska,webm,avi,ogg,mpeg,mpegts,gif"
"""No list of other files, no address, no device is opened by a film."""
LARGEST_PX = 16384
_MEMORY_BYTES = 4 << 30
_CPU_S = 60
_COUNTED_BYTES = 1 << 30
"""Larger files are not read whole: their length is what they say."""
_HDR = {16: "PQ", 18: "HLG"}


_BT2020 = 9
_MISSING_S, _MISSING = 1.0, 0.1  # of its length, before it is said


class Film(NamedTuple):
    """A film that can be shown: width and height as it is seen, its length, what is not seen."""

    width: int
    height: int
    duration_s: float
    has_alpha: bool
    notes: tuple[str, ...]


def describe(path: str) -> Film:
    """Look at a film: in a limited child, unless this is a worker process already.

    Raises
    ------
    ValueError
        If it is missing or cannot be shown; without the name of the file.
    """
    try:
        stat = Path(path).stat()
    except OSError as error:
        raise ValueError(error.strerror or "cannot be read") from None
    return _describe(path, (stat.st_ino, stat.st_size, stat.st_mtime_ns))


@lru_cache(maxsize=64)
def _describe(path: str, version: tuple[int, ...]) -> Film:
    del version
    if multiprocessing.parent_process() is not None:
        try:
            return _film(look(b"", {"path": path}))
        except OSError as error:
            raise ValueError(str(error)) from None
    return _film(ask(f"{__name__}:look", {"path": path}, Bounds(_MEMORY_BYTES, _CPU_S)))


def _film(found: Sequence[Any]) -> Film:
    *facts, notes = found
    return Film._make((*facts, tuple(notes)))


def look(data: bytes, job: Mapping[str, Any]) -> tuple[Any, ...]:
    """Decode the first frame and measure the length; the task of a limited child."""
    del data
    import av

    path = Path(job["path"])
    try:
        with open_regular(path) as file, open_container(file) as container:
            if not container.streams.video:
                raise ValueError("there is no picture in it")
            stream = container.streams.video[0]
            frame = next(container.decode(stream), None)
            if frame is None:
                raise ValueError("not one frame of it can be decoded")
            if frame.color_trc in _HDR:
                raise ValueError(
                    f"it is HDR ({_HDR[frame.color_trc]}), which cannot be shown; convert it to "
                    "BT.709"
                )
            width, height = shown_size(stream, frame)
            if not 1 <= min(width, height) <= max(width, height) <= LARGEST_PX:
                raise ValueError(f"{width} x {height} pixels; a side has at most {LARGEST_PX}")
            duration_s = _duration(container, stream, frame, path.stat().st_size)
            has_alpha = any(part.is_alpha for part in frame.format.components)
            notes = _notes(container, frame, duration_s)
            return width, height, duration_s, has_alpha or is_vpx_alpha(stream), notes
    except (av.FFmpegError, IndexError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise ValueError(f"it cannot be decoded: {why}") from None


def _notes(container: Any, frame: Any, duration_s: float) -> list[str]:
    """Say what of a film is not seen as it is meant, a sentence each."""
    found, whole_s = [], (container.duration or 0) / 1e6
    if whole_s - duration_s > max(_MISSING_S, _MISSING * whole_s):
        found.append(
            f"only {duration_s:.1f} of its {whole_s:.1f} s have a picture; is the file whole?"
        )
    if frame.interlaced_frame:
        found.append(
            "it is interlaced: lines of two moments are seen together; mend it (ffmpeg -i IN "
            "-vf bwdif OUT)"
        )
    if getattr(frame, "color_primaries", 0) == _BT2020:
        found.append("its colours are those of BT.2020 and look pale; convert it to BT.709")
    return found


def open_container(file: Any) -> Any:
    """Open a film's file that is open already, so that nothing in it leads elsewhere."""
    import av

    return av.open(file, "r", options={"format_whitelist": FORMATS})


def shown_size(stream: Any, frame: Any) -> tuple[int, int]:
    """Width and height as it is seen: of square pixels, and turned as its camera says."""
    ratio = stream.sample_aspect_ratio or 1
    width, height = max(round(frame.width * ratio), 1), frame.height
    return (height, width) if round(frame.rotation / 90) % 2 else (width, height)


def is_vpx_alpha(stream: Any) -> bool:
    """Whether it is a WebM film with transparency, which only one decoder sees."""
    is_vpx = stream.codec_context.name in ("vp8", "vp9")
    return is_vpx and stream.metadata.get("alpha_mode", stream.metadata.get("ALPHA_MODE")) == "1"


def on_grid(seconds: float, stream: Any) -> float:
    """Undo the rounding of a container that counts in milliseconds, at a constant rate."""
    rate = stream.average_rate or stream.guessed_rate
    if not rate:
        return seconds
    exact = float(round(seconds * float(rate)) / rate)
    return exact if abs(exact - seconds) <= 0.5 * float(stream.time_base) + 1e-9 else seconds


def _duration(container: Any, stream: Any, first: Any, size: int) -> float:
    """Seconds from the first frame to the end of the last."""
    base = float(stream.time_base)
    start = first.pts or 0
    usual = 1.0 / float(stream.average_rate or stream.guessed_rate or 25)
    if size <= _COUNTED_BYTES:
        container.seek(start, stream=stream)
        ends = [
            packet.pts * base + (float(packet.duration or 0) * base or usual)
            for packet in container.demux(stream)
            if packet.pts is not None and not packet.is_discard and packet.size
        ]
        found = max(ends, default=0.0) - start * base
        exact = on_grid(found - usual, stream) + usual  # from the beginning of the last frame
        found = exact if abs(exact - found) <= base else found
    elif stream.duration:
        found = float(stream.duration) * base
    else:
        found = (container.duration or 0) / 1e6
    if not math.isfinite(found) or found > 1e6:
        raise ValueError(f"its length makes no sense ({found:g} s)")
    return max(found, usual)
