"""Recordings of a camera in a take: films that a crash cannot spoil, and their frames by show time.

What a layer's camera saw lies in ``cameras/LAYER/1.mkv`` of the take; each further start of its
worker writes the next number. The time of a frame is that of the picture that showed it first.
"""

from __future__ import annotations

import queue
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

from engine.generators.media.film_reader import FilmReader, range_of

FOLDER = "cameras"
_MS = Fraction(1, 1000)
_WAITING = 8  # frames that the encoder may be behind
_OPTIONS = {"preset": "ultrafast", "tune": "zerolatency", "crf": "16", "g": "60"}
# A cluster is on the disk after half a second, whatever becomes of the process.
_CONTAINER = {"cluster_time_limit": "500", "flush_packets": "1"}
_NEVER_S = 0.0005


class CameraRecorder:
    """Writes frames into a film, in a thread of its own.

    Attributes
    ----------
    trouble
        Why it stopped, in a sentence; empty while it goes on.
    dropped
        Frames that are missing, because the encoder was too slow.
    """

    def __init__(self, path: Path) -> None:
        import av

        self.trouble = ""
        self.dropped = 0
        self._path = path
        self._newest: Any = None
        self._newest_ms = -1
        self._queue: queue.Queue[tuple[Any, int]] = queue.Queue(_WAITING)
        self._container = av.open(str(path), "w", format="matroska", options=_CONTAINER)
        threading.Thread(target=self._write, name="recorder", daemon=True).start()

    def put(self, frame: Any, seconds: float) -> None:
        """Remember a frame that is seen from a show time on; the same one only once."""
        ms = round(seconds * 1000)
        if frame is self._newest or ms <= self._newest_ms:
            return
        self._newest = frame
        try:
            self._queue.put_nowait((frame, ms))
            self._newest_ms = ms
        except queue.Full:
            self.dropped += 1

    def _write(self) -> None:
        stream: Any = None
        try:
            while True:
                frame, ms = self._queue.get()
                if stream is None:
                    stream = self._container.add_stream("libx264", options=_OPTIONS)
                    stream.width, stream.height = frame.width // 2 * 2, frame.height // 2 * 2
                    stream.pix_fmt = "yuv420p"
                    stream.codec_context.colorspace = frame.colorspace
                    stream.codec_context.color_range = 1  # limited
                    stream.codec_context.time_base = _MS
                    stream.time_base = _MS
                made = frame.reformat(
                    stream.width, stream.height, "yuv420p",
                    src_color_range=range_of(frame), dst_color_range="MPEG",
                )  # fmt: skip
                made.pts, made.time_base = ms, _MS
                self._container.mux(stream.encode(made))
        except Exception as error:  # noqa: BLE001 -- codecs and disks fail in many ways
            why = getattr(error, "strerror", None) or " ".join(str(error).split())
            self.trouble = f"{self._path}: {why}; the camera is not recorded any more"


class Recorded:
    """The recordings of one camera.

    Parameters
    ----------
    folder
        Of the films.
    """

    def __init__(self, folder: Path) -> None:
        import av

        self._readers = []
        for path in sorted(folder.glob("*.mkv"), key=lambda each: each.stem.zfill(9)):
            try:
                self._readers.append(FilmReader(str(path)))
            except (av.FFmpegError, ValueError, IndexError, OSError):
                continue  # a worker that ended before its first frame was written
        self._readers.sort(key=lambda reader: reader.start_s)

    @property
    def last_s(self) -> float:
        """Show time of the last frame; 0 where there is none."""
        return max((reader.last_s() + reader.start_s for reader in self._readers), default=0.0)

    def at(self, seconds: float) -> Any:
        """Return the frame that was seen at a show time, or None before the first."""
        found = [reader for reader in self._readers if reader.start_s <= seconds + _NEVER_S]
        return found[-1].at(seconds - found[-1].start_s + _NEVER_S) if found else None
