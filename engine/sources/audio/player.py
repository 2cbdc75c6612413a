"""Audio playback in step with the show: the picture's clock leads, the sound follows.

The sound process hands frames to the device; the player feeds it a second or two ahead.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.sources.audio import device as sound_device
from engine.sources.audio.memory import CHANNELS, FRAMES, Word, create_memory
from engine.sources.watched import Watched

_AHEAD_S = 2.0
_PIECE = 1 << 14
_BLOCK = 256
_MOST_ERROR_S = 0.06  # sound that is further from the picture than this jumps back to it


class Playback:
    """A sound on its way to an output device; nothing is heard before `play`.

    It needs `tend` about once a frame, which never waits. Without an output device it stays
    silent, says so in `state`, and goes on trying.

    Parameters
    ----------
    pcm
        Samples, full scale ±1 [shape=(n, 1 or 2)].
    rate_hz
        Of the samples. A device that has only another rate hears them linearly interpolated.
    device
        Number or name of an output device; None takes the system's default.
    """

    def __init__(
        self,
        pcm: NDArray[np.float32],
        rate_hz: int,
        device: str | int | None = None,
        is_looping: bool = False,
    ) -> None:
        self._pcm = np.broadcast_to(pcm.reshape(len(pcm), -1), (len(pcm), CHANNELS))
        self._rate_hz = rate_hz
        self._is_looping = is_looping
        self._memory = create_memory()
        self._watched = Watched(self._memory, sound_device.play, (device, rate_hz, _BLOCK), "sound")
        self._begin: tuple[float, float] | None = None  # position_s that belongs to now_s
        self._origin = 0.0  # position in the sound, in its frames, of the newest jump
        self._was_running = False

    @property
    def state(self) -> str:
        """``starting``, ``running``, ``lost`` (and trying again), or ``no device:`` and why."""
        return self._watched.state

    @property
    def pid(self) -> int:
        """Process ID of the sound process, 0 while there is none."""
        return self._watched.pid

    @property
    def position_s(self) -> float | None:
        """What is heard just now, in seconds of the sound; None while nothing is."""
        words = self._memory.words
        is_answered = words[Word.ANSWER] == words[Word.EPOCH]
        if self._begin is None or not self._watched.is_running or not is_answered:
            return None
        played = int(words[Word.PLAYED] - words[Word.START] - words[Word.LATENCY])
        heard_s = max(self._origin / self._rate_hz + played / self._device_hz, 0.0)
        return heard_s % self._duration_s if self._is_looping else min(heard_s, self._duration_s)

    def play(self, position_s: float, now_s: float) -> None:
        """Be at `position_s` of the sound when the clock that `tend` is given shows `now_s`."""
        self._begin = (position_s, now_s)
        self._jump(now_s)

    def stop(self) -> None:
        """Be silent."""
        self._begin = None
        self._memory.words[Word.START] = self._memory.words[Word.FED]
        self._memory.order()
        self._memory.words[Word.EPOCH] += 1

    def tend(self, now_s: float) -> None:
        """Look after the sound process, feed it, and bring it back to the picture's time."""
        self._watched.tend(now_s)
        is_new = self._watched.is_running and not self._was_running
        self._was_running = self._watched.is_running
        if self._begin is None or not self._was_running:
            return
        if is_new or self._error_s(now_s) > _MOST_ERROR_S:
            self._jump(now_s)
        self._feed()

    @property
    def _duration_s(self) -> float:
        return len(self._pcm) / self._rate_hz

    @property
    def _device_hz(self) -> int:
        return int(self._memory.words[Word.RATE_HZ]) or self._rate_hz

    def _due_s(self, now_s: float) -> float:
        """Where in the sound it should be."""
        position_s, since_s = self._begin or (0.0, now_s)
        due_s = position_s + now_s - since_s
        if self._is_looping and self._duration_s > 0.0:
            return due_s % self._duration_s
        return min(max(due_s, 0.0), self._duration_s)

    def _error_s(self, now_s: float) -> float:
        position_s = self.position_s
        if position_s is None:
            return 0.0
        error_s = abs(position_s - self._due_s(now_s))
        return min(error_s, self._duration_s - error_s) if self._is_looping else error_s

    def _jump(self, now_s: float) -> None:
        words = self._memory.words
        late_s = int(words[Word.LATENCY]) / self._device_hz
        self._origin = (self._due_s(now_s) + late_s) * self._rate_hz
        words[Word.START] = words[Word.FED]
        self._memory.order()
        words[Word.EPOCH] += 1
        self._feed()

    def _feed(self) -> None:
        """Keep the ring two seconds ahead of the device, a piece at a time."""
        words = self._memory.words
        played = max(int(words[Word.PLAYED]), int(words[Word.START]))
        want = min(played + round(_AHEAD_S * self._device_hz), played + FRAMES // 2)
        while (fed := int(words[Word.FED])) < want:
            piece = self._piece(fed - int(words[Word.START]), min(_PIECE, want - fed))
            self._memory.write_frames(Word.FED, piece)

    def _piece(self, start: int, count: int) -> NDArray[np.float32]:
        """Frames of the device's clock, from frame `start` after the newest jump (count, 2)."""
        ratio = self._rate_hz / self._device_hz
        places = self._origin + (start + np.arange(count)) * ratio
        length = len(self._pcm)
        if self._is_looping:
            places %= max(length, 1)
        whole = np.floor(places).astype(np.int64)
        part = (places - whole).astype(np.float32)[:, None] if ratio != 1.0 else np.float32(0.0)
        after = whole + 1
        if self._is_looping:
            after %= max(length, 1)
        return self._at(whole) * (1 - part) + self._at(after) * part

    def _at(self, frames: NDArray[np.int64]) -> NDArray[np.float32]:
        """Frames of the sound, zeros beyond its ends (count, 2)."""
        is_inside = (frames >= 0) & (frames < len(self._pcm))
        out = np.zeros((len(frames), CHANNELS), np.float32)
        out[is_inside] = self._pcm[frames[is_inside]]
        return out

    def close(self) -> None:
        """Stop the sound. Harmless when repeated."""
        self._watched.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:  # fmt: skip
        self.close()
