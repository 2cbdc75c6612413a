"""Film output: H.264 or H.265 in MP4, MOV or MKV, at a constant rate, with sound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

from engine.outputs.contract import Picture, Sound
from engine.outputs.film.encoder import FORMATS, LAYOUTS, Encoder
from engine.outputs.film.video import ENCODERS, Codec
from engine.outputs.writer import Writer, numbered

SUFFIXES = tuple(FORMATS)
_PRESETS = (
    "ultrafast", "superfast", "veryfast", "faster", "fast",
    "medium", "slow", "slower", "veryslow",
)  # fmt: skip
# ISO/IEC 14496-3, table 1.16: the rates that AAC can name.
_AAC_RATES_HZ = (
    96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Config:
    """How a film is stored.

    Parameters
    ----------
    path
        ``.mp4``, ``.mov`` or ``.mkv``.
    codec
        ``h264`` or ``h265``.
    crf
        Constant rate factor, 0 (lossless) to 51.
    preset
        x264's name for how much time to spend, ``ultrafast`` to ``veryslow``.
    audio
        The sound; sample 0 is heard with the first picture.
    is_blocking
        Wait for a slow encoder (export), or drop pictures and count them (live). A dropped
        picture's time is filled with the one before it: the rate stays constant.
    kept
        Pictures that are taken over of the film `kept_path` names (``export --resume``).
    bits
        Of a sample: 8 or 10.
    """

    path: Path
    codec: str = "h264"
    crf: int = 16
    preset: str = "medium"
    audio: Sound | None = None
    is_blocking: bool = True
    kept: int = 0
    bits: int = 8


def kept_path(path: Path) -> Path:
    """Where a film that was stopped lies while its pictures are taken over."""
    return path.with_name(f"{path.stem}.kept{path.suffix}")


def check(config: Config, size_px: tuple[int, int]) -> None:
    """Refuse, in one sentence, what no film can hold.

    Raises
    ------
    ValueError
        If the suffix, codec, quality, size or sound cannot be encoded.
    OSError
        If the folder is not there.
    """
    path = Path(config.path)
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"'{path.name}' is not a film: end its name in {', '.join(SUFFIXES)}")
    if config.codec not in ENCODERS:
        raise ValueError(f"The codec '{config.codec}' is not known: use h264 or h265")
    if config.preset not in _PRESETS:
        raise ValueError(f"The preset '{config.preset}' is not known: use {', '.join(_PRESETS)}")
    if config.bits not in (8, 10):
        raise ValueError(f"A film's samples have 8 or 10 bits, not {config.bits}")
    if not 0 <= config.crf <= 51:
        raise ValueError(f"crf is a quality from 0 (lossless) to 51, not {config.crf}")
    if size_px[0] % 2 or size_px[1] % 2 or min(size_px) < 16:
        raise ValueError(
            f"H.264 and H.265 need even width and height of at least 16, not "
            f"{size_px[0]}x{size_px[1]}: choose another --size, or a PNG sequence"
        )
    if config.audio is not None:
        _check_sound(config.audio)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"The folder '{path.parent}' does not exist: create it first")


def _check_sound(sound: Sound) -> None:
    if sound.rate_hz not in _AAC_RATES_HZ:
        rates = ", ".join(map(str, _AAC_RATES_HZ))
        raise ValueError(f"AAC takes sound at {rates} Hz, not {sound.rate_hz}: resample it")
    if sound.channels not in LAYOUTS:
        raise ValueError(f"A film's sound has 1, 2 or 6 channels, not {sound.channels}")


class Film:
    """Takes pictures in order; one thread of its own encodes them."""

    def __init__(self, encoder: Encoder, config: Config, size_px: tuple[int, int]) -> None:
        self._encoder = encoder
        self._first: int | None = 0 if config.kept else None
        self._newest = -1
        self._format = "rgb24" if config.bits == 8 else "rgb30"
        self._writer = Writer(
            encoder.path,
            lambda: f"its first {encoder.frames} pictures, all but about a second, are playable",
            config.is_blocking,
            frame_bytes=size_px[0] * size_px[1] * (3 if config.bits == 8 else 6),
        )

    @property
    def dropped(self) -> int:
        """Pictures left out because the encoder was slow; the one before stands in for each."""
        return self._writer.dropped

    def write(self, frame: int, picture: Picture) -> None:
        """Queue a picture. The first one starts the film, whatever its index.

        Raises
        ------
        ValueError
            If frames do not come in order.
        OSError
            If the disk or the encoder failed since the last call.
        """
        if frame <= self._newest:
            raise ValueError(f"frame {frame} came after frame {self._newest}: a film is in order")
        self._first = frame if self._first is None else self._first
        self._newest = frame
        place = frame - self._first
        if not self._writer.drops():  # nothing is read back for nothing
            self._writer.put(partial(self._encoder.encode, place, picture.read(self._format)))

    def close(self) -> None:
        """Encode what is queued and finish the file.

        Raises
        ------
        OSError
            If the end of the film could not be written.
        """
        frames = 0 if self._first is None else self._newest + 1 - self._first
        self._writer.close(partial(self._encoder.finish, frames))


@contextmanager
def open(config: Config, size_px: tuple[int, int], fps: Fraction) -> Iterator[Film]:
    """Open a film; whatever ends the block, Ctrl-C included, leaves an ordinary playable file.

    Raises
    ------
    ValueError, OSError
        See `check`; also if the file cannot be opened or the encoder refuses.
    """
    from av import FFmpegError

    check(config, size_px)
    codec = Codec(config.codec, config.crf, config.preset, config.is_blocking, config.bits)
    try:
        encoder = Encoder(config.path, codec, config.audio, size_px, fps)
    except (FFmpegError, OSError) as error:
        why = getattr(error, "strerror", error)
        raise numbered(
            getattr(error, "errno", None),
            f"The film '{config.path}' could not be opened ({why}): choose another place, size "
            "or codec",
        ) from error
    film = Film(encoder, config, size_px)
    try:
        if config.kept:
            encoder.take_over(kept_path(config.path), config.kept)
            kept_path(config.path).unlink()
        yield film
    finally:
        film.close()
