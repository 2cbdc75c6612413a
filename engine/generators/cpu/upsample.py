"""Upsampling convolution on the CPU: a transposed convolution as matrix products, and its filter.

A 3×3 convolution with stride one half makes odd rows from the middle taps and even rows from the
outer two, and columns alike. Two taps are a short filter, for which Winograd's F(4, 2) needs five
products where eight stand; so, along both axes, 5 products per input do what 9 would. One pass then
leaves that domain, filters along both axes with four taps, and finishes with scale, noise, bias and
activation. S. Winograd, "Arithmetic complexity of computations" (1980).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.generators.cpu.blocks import LANES, load, splat, store
from engine.generators.cpu.compile import Array, compile_loop
from engine.generators.cpu.epilogue import clear, copy, lay_row
from engine.generators.cpu.matmul import mix
from engine.generators.libraries import torch

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


@lru_cache(maxsize=1)
def mixture() -> NDArray[np.float64]:
    """How each matrix is mixed from the nine taps of a weight [shape=(36, 9)]."""
    outer, middle = WEIGHT @ [[0, 0, 1], [1, 0, 0]], [[0, 1, 0]]
    ways = ((outer, outer), (outer, middle), (middle, outer), (middle, middle))
    return np.concatenate([np.kron(down, across) for down, across in ways])


def transform_weight(weight: torch.Tensor) -> torch.Tensor:
    """Prepare a weight [shape=(O, I, 3, 3)] once, as 36 packed matrices."""
    return mix(weight, mixture())


@compile_loop
def row_counts(strip: Strip) -> tuple[int, int, int, int, int]:
    """How many rows the matrices of each kind have (see `COUNTS`), and tiles across."""
    height, width, first, last = strip
    across = width // TILE + 1
    tall = max(0, min(height, TILE * last) - TILE * first)
    tiles = last - first
    return tiles * across, tiles * width, tall * across, tall * width, across


def workspace_size(width: int) -> int:
    """How many floats one thread needs for a picture that wide."""
    return 2 * (TILE + 1) * (2 * width + 2 * TILE + 4) * LANES


@compile_loop
def transform_input(x: Array, gain: Array, blocks: tuple[int, int], strip: Strip,
                    outs: Kinds, strides: Room, inputs: int, workspace: Array) -> None:  # fmt: skip
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
    clear(workspace, 0, POINTS * row)  # what lies beside the picture stays zero
    for block in range(blocks[0], blocks[1]):
        g, at = load(gain, block * LANES), block * height * width * LANES
        for ty in range(strip[2], strip[3]):
            tile = ty - strip[2]
            for r in range(POINTS):
                i = TILE * ty - 1 + r
                lay_row(x, at, (height, width), i, g, workspace, r * row + LANES)
                if r > 0 and i < height:
                    place = block * strides[3] + (i - TILE * strip[2]) * width
                    copy(workspace, r * row + LANES, outs[3], place * LANES, width)
                    place = block * strides[2] + (i - TILE * strip[2]) * across
                    _enter_row(workspace, r * row, across, outs[2], place * LANES,
                               inputs * strides[2] * LANES)  # fmt: skip
            for j in range(0, row, LANES):
                _enter(workspace, j, row, workspace, j, row)
            for p in range(POINTS):
                place = (p * inputs + block) * strides[1] + tile * width
                copy(workspace, p * row + LANES, outs[1], place * LANES, width)
                place = (POINTS * p * inputs + block) * strides[0] + tile * across
                _enter_row(workspace, p * row, across, outs[0], place * LANES,
                           inputs * strides[0] * LANES)  # fmt: skip


@compile_loop
def _enter(x: Array, at: int, stride: int, out: Array, to: int, step: int) -> None:
    """Transform five inputs."""
    a, b, c = load(x, at), load(x, at + stride), load(x, at + 2 * stride)
    d, e = load(x, at + 3 * stride), load(x, at + 4 * stride)
    two, three = splat(np.float32(2)), splat(np.float32(3))
    store(out, to, two * (a - c) + (d - b))
    store(out, to + step, (d - c) - two * b)
    store(out, to + 2 * step, two * b + (d - three * c))
    store(out, to + 3 * step, d - b)
    store(out, to + 4 * step, two * (b - d) + (e - c))


@compile_loop
def _enter_row(z: Array, at: int, across: int, out: Array, to: int, step: int) -> None:
    """Transform a row of tiles across into five matrices."""
    for tile in range(across):
        _enter(z, at + TILE * tile * LANES, LANES, out, to + tile * LANES, step)
