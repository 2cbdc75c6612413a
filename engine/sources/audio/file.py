"""Audio file, decoded whole and analysed ahead, with features stamped by stream time.

Playing live and rendering a film therefore see the same features on the same ticks. FFmpeg decodes
it in a limited child.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.core.audio import features as audio
from engine.core.audio.channels import EVERYTHING, ChannelChoice
from engine.core.clock import first_index
from engine.system.limited_child import Bounds, ChildError, RefusedError, fetch, give
from engine.system.untrusted import open_regular

if TYPE_CHECKING:
    import av.container

MAX_S = 4 * 3600
_MAX_FRAMES = MAX_S * 48_000
# Playlists and streams could make the decoder open other files or the network: only containers.
_FORMATS = "wav,w64,flac,mp3,ogg,mov,mp4,m4a,aac,aiff,au,caf,matroska,webm"
_SLICE = 1 << 16
_MEMORY_BYTES = 2 << 30
_LEAST_HZ, _MOST_HZ = 1_000, 768_000


@dataclass(frozen=True, slots=True)
class Track:
    """A decoded sound.

    Parameters
    ----------
    pcm
        Samples, full scale ±1 [shape=(n, channels)], one or two channels.
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
    path = Path(path)
    if not path.is_file():
        if path.exists():
            what = "a folder" if path.is_dir() else "a device"
            raise ValueError(f"{path}: {what}, no sound file; name a wav or flac")
        raise ValueError(f"{path}: no such sound file; check the path after --audio")
    pcm, hz = _ask(path, rate_hz, choice.channel)
    if choice == EVERYTHING:
        return Track(pcm, hz)
    whole = _ask(path, rate_hz, choice.channel, is_whole=True)[0] if choice.channel else pcm
    return Track(pcm, hz, choice.apply(whole))


def _ask(
    path: Path, rate_hz: int | None, channel: int, *, is_whole: bool = False
) -> tuple[NDArray[np.float32], int]:
    """Let a child decode a file; `is_whole`: with all its channels, else as it is played."""
    job = {
        "path": str(path), "rate_hz": rate_hz, "channel": channel, "is_whole": is_whole,
        "most_s": MAX_S,
    }  # fmt: skip
    bounds = Bounds(_MEMORY_BYTES, 30 + path.stat().st_size // 100_000)
    try:
        said, data = fetch(f"{__name__}:answer", job, bounds)
    except RefusedError as error:
        raise ValueError(str(error)) from None
    except ChildError as error:
        raise ValueError(f"{path}: {error}") from None
    return np.frombuffer(data, np.float32).reshape(-1, said["channels"]), said["rate_hz"]


def answer(_: bytes, job: Mapping[str, Any]) -> dict[str, int]:
    """Decode a file in a `engine.system.limited_child`, which gives its samples out."""
    import av

    path = Path(job["path"])
    try:
        with (
            open_regular(path) as file,
            av.open(file, "r", options={"format_whitelist": _FORMATS}) as container,
        ):
            return _decode(container, path, job)
    except (av.FFmpegError, OSError, ValueError) as error:
        if str(error).startswith(str(path)):
            raise
        why = str(getattr(error, "strerror", None) or error).lower()  # no numbers of FFmpeg's
        raise ValueError(f"{path}: cannot be read as sound ({why}); use a wav or flac") from error


def _decode(
    container: av.container.InputContainer, path: Path, job: Mapping[str, Any]
) -> dict[str, int]:
    import av

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
    if job["channel"] > context.channels:
        raise ValueError(
            f"{path}: has {context.channels} channel{'s' * (context.channels > 1)}; there is no "
            f"channel {job['channel']}"
        )
    good = audio.MIN_RATE_HZ <= own_hz <= audio.MAX_RATE_HZ
    target_hz = job["rate_hz"] or (own_hz if good else 48_000)
    layout = "mono" if context.channels == 1 else "stereo"
    if job["is_whole"]:
        layout = context.layout.name
    most = min(job["most_s"] * target_hz, _MAX_FRAMES)
    channels = 1
    resampler = av.AudioResampler(format="flt", layout=layout, rate=target_hz)
    count = 0
    for frame in _frames(container, stream):
        for some in resampler.resample(frame):
            channels = len(some.layout.channels)
            pcm = np.nan_to_num(some.to_ndarray(), nan=0.0, posinf=1.0, neginf=-1.0)
            give(pcm.astype(np.float32, copy=False).tobytes())
            count += pcm.size // channels
        if count > most:
            raise ValueError(f"{path}: longer than 4 hours of 48 kHz sound; cut it into parts")
    if not count:
        raise ValueError(f"{path}: holds no sound that can be decoded; save it again as wav")
    return {"channels": channels, "rate_hz": target_hz}


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
