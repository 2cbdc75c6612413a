"""Doubling the resolution on the CPU: a transposed convolution as matrix products, and its filter.

A 3×3 convolution with stride one half makes odd rows from the middle taps and even rows from the
outer two. Two taps down are a short filter, for which Winograd's F(4, 2) needs five products where
eight stand; so 6.75 products per input do what 9 would. One pass then adds shifted results, filters
along both axes with four taps, and finishes with scale, noise, bias and activation. S. Winograd,
"Arithmetic complexity of computations" (1980).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.generators.kernels import Array, Scalar, add4, compile_loop, finish, mix4

if TYPE_CHECKING:
    import torch

TAPS = 4
TILE = 4  # even rows that are made together
POINTS = 5
# Transforms of five rows, of two taps, and back to four rows; of the first and the last, the four
# places and weights that matter.
INPUT = np.array(
    [[2, -1, -2, 1, 0], [0, -2, -1, 1, 0], [0, 2, -3, 1, 0], [0, -1, 0, 1, 0], [0, 2, -1, -2, 1]],
    np.float32,
)
WEIGHT = np.array([[1 / 2, 0], [-1 / 2, -1 / 2], [-1 / 6, 1 / 6], [1 / 6, 1 / 3], [0, 1]])
OUTPUT = np.array(
    [[1, 1, 1, 1, 0], [0, 1, -1, 2, 0], [0, 1, 1, 4, 0], [0, 1, -1, 8, 1]], np.float32
)
INPUT_PLACES = np.array([[0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3], [1, 2, 3, 4]])
INPUT_WEIGHTS = np.take_along_axis(INPUT, INPUT_PLACES, axis=1)
OUTPUT_PLACES = np.array([[0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3], [1, 2, 3, 4]])
OUTPUT_WEIGHTS = np.take_along_axis(OUTPUT, OUTPUT_PLACES, axis=1)
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


def transform_weight(weight: torch.Tensor) -> torch.Tensor:
    """Prepare a weight [shape=(O, I, 3, 3)] once, as matrices [shape=(18, O, I)].

    Fifteen for even rows (point by tap across), three for odd ones.
    """
    import torch

    w = weight.double().cpu().permute(2, 3, 0, 1)  # (down, across, O, I)
    pair = torch.stack([w[2], w[0]])
    even = torch.einsum("pk,kxoi->pxoi", torch.as_tensor(WEIGHT), pair)
    matrices = torch.cat([even.flatten(0, 1), w[1]])
    return matrices.float().contiguous()


@compile_loop
def transform_input(x: Array, base: int, tiles: tuple[int, int], out: Array) -> None:
    """Make the rows of tiles [from, to) that the even rows' products take.

    Tile t serves rows 4 t + 1 to 4 t + 4 of the even ones; tile -1 the first.

    Parameters
    ----------
    x
        [shape=(H, W, I)]
    base
        Tile that `out` starts with.
    out
        [shape=(5, tiles, W, I)]
    """
    height, width, n = x.shape
    size = width * n
    nothing = np.zeros(size, np.float32)
    flat = x.reshape(height, size)
    for t in range(tiles[0], tiles[1]):
        first = TILE * t
        r0 = flat[first] if 0 <= first < height else nothing
        r1 = flat[first + 1] if 0 <= first + 1 < height else nothing
        r2 = flat[first + 2] if 0 <= first + 2 < height else nothing
        r3 = flat[first + 3] if 0 <= first + 3 < height else nothing
        r4 = flat[first + 4] if 0 <= first + 4 < height else nothing
        for p in range(4):
            mix4(out[p, t - base].reshape(size), r0, r1, r2, r3, INPUT_WEIGHTS[p])
        mix4(out[4, t - base].reshape(size), r1, r2, r3, r4, INPUT_WEIGHTS[4])


def scratch_size(width: int, outputs: int) -> int:
    """How many floats one thread of `merge` needs."""
    return (4 * 2 + 2 + 3 + 2) * (width + 2) * outputs


@compile_loop
def merge(
    products: tuple[Array, Array],
    firsts: tuple[int, int],
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
    """Merge the products of rows of a picture into rows of the doubled one.

    Parameters
    ----------
    products
        For even rows, by point and tap across [shape=(15, tiles, W, O)]; for odd ones, by tap
        across [shape=(3, rows, W, O)].
    firsts
        Tile and row of the picture that they start with.
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
    width, n = products[0].shape[2], products[0].shape[3]
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
                _spread_row(products, ready, firsts, even, odd)
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
def _spread_row(
    products: tuple[Array, Array], q: int, firsts: tuple[int, int], even: Array, odd: Array
) -> None:
    """Row q of the transposed convolution: its even columns, and its odd ones between zeros."""
    n = products[0].shape[3]
    size = products[0].shape[2] * n
    even[:] = 0.0
    odd[:] = 0.0
    middle = odd[n : n + size]
    if q % 2 == 1:
        m = q // 2 - firsts[1]
        _accumulate(even[:size], products[1][0, m].reshape(size))
        _accumulate(even[n : n + size], products[1][2, m].reshape(size))
        _accumulate(middle, products[1][1, m].reshape(size))
        return
    tile = (q // 2 - 1) // TILE
    row = q // 2 - 1 - TILE * tile
    _return_row(products[0], tile - firsts[0], 0, row, even[:size])
    _return_row(products[0], tile - firsts[0], 1, row, middle)
    _return_row(products[0], tile - firsts[0], 2, row, even[n : n + size])


@compile_loop
def _return_row(m: Array, tile: int, tap: int, row: int, out: Array) -> None:
    """Add one even row of one tap across, from its five points [shape=(15, tiles, W, O)]."""
    p = OUTPUT_PLACES[row]
    add4(out, m[3 * p[0] + tap, tile].reshape(out.size), m[3 * p[1] + tap, tile].reshape(out.size),
         m[3 * p[2] + tap, tile].reshape(out.size), m[3 * p[3] + tap, tile].reshape(out.size),
         OUTPUT_WEIGHTS[row])  # fmt: skip


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
