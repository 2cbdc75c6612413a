"""Audio input of a performance: a device, a sound file analysed ahead, or the built-in music."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import platformdirs
from numpy.typing import NDArray

from engine.core.audio.channels import EVERYTHING, ChannelChoice
from engine.core.audio.features import ADDRESS, SILENT
from engine.core.clock import seconds_at
from engine.play.event_queue import EventQueue
from engine.play.live.demo_music import DemoMusic
from engine.play.live.options import Options
from engine.play.live.sources import Source, Sources
from engine.play.soundtrack import SoundtrackEvents
from engine.sources.audio import audio, file

if TYPE_CHECKING:
    import av

MUSIC_WAIT_S = 30.0
RATE_HZ = 48000
SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".aif", ".aiff", ".w64")
"""Whatever ends like this, or is a whole path, is meant as a file, also when it is not there."""


class AudioInput:
    """One of: a sound device in its own process; a track played in step with the show; silence.

    Parameters
    ----------
    options
        `audio` is a file, a device's name or index, or ``off``; `is_demo` plays our own piece.
    notify
        Tells the operator.
    sources
        Where a sound device is listened to, if one is.
    choice
        What of a file is heard.

    Raises
    ------
    ValueError
        If the file cannot be read as sound.
    """

    def __init__(
        self,
        options: Options,
        notify: Callable[[str], None],
        sources: Sources | None = None,
        choice: ChannelChoice = EVERYTHING,
    ) -> None:
        self._notify = notify
        self._options = options
        self._sources = sources
        self._music = DemoMusic(Path(platformdirs.user_cache_dir("latent-cinema")))
        self._wants_music = False
        self._is_music = options.is_demo  # whether the track is the built-in piece
        self._features: file.Features | None = None
        self._track: file.Track | None = None
        self._origin_s = Fraction(0)  # show time of the track's beginning, gaps taken out
        self._read = 0  # samples of the track that were handed over
        self._surplus = 0  # samples of the device that belong to a gap
        self._resampler = Resampler()
        self._speaker: Any = None
        self._notified = ""
        if options.is_demo:
            self._find_music()
        elif options.audio is not None and _is_file(options.audio):
            self._track = file.load(options.audio, choice=choice)
            self._features = file.features_ahead(self._track)

    def _find_music(self) -> None:
        found = self._music.wait(MUSIC_WAIT_S)
        if found is None:
            self._notify(self._music.error or "the built-in music is not ready; the show begins")
        else:
            self._track, self._features = found

    @property
    def _device(self) -> Source | None:
        """The sound device that is listened to."""
        return self._sources.sound if self._sources is not None else None

    @property
    def format(self) -> tuple[int, int]:
        """Sample rate and channels of what a take records."""
        if self._track is not None:
            return self._track.rate_hz, self._track.pcm.shape[1]
        return RATE_HZ, 2

    @property
    def is_track(self) -> bool:
        """Whether a track is heard, whose samples are known before they are."""
        return self._track is not None

    @property
    def state(self) -> str:
        """One phrase for the stats and the help panel."""
        if self._track is not None:
            heard = self._speaker.state if self._speaker is not None else "starting"
            return f"track, loudspeaker {heard}"
        return str(self._device.input.state) if self._device is not None else "off"

    def start(self, queue: EventQueue, rate: Fraction) -> None:
        """Begin the track with the show.

        Parameters
        ----------
        rate
            Ticks per second.
        """
        if self._track is not None:
            self._begin(queue, 0, rate)

    def _begin(self, queue: EventQueue, tick: int, rate: Fraction) -> None:
        assert self._track is not None
        assert self._features is not None
        queue.play(SoundtrackEvents(self._features, rate, self._is_music), tick)
        self._origin_s = seconds_at(tick, rate)
        if self._sources is not None and self._device is not None:
            self._sources.close(self._device)
        if self._speaker is None:
            self._speaker = audio.Playback(
                self._track.pcm, self._track.rate_hz, None, self._is_music
            )
        self._speaker.play(0.0, time.monotonic())

    def turn_music(self, queue: EventQueue, tick: int) -> str:
        """Play the built-in piece, or go back to the live input; say which.

        Composing it takes some seconds; it begins in `tend`.
        """
        if self._track is not None and not self._is_music:
            return "the sound file plays on"
        if self._track is not None or self._wants_music:
            self._wants_music = False
            self._end_music(queue, tick)
            return "music off: the live input" if self._device is not None else "music off"
        self._music.ask()
        self._wants_music = True
        return "music on" if self._music.poll() else "music on, in a moment"

    def _end_music(self, queue: EventQueue, tick: int) -> None:
        """Let the show hear silence, then the live input as before."""
        if self._track is None:
            return
        self._track = self._features = None
        queue.play({}, 0)
        queue.add(tick + 1, ADDRESS, SILENT, "track")
        self._surplus = 0
        if self._speaker is not None:
            self._speaker.stop()
        if self._sources is not None and wants_device(self._options):
            self._sources.listen()

    def feed(self, now_s: float) -> None:
        """Keep the loudspeaker fed."""
        if self._speaker is not None:
            self._speaker.tend(now_s)
            self._notify_state(str(self._speaker.state))

    def _notify_state(self, state: str) -> None:
        """Say once that a device is missing or lost."""
        if state != self._notified and state.startswith(("no device", "lost")):
            self._notify(f"sound: {state}; the show goes on without it")
        self._notified = state

    def jump(self, gap_s: Fraction) -> None:
        """Leave out what was heard during a gap that the show did not live through."""
        if self._track is not None:
            self._origin_s -= gap_s
            self._read += round(gap_s * self._track.rate_hz)
        else:
            self._surplus += round(gap_s * RATE_HZ)

    def samples(self, seconds: Fraction, frame_s: Fraction) -> tuple[int, NDArray[np.float32]]:
        """Samples until the frame of show time `seconds` ends, with the place of the first one.

        Of a track each sample is handed over once, also those of frames that were skipped.
        """
        if self._track is not None:
            low, rate = self._read, self._track.rate_hz
            high = int((seconds + frame_s - self._origin_s) * rate)
            if not self._is_music:  # which begins again
                high = min(high, len(self._track.pcm))
            self._read = max(low, high)
            places = range(low, self._read)
            return round(self._origin_s * rate) + low, self._track.pcm.take(places, 0, mode="wrap")
        device = self._device
        if device is None:
            return 0, np.zeros((0, 2), np.float32)
        pcm = self._resampler.take(stereo(device.input.samples()), device.input.rate_hz)
        cut = min(self._surplus, len(pcm))
        self._surplus -= cut
        return max(int(seconds * RATE_HZ) - len(pcm) + cut, 0), pcm[cut:]

    def tend(self, queue: EventQueue, tick: int, rate: Fraction) -> None:
        """Start the music, with the next tick, once it is ready."""
        if not self._wants_music:
            return
        found = self._music.poll()
        if found is not None:
            self._wants_music, self._is_music = False, True
            self._track, self._features = found
            self._read = 0
            self._begin(queue, tick + 1, rate)
        elif self._music.error:
            self._wants_music = False
            self._notify(self._music.error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._music.close()
        if self._speaker is not None:
            self._speaker.close()


def hears_device(options: Options) -> bool:
    """Whether a sound device is to be listened to from the beginning."""
    return not options.is_demo and wants_device(options)


def wants_device(options: Options) -> bool:
    """Whether a sound device is to be listened to where nothing else is heard."""
    word = options.audio
    return word != "off" and not (word and _is_file(word))


def _is_file(word: str) -> bool:
    """Whether a file is meant, not the name of a device."""
    path = Path(word)
    return path.is_absolute() or path.is_file() or word.lower().endswith(SUFFIXES)


def stereo(pcm: NDArray[Any]) -> NDArray[np.float32]:
    """Two channels in full scale ±1, whatever the device gave."""
    found = pcm.astype(np.float32)
    if pcm.dtype == np.int16:
        found /= 32768.0
    if found.shape[1] == 1:
        return np.repeat(found, 2, axis=1)
    return found[:, :2]


class Resampler:
    """Brings a stream to `RATE_HZ`: a take has one rate, whatever device comes back.

    FFmpeg's filter holds back a third of a millisecond, and keeps out what would alias.
    """

    def __init__(self) -> None:
        import av  # 60 ms, better now than between two frames

        self._av = av
        self._rate_hz = 0
        self._filter: av.AudioResampler | None = None

    def take(self, pcm: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
        """Resample the next samples [shape=(n, 2)]."""
        if rate_hz == RATE_HZ or not len(pcm):
            return pcm
        av = self._av
        if self._filter is None or rate_hz != self._rate_hz:
            self._rate_hz = rate_hz
            self._filter = av.AudioResampler(format="flt", layout="stereo", rate=RATE_HZ)
        packed = np.ascontiguousarray(pcm, np.float32).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="flt", layout="stereo")
        frame.sample_rate = rate_hz
        parts = [part.to_ndarray().reshape(-1, 2) for part in self._filter.resample(frame)]
        return np.concatenate([np.zeros((0, 2), np.float32), *parts])
