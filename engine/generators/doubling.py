"""Doubling the resolution on the CPU: a transposed convolution as matrix products, and its filter.

A 3×3 convolution with stride one half makes odd rows from the middle taps and even rows from the
outer two, and columns alike. Two taps are a short filter, for which Winograd's F(4, 2) needs five
products where eight stand; so, along both axes, 5 products per input do what 9 would. One pass then
leaves that domain, filters along both axes with four taps, and finishes with scale, noise, bias and
activation. S. Winograd, "Arithmetic complexity of computations" (1980).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.generators.kernels import Array, compile_loop
from engine.generators.lanes import LANES, load, splat, store
from engine.generators.product import pack

if TYPE_CHECKING:
    import torch

TAPS = 4
TILE = 4  # even rows, and columns, that are made together
POINTS = 5
# Transform of two taps, for the points 0, 1, -1, 2 and infinity.
WEIGHT = np.array([[1 / 2, 0], [-1 / 2, -1 / 2], [-1 / 6, 1 / 6], [1 / 6, 1 / 3], [0, 1]])
# Matrices of even rows and columns, of even rows and odd columns, of the reverse, and of odd ones.
COUNTS = (25, 5, 5, 1)
ROWS = 81  # of all matrices together, for each tile
RING = 11  # filtered rows that are kept: a row of tiles makes eight, and three reach over
Taps = tuple[Array, Array]  # down and across
Kinds = tuple[Array, Array, Array, Array]  # one array for each of `COUNTS`
Room = tuple[int, int, int, int]  # and how many rows its matrices have room for
Strip = tuple[int, int, int, int]  # height and width of the picture, rows of tiles (from, to)


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
    """Prepare a weight [shape=(O, I, 3, 3)] once, as 36 packed matrices."""
    import torch

    g = torch.as_tensor(WEIGHT)
    w = weight.double().cpu().permute(2, 3, 0, 1)  # (down, across, O, I)
    outer = w[[2, 0]]
    both = torch.einsum("pk,ql,kloi->pqoi", g, g, outer[:, [2, 0]])
    down = torch.einsum("pk,koi->poi", g, outer[:, 1])
    across = torch.einsum("ql,loi->qoi", g, w[1][[2, 0]])
    return pack(torch.cat([both.flatten(0, 1), down, across, w[1, 1][None]]))


@compile_loop
def row_counts(strip: Strip) -> tuple[int, int, int, int, int]:
    """How many rows the matrices of each kind have (see `COUNTS`), and tiles across."""
    height, width, first, last = strip
    across = width // TILE + 1
    tall = max(0, min(height, TILE * last) - TILE * first)
    tiles = last - first
    return tiles * across, tiles * width, tall * across, tall * width, across


def scratch_size(width: int) -> int:
    """How many floats one thread needs for a picture that wide."""
    return 2 * (TILE + 1) * (2 * width + 2 * TILE + 4) * LANES


@compile_loop
def _five(a: Array, b: Array, c: Array, d: Array, e: Array
          ) -> tuple[Array, Array, Array, Array, Array]:  # fmt: skip
    """Transform five inputs."""
    two, three = splat(np.float32(2)), splat(np.float32(3))
    low = d - c
    return (two * (a - c) + (d - b), low - two * b, two * b + (d - three * c), d - b,
            two * (b - d) + (e - c))  # fmt: skip


@compile_loop
def _four(a: Array, b: Array, c: Array, d: Array, e: Array
          ) -> tuple[Array, Array, Array, Array]:  # fmt: skip
    """Transform five products."""
    two, four, eight = splat(np.float32(2)), splat(np.float32(4)), splat(np.float32(8))
    even, odd = b + c, b - c
    return a + even + d, odd + two * d, even + four * d, odd + eight * d + e


@compile_loop
def transform_input(x: Array, gain: Array, blocks: tuple[int, int], strip: Strip,
                    outs: Kinds, strides: Room, inputs: int, scratch: Array) -> None:  # fmt: skip
    """Turn rows of tiles into the rows of 36 matrices of four kinds.

    Tile t serves even rows 4 t to 4 t + 3 (twice those of the picture) and odd rows of these.

    Parameters
    ----------
    x
        [shape=(B, H, W, LANES)], flat as everything here.
    gain
        Scale of each channel [shape=(B · LANES,)].
    blocks
        (from, to): which blocks.
    outs
        Of each kind [shape=(its count, B, its rows, LANES)].
    strides
        Rows that the matrices of each kind have room for.
    inputs
        B.
    """
    height, width = strip[0], strip[1]
    across = row_counts(strip)[4]
    row = (TILE * across + 1) * LANES
    scratch[: (POINTS + 1) * row + width * LANES] = np.float32(0)
    z, plain, nothing = scratch, scratch[POINTS * row :], scratch[(POINTS + 1) * row :]
    for block in range(blocks[0], blocks[1]):
        g, at = load(gain, block * LANES), block * height * width * LANES
        for ty in range(strip[2], strip[3]):
            tile = ty - strip[2]
            to = (block * strides[1] + tile * width) * LANES
            _enter_columns(x, at, (height, width), TILE * ty - 1, g, nothing, z, row, outs[1], to,
                           inputs * strides[1] * LANES)  # fmt: skip
            for p in range(POINTS):
                to = ((POINTS * p * inputs + block) * strides[0] + tile * across) * LANES
                _enter_row(z[p * row :], across, outs[0], to, inputs * strides[0] * LANES)
            for m in range(TILE * ty, min(height, TILE * ty + TILE)):
                place = m - TILE * strip[2]
                to = (block * strides[3] + place * width) * LANES
                for j in range(0, width * LANES, LANES):
                    value = load(x, at + m * width * LANES + j) * g
                    store(plain, LANES + j, value)
                    store(outs[3], to + j, value)
                to = (block * strides[2] + place * across) * LANES
                _enter_row(plain, across, outs[2], to, inputs * strides[2] * LANES)


@compile_loop
def _row(x: Array, at: int, shape: tuple[int, int], i: int, nothing: Array) -> tuple[Array, int]:
    """Where row i of a block lies, or zeros."""
    if 0 <= i < shape[0]:
        return x, at + i * shape[1] * LANES
    return nothing, 0


@compile_loop
def _enter_columns(x: Array, at: int, shape: tuple[int, int], i: int, gain: Array, nothing: Array,
                   z: Array, row: int, out: Array, to: int, step: int) -> None:  # fmt: skip
    """Transform columns of five rows from i on: for matrices, and for the way across."""
    a, a0 = _row(x, at, shape, i, nothing)
    b, b0 = _row(x, at, shape, i + 1, nothing)
    c, c0 = _row(x, at, shape, i + 2, nothing)
    d, d0 = _row(x, at, shape, i + 3, nothing)
    e, e0 = _row(x, at, shape, i + 4, nothing)
    for j in range(0, shape[1] * LANES, LANES):
        p, q, r, s, t = _five(load(a, a0 + j) * gain, load(b, b0 + j) * gain,
                              load(c, c0 + j) * gain, load(d, d0 + j) * gain,
                              load(e, e0 + j) * gain)  # fmt: skip
        _store_five(z, LANES + j, row, p, q, r, s, t)
        _store_five(out, to + j, step, p, q, r, s, t)


@compile_loop
def _store_five(out: Array, to: int, step: int, p: Array, q: Array, r: Array, s: Array,
                t: Array) -> None:  # fmt: skip
    store(out, to, p)
    store(out, to + step, q)
    store(out, to + 2 * step, r)
    store(out, to + 3 * step, s)
    store(out, to + 4 * step, t)


@compile_loop
def _enter_row(z: Array, across: int, out: Array, to: int, step: int) -> None:
    """Transform a row of tiles across into five matrices."""
    for tile in range(across):
        at = TILE * tile * LANES
        p, q, r, s, t = _five(load(z, at), load(z, at + LANES), load(z, at + 2 * LANES),
                              load(z, at + 3 * LANES), load(z, at + 4 * LANES))  # fmt: skip
        _store_five(out, to + tile * LANES, step, p, q, r, s, t)
