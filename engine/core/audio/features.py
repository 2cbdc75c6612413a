"""Causal audio features: samples in, one row of named numbers per hop out.

The analyser looks only backwards, keeps its whole memory in a value, and does the same arithmetic
on the same window however the samples were cut into blocks: live capture and files agree bit for
bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from engine.core.audio import spectrum
from engine.core.audio.channels import NO_BALANCE, Balance, choose, differ, mix
from engine.core.audio.spectrum import Array, Bands

ADDRESS = "/signal/audio"
FEATURES = ("level", "low", "mid", "high", "onset", "kick", "flux", "centroid", "silence")
"""Names of one row, in order; every value lies in 0..1.

``level`` loudness after automatic gain · ``low`` ``mid`` ``high`` the same below 150 Hz, to 2 kHz,
above · ``onset`` 1 on the hop of an attack, else 0 · ``kick`` 1 on the hop of an attack below
150 Hz · ``flux`` how much the spectrum rises · ``centroid`` brightness on a mel axis · ``silence``
1 while nothing is heard.
"""
SILENT: tuple[float, ...] = (0.0,) * (len(FEATURES) - 1) + (1.0,)
"""The row that means: no sound at all."""

MIN_RATE_HZ, MAX_RATE_HZ = 8_000, 384_000

_LOUDEST = 8.0  # samples beyond +18 dBFS are the noise of a broken driver
_SILENCE = 10.0**-6.6  # mean square: -66 dBFS
_SILENCE_AFTER_S = 1.0
_GAIN_FLOOR = 10.0**-7.5  # mean square: gain never lifts what lies below -75 dBFS
_GAIN_ATTACK_S = 0.03
_GAIN_DECAY_DB_S = 1.0
_RELEASE_S = 0.05
_LEAST_RISE = 0.12  # nepers of power, mean over the bands
_LEAST_LOW_RISE = 1.2
_LOW_HOPS = 5  # a drum's lows come up over a whole frame
_LOW_SHARE = 0.5  # a kick puts at least this part of what it adds below 150 Hz
_OVER_MEAN = 2.3
_MEAN_S = 0.4
_MASK_S = 0.06
_REFRACTORY_S = 0.05
_FLUX_FLOOR = 0.5
_FLUX_PEAK_S = 8.0
_BATCH = 64  # hops whose spectra are taken together


class Detector(NamedTuple):
    """Memory of one onset detector: running mean of the flux, mask, time since it fired."""

    mean: float = 0.0
    mask: float = 0.0
    since_s: float = 1.0


class Memory(NamedTuple):
    """What the analyser remembers from hop to hop."""

    powers: Array  # (2, B) band powers of the frame before last and of the last
    white: Array  # (B,) running peak of each band's power
    lows: tuple[float, ...]  # power below 150 Hz of the last frames, oldest first
    squares: tuple[float, ...]  # mean square of the same frames
    peaks: tuple[float, ...]  # level, low, mid, high, as mean squares
    shown: tuple[float, ...]  # the same after gain and release
    flux_peak: float
    centroid: float
    quiet_s: float
    onset: Detector
    kick: Detector


@dataclass(frozen=True, slots=True)
class Pace:
    """Factors per hop, so that every rate fades in the same seconds."""

    hop_s: float
    attack: float
    decay: float
    release: float
    mean: float
    mask: float
    flux_peak: float


@dataclass(frozen=True, slots=True)
class State:
    """Everything the analyser knows: pass it to the next call of `analyse`.

    Parameters
    ----------
    bands
        The mel bands of the sample rate.
    tail
        Samples that later frames still need: of the mean of two channels, and of their difference
        [shape=(2, n)].
    hops
        Rows given so far; row ``k`` (from 0) was complete at ``(k + 1) * hop / rate_hz`` seconds.
    memory
        What is carried from hop to hop.
    balance
        Which of the two is heard.
    """

    bands: Bands
    tail: Array
    hops: int
    memory: Memory
    balance: Balance = NO_BALANCE


@lru_cache(maxsize=8)
def _pace(rate_hz: int, hop: int) -> Pace:
    hop_s = hop / rate_hz
    return Pace(
        hop_s,
        1.0 - math.exp(-hop_s / _GAIN_ATTACK_S),
        math.pow(10.0, -0.1 * _GAIN_DECAY_DB_S * hop_s),
        math.exp(-hop_s / _RELEASE_S),
        1.0 - math.exp(-hop_s / _MEAN_S),
        math.exp(-hop_s / _MASK_S),
        math.exp(-hop_s / _FLUX_PEAK_S),
    )


def start(rate_hz: int) -> State:
    """Make a fresh analyser that has heard nothing.

    Raises
    ------
    ValueError
        If the sample rate lies outside 8 000 to 384 000 Hz.
    """
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise ValueError(
            f"{rate_hz} Hz is not a sample rate that can be analysed: "
            f"use {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz"
        )
    bands = spectrum.make_bands(rate_hz)
    count = len(bands.places)
    memory = Memory(
        np.zeros((2, count)), np.full(count, spectrum.WHITE_FLOOR), (0.0,) * _LOW_HOPS,
        (0.0,) * _LOW_HOPS, (_GAIN_FLOOR,) * 4, (0.0,) * 4, _FLUX_FLOOR, 0.5, _SILENCE_AFTER_S,
        Detector(), Detector(),
    )  # fmt: skip
    return State(bands, np.zeros((2, (spectrum.OVERLAP - 1) * bands.hop)), 0, memory)


def analyse(state: State, samples: ArrayLike) -> tuple[State, list[tuple[float, ...]]]:
    """Analyse the next samples.

    Parameters
    ----------
    state
        From `start` or the last call.
    samples
        Mono [shape=(n,)] or stereo [shape=(n, 2)], any n, full scale ±1. NaN counts as 0, and what
        is out of reason is clipped. Of stereo the mean is heard, see `channels.choose`.

    Returns
    -------
    state, rows
        The next state, and for each hop that is now complete one value per name in `FEATURES`.
        However a stream is cut into calls, its rows are equal bit for bit.
    """
    new = np.stack([_scrub(mix(samples)), _scrub(differ(samples))])
    buffer = np.concatenate([state.tail, new], axis=1)
    bands, memory, hop = state.bands, state.memory, state.bands.hop
    rows: list[tuple[float, ...]] = []
    kept = (spectrum.OVERLAP - 1) * hop
    count = (buffer.shape[1] - kept) // hop
    fresh = buffer[:, kept : kept + count * hop].reshape(2, count, hop)
    balance, chosen = choose(state.balance, fresh[0], fresh[1], hop / bands.rate_hz)
    for first in range(0, count, _BATCH):
        part = buffer[:, first * hop : min(first + _BATCH, count) * hop + kept]
        frames = spectrum.frames(part[0], hop)
        others = chosen[first : first + _BATCH]
        if others.any():
            frames = np.where(others[:, None], spectrum.frames(part[1], hop), frames)
        memory, some = _analyse_frames(bands, memory, frames)
        rows.extend(some)
    rest = buffer[:, count * hop :].copy()
    return State(bands, rest, state.hops + count, memory, balance), rows


def _scrub(samples: ArrayLike) -> Array:
    clipped = np.minimum(np.maximum(np.asarray(samples, np.float64), -_LOUDEST), _LOUDEST)
    if math.isnan(np.add.reduce(clipped)):
        return np.where(np.isnan(clipped), 0.0, clipped)
    return clipped


def _analyse_frames(
    bands: Bands, memory: Memory, frames: Array
) -> tuple[Memory, list[tuple[float, ...]]]:
    """Rows of overlapping frames (m, 4 * hop): arrays over all m first, then hop by hop."""
    pace = _pace(bands.rate_hz, bands.hop)
    frames, squares = spectrum.centre(frames)
    powers = spectrum.band_powers(bands, frames)
    quiet = (squares < _SILENCE).tolist()
    whites = spectrum.whiten(memory.white, powers, quiet, pace.decay)
    history = np.concatenate([memory.powers, powers])
    loudness = zip(squares.tolist(), *spectrum.three_sums(bands, powers).T.tolist(), strict=True)
    rises = spectrum.rises(history, whites)
    rows = []
    for louds, is_quiet, rise, bright in zip(
        loudness, quiet, rises, spectrum.brightness(bands, powers), strict=True
    ):
        memory, row = _hop(pace, memory, louds, is_quiet, rise, bright)
        rows.append(row)
    return memory._replace(powers=history[-2:], white=whites[-1]), rows


def _hop(
    pace: Pace,
    memory: Memory,
    louds: tuple[float, ...],
    is_quiet: bool,
    rise: float,
    bright: float,
) -> tuple[Memory, tuple[float, ...]]:
    """Step the scalar memory by one hop; `louds` are the mean squares of all, low, mid, high."""
    square, low = louds[:2]
    quiet_s = min(memory.quiet_s + pace.hop_s, _SILENCE_AFTER_S) if is_quiet else 0.0
    is_silent = quiet_s >= _SILENCE_AFTER_S
    peaks, shown = _gain(pace, memory, louds, is_quiet, is_silent)
    onset, is_onset = _detect(pace, memory.onset, rise, _LEAST_RISE, is_quiet)
    low_rise = _low_rise(memory, low, square, peaks)
    kick, is_kick = _detect(pace, memory.kick, low_rise, _LEAST_LOW_RISE, is_quiet)
    flux_peak = max(rise, _FLUX_FLOOR + (memory.flux_peak - _FLUX_FLOOR) * pace.flux_peak)
    flux = 0.0 if is_quiet else rise / flux_peak
    moved = 0.0 if is_quiet else (1.0 - pace.release) * (bright - memory.centroid)
    centroid = memory.centroid + moved
    row = (*shown, float(is_onset), float(is_kick), flux, centroid, float(is_silent))
    return Memory(
        memory.powers, memory.white, (*memory.lows[1:], low), (*memory.squares[1:], square),
        peaks, shown, flux_peak, centroid, quiet_s, onset, kick,
    ), row  # fmt: skip


def _gain(
    pace: Pace, memory: Memory, louds: tuple[float, ...], is_quiet: bool, is_silent: bool
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Automatic gain: divide by a peak that rises fast, falls slowly and freezes when quiet."""
    peaks, shown = [], []
    for square, peak, before in zip(louds, memory.peaks, memory.shown, strict=True):
        if square > peak:
            peak += pace.attack * (square - peak)
        elif not is_quiet:
            peak = max(peak * pace.decay, _GAIN_FLOOR)
        # The square root of the amplitude: 24 dB below the peak still shows as a quarter.
        target = 0.0 if is_silent else min(math.sqrt(math.sqrt(square / peak)), 1.0)
        peaks.append(peak)
        shown.append(max(target, before * pace.release))
    return tuple(peaks), tuple(shown)


def _low_rise(memory: Memory, low: float, square: float, peaks: tuple[float, ...]) -> float:
    """Rise of the log power below 150 Hz, if those lows are what makes the frame louder."""
    if low - memory.lows[0] < _LOW_SHARE * (square - memory.squares[0]):
        return 0.0
    floor = 0.05 * peaks[1] + 0.01 * peaks[0]
    return max(math.log((low + floor) / (memory.lows[0] + floor)), 0.0)


def _detect(
    pace: Pace, memory: Detector, rise: float, least: float, is_quiet: bool
) -> tuple[Detector, bool]:
    """Fire at once when the flux leaves its running mean; then mask the rest of the attack."""
    since_s = min(memory.since_s + pace.hop_s, 1.0)
    mask = memory.mask * pace.mask
    is_free = not is_quiet and since_s >= _REFRACTORY_S
    is_onset = is_free and rise > max(least + _OVER_MEAN * memory.mean, mask)
    mean = memory.mean + pace.mean * (rise - memory.mean)
    return Detector(mean, max(mask, rise), 0.0 if is_onset else since_s), is_onset
