"""What the show hears: a device, a file analysed ahead, or the built-in piece."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import platformdirs
from numpy.typing import NDArray

from engine.app.intake import Arrived, Intake
from engine.app.music import Jukebox, heard
from engine.app.pacer import now_ns
from engine.core.clock import parse_rate
from engine.sources import sound, track

if TYPE_CHECKING:
    from engine.app.live import Options

MUSIC_WAIT_S = 30.0
RATE_HZ = 48000


class Hearing:
    """One of: a sound device in its own process; a track played in step with the show; silence.

    Parameters
    ----------
    options
        `audio` is a file, a device's name or index, or ``off``; `is_demo` plays our own piece.
    say
        Tells the operator.
    """

    def __init__(self, options: Options, say: Callable[[str], None]) -> None:
        self._say = say
        self._jukebox = Jukebox(Path(platformdirs.user_cache_dir("latent-cinema")))
        self._wants_music = False
        self._track: track.Track | None = None
        self._track_start = Fraction(0)
        self._device: Any = None
        self._speaker: Any = None
        self._said = ""
        audio = options.audio
        if options.is_demo:
            self._track = self._jukebox.wait(MUSIC_WAIT_S)
        elif audio is not None and Path(audio).is_file():
            self._track = track.load(audio)
        elif audio != "off":
            self._listen_to(audio)

    def _listen_to(self, audio: str | None) -> None:
        name = int(audio) if audio is not None and audio.isdigit() else audio
        self._device = sound.open(sound.Config(device=name, rate_hz=RATE_HZ), now_ns)
        self._device.__enter__()

    @property
    def format(self) -> tuple[int, int]:
        """Sample rate and channels of what a take records."""
        if self._track is not None:
            return self._track.rate_hz, self._track.pcm.shape[1]
        return RATE_HZ, 2

    @property
    def state(self) -> str:
        """One phrase for the stats and the help panel."""
        if self._track is not None:
            return "track"
        return self._device.state if self._device is not None else "off"

    def start(self, intake: Intake) -> None:
        """Begin the track with the show."""
        if self._track is not None:
            self._begin(self._track, intake, 0, parse_rate(120))

    def _begin(self, found: track.Track, intake: Intake, tick: int, rate: Fraction) -> None:
        self._track = found
        intake.play(heard(found, rate), tick)
        self._track_start = Fraction(tick) / rate
        self._close_device()
        self._speaker = sound.open_playback(found.pcm, found.rate_hz, None)

    def play_music(self, intake: Intake, tick: int) -> None:
        """Play the built-in piece as soon as it is composed, unless a track plays."""
        if self._track is None:
            self._jukebox.ask()
            self._wants_music = True
            self._tick, self._intake = tick, intake

    def poll(self, now_s: float) -> list[Arrived]:
        """Features since the last call."""
        if self._device is None:
            return []
        self._device.tend(now_s)
        state = str(self._device.state)
        if state != self._said and state.startswith(("no device", "lost")):
            self._say(f"sound: {state}; the show goes on without it")
        self._said = state
        found: list[Arrived] = self._device.poll(64)
        return found

    def samples(self, seconds: Fraction, frame_s: Fraction) -> tuple[int, NDArray[np.float32]]:
        """Samples of the frame that ends at `seconds`, with the place of the first one."""
        rate = self.format[0]
        if self._track is not None:
            low, high = (int((s - self._track_start) * rate) for s in (seconds, seconds + frame_s))
            place = int(self._track_start * rate) + max(low, 0)
            return place, self._track.pcm[max(low, 0) : max(high, 0)]
        if self._device is None:
            return 0, np.zeros((0, 2), np.float32)
        pcm = stereo(self._device.samples())
        return max(int(seconds * rate) - len(pcm), 0), pcm

    def tend(self, tick: int, rate: Fraction) -> None:
        """Start the music once it is ready."""
        if self._wants_music:
            found = self._jukebox.poll()
            if found is not None:
                self._wants_music = False
                self._begin(found, self._intake, tick + 1, rate)

    def _close_device(self) -> None:
        if self._device is not None:
            self._device.__exit__(None, None, None)
            self._device = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close_device()
        if self._speaker is not None:
            self._speaker.close()


def stereo(pcm: NDArray[Any]) -> NDArray[np.float32]:
    """Two channels in full scale ±1, whatever the device gave."""
    found = pcm.astype(np.float32)
    if pcm.dtype == np.int16:
        found /= 32768.0
    if found.shape[1] == 1:
        return np.repeat(found, 2, axis=1)
    return found[:, :2]
