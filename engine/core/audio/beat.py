"""Beat of a sound: a pointer that goes through bars of every tempo at once, filtered forwards.

For each tempo there is a row of places between two beats, and in each place the probability that
the music is there. With every frame all of them move on by one place; at a beat some of it goes
over to neighbouring tempos; what is heard raises the places where a beat should sound. Half or
twice of what a person taps is as likely to be found, as with all trackers.

References
----------
Whiteley, Cemgil and Godsill, "Bayesian modelling of temporal structure in musical audio", ISMIR
2006; rows of whole frames: Krebs, Böck and Widmer, "An efficient state-space model for joint tempo
and meter tracking", ISMIR 2015.
"""

from __future__ import annotations

import math

import numpy as np

from engine.core.audio.features import FEATURES
from engine.core.audio.spectrum import HOP_S
from engine.core.tempo.sync import Known, Rank, Sync

_HOPS = 2  # hops to a frame
_SLOW_BPM, _FAST_BPM = 60.0, 200.0
_USUAL_BPM, _SPREAD = 120.0, 0.55  # octaves: how unlikely far tempos are
_WEIGHT = 0.3  # of that, at every beat
_CHANGE = 120.0  # the higher, the less the tempo changes at a beat
_PART = 12.0  # a beat sounds in this part of its row
_FLOOR = 0.08
_LEAKS = 1e-4  # what becomes of anything anew each frame, so that nothing is lost for ever
_LATE_S = -0.004
_TELL = 8  # frames
_SURE = 0.5
_FLUX, _KICK, _SILENCE = map(FEATURES.index, ("flux", "kick", "silence"))


class BeatTracker:
    """Follows the beat of the rows of `engine.core.audio.features.analyse`, one each `hop_s`."""

    def __init__(self, hop_s: float = HOP_S) -> None:
        self._frame_s = _HOPS * hop_s
        per_minute = 60.0 / self._frame_s
        self._periods = np.arange(
            math.ceil(per_minute / _FAST_BPM), math.floor(per_minute / _SLOW_BPM) + 1
        )
        self._ends = np.cumsum(self._periods) - 1
        self._starts = self._ends - self._periods + 1
        lengths = np.repeat(self._periods, self._periods)
        self._phases = (np.arange(len(lengths)) - np.repeat(self._starts, self._periods)) / lengths
        self._is_beat = self._phases < 1.0 / _PART
        tempos = per_minute / self._periods
        usual = np.exp(-0.5 * (np.log2(tempos / _USUAL_BPM) / _SPREAD) ** 2)
        self._prior = np.repeat(usual / self._periods, self._periods)
        self._prior /= self._prior.sum()
        ratio = self._periods[None, :] / self._periods[:, None]
        goes = np.exp(-_CHANGE * np.abs(ratio - 1.0))
        self._goes = goes / goes.sum(axis=1, keepdims=True) * usual**_WEIGHT
        self._belief = self._prior.copy()
        self._heard, self._hops, self._frames = 0.0, 0, 0
        self._turns = np.exp(2j * np.pi * self._phases)

    def feed(self, row: tuple[float, ...]) -> Sync | None:
        """Take the next row; some times a second, if it is sure, say where the beat is now."""
        strength = min(row[_FLUX] * (1.0 + row[_KICK]), 1.0)
        self._heard = max(self._heard, strength)
        self._hops += 1
        if self._hops < _HOPS:
            return None
        heard, self._heard, self._hops = self._heard, 0.0, 0
        self._frames += 1
        self._step(0.0 if row[_SILENCE] else heard)
        return self._told() if self._frames % _TELL == 0 and not row[_SILENCE] else None

    def _step(self, heard: float) -> None:
        arrived = self._belief[self._ends] @ self._goes
        self._belief[1:] = self._belief[:-1].copy()
        self._belief[self._starts] = arrived
        self._belief *= np.where(
            self._is_beat, heard + _FLOOR, (1.0 - heard + _FLOOR) / (_PART - 1.0) * 3.0
        )
        self._belief /= self._belief.sum()
        self._belief += _LEAKS * (self._prior - self._belief)

    def _told(self) -> Sync | None:
        """Tempo and beat around the most likely tempo, if enough of everything agrees."""
        tempos = np.add.reduceat(self._belief, self._starts)
        best = int(np.argmax(np.convolve(tempos, np.ones(3), "same")))
        low, high = max(best - 2, 0), min(best + 3, len(tempos))
        near = slice(int(self._starts[low]), int(self._ends[high - 1]) + 1)
        mass = float(self._belief[near].sum())
        turned = complex(np.dot(self._belief[near], self._turns[near])) / mass
        if mass * abs(turned) < _SURE:
            return None
        period = float(np.dot(tempos[low:high], self._periods[low:high])) / mass
        bpm = 60.0 / (period * self._frame_s)
        phase = math.atan2(turned.imag, turned.real) / (2.0 * math.pi)
        beat = (phase + _LATE_S / 60.0 * bpm) % 1.0
        return Sync(Rank.AUDIO, bpm, beat, True, Known.BEAT)
