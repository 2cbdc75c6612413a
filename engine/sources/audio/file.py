"""Audio file, decoded whole and analysed ahead, with features stamped by stream time.

Playing live and rendering a film therefore see the same features on the same ticks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.core.audio import features as audio
from engine.core.audio.channels import EVERYTHING, ChannelChoice
from engine.core.clock import first_index

if TYPE_CHECKING:
    import av.container

MAX_S = 4 * 3600
_MAX_FRAMES = MAX_S * 48_000
# Playlists and streams could make the decoder open other files or the network: only containers.
_FORMATS = "wav,w64,flac,mp3,ogg,mov,mp4,m4a,aac,aiff,au,caf,matroska,webm"
_SLICE = 1 << 16
_LEAST_HZ, _MOST_HZ = 1_000, 768_000


@dataclass(frozen=True, slots=True)
class Track:
    """A decoded sound.

    Parameters
    ----------
    pcm
        Samples, full scale ±1 [shape=(n, channels)], one or two channels.
    rate_hz
        Sample rate.
    analysed
        What is analysed, if it is something else [shape=(n,) or (n, 2)].
    """

    pcm: NDArray[np.float32]
    rate_hz: int
    analysed: NDArray[np.float32] | None = None

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


def load(path: str | Path, rate_hz: int | None = None, choice: ChannelChoice = EVERYTHING) -> Track:
    """Decode a sound file (wav, flac, mp3, ogg, m4a and others that FFmpeg reads).

    More than two channels are mixed down to stereo. Damaged packets are left out.

    Parameters
    ----------
    path
        Of a local file.
    rate_hz
        Resample to this rate; otherwise the file's own, or 48 kHz if that cannot be analysed.
    choice
        Which channel of it is analysed, and how loud; what is played stays as it is.

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
            track = _decode(container, path, rate_hz, choice)
    except (av.FFmpegError, OSError, ValueError) as error:
        if str(error).startswith(str(path)):
            raise
        why = _why(error)
        raise ValueError(f"{path}: cannot be read as sound ({why}); use a wav or flac") from error
    return track


def _why(error: Exception) -> str:
    """What went wrong, in words: FFmpeg's own numbers and a second name of the file say nothing."""
    return str(getattr(error, "strerror", None) or error).lower()


def _decode(
    container: av.container.InputContainer,
    path: Path,
    rate_hz: int | None,
    choice: ChannelChoice,
) -> Track:
    if not container.streams.audio:
        raise ValueError(f"{path}: holds no sound; choose a file with an audio stream")
    stream = container.streams.audio[0]
    context = stream.codec_context
    if context is None or not context.channels:
        raise ValueError(f"{path}: its sound is of a kind that nobody knows; save it again as wav")
    own_hz = context.sample_rate
    if not _LEAST_HZ <= own_hz <= _MOST_HZ:
        raise ValueError(
            f"{path}: says {own_hz} Hz, which is no sound's rate; save it again as wav"
        )
    if choice.channel > context.channels:
        raise ValueError(
            f"{path}: has {context.channels} channel{'s' * (context.channels > 1)}; there is no "
            f"channel {choice.channel}"
        )
    good = audio.MIN_RATE_HZ <= own_hz <= audio.MAX_RATE_HZ
    target_hz = rate_hz or (own_hz if good else 48_000)
    played = "mono" if context.channels == 1 else "stereo"
    layouts = [played, context.layout.name] if choice.channel else [played]
    pcm, *whole = _resample(_frames(container, stream), layouts, target_hz, path)
    if choice != EVERYTHING:
        return Track(pcm, target_hz, choice.apply(whole[0] if whole else pcm))
    return Track(pcm, target_hz)


def _resample(
    frames: Iterator[av.AudioFrame | None], layouts: Sequence[str], rate_hz: int, path: Path
) -> list[NDArray[np.float32]]:
    """Bring frames to a rate, in each of some layouts [shape=(n, channels)]."""
    import av

    resamplers = [av.AudioResampler(format="flt", layout=name, rate=rate_hz) for name in layouts]
    blocks: list[list[NDArray[np.float32]]] = [[] for _ in layouts]
    count = 0
    for frame in frames:
        for place, resampler in enumerate(resamplers):
            for some in resampler.resample(frame):
                pcm = some.to_ndarray().astype(np.float32, copy=False)
                blocks[place].append(pcm.reshape(-1, len(some.layout.channels)))
                count += 0 if place else len(blocks[0][-1])
        if count > min(MAX_S * rate_hz, _MAX_FRAMES):
            raise ValueError(f"{path}: longer than 4 hours of 48 kHz sound; cut it into parts")
    if not sum(map(len, blocks[0])):
        raise ValueError(f"{path}: holds no sound that can be decoded; save it again as wav")
    return [
        np.ascontiguousarray(
            np.nan_to_num(np.concatenate(found), nan=0.0, posinf=1.0, neginf=-1.0), np.float32
        )
        for found in blocks
    ]


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
    analysed = track.pcm if track.analysed is None else track.analysed
    for first in range(0, len(analysed), _SLICE):
        state, some = audio.analyse(state, analysed[first : first + _SLICE])
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
