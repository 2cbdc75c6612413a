"""Audio device input: its features as events, its samples for the take.

Capture and analysis run in a process of their own (`sound_device`); this is the player's side.

Time: a row of features is stamped when the player drains it. Rows that arrived together are spread
back by the distances that their samples have, but never before the last drain. No clock of the
sound system is ever compared with ours; what a take needs, the count of samples, is exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.core.audio.beat import BeatTracker
from engine.core.audio.channels import ChannelChoice
from engine.core.audio.features import ADDRESS, FEATURES, SILENT
from engine.core.audio.spectrum import HOP_S
from engine.core.tempo.sync import SYNC, TIMECODE, carried
from engine.sources.audio import device as sound_device
from engine.sources.audio.device import Device, missing_library_hint
from engine.sources.audio.memory import FRAMES, ROWS, Word, create_memory, decode
from engine.sources.audio.player import Playback
from engine.sources.audio.process import list_devices
from engine.sources.contract import Item
from engine.sources.watched import Watched

__all__ = [
    "ADDRESSES", "NAME", "Config", "Playback", "Sound", "decode", "list_devices",
    "missing_library_hint", "open",
]  # fmt: skip

ADDRESSES = (ADDRESS, TIMECODE, SYNC)
NAME = "sound"

_MARGIN_FRAMES = 8192  # the writer may be busy just behind the oldest frame
_MARGIN_ROWS = 32
_HALF_LIFE_S = 0.5
_FADED = 0.01
_LONGEST_GAP_S = 60.0


@dataclass(frozen=True, slots=True)
class Config:
    """What to listen to.

    Parameters
    ----------
    device
        Number or (part of a) name as in `list_devices`; None takes the system's default.
    rate_hz
        Asked of the device; it may have only another one.
    block
        Samples per block of the driver.
    channel
        Which channel is heard, from 1; 0: all.
    gain_db
        How much louder it is heard than it is.
    beat
        Whether the beat of the sound is followed.
    ltc_channel, ltc_rate
        Which channel carries linear timecode (0: none), and its frames a second: ``auto``,
        ``23.976``, ``24``, ``25``, ``29.97``, ``29.97df`` or ``30``.
    """

    device: Device = None
    rate_hz: int = 48_000
    block: int = 256
    channel: int = 0
    gain_db: float = 0.0
    beat: bool = False
    ltc_channel: int = 0
    ltc_rate: str = "auto"


def open(config: Config, now_ns: Callable[[], int]) -> Sound:
    """Start listening; returns at once, without waiting for the device.

    Raises
    ------
    ValueError
        If the rate cannot be analysed, the block is not 16 to 8192 samples, or channel or gain make
        no sense.
    """
    if not 8_000 <= config.rate_hz <= 384_000:
        raise ValueError(f"sound: rate_hz is {config.rate_hz}; use 8000 to 384000, like 48000")
    if not 16 <= config.block <= 8192:
        raise ValueError(f"sound: block is {config.block} samples; use 16 to 8192, like 256")
    return Sound(config, now_ns)


def fade(row: tuple[float, ...], elapsed_s: float) -> tuple[float, ...]:
    """Let the features of a lost device fall, by half each half second, into silence.

    Triggers fall at once, the centroid stays.
    """
    factor = 0.5 ** (elapsed_s / _HALF_LIFE_S)
    if max(row[:4]) * factor < _FADED:
        return SILENT
    named = dict(zip(FEATURES, row, strict=True))
    kept = {"centroid": named["centroid"], "onset": 0.0, "kick": 0.0, "silence": 0.0}
    return tuple(kept.get(name, named[name] * factor) for name in FEATURES)


class Sound:
    """An open sound input. Use it as a context manager, and call `tend` about once a frame.

    Attributes
    ----------
    lost_rows, lost_frames
        Feature rows and frames that were overwritten because nobody fetched them for five seconds.
    """

    def __init__(self, config: Config, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._config = config
        choice = ChannelChoice(config.channel, config.gain_db, config.ltc_channel, config.ltc_rate)
        self._memory = create_memory()
        self._watched = Watched(
            self._memory,
            sound_device.capture,
            (config.device, config.rate_hz, config.block, choice),
            "sound",
        )
        self.lost_rows = self.lost_frames = 0
        self._rows = self._frames = self._codes = 0
        self._tracker = BeatTracker() if config.beat else None
        self._polled_ns = self._heard_ns = self._sampled_ns = now_ns()
        self._last: tuple[float, ...] | None = None
        self._fading: tuple[float, ...] = (0.0,) * len(FEATURES)

    @property
    def state(self) -> str:
        """``starting``, ``running``, ``lost`` (and trying again), or ``no device:`` and why."""
        return self._watched.state

    @property
    def rate_hz(self) -> int:
        """Sample rate of the device, in hertz; before it is open, the one that was asked for."""
        return int(self._memory.words[Word.RATE_HZ]) or self._config.rate_hz

    @property
    def channels(self) -> int:
        """Number of channels of `samples`, 1 or 2."""
        return int(self._memory.words[Word.CHANNELS]) or 2

    @property
    def device_name(self) -> str:
        """Name of the device that was last open, or empty."""
        return self._memory.device_name()

    @property
    def restarts(self) -> int:
        """How often the sound process was started again."""
        return self._watched.restarts

    @property
    def pid(self) -> int:
        """Process ID of the sound process, 0 while there is none."""
        return self._watched.pid

    def tend(self, now_s: float) -> None:
        """Look after the sound process: replace it when the device or it is gone."""
        self._watched.tend(now_s)

    def poll(self, max_items: int) -> list[Item]:
        """Take the newest rows of features, in order, without waiting.

        While there is no device the last row fades into `SILENT`, which comes once.

        Parameters
        ----------
        max_items
            Most rows to return; the rest waits.

        Returns
        -------
        list
            (arrival_ns, "/signal/audio", row) of each row, and where beat and timecode are.
        """
        now_ns, before_ns = self._now_ns(), self._polled_ns
        rows = self._take_rows(max_items)
        waiting = int(self._memory.words[Word.ROWS]) - self._rows
        self._polled_ns = now_ns
        if rows:
            self._last = self._fading = rows[-1]
            self._heard_ns = now_ns
        elif max_items > 0 and not self._watched.is_running and self._last != SILENT:
            self._last = fade(self._fading, (now_ns - self._heard_ns) / 1e9)
            return [(now_ns, ADDRESS, self._last)]
        hop_ns = HOP_S * 1e9
        newest = len(rows) - 1 + waiting
        found: list[Item] = [
            (max(before_ns, now_ns - round((newest - i) * hop_ns)), ADDRESS, row)
            for i, row in enumerate(rows)
        ]
        if self._tracker is not None:
            beats = [
                (ns, self._tracker.feed(row)) for (ns, _, _), row in zip(found, rows, strict=True)
            ]
            found += [(ns, SYNC, sync.value) for ns, sync in beats if sync is not None]
        return found + self._take_code(now_ns)

    def _take_code(self, now_ns: int) -> list[Item]:
        """Where the newest timecode is now: it was heard so many samples ago."""
        words = self._memory.words
        if self._codes == (count := int(words[Word.CODES])):
            return []
        self._codes = count
        sample, seconds, speed = self._memory.read_code()
        ago_s = (int(words[Word.FRAMES] + words[Word.LATENCY]) - sample) / self.rate_hz
        value = carried(TIMECODE, (seconds, speed), min(max(ago_s, 0.0), 1.0))
        return [(now_ns, TIMECODE, value)]

    def _take_rows(self, max_items: int) -> list[tuple[float, ...]]:
        written = int(self._memory.words[Word.ROWS])
        self._memory.order()
        oldest = written - ROWS + _MARGIN_ROWS
        if self._rows < oldest:
            self.lost_rows += oldest - self._rows
            self._rows = oldest
        last = min(written, self._rows + max(max_items, 0))
        rows = [self._memory.read_row(number) for number in range(self._rows, last)]
        self._rows = last
        self.lost_rows += rows.count(None)
        return [row for row in rows if row is not None]

    def samples(self) -> NDArray[np.float32]:
        """Take the frames since the last call (n, channels), full scale ±1.

        The time line has no holes: frames that were overwritten, and the time while the device is
        lost, come as zeros (of one gap at most the last minute).
        """
        now_ns = self._now_ns()
        written = int(self._memory.words[Word.FRAMES])
        self._memory.order()
        gap = 0
        oldest = written - FRAMES + _MARGIN_FRAMES
        if self._frames < oldest:
            gap = oldest - self._frames
            self.lost_frames += gap
            self._frames = oldest
        heard = self._memory.read_frames(self._frames, written - self._frames)
        self._frames = written
        if len(heard) or not self._watched.was_running:
            self._sampled_ns = now_ns
        elif not self._watched.is_running:
            gap = round((now_ns - self._sampled_ns) * 1e-9 * self.rate_hz)
            self._sampled_ns = now_ns
        gap = min(gap, round(_LONGEST_GAP_S * self.rate_hz))
        hole = np.zeros((gap, self.channels), np.float32)
        return np.concatenate([hole, heard[:, : self.channels]])

    def close(self) -> None:
        """Stop listening. Harmless when repeated."""
        self._watched.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:  # fmt: skip
        self.close()
