"""Audio file, decoded whole and analysed ahead, with features stamped by stream time.

Playing live and rendering a film therefore see the same features on the same ticks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.core.audio import features as audio
from engine.core.clock import first_index

if TYPE_CHECKING:
    import av.container

MAX_S = 4 * 3600
_MAX_FRAMES = MAX_S * 48_000
# Playlists and streams could make the decoder open other files or the network: only containers.
_FORMATS = "wav,w64,flac,mp3,ogg,mov,mp4,m4a,aac,aiff,au,caf,matroska,webm"
_SLICE = 1 << 16


@dataclass(frozen=True, slots=True)
class Track:
    """A decoded sound.

    Parameters
    ----------
    pcm
        Samples, full scale ±1 [shape=(n, channels)], one or two channels.
    rate_hz
        Sample rate.
    """

    pcm: NDArray[np.float32]
    rate_hz: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.pcm) / self.rate_hz


@dataclass(frozen=True, slots=True)
class Features:
    """Every row of `audio.FEATURES` of a track.

    Parameters
    ----------
    rate_hz, hop
        Row ``k`` was complete, and could have been known live, at ``(k + 1) * hop / rate_hz`` s.
    rows
        Features [shape=(m, len(FEATURES))].
    """

    rate_hz: int
    hop: int
    rows: NDArray[np.float64]


def load(path: str | Path, rate_hz: int | None = None) -> Track:
    """Decode a sound file (wav, flac, mp3, ogg, m4a and others that FFmpeg reads).

    More than two channels are mixed down to stereo. Damaged packets are left out.

    Parameters
    ----------
    path
        Of a local file.
    rate_hz
        Resample to this rate; otherwise the file's own, or 48 kHz if that cannot be analysed.

    Raises
    ------
    ValueError
        If it cannot be read, holds no sound or is longer than four hours.
    """
    import av

    path = Path(path)
    if not path.is_file():
        if path.exists():
            what = "a folder" if path.is_dir() else "a device"
            raise ValueError(f"{path}: {what}, no sound file; name a wav or flac")
        raise ValueError(f"{path}: no such sound file; check the path after --audio")
    try:
        with (
            path.open("rb") as file,
            av.open(file, "r", options={"format_whitelist": _FORMATS}) as container,
        ):
            track = _decode(container, path, rate_hz)
    except (av.FFmpegError, OSError, ValueError) as error:
        if str(error).startswith(str(path)):
            raise
        why = _why(error)
        raise ValueError(f"{path}: cannot be read as sound ({why}); use a wav or flac") from error
    return track


def _why(error: Exception) -> str:
    """What went wrong, in words: FFmpeg's own numbers and a second name of the file say nothing."""
    return str(getattr(error, "strerror", None) or error).lower()


def _decode(container: av.container.InputContainer, path: Path, rate_hz: int | None) -> Track:
    import av

    if not container.streams.audio:
        raise ValueError(f"{path}: holds no sound; choose a file with an audio stream")
    stream = container.streams.audio[0]
    own_hz = stream.codec_context.sample_rate
    good = audio.MIN_RATE_HZ <= own_hz <= audio.MAX_RATE_HZ
    target_hz = rate_hz or (own_hz if good else 48_000)
    layout = "mono" if stream.codec_context.channels == 1 else "stereo"
    resampler = av.AudioResampler(format="flt", layout=layout, rate=target_hz)
    blocks, count = [], 0
    for frame in _frames(container, stream):
        for resampled in resampler.resample(frame):
            blocks.append(resampled.to_ndarray().reshape(-1, 1 if layout == "mono" else 2))
            count += len(blocks[-1])
        if count > min(MAX_S * target_hz, _MAX_FRAMES):
            raise ValueError(f"{path}: longer than 4 hours of 48 kHz sound; cut it into parts")
    if not count:
        raise ValueError(f"{path}: holds no sound that can be decoded; save it again as wav")
    pcm = np.nan_to_num(np.concatenate(blocks), nan=0.0, posinf=1.0, neginf=-1.0)
    return Track(np.ascontiguousarray(pcm, np.float32), target_hz)


def _frames(
    container: av.container.InputContainer, stream: av.AudioStream
) -> Iterator[av.AudioFrame | None]:
    import av

    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            continue  # one damaged packet costs its own few milliseconds, not the song
        yield from (frame for frame in frames if isinstance(frame, av.AudioFrame))
    yield None  # drains the resampler


def features_ahead(track: Track) -> Features:
    """Analyse a whole track with the live analyser.

    Raises
    ------
    ValueError
        If its sample rate cannot be analysed.
    """
    state = audio.start(track.rate_hz)
    rows: list[tuple[float, ...]] = []
    for first in range(0, len(track.pcm), _SLICE):
        state, some = audio.analyse(state, audio.mix(track.pcm[first : first + _SLICE]))
        rows.extend(some)
    table = np.array(rows, np.float64).reshape(-1, len(audio.FEATURES))
    return Features(track.rate_hz, state.bands.hop, table)


def events(
    features: Features, control_hz: Fraction
) -> Iterator[tuple[int, str, tuple[float, ...]]]:
    """Give every row as (tick, address, value): the first tick that is not before its time.

    Rows that share a tick all come, in order.
    """
    for k, row in enumerate(features.rows.tolist()):
        time_s = Fraction((k + 1) * features.hop, features.rate_hz)
        yield first_index(time_s, control_hz), audio.ADDRESS, tuple(row)
