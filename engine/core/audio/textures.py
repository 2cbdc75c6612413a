"""What shaders see of the sound: its newest samples, and their spectrum, as rows of numbers.

Both are computed of 16-bit samples, as takes hold them, so that a film of a take sees what was seen
when it was played.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Rows = NDArray[np.float32]
SAMPLES, BINS = 1024, 1024
"""Columns of a waveform and of a spectrum where a shader does not say how many it wants."""
MOST_COLUMNS = 4096
_FULL_SCALE = 32767.0
_FLOOR = 0.1  # fourth root of an amplitude: what lies below -80 dB of full scale is black


def reach(is_spectrum: bool, columns: int) -> int:
    """How many samples back a row of so many columns looks; 0 columns: as many as there are."""
    if not is_spectrum:
        return max(SAMPLES, columns)
    size = 2 * BINS
    while size < 2 * columns:
        size *= 2
    return size


def waveform(samples: ArrayLike, columns: int = 0) -> Rows:
    """Newest samples [shape=(channels, columns)], 0.5 in silence.

    Parameters
    ----------
    samples
        `reach` samples, full scale ±1 [shape=(n, channels)].
    columns
        Neighbouring samples are averaged to so many; a single one is the peak, from 0.5 on.
    """
    rows = _quantised(samples)
    if columns == 1:
        rows = np.max(np.abs(rows), axis=1, keepdims=True)
    elif columns:
        rows = _averaged(rows, columns)
    return (0.5 + 0.5 * rows).astype(np.float32)


def spectrum(samples: ArrayLike, columns: int = 0) -> Rows:
    """Spectrum of the samples in 0..1 [shape=(channels, columns)], low to half the sample rate.

    A column is the fourth root of the mean amplitude in it: 0 dB of full scale is 1, -40 dB about
    a quarter, silence 0.

    Parameters
    ----------
    samples, columns
        As for `waveform`.
    """
    rows = _quantised(samples)
    size = rows.shape[1]
    bins = np.fft.rfft(rows * _taper(size))[:, : size // 2] * (4.0 / size)
    power = bins.real * bins.real + bins.imag * bins.imag
    power = _averaged(power, columns or BINS)
    light = np.sqrt(np.sqrt(np.sqrt(power)))
    return np.clip((light - _FLOOR) / (1.0 - _FLOOR), 0.0, 1.0).astype(np.float32)


@lru_cache(maxsize=4)
def _taper(size: int) -> NDArray[np.float64]:
    return np.asarray(0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size))


def _quantised(samples: ArrayLike) -> NDArray[np.float64]:
    rows = np.nan_to_num(np.asarray(samples, np.float32)).T  # in 32 bits, as the recorder does
    whole = np.rint(np.clip(rows, -1.0, 1.0) * _FULL_SCALE)
    return np.asarray(whole.astype(np.float64) / _FULL_SCALE)


def _averaged(rows: NDArray[np.float64], columns: int) -> NDArray[np.float64]:
    """Means over as many boxes of columns as are wanted, or as there are."""
    count = rows.shape[1]
    if columns >= count:
        return rows
    edges = np.arange(columns) * count // columns
    sums = np.add.reduceat(rows, edges, axis=1)
    return np.asarray(sums / np.diff(np.append(edges, count)))
