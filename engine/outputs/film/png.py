"""PNG sequence output, 8 or 16 bits deep, with the sound beside it as a WAV file.

Not by PyAV's encoder, measured: as fast (63 ms for 1920×1080, here 60), as large, and without the
chunk that says sRGB. Pillow writes no 48 bits.
"""

from __future__ import annotations

import os
import re
import struct
import tempfile
import wave
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.outputs.contract import Picture, Sound
from engine.outputs.writer import Writer, numbered, read_sound, samples_at
from engine.system.atomic import open_new, write_bytes

SUFFIXES = (".png",)
_NAME = re.compile(r"[^%]*%0[1-9]d[^%]*\.png", re.IGNORECASE)
_COLOUR_TYPE = {1: 0, 3: 2, 4: 6}  # channels → PNG colour type


@dataclass(frozen=True, slots=True)
class Config:
    """Where the pictures go.

    Parameters
    ----------
    path
        File name with the frame's number in it: ``out/night-%05d.png``.
    format
        ``rgb24`` (8 bits), ``rgba`` (8 bits) or ``rgb48`` (16 bits).
    audio
        Goes into ``out/night.wav``, 24-bit PCM, exactly as long as the pictures.
    is_blocking
        Wait when the disk is slow (export), or drop pictures and count them (live).
    level
        zlib level, 1 (fast) to 9 (small).
    start_number
        Of the first picture; above 0 the sound has it in its name, too: ``out/night-00240.wav``.
    kept
        Pictures that are there already (``export --resume``).
    """

    path: Path
    format: str = "rgb24"
    audio: Sound | None = None
    is_blocking: bool = True
    level: int = 1
    start_number: int = 0
    kept: int = 0


def check(config: Config, size_px: tuple[int, int]) -> None:  # noqa: ARG001 - the contract
    """Refuse a file name that cannot number its pictures.

    Raises
    ------
    ValueError
        With the rule that was broken.
    """
    path = Path(config.path)
    if not _NAME.fullmatch(path.name) or "%" in str(path.parent):
        raise ValueError(
            f"'{path}' does not name a picture sequence: write the frame's number once, "
            "in the file name, as in name-%05d.png"
        )
    if config.format not in ("rgb24", "rgba", "rgb48"):
        raise ValueError(f"PNG takes rgb24, rgba or rgb48, not '{config.format}'")


def encode(pixels: NDArray[Any], level: int = 1) -> bytes:
    """Make a PNG file of an sRGB picture, 8 or 16 bit [shape=(H, W, 1, 3 or 4)], row 0 at the top.

    References
    ----------
    W3C PNG specification, third edition: filter type 2 ("Up"), chunk sRGB.
    """
    height, width, channels = pixels.shape
    depth = pixels.dtype.itemsize * 8
    rows = np.ascontiguousarray(pixels, dtype=f">u{depth // 8}").view(np.uint8).reshape(height, -1)
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = 2
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, depth, _COLOUR_TYPE[channels], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", header),
            _chunk(b"sRGB", b"\0"),
            _chunk(b"IDAT", zlib.compress(filtered.data, level)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def sound_path(path: Path, start_number: int = 0) -> Path:
    """Name the sound file of a sequence: ``out/night-%05d.png`` → ``out/night.wav``.

    Of a later stretch it has the number of the first picture, so that it takes no other's place.
    """
    if start_number:
        return path.with_name(path.stem % start_number + ".wav")
    stem = re.sub(r"%0[1-9]d", "", path.stem).strip("-_. ") or "sound"
    return path.with_name(stem + ".wav")


def write_sound(path: Path, sound: Sound, count: int) -> None:
    """Store the first `count` samples as 24-bit PCM."""
    with open_new(path) as out, wave.open(out, "wb") as file:
        file.setnchannels(sound.channels)
        file.setsampwidth(3)
        file.setframerate(sound.rate_hz)
        for start in range(0, count, sound.rate_hz):
            rows = read_sound(sound, start, min(sound.rate_hz, count - start))
            whole = np.rint(rows.astype(np.float64) * (2**23 - 1)).astype("<i4")
            file.writeframes(whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes())


class Sequence:
    """Writes pictures; every file is whole or absent."""

    def __init__(self, config: Config, size_px: tuple[int, int], fps: Fraction) -> None:
        self._config = config
        self._path = Path(config.path)
        self._fps = fps
        self._first: int | None = 0 if config.kept else None
        self._end = config.kept
        depth_bytes = 6 if config.format == "rgb48" else 4
        self._writer = Writer(
            self._path,
            lambda: "the pictures stored before it are whole",
            config.is_blocking,
            frame_bytes=size_px[0] * size_px[1] * depth_bytes,
            threads=max(1, min(4, (os.cpu_count() or 1) - 1)),
        )

    @property
    def dropped(self) -> int:
        """Pictures left out because the disk was slow."""
        return self._writer.dropped

    def write(self, frame: int, picture: Picture) -> None:
        """Queue a picture for its file.

        Raises
        ------
        OSError
            If an earlier picture could not be stored.
        """
        self._first = frame if self._first is None else self._first
        self._end = max(self._end, frame + 1)
        if not self._writer.drops():  # nothing is read back for nothing
            self._writer.put(partial(self._store, frame, picture.read(self._config.format)))

    def close(self) -> None:
        """Store what is queued, and the sound.

        Raises
        ------
        OSError
            If something could not be stored.
        """
        self._writer.close(self._finish)

    def _store(self, frame: int, pixels: NDArray[Any]) -> None:
        path = self._path.with_name(self._path.name % (self._config.start_number + frame))
        # Waiting for the disk, sixty times a second, would leave pictures out.
        write_bytes(path, encode(pixels, self._config.level), is_durable=False)

    def _finish(self) -> None:
        sound = self._config.audio
        if sound is not None and self._first is not None:
            count = samples_at(self._end - self._first, self._fps, sound.rate_hz)
            write_sound(sound_path(self._path, self._config.start_number), sound, count)


@contextmanager
def open(config: Config, size_px: tuple[int, int], fps: Fraction) -> Iterator[Sequence]:
    """Open a picture sequence; its folder is made.

    Raises
    ------
    ValueError
        If the file name holds no frame number.
    OSError
        If the folder cannot be made or written to.
    """
    check(config, size_px)
    folder = Path(config.path).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        reason = error.strerror
        raise numbered(
            error.errno, f"The folder '{folder}' cannot be written to ({reason}): choose another"
        ) from error
    sequence = Sequence(config, size_px, fps)
    try:
        yield sequence
    finally:
        sequence.close()
