"""Doubling the resolution on the CPU: a transposed convolution as nine products, and its filter.

A 3×3 convolution with stride one half touches each input once per tap: nine matrix products with
nothing wasted. One pass then adds their shifted results, filters along both axes with four taps,
and finishes with scale, noise, bias and activation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.generators.kernels import Array, Scalar, compile_loop, finish, mix4

if TYPE_CHECKING:
    import torch

TAPS = 4
Taps = tuple[Array, Array]  # down and across


def separate(taps: torch.Tensor) -> Taps | None:
    """Split a filter into its taps down and across, mirrored, with the gain of doubling.

    None if it has not four taps or does not split.
    """
    if taps.shape[-1] != TAPS:
        return None
    plane = taps.double().cpu().numpy()
    down = across = plane
    if plane.ndim == 2:
        if abs(plane.sum()) < 1e-6:
            return None
        down, across = plane.sum(axis=1), plane.sum(axis=0) / plane.sum()
        if not np.allclose(np.outer(down, across), plane, rtol=0, atol=1e-7):
            return None
    return _mirrored(down), _mirrored(across)


def _mirrored(taps: NDArray[np.float64]) -> Array:
    return np.ascontiguousarray(2 * taps[::-1], np.float32)


def scratch_size(width: int, outputs: int) -> int:
    """How many floats one thread of `merge` needs."""
    return (4 * 2 + 2 + 3 + 2) * (width + 2) * outputs


@compile_loop
def merge(
    col: Array,
    first: int,
    height: int,
    rows: tuple[int, int],
    taps: Taps,
    gain: Array,
    bias: Array,
    noise: Array,
    slope: Scalar,
    clamp: Scalar,
    out: Array,
    scratch: Array,
) -> None:
    """Merge the nine products of rows of a picture into rows of the doubled one.

    Parameters
    ----------
    col
        Products by tap, row-major [shape=(9, rows, W, O)].
    first
        Which row of the picture `col` starts with.
    height
        Of the picture.
    rows
        (from, to): rows of `out` to write.
    taps
        Down and across, from `separate`.
    gain, bias, noise, slope, clamp
        See `winograd.transform_output`.
    out
        [shape=(2 height, 2 W, O)]
    """
    width, n = col.shape[2], col.shape[3]
    size = width * n
    ring = scratch[: 8 * size].reshape(4, 2, size)
    y = scratch[8 * size : 10 * size].reshape(2, size)
    # A column of zeros stands on either side: the odd phase begins one before the picture.
    even = scratch[10 * size : 11 * size + 2 * n]
    odd = scratch[11 * size + 2 * n : 12 * size + 4 * n]
    down, across = taps
    is_noisy = noise.shape[0] == out.shape[0] and noise.shape[1] == out.shape[1]
    ready = rows[0] - 1
    for j in range(rows[0], rows[1]):
        while ready <= j + 2:
            h = ring[ready % 4]
            if ready < 0 or ready > 2 * height:
                h[:] = 0.0
            else:
                _spread_row(col, ready, first, height, even, odd)
                mix4(h[0], odd[:size], even[:size], odd[n : n + size], even[n : n + size], across)
                mix4(h[1], even[:size], odd[n : n + size], even[n : n + size],
                     odd[2 * n : 2 * n + size], across)  # fmt: skip
            ready += 1
        for k in range(2):
            mix4(y[k], ring[(j - 1) % 4, k], ring[j % 4, k], ring[(j + 1) % 4, k],
                 ring[(j + 2) % 4, k], down)  # fmt: skip
        for i in range(2 * width):
            more: Scalar = noise[j, i] if is_noisy else np.float32(0)
            start = (i // 2) * n
            finish(out[j, i], y[i % 2][start : start + n], gain, bias, more, slope, clamp)


@compile_loop
def _spread_row(col: Array, q: int, first: int, height: int, even: Array, odd: Array) -> None:
    """Row q of the transposed convolution: its even columns, and its odd ones between zeros."""
    n = col.shape[3]
    size = col.shape[2] * n
    m = q // 2 - first
    even[:] = 0.0
    odd[:] = 0.0
    middle = odd[n : n + size]
    if q % 2 == 1:
        _accumulate(even[:size], col[3, m].reshape(size))
        _accumulate(even[n : n + size], col[5, m].reshape(size))
        _accumulate(middle, col[4, m].reshape(size))
        return
    if q // 2 < height:
        _accumulate(even[:size], col[0, m].reshape(size))
        _accumulate(even[n : n + size], col[2, m].reshape(size))
        _accumulate(middle, col[1, m].reshape(size))
    if q // 2 > 0:
        _accumulate(even[:size], col[6, m - 1].reshape(size))
        _accumulate(even[n : n + size], col[8, m - 1].reshape(size))
        _accumulate(middle, col[7, m - 1].reshape(size))


@compile_loop
def _accumulate(out: Array, a: Array) -> None:
    for i in range(out.size):
        out[i] += a[i]


@compile_loop
def add_doubled(
    small: Array, taps: Taps, bias: Array, clamp: Scalar, out: Array, row: Array
) -> None:
    """Finish colours and add the picture so far, doubled: ``out = clamp(out + bias) + doubled``.

    Parameters
    ----------
    small
        The picture so far [shape=(H, W, 3)]; [shape=(0, 0, 3)] for none.
    taps
        Down and across, from `separate`.
    out
        Colours without bias [shape=(2H, 2W, 3)]; written in place.
    row
        Scratch of ``(W + 2) 3`` floats.
    """
    down, across = taps
    n = out.shape[2]
    height, width = small.shape[0], small.shape[1]
    row[:] = 0.0
    for j in range(out.shape[0]):
        if height > 0:
            # Even outputs lie between a sample and the one before, odd ones before the next.
            m, k = j // 2 - 1 + j % 2, j % 2
            for i in range(width):
                for c in range(n):
                    v = np.float32(0)
                    if m >= 0:
                        v += down[k] * small[m, i, c]
                    if m + 1 < height:
                        v += down[k + 2] * small[m + 1, i, c]
                    row[(i + 1) * n + c] = v
        for i in range(out.shape[1]):
            for c in range(n):
                v = out[j, i, c] + bias[c]
                v = min(max(v, -clamp), clamp)
                if height > 0:
                    at = (i // 2 + i % 2) * n + c
                    v += across[i % 2] * row[at] + across[i % 2 + 2] * row[at + n]
                out[j, i, c] = v
