"""The fused epilogue of an upsampling convolution: rows, filter and activation in one pass."""

from __future__ import annotations

import numpy as np

from engine.generators.cpu.blocks import LANES, broadcast, load, splat, store
from engine.generators.cpu.compile import Array, compile_loop
from engine.generators.cpu.epilogue import Epilogue, clear, finish
from engine.generators.cpu.upsample import POINTS, RING, TILE, Kinds, Room, Strip, Taps, row_counts


@compile_loop
def merge(ins: Kinds, strides: Room, outputs: int, blocks: tuple[int, int], strip: Strip,
          taps: Taps, epilogue: Epilogue, out: Array, rings: Array,
          workspace: Array) -> None:  # fmt: skip
    """Merge the products of rows of tiles into rows of the doubled picture.

    Strips must come in order: rows of the one before reach over, in `rings`.

    Parameters
    ----------
    ins
        Of each kind [shape=(its count, B, its rows, LANES)], flat as everything here.
    strides
        Rows that the matrices of each kind have room for.
    outputs
        B.
    blocks
        (from, to): which blocks.
    taps
        Down and across, from `separate`.
    out
        [shape=(B, 2 H, 2 W, LANES)]
    rings
        Rows filtered across [shape=(B, RING, 2 W, LANES)].
    workspace
        See `workspace_size`.
    """
    height, width = strip[0], strip[1]
    wide = 2 * width * LANES
    row = wide + (2 * TILE + 4) * LANES
    for block in range(blocks[0], blocks[1]):
        ring = block * RING * wide
        if strip[2] == 0:
            clear(rings, ring, ring + RING * wide)
        for ty in range(strip[2], strip[3]):
            clear(workspace, 0, 2 * TILE * row)
            _leave_even(ins, strides, outputs, block, strip, ty, workspace, row)
            _leave_odd(ins, strides, outputs, block, strip, ty, workspace, row)
            for k in range(2 * TILE):
                to = ring + (2 * TILE * ty + k) % RING * wide
                _filter_across(workspace, k * row, taps[1], rings, to, wide)
            for j in range(max(0, 2 * TILE * ty - 2), min(2 * height, 2 * TILE * ty + 6)):
                to = (block * 2 * height + j) * wide
                _filter_down(rings, ring, j, taps[0], epilogue, block, out, to, wide)


@compile_loop
def _leave_even(ins: Kinds, strides: Room, outputs: int, block: int, strip: Strip, ty: int,
                rows: Array, row: int) -> None:  # fmt: skip
    """Even rows of a row of tiles: their even columns, then their odd ones."""
    height, width = strip[0], strip[1]
    across, tile = row_counts(strip)[4], ty - strip[2]
    many = min(TILE, height + 1 - TILE * ty)
    step = outputs * strides[0] * LANES
    z = 2 * TILE * row
    for tx in range(across):
        at = (block * strides[0] + tile * across + tx) * LANES
        for q in range(POINTS):
            _leave(ins[0], at + q * step, POINTS * step, rows, z + q * LANES, POINTS * LANES,
                   TILE)  # fmt: skip
        for m in range(many):
            to = 2 * m * row + (2 * TILE * tx + 1) * LANES
            _leave(rows, z + POINTS * m * LANES, LANES, rows, to, 2 * LANES, width + 1 - TILE * tx)
    step = outputs * strides[1] * LANES
    at = (block * strides[1] + tile * width) * LANES
    for n in range(width):
        _leave(ins[1], at + n * LANES, step, rows, (2 * n + 2) * LANES, 2 * row, many)


@compile_loop
def _leave_odd(ins: Kinds, strides: Room, outputs: int, block: int, strip: Strip, ty: int,
               rows: Array, row: int) -> None:  # fmt: skip
    """Odd rows of a row of tiles: their even columns, then their odd ones."""
    height, width = strip[0], strip[1]
    across = row_counts(strip)[4]
    step = outputs * strides[2] * LANES
    for m in range(min(TILE, height - TILE * ty)):
        place, to = TILE * (ty - strip[2]) + m, (2 * m + 1) * row
        for tx in range(across):
            at = (block * strides[2] + place * across + tx) * LANES
            _leave(ins[2], at, step, rows, to + (2 * TILE * tx + 1) * LANES, 2 * LANES,
                   width + 1 - TILE * tx)  # fmt: skip
        at = (block * strides[3] + place * width) * LANES
        for n in range(width):
            store(rows, to + (2 * n + 2) * LANES, load(ins[3], at + n * LANES))


@compile_loop
def _leave(m: Array, at: int, step: int, out: Array, to: int, stride: int, many: int) -> None:
    """Up to four results of five products."""
    b, c, d = load(m, at + step), load(m, at + 2 * step), load(m, at + 3 * step)
    two, four, eight = splat(np.float32(2)), splat(np.float32(4)), splat(np.float32(8))
    even, odd = b + c, b - c
    store(out, to, load(m, at) + even + d)
    if many > 1:
        store(out, to + stride, odd + two * d)
    if many > 2:
        store(out, to + 2 * stride, even + four * d)
    if many > 3:
        store(out, to + 3 * stride, odd + eight * d + load(m, at + 4 * step))


@compile_loop
def _filter_across(x: Array, at: int, taps: Array, out: Array, to: int, size: int) -> None:
    """Four taps across; the row begins with the pixel before the picture."""
    a, b, c, d = splat(taps[0]), splat(taps[1]), splat(taps[2]), splat(taps[3])
    for i in range(0, size, LANES):
        one = a * load(x, at + i) + b * load(x, at + i + LANES)
        one = one + c * load(x, at + i + 2 * LANES) + d * load(x, at + i + 3 * LANES)
        store(out, to + i, one)


@compile_loop
def _filter_down(ring: Array, at: int, j: int, taps: Array, epilogue: Epilogue, block: int,
                 out: Array, to: int, size: int) -> None:  # fmt: skip
    """Four taps down, and the epilogue of row j."""
    a, b, c, d = splat(taps[0]), splat(taps[1]), splat(taps[2]), splat(taps[3])
    r0, r1 = at + (j + RING - 1) % RING * size, at + j % RING * size
    r2, r3 = at + (j + 1) % RING * size, at + (j + 2) % RING * size
    gain, bias = load(epilogue[0], block * LANES), load(epilogue[1], block * LANES)
    noise = epilogue[2]
    step = 0 if noise.size == 1 else 1
    place = j * (size // LANES) * step
    for i in range(0, size, LANES):
        one = a * load(ring, r0 + i) + b * load(ring, r1 + i)
        one = one + c * load(ring, r2 + i) + d * load(ring, r3 + i)
        store(out, to + i, finish(one, gain, bias, broadcast(noise, place), epilogue))
        place += step
