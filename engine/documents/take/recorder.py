"""The recorder of takes: everything that steers the picture, on disk, while it is played.

A take is a folder: ``take.toml`` (header), ``blobs/HASH`` (shows and shaders by content) and
``parts/TICK.jsonl`` with ``parts/TICK.pcm``. Every part begins with the state, so that a film can
start at any of them, and a rolling take forgets its oldest parts.
"""

from __future__ import annotations

import json
import queue
import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tomlkit
from numpy.typing import NDArray

from engine import __version__
from engine.core.event import Event
from engine.core.show.show import Show
from engine.core.show.snapshot import to_data
from engine.core.show.state import State
from engine.documents.take.content_store import manifest
from engine.documents.take.models import fingerprints, with_hashes
from engine.system.atomic import append, copy, write_bytes, write_text

SCHEMA = 1
PART_S = 10
LEAST_FREE_BYTES = 256 * 1024 * 1024
QUEUE_JOBS = 512
Samples = NDArray[np.float32]


class Recorder:
    """Writes a take in a thread of its own; the frame line never waits for the disk.

    Parameters
    ----------
    folder
        Where the take goes; made if missing, refused if it holds anything.
    header
        Extra lines of the header, e.g. ``started``.
    sound
        (rate in Hz, channels) of the samples that will come, or None.
    limit_s
        Length of a rolling take; None keeps everything.

    Raises
    ------
    OSError
        If the folder cannot be made or holds anything already.
    """

    def __init__(
        self,
        folder: Path,
        show: Show,
        text: str,
        *,
        header: dict[str, Any],
        sound: tuple[int, int] | None = None,
        limit_s: float | None = None,
    ) -> None:
        check_free(folder)
        (folder / "parts").mkdir(parents=True, exist_ok=True)
        (folder / "blobs").mkdir(exist_ok=True)
        self.folder = folder
        self.error = ""
        self.news = ""  # how the newest `keep` went
        self._rate = float(show.control_hz)
        self._limit_s = limit_s
        self._sound = sound
        self._name, blobs = manifest(text, show)
        self._lines: list[str] = []
        self._part = ""
        self._parts: list[str] = []
        self._tick = -1
        self._samples: list[NDArray[np.int16]] = []
        self._count = 0  # place of the next sample
        self._heard = 0  # samples of this part
        self._is_loose = True  # no sample has come yet that the next one follows
        self._jobs: queue.Queue[Callable[[], None] | None] = queue.Queue(QUEUE_JOBS)
        self._thread = threading.Thread(target=self._work, name="take", daemon=True)
        self._header = {
            "schema": SCHEMA,
            "made_with": f"latent-cinema {__version__}",
            "numpy": np.__version__,
            "show": self._name,
            "control_hz": str(show.control_hz),
            "ticks": 0,
            "reproduction": "open",  # how a live moment may be reproduced
            "copy": 0,
            **header,
            "models": fingerprints(show),
        }
        if sound is not None:
            self._header["sound"] = {"rate_hz": sound[0], "channels": sound[1]}
        write_header(folder, self._header)
        self._write_blobs(blobs)
        self._thread.start()
        self._put(lambda: self._mark_models(show))

    def _mark_models(self, show: Show) -> None:
        """Note which networks are played, by content; in the writer's thread, as it reads them."""
        self._header["models"] = with_hashes(self._header["models"], show)
        write_header(self.folder, self._header)

    def _write_blobs(self, blobs: dict[str, bytes]) -> None:
        for name, data in blobs.items():
            write_bytes(self.folder / "blobs" / name.removeprefix("sha256:"), data)

    def add_show(self, text: str, show: Show) -> str:
        """Store a reloaded show by content; return its name for the ``/show/load`` event."""
        name, blobs = manifest(text, show)
        self._put(lambda: self._write_blobs(blobs))
        self._put(lambda: self._mark_models(show))
        return name

    def tick(self, show: Show, before: State, events: Sequence[Event], after: State) -> None:
        """Record one tick; call it for every tick, in order."""
        if self.error:
            return
        for event in events:
            if event.address == "/show/load":
                self._name = str(event.value)
        span = max(round(PART_S * self._rate), 1)
        if not self._part or after.tick % span == 0:
            self._next_part(show, before, after.tick)
        for event in events:
            value = list(event.value) if isinstance(event.value, tuple) else event.value
            row = [event.tick, event.address, value, event.source, event.sequence]
            self._lines.append(json.dumps(row))
        self._tick = after.tick
        if after.tick % max(round(self._rate / 4), 1) == 0:
            self._mark()

    def _mark(self) -> None:
        """Write down how far the take has come, and hand it over."""
        sound = {} if self._sound is None else {"sound": self._heard}
        self._lines.append(json.dumps({"at": self._tick, **sound}))
        self.flush()

    def _next_part(self, show: Show, before: State, tick: int) -> None:
        self._mark()
        self._part = f"{tick:010d}"
        self._parts.append(self._part)
        self._heard = 0
        self._align(tick)
        first = {
            "tick": before.tick,
            "sample": self._count,
            "show": self._name,
            "state": to_data(show, before),
        }
        self._lines.append(json.dumps(first))
        if self._limit_s is not None:
            most = int(self._limit_s / PART_S) + 2
            for old in self._parts[:-most]:
                self._put(lambda old=old: self._forget(old))  # type: ignore[misc]
            self._parts = self._parts[-most:]

    def _forget(self, part: str) -> None:
        for suffix in ("jsonl", "pcm"):
            (self.folder / "parts" / f"{part}.{suffix}").unlink(missing_ok=True)

    def sound(self, place: int, samples: NDArray[np.float32]) -> tuple[int, Samples]:
        """Record samples, full scale ±1 [shape=(n, channels)]; return those taken, and where.

        Parameters
        ----------
        place
            Of the first one in show time. Devices report it to within their latency: samples
            that nearly follow the ones before are taken to follow them exactly.
        """
        if self._sound is None or self.error or not len(samples) or not self._part:
            return self._count, samples[:0]
        gap = place - self._count
        if self._is_loose:  # nothing before them to follow: exactly where they say
            samples = samples[max(-gap, 0) :]
        elif abs(gap) <= self._sound[0] // 4:
            gap = 0
        elif gap < 0:
            return self._count, samples[:0]
        if not len(samples):
            return self._count, samples[:0]
        if gap > 0:
            self._pad(gap)
        self._is_loose = False
        self._count += len(samples)
        self._heard += len(samples)
        self._samples.append(np.rint(np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2"))
        return self._count - len(samples), samples

    def _pad(self, count: int) -> None:
        assert self._sound is not None
        count = min(count, (PART_S + 1) * self._sound[0])
        self._count += count
        self._heard += count
        self._samples.append(np.zeros((count, self._sound[1]), "<i2"))

    def _align(self, tick: int) -> None:
        """Begin a part where it begins in show time, if the sound is not there already."""
        if self._sound is None:
            return
        place = round(tick / self._rate * self._sound[0])
        if self._is_loose or abs(place - self._count) > self._sound[0] // 4:
            self._count, self._is_loose = place, True

    def flush(self) -> None:
        """Hand what was gathered to the writer thread."""
        lines, samples, part = self._lines, self._samples, self._part
        self._lines, self._samples = [], []
        if not part or not (lines or samples):
            return
        text = "".join(line + "\n" for line in lines)
        sound = b"".join(s.tobytes() for s in samples)
        self._put(lambda: self._append(part, text, sound))

    def _append(self, part: str, text: str, sound: bytes) -> None:
        if shutil.disk_usage(self.folder).free < LEAST_FREE_BYTES:
            raise OSError(28, "less than 256 MB of disk are free")
        if sound:  # first: a mark never tells of samples that are not there
            append(self.folder / "parts" / f"{part}.pcm", sound)
        append(self.folder / "parts" / f"{part}.jsonl", text.encode())

    def keep(self, target: Path, seconds: float) -> None:
        """Copy the newest `seconds` into a take of their own, in the writer's thread."""
        self._mark()
        count = int(seconds / PART_S) + 1
        parts, header = self._parts[-count:], {**self._header, "ticks": self._tick + 1}
        self._put(lambda: self._try_copy(target, parts, header))

    def _try_copy(self, target: Path, parts: list[str], header: dict[str, Any]) -> None:
        """Copy; a place that takes no copy does not end the recording, nor keeps half of it."""
        is_ours = False
        try:
            target.mkdir(parents=True)
            is_ours = True
            self._copy(target, parts, header)
        except OSError as error:
            if is_ours:
                shutil.rmtree(target, ignore_errors=True)
            self.news = f"{target}: {error.strerror or error}; nothing was kept"
        else:
            self.news = f"kept: {target}"

    def _copy(self, target: Path, parts: list[str], header: dict[str, Any]) -> None:
        names = [f"blobs/{path.name}" for path in (self.folder / "blobs").iterdir()]
        for part in parts:
            names += [f"parts/{path.name}" for path in (self.folder / "parts").glob(f"{part}.*")]
        for name in names:
            copy(self.folder / name, target / name)
        write_header(target, header)

    def _put(self, job: Callable[[], None]) -> None:
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            self.error = f"{self.folder}: the disk is too slow; recording stopped, the show goes on"

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            if self.error:
                continue  # a take with a hole in it would replay as something else
            try:
                job()
            except OSError as error:
                what = error.strerror or str(error)
                self.error = f"{self.folder}: {what}; recording stopped, the show goes on"

    def close(self) -> None:
        """Write what is left and the length."""
        if not self.error:
            self._mark()
        try:
            self._jobs.put(None, timeout=10)
        except queue.Full:
            return
        self._thread.join(timeout=30)
        if not self.error:
            write_header(self.folder, {**self._header, "ticks": self._tick + 1})


def check_free(folder: Path) -> None:
    """Refuse a folder that holds something: what is not the take's would be taken for it."""
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{folder}: this is a file; a take is a folder, choose another name")
    if folder.is_dir() and any(folder.iterdir()):
        what = "there is a take already" if (folder / "take.toml").exists() else "it is not empty"
        raise FileExistsError(f"{folder}: {what}; choose another folder")


def write_header(folder: Path, header: dict[str, Any]) -> None:
    """Write ``take.toml`` in one step."""
    write_text(folder / "take.toml", tomlkit.dumps(header))
