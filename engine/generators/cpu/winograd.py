"""Winograd convolution: 3×3 with a quarter of the multiplications or less, in blocks.

Winograd's F(4×4, 3×3): tiles of 6×6 inputs become 36 small matrices, 36 matrix products do the
work of 144 multiplications per output and channel pair, and come back as 4×4 outputs; F(6×6, 3×3)
does with 64 what takes 324. A. Lavin and S. Gray, "Fast algorithms for convolutional neural
networks" (2016), section 4.3.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.generators.cpu.blocks import LANES, broadcast, load, splat, store
from engine.generators.cpu.compile import Array, compile_loop
from engine.generators.cpu.epilogue import Epilogue, clear, finish, lay_row
from engine.generators.cpu.matmul import mix, round_up
from engine.generators.libraries import torch

# Points beside 0 and infinity, each with either sign, by the side of a tile. Those that are each
# other's inverses round finest: 2/3 and 3/2 four times finer than 1 and 2. B. Barabasz et al.,
# "Error analysis and improving the accuracy of Winograd convolution" (2020).
P, Q = 2 / 3, 3 / 2
POINTS = {4: (P, Q), 6: (1, 1 / 2, 2)}
FETCH = 14  # rows that are multiplied while a matrix comes from memory


def tile_for(height: int, width: int) -> int:
    """Which side of a tile does a picture of that size in the least time."""
    costs = {}
    for tile in POINTS:
        tiles = -(-height // tile) * -(-width // tile)
        costs[tile] = (tile + 2) ** 2 * (round_up(tiles) + FETCH)
    return min(costs, key=lambda tile: costs[tile])


def _weight_transform(tile: int) -> NDArray[np.float64]:
    """Transform of 3 weights [shape=(tile + 2, 3)]."""
    finite = [0.0, *(sign * point for point in POINTS[tile] for sign in (1, -1))]
    rows = [[x**k / math.prod(x - y for y in finite if y != x) for k in range(3)] for x in finite]
    return np.array([*rows, [0, 0, 1]])


@lru_cache(maxsize=2)
def mixture(tile: int) -> NDArray[np.float64]:
    """How each matrix is mixed from the nine taps of a weight [shape=((tile + 2)², 9)]."""
    g = _weight_transform(tile)
    return np.asarray(np.kron(g, g), np.float64)


def transform_weight(weight: torch.Tensor, tile: int) -> torch.Tensor:
    """Prepare a weight [shape=(O, I, 3, 3)] once, as 36 or 64 packed matrices."""
    return mix(weight, mixture(tile))


def workspace_size(tile: int, across: int) -> int:
    """How many floats one thread needs for rows of so many tiles."""
    side = tile + 2
    return max(side * (tile * across + 2), tile * side + tile) * LANES


@compile_loop
def _enter4(x: Array, at: int, stride: int, out: Array, to: int, step: int) -> None:
    """Transform six inputs."""
    a, b, c = load(x, at), load(x, at + stride), load(x, at + 2 * stride)
    d, e, f = load(x, at + 3 * stride), load(x, at + 4 * stride), load(x, at + 5 * stride)
    p, q = splat(np.float32(P)), splat(np.float32(Q))
    pp, qq = splat(np.float32(P * P)), splat(np.float32(Q * Q))
    both = splat(np.float32(P * P + Q * Q))
    even, odd = e - qq * c, p * (d - qq * b)
    near, far = e - pp * c, q * (d - pp * b)
    store(out, to, (a + e) - both * c)
    store(out, to + step, even + odd)
    store(out, to + 2 * step, even - odd)
    store(out, to + 3 * step, near + far)
    store(out, to + 4 * step, near - far)
    store(out, to + 5 * step, (b + f) - both * d)


@compile_loop
def _enter6(x: Array, at: int, stride: int, out: Array, to: int, step: int) -> None:
    """Transform eight inputs."""
    a, b, c = load(x, at), load(x, at + stride), load(x, at + 2 * stride)
    d, e, f = load(x, at + 3 * stride), load(x, at + 4 * stride), load(x, at + 5 * stride)
    g, h = load(x, at + 6 * stride), load(x, at + 7 * stride)
    half, two, quarter = splat(np.float32(1 / 2)), splat(np.float32(2)), splat(np.float32(1 / 4))
    four, mean, sums = splat(np.float32(4)), splat(np.float32(17 / 4)), splat(np.float32(21 / 4))
    five = splat(np.float32(5))
    store(out, to, (g - a) + sums * (c - e))
    even, odd = (g + c) - mean * e, (f + b) - mean * d
    store(out, to + step, even + odd)
    store(out, to + 2 * step, even - odd)
    even, odd = (g - five * e) + four * c, half * ((f - five * d) + four * b)
    store(out, to + 3 * step, even + odd)
    store(out, to + 4 * step, even - odd)
    more = five * quarter
    even, odd = (g - more * e) + quarter * c, two * ((f - more * d) + quarter * b)
    store(out, to + 5 * step, even + odd)
    store(out, to + 6 * step, even - odd)
    store(out, to + 7 * step, (h - b) + sums * (d - f))


@compile_loop
def _leave4(m: Array, at: int, step: int, out: Array, to: int, stride: int) -> None:
    """Transform six products."""
    b, c = load(m, at + step), load(m, at + 2 * step)
    d, e = load(m, at + 3 * step), load(m, at + 4 * step)
    p, q = splat(np.float32(P)), splat(np.float32(Q))
    pp, qq = splat(np.float32(P * P)), splat(np.float32(Q * Q))
    even, odd = b + c, p * (b - c)
    near, far = d + e, q * (d - e)
    store(out, to, load(m, at) + even + near)
    store(out, to + stride, odd + far)
    store(out, to + 2 * stride, pp * even + qq * near)
    store(out, to + 3 * stride, pp * odd + qq * far + load(m, at + 5 * step))


@compile_loop
def _leave6(m: Array, at: int, step: int, out: Array, to: int, stride: int) -> None:
    """Transform eight products."""
    b, c = load(m, at + step), load(m, at + 2 * step)
    d, e = load(m, at + 3 * step), load(m, at + 4 * step)
    f, g = load(m, at + 5 * step), load(m, at + 6 * step)
    half, two, quarter = splat(np.float32(1 / 2)), splat(np.float32(2)), splat(np.float32(1 / 4))
    four = splat(np.float32(4))
    sixteen, least = splat(np.float32(16)), splat(np.float32(1 / 16))
    one, small, large = b + c, d + e, f + g
    store(out, to, (load(m, at) + one) + (small + large))
    store(out, to + 2 * stride, one + quarter * small + four * large)
    store(out, to + 4 * stride, one + least * small + sixteen * large)
    one, small, large = b - c, half * (d - e), two * (f - g)
    store(out, to + stride, one + (small + large))
    store(out, to + 3 * stride, one + quarter * small + four * large)
    last = load(m, at + 7 * step) + one
    store(out, to + 5 * stride, last + least * small + sixteen * large)


@compile_loop
def transform_input(x: Array, shape: tuple[int, int], gain: Array, pad: int,
                    blocks: tuple[int, int], tile: int, tiles: tuple[int, int, int], out: Array,
                    sizes: tuple[int, int], workspace: Array) -> None:  # fmt: skip
    """Turn rows of tiles into the rows of matrices.

    Parameters
    ----------
    x
        [shape=(B, H, W, LANES)], flat as everything here.
    shape
        H and W.
    gain
        Scale of each channel [shape=(B · LANES,)].
    pad
        Zeros around the picture.
    blocks
        (from, to): which blocks.
    tiles
        Rows of tiles (from, to), and how many tiles each has.
    out
        [shape=(36 or 64, B, rows, LANES)]
    sizes
        B, and rows of a matrix.
    workspace
        See `workspace_size`.
    """
    height, width = shape
    side, across = tile + 2, tiles[2]
    row = (tile * across + 2) * LANES
    step = sizes[0] * sizes[1] * LANES
    clear(workspace, 0, side * row)  # what lies beside the picture stays zero
    for block in range(blocks[0], blocks[1]):
        g = load(gain, block * LANES)
        for ty in range(tiles[0], tiles[1]):
            for r in range(side):
                lay_row(x, block * height * width * LANES, shape, tile * ty + r - pad, g, workspace,
                        r * row + pad * LANES)  # fmt: skip
            place = (block * sizes[1] + (ty - tiles[0]) * across) * LANES
            _enter_tiles(workspace, row, tile, across, out, place, step)


@compile_loop
def _enter_tiles(z: Array, row: int, tile: int, across: int, out: Array, place: int,
                 step: int) -> None:  # fmt: skip
    """Transform a row of tiles, down in place and then across."""
    side = tile + 2
    for j in range(0, row, LANES):
        if tile == 4:
            _enter4(z, j, row, z, j, row)
        else:
            _enter6(z, j, row, z, j, row)
    for a in range(side):
        for k in range(across):
            at, to = a * row + tile * k * LANES, place + side * a * step + k * LANES
            if tile == 4:
                _enter4(z, at, LANES, out, to, step)
            else:
                _enter6(z, at, LANES, out, to, step)


@compile_loop
def transform_output(m: Array, sizes: tuple[int, int], blocks: tuple[int, int], tile: int,
                     tiles: tuple[int, int, int], epilogue: Epilogue, out: Array,
                     shape: tuple[int, int], workspace: Array) -> None:  # fmt: skip
    """Turn the products of rows of tiles into rows of the picture.

    Parameters
    ----------
    m
        [shape=(36 or 64, B, rows, LANES)], flat as everything here.
    sizes
        B, and rows of a matrix.
    blocks
        (from, to): which blocks.
    tiles
        Rows of tiles (from, to), and how many tiles each has.
    out
        [shape=(B, H, W, LANES)]
    shape
        H and W.
    workspace
        See `workspace_size`.
    """
    height, width = shape
    side, step = tile + 2, sizes[0] * sizes[1] * LANES
    noise = epilogue[2]
    further = 0 if noise.size == 1 else 1
    for block in range(blocks[0], blocks[1]):
        g, b = load(epilogue[0], block * LANES), load(epilogue[1], block * LANES)
        at = block * sizes[1] * LANES
        for ty in range(tiles[0], tiles[1]):
            for tx in range(tiles[2]):
                _leave_tile(m, at, step, tile, workspace)
                at += LANES
                many = min(tile, width - tile * tx)
                for a in range(min(tile, height - tile * ty)):
                    place = (tile * ty + a) * width + tile * tx
                    to = (block * height * width + place) * LANES
                    for j in range(many):
                        more = broadcast(noise, (place + j) * further)
                        value = load(workspace, (side * a + j) * LANES)
                        store(out, to + j * LANES, finish(value, g, b, more, epilogue))


@compile_loop
def _leave_tile(m: Array, at: int, step: int, tile: int, z: Array) -> None:
    """Transform the products of a tile, down and then across in place: rows of tile + 2 pixels."""
    side = tile + 2
    for k in range(side):
        if tile == 4:
            _leave4(m, at + k * step, side * step, z, k * LANES, side * LANES)
        else:
            _leave6(m, at + k * step, side * step, z, k * LANES, side * LANES)
    for a in range(tile):
        place = side * a * LANES
        if tile == 4:
            _leave4(z, place, LANES, z, place, LANES)
        else:
            _leave6(z, place, LANES, z, place, LANES)
