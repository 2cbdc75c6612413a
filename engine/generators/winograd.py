"""3×3 convolution with a quarter of the multiplications, in blocks, into kept memory.

Winograd's F(4×4, 3×3): tiles of 6×6 inputs become 36 small matrices, 36 matrix products do the
work of 144 multiplications per output and channel pair, and come back as 4×4 outputs. A. Lavin and
S. Gray, "Fast algorithms for convolutional neural networks" (2016), section 4.3.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.generators.ending import Ending, finish
from engine.generators.kernels import Array, compile_loop
from engine.generators.lanes import LANES, broadcast, load, splat, store
from engine.generators.product import pack

if TYPE_CHECKING:
    import torch

TILE = 4

# Points 0, P, -P, Q, -Q and infinity. These round four times finer than 0, 1, -1, 2 and -2 do, as
# B. Barabasz et al., "Error analysis and improving the accuracy of Winograd convolution" (2020),
# expect of points that are each other's inverses.
P, Q = 2 / 3, 3 / 2


def _weight_transform() -> NDArray[np.float64]:
    """Transform of 3 weights."""
    finite = (0, P, -P, Q, -Q)
    rows = [[x**k / math.prod(x - y for y in finite if y != x) for k in range(3)] for x in finite]
    return np.array([*rows, [0, 0, 1]])


def transform_weight(weight: torch.Tensor) -> torch.Tensor:
    """Prepare a weight [shape=(O, I, 3, 3)] once, as 36 packed matrices."""
    import torch

    g = torch.as_tensor(_weight_transform())
    u = torch.einsum("ak,bl,oikl->aboi", g, g, weight.double().cpu())
    return pack(u.reshape(36, weight.shape[0], weight.shape[1]))


def scratch_size(width: int, across: int) -> int:
    """How many floats one thread needs for rows of a picture that wide, of so many tiles."""
    return (width + max(6 * (TILE * across + 2), 24)) * LANES


@compile_loop
def _six(a: Array, b: Array, c: Array, d: Array, e: Array, f: Array
         ) -> tuple[Array, Array, Array, Array, Array, Array]:  # fmt: skip
    """Transform six inputs."""
    p, q = splat(np.float32(P)), splat(np.float32(Q))
    pp, qq = splat(np.float32(P * P)), splat(np.float32(Q * Q))
    both = splat(np.float32(P * P + Q * Q))
    even, odd = e - qq * c, p * (d - qq * b)
    near, far = e - pp * c, q * (d - pp * b)
    first, last = (a + e) - both * c, (b + f) - both * d
    return first, even + odd, even - odd, near + far, near - far, last


@compile_loop
def _four(a: Array, b: Array, c: Array, d: Array, e: Array, f: Array
          ) -> tuple[Array, Array, Array, Array]:  # fmt: skip
    """Transform six products."""
    p, q = splat(np.float32(P)), splat(np.float32(Q))
    pp, qq = splat(np.float32(P * P)), splat(np.float32(Q * Q))
    even, odd = b + c, p * (b - c)
    near, far = d + e, q * (d - e)
    return a + even + near, odd + far, pp * even + qq * near, pp * odd + qq * far + f


@compile_loop
def transform_input(x: Array, shape: tuple[int, int], gain: Array, pad: int,
                    blocks: tuple[int, int], tiles: tuple[int, int, int], out: Array,
                    sizes: tuple[int, int], scratch: Array) -> None:  # fmt: skip
    """Turn rows of tiles into the rows of 36 matrices.

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
        [shape=(36, B, rows, LANES)]
    sizes
        B, and rows of a matrix.
    scratch
        See `scratch_size`.
    """
    height, width = shape
    across = tiles[2]
    row = (TILE * across + 2) * LANES
    nothing, z = scratch[: width * LANES], scratch[width * LANES :]
    scratch[: width * LANES + 6 * row] = np.float32(0)
    for block in range(blocks[0], blocks[1]):
        g = load(gain, block * LANES)
        for ty in range(tiles[0], tiles[1]):
            _transform_columns(x, block * height * width * LANES, shape, TILE * ty - pad, g,
                               nothing, z[pad * LANES :], row)  # fmt: skip
            for a in range(6):
                to = ((6 * a * sizes[0] + block) * sizes[1] + (ty - tiles[0]) * across) * LANES
                _transform_row(z[a * row :], across, out, to, sizes[0] * sizes[1] * LANES)


@compile_loop
def _row(x: Array, at: int, shape: tuple[int, int], i: int, nothing: Array) -> tuple[Array, int]:
    """Where row i of a block lies, or zeros."""
    if 0 <= i < shape[0]:
        return x, at + i * shape[1] * LANES
    return nothing, 0


@compile_loop
def _transform_columns(x: Array, at: int, shape: tuple[int, int], i: int, gain: Array,
                       nothing: Array, z: Array, row: int) -> None:  # fmt: skip
    """Transform columns of six rows from i on."""
    a, a0 = _row(x, at, shape, i, nothing)
    b, b0 = _row(x, at, shape, i + 1, nothing)
    c, c0 = _row(x, at, shape, i + 2, nothing)
    d, d0 = _row(x, at, shape, i + 3, nothing)
    e, e0 = _row(x, at, shape, i + 4, nothing)
    f, f0 = _row(x, at, shape, i + 5, nothing)
    for j in range(0, shape[1] * LANES, LANES):
        p, q, r, s, t, u = _six(load(a, a0 + j), load(b, b0 + j), load(c, c0 + j),
                                load(d, d0 + j), load(e, e0 + j), load(f, f0 + j))  # fmt: skip
        store(z, j, p * gain)
        store(z, row + j, q * gain)
        store(z, 2 * row + j, r * gain)
        store(z, 3 * row + j, s * gain)
        store(z, 4 * row + j, t * gain)
        store(z, 5 * row + j, u * gain)


@compile_loop
def _transform_row(z: Array, across: int, out: Array, to: int, step: int) -> None:
    """Transform a row of tiles across into six matrices."""
    for tile in range(across):
        at = TILE * tile * LANES
        p, q, r, s, t, u = _six(load(z, at), load(z, at + LANES), load(z, at + 2 * LANES),
                                load(z, at + 3 * LANES), load(z, at + 4 * LANES),
                                load(z, at + 5 * LANES))  # fmt: skip
        store(out, to, p)
        store(out, to + step, q)
        store(out, to + 2 * step, r)
        store(out, to + 3 * step, s)
        store(out, to + 4 * step, t)
        store(out, to + 5 * step, u)
        to += LANES


@compile_loop
def transform_output(m: Array, sizes: tuple[int, int], blocks: tuple[int, int],
                     tiles: tuple[int, int, int], ending: Ending, out: Array,
                     shape: tuple[int, int], scratch: Array) -> None:  # fmt: skip
    """Turn the 36 products of rows of tiles into rows of the picture.

    Parameters
    ----------
    m
        [shape=(36, B, rows, LANES)], flat as everything here.
    sizes
        B, and rows of a matrix.
    blocks
        (from, to): which blocks.
    tiles
        Rows of tiles (from, to), and how many tiles each has.
    ending
        See `Ending`.
    out
        [shape=(B, H, W, LANES)]
    shape
        H and W.
    scratch
        See `scratch_size`.
    """
    height, width = shape
    step = sizes[0] * sizes[1] * LANES
    for block in range(blocks[0], blocks[1]):
        g, b = load(ending[0], block * LANES), load(ending[1], block * LANES)
        at = block * sizes[1] * LANES
        for ty in range(tiles[0], tiles[1]):
            for tx in range(tiles[2]):
                for k in range(6):
                    n = at + k * step
                    p, q, r, s = _four(load(m, n), load(m, n + 6 * step), load(m, n + 12 * step),
                                       load(m, n + 18 * step), load(m, n + 24 * step),
                                       load(m, n + 30 * step))  # fmt: skip
                    store(scratch, k * LANES, p)
                    store(scratch, (6 + k) * LANES, q)
                    store(scratch, (12 + k) * LANES, r)
                    store(scratch, (18 + k) * LANES, s)
                at += LANES
                for a in range(min(TILE, height - TILE * ty)):
                    i, j = TILE * ty + a, TILE * tx
                    to = ((block * height + i) * width + j) * LANES
                    _finish_row(scratch, 6 * a * LANES, g, b, ending, i * width + j, out, to,
                                min(TILE, width - j))  # fmt: skip


@compile_loop
def _finish_row(z: Array, at: int, gain: Array, bias: Array, ending: Ending, place: int,
                out: Array, to: int, count: int) -> None:  # fmt: skip
    """Transform one row of a tile across, finish up to four pixels."""
    p, q, r, s = _four(load(z, at), load(z, at + LANES), load(z, at + 2 * LANES),
                       load(z, at + 3 * LANES), load(z, at + 4 * LANES),
                       load(z, at + 5 * LANES))  # fmt: skip
    noise = ending[2]
    step = 0 if noise.size == 1 else 1
    place *= step
    store(out, to, finish(p, gain, bias, broadcast(noise, place), ending))
    if count > 1:
        store(out, to + LANES, finish(q, gain, bias, broadcast(noise, place + step), ending))
    if count > 2:
        n = broadcast(noise, place + 2 * step)
        store(out, to + 2 * LANES, finish(r, gain, bias, n, ending))
    if count > 3:
        n = broadcast(noise, place + 3 * step)
        store(out, to + 3 * LANES, finish(s, gain, bias, n, ending))
