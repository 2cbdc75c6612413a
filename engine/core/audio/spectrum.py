"""Mel bands of overlapping frames and their rise: the array half of the audio analyser.

It avoids BLAS and vectorised logarithms, whose last bits depend on the CPU. Every function treats
each frame by itself, so it does not matter how many frames are passed at once.

References
----------
Log-mel spectral flux: Dixon, "Onset Detection Revisited", DAFx 2006, eq. 2.1; maximum filter over
neighbouring bands against vibrato: Böck and Widmer, "Maximum Filter Vibrato Suppression for Onset
Detection", DAFx 2013; a running peak per band: Stowell and Plumbley, "Adaptive Whitening for
Improved Real-Time Audio Onset Detection", ICMC 2007.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[np.float64]

HOP_S = 256 / 48_000
OVERLAP = 4  # a frame is four hops long
WHITE_FLOOR = 1e-9  # power of one band below which a rise is no rise

_BANDS = 40
_BOTTOM_HZ, _TOP_HZ = 30.0, 16_000.0
_LOW_HZ, _MID_HZ = 150.0, 2_000.0
_WHITE_RANGE = 0.01  # a band is heard 20 dB below its running peak


@dataclass(frozen=True, slots=True)
class Bands:
    """The mel bands of one sample rate.

    Parameters
    ----------
    rate_hz, hop
        Sample rate, and samples from frame to frame.
    taper
        Hann window [shape=(4 * hop,)].
    scale
        Makes the powers of one frame add up to its mean square.
    centres
        Centre bins of the bands, with both outer ends [shape=(B + 2,)].
    weights
        Falling and rising sides of the triangles [shape=(2, bins)].
    places
        Where each band lies on the mel axis, 0..1 [shape=(B,)].
    low, mid
        Number of bands below 150 Hz and below 2 kHz.
    """

    rate_hz: int
    hop: int
    taper: Array
    scale: float
    centres: NDArray[np.intp]
    weights: Array
    places: Array
    low: int
    mid: int


def _centres(rate_hz: int, size: int) -> NDArray[np.intp]:
    top_hz = min(_TOP_HZ, 0.45 * rate_hz)
    low, high = (2595.0 * math.log10(1.0 + f / 700.0) for f in (_BOTTOM_HZ, top_hz))
    mels = [low + (high - low) * i / (_BANDS - 1) for i in range(_BANDS)]
    bins = [round(700.0 * (math.pow(10.0, m / 2595.0) - 1.0) * size / rate_hz) for m in mels]
    # Bands narrower than a bin fall together; bin 0 only closes the first triangle.
    inner = sorted({max(b, 1) for b in bins})
    return np.array([0, *inner, min(2 * inner[-1] - inner[-2], size // 2)], np.intp)


@lru_cache(maxsize=8)
def make_bands(rate_hz: int) -> Bands:
    """Lay out the mel bands (HTK scale, 30 Hz to 16 kHz) for a sample rate."""
    hop = round(rate_hz * HOP_S)
    size = OVERLAP * hop
    taper = np.array([0.5 - 0.5 * math.cos(2.0 * math.pi * i / size) for i in range(size)])
    centres = _centres(rate_hz, size)
    bins = np.arange(centres[0], centres[-1])
    segment = np.searchsorted(centres, bins, side="right") - 1
    rising = (bins - centres[segment]) / (centres[segment + 1] - centres[segment])
    hz = centres[1:-1] * rate_hz / size
    return Bands(
        rate_hz, hop, taper, 2.0 / (size * math.fsum((taper * taper).tolist())), centres,
        np.stack([1.0 - rising, rising]), np.arange(len(hz)) / (len(hz) - 1),
        int(np.sum(hz < _LOW_HZ)), int(np.sum(hz < _MID_HZ)),
    )  # fmt: skip


def frames(samples: Array, hop: int) -> Array:
    """Cut samples ((m + 3) * hop,) into overlapping frames (m, 4 * hop)."""
    if len(samples) == OVERLAP * hop:  # live: making a sliding view costs more than the FFT
        return samples.reshape(1, -1)
    return sliding_window_view(samples, OVERLAP * hop)[::hop]


def centre(frames: Array) -> tuple[Array, Array]:
    """Take out each frame's offset: a cheap input's direct current is not sound.

    Returns
    -------
    frames, squares
        Frames (m, n) of mean 0, and their mean squares (m,).
    """
    share = 1.0 / frames.shape[1]
    centred = frames - np.add.reduce(frames, axis=1, keepdims=True) * share
    return centred, np.add.reduce(centred * centred, axis=1) * share


def band_powers(bands: Bands, frames: Array) -> Array:
    """Power in each mel band (m, B); they add up to about the mean square of the frame."""
    spectra = np.fft.rfft(frames * bands.taper)[:, : bands.weights.shape[1]]
    power = (spectra.real * spectra.real + spectra.imag * spectra.imag) * bands.scale
    sides = np.add.reduceat(power[:, None] * bands.weights, bands.centres[:-1], axis=2)
    powers: Array = sides[:, 0, 1:] + sides[:, 1, :-1]
    return powers


def three_sums(bands: Bands, powers: Array) -> Array:
    """Power below 150 Hz, from there to 2 kHz, and above (m, 3)."""
    sums: Array = np.add.reduceat(powers, (0, bands.low, bands.mid), axis=1)
    return sums


def whiten(white: Array, powers: Array, quiet: list[bool], decay: float) -> Array:
    """Follow each band's peak (m, B) from `white` (B,); it stands still where it is quiet."""
    whites = np.empty_like(powers)
    for i, is_quiet in enumerate(quiet):
        if not is_quiet:
            white = np.maximum(white * decay, powers[i])
        whites[i] = white
    return whites


def rises(history: Array, whites: Array) -> list[float]:
    """Log-mel flux (m,) of band powers [shape=(m + 2, B)]: mean positive rises over running whites.

    A rise is counted against the loudest of the last frame and, in three neighbouring bands, the
    one before. The sum of positive logarithms is the logarithm of a product: one `math.log`
    does for all.
    """
    older, old, new = history[:-2], history[1:-1], history[2:]
    floor = whites * _WHITE_RANGE + WHITE_FLOOR
    widest = np.maximum(older, old)
    np.maximum(widest[:, 1:], older[:, :-1], out=widest[:, 1:])
    np.maximum(widest[:, :-1], older[:, 1:], out=widest[:, :-1])
    ratios = np.maximum((new + floor) / (widest + floor), 1.0)
    return [math.log(p) / ratios.shape[1] for p in np.multiply.reduce(ratios, axis=1).tolist()]


def brightness(bands: Bands, powers: Array) -> list[float]:
    """Centroid of the amplitudes on the mel axis, 0..1 (m,)."""
    loud = np.sqrt(powers)
    total = np.add.reduce(loud, axis=1) + 1e-12
    listed: list[float] = (np.add.reduce(loud * bands.places, axis=1) / total).tolist()
    return listed
