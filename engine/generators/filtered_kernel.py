"""Filtered leaky ReLU in one pass: upsample, activate and downsample without storing the middle.

Rows stream through: each row of the enlarged picture is made from six rows of the input (one phase
of a polyphase filter), activated, filtered across at once, and kept only until the filter along
columns has used it. T. Karras et al., "Alias-free generative adversarial networks" (2021), 3.2.
"""

from __future__ import annotations

import numpy as np

from engine.generators.filter_plan import BLOCK, RING, Plan, Starts, widths
from engine.generators.kernels import (
    Array,
    Scalar,
    activate6,
    add,
    add6,
    compile_loop,
    copy,
    mix6,
    scale,
)


def run(plan: Plan, x: Array, gain: Array, bias: Array, out: Array, scratch: Array,
        channels: tuple[int, int]) -> None:  # fmt: skip
    """Filter channels [from, to) of ``gain · x + bias``; outside the picture lies zero.

    Parameters
    ----------
    x, out
        [shape=(H, W, C)], each contiguous.
    gain, bias
        [shape=(C,)]
    scratch
        At least `Plan.scratch_size` floats.
    """
    shapes = (plan.enlarged[0], plan.up, plan.down)
    is_plane = plan.taps.ndim == 2
    plane = plan.taps if is_plane else plan.taps[None]
    slope, clamp = np.float32(plan.slope), np.float32(plan.clamp)
    for start in range(channels[0], channels[1], BLOCK):
        block = (start, min(start + BLOCK, channels[1]))
        _filter(x, gain, bias, out, scratch, block, shapes, plan.phases, plan.phases_gained,
                plan.starts, plane, is_plane, slope, clamp)  # fmt: skip


@compile_loop
def _six(
    v: Array, base: int, step: int, size: int
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Six windows of a row, each a pixel further on."""
    return (
        v[base : base + size],
        v[base + step : base + step + size],
        v[base + 2 * step : base + 2 * step + size],
        v[base + 3 * step : base + 3 * step + size],
        v[base + 4 * step : base + 4 * step + size],
        v[base + 5 * step : base + 5 * step + size],
    )


@compile_loop
def _across(out: Array, t: Array, f: Array, s: int, up: int, down: int, n: int, size: int,
            is_first: bool) -> None:  # fmt: skip
    """Filter across: output columns of class s from the phases of a row [shape=(up, …)]."""
    for half in range(2):
        j = down * s + 6 * half
        a = t[j % up][(j // up) * n : (j // up) * n + size]
        b = t[(j + 1) % up][((j + 1) // up) * n : ((j + 1) // up) * n + size]
        c = t[(j + 2) % up][((j + 2) // up) * n : ((j + 2) // up) * n + size]
        d = t[(j + 3) % up][((j + 3) // up) * n : ((j + 3) // up) * n + size]
        e = t[(j + 4) % up][((j + 4) // up) * n : ((j + 4) // up) * n + size]
        g = t[(j + 5) % up][((j + 5) // up) * n : ((j + 5) // up) * n + size]
        if is_first and half == 0:
            mix6(out, a, b, c, d, e, g, f[:6])
        else:
            add6(out, a, b, c, d, e, g, f[6 * half : 6 * half + 6])


@compile_loop
def _filter(
    x: Array,
    gain: Array,
    bias: Array,
    out: Array,
    scratch: Array,
    block: tuple[int, int],
    shapes: tuple[int, int, int],
    phases: Array,
    gained: Array,
    starts: Starts,
    plane: Array,
    is_plane: bool,
    slope: Scalar,
    clamp: Scalar,
) -> None:
    """Stream the rows of one block of channels."""
    c0, c1 = block
    n = c1 - c0
    high, up, down = shapes
    height, width = x.shape[0], x.shape[1]
    classes, left, wide, steps, places = widths(up, down, out.shape[1], starts)
    wide = max(wide, left + width)
    row, step, place = wide * n, steps * n, places * n
    at = (RING + 1) * row
    inputs = scratch[:at].reshape(RING + 1, row)  # the last row stays zero
    v = scratch[at : at + row]
    at += row
    pair = scratch[at : at + up * step].reshape(up, step)
    t = scratch[at + up * step : at + 2 * up * step].reshape(up, step)
    at += 2 * up * step
    y = scratch[at : at + classes * place].reshape(classes, place)
    at += classes * place
    size = up * step if is_plane else classes * place
    kept = scratch[at : at + 12 * size].reshape(12, size)
    inputs[:] = 0.0
    filled = 0
    for k in range(high):
        r = k % up
        first = k // up + starts[r]
        while filled < min(height, first + 6):
            _fill(inputs[filled % RING], x[filled], gain[c0:c1], bias[c0:c1], left, c0)
            filled += 1
        i0 = first % RING if 0 <= first < height else RING
        i1 = (first + 1) % RING if 0 <= first + 1 < height else RING
        i2 = (first + 2) % RING if 0 <= first + 2 < height else RING
        i3 = (first + 3) % RING if 0 <= first + 3 < height else RING
        i4 = (first + 4) % RING if 0 <= first + 4 < height else RING
        i5 = (first + 5) % RING if 0 <= first + 5 < height else RING
        mix6(v, inputs[i0], inputs[i1], inputs[i2], inputs[i3], inputs[i4], inputs[i5], phases[r])
        target = kept[k % 12].reshape(up, step) if is_plane else t
        for s in range(up):
            base = (left + starts[s]) * n
            activate6(target[s], _six(v, base, n, step), gained[s], slope, clamp)
        if not is_plane:
            for s in range(classes):
                h = kept[k % 12][s * place : (s + 1) * place]
                _across(h, t, plane[0], s, up, down, n, place, True)
        if k >= 11 and (k - 11) % down == 0:
            if is_plane:
                _down_plane(y, kept, pair, plane, k, up, down, n)
            else:
                _down_rows(y.reshape(classes * place), kept, plane[0], k)
            _store(out[(k - 11) // down], y, c0, n)


@compile_loop
def _fill(row: Array, x: Array, gain: Array, bias: Array, left: int, c0: int) -> None:
    n = gain.size
    for i in range(x.shape[0]):
        scale(row[(left + i) * n : (left + i + 1) * n], x[i, c0 : c0 + n], gain, bias)


@compile_loop
def _down_rows(y: Array, kept: Array, f: Array, k: int) -> None:
    j = k + 1  # the oldest of twelve rows lies where the next will go
    mix6(y, kept[j % 12], kept[(j + 1) % 12], kept[(j + 2) % 12], kept[(j + 3) % 12],
         kept[(j + 4) % 12], kept[(j + 5) % 12], f[:6])  # fmt: skip
    j += 6
    add6(y, kept[j % 12], kept[(j + 1) % 12], kept[(j + 2) % 12], kept[(j + 3) % 12],
         kept[(j + 4) % 12], kept[(j + 5) % 12], f[6:12])  # fmt: skip


@compile_loop
def _down_plane(y: Array, kept: Array, pair: Array, plane: Array, k: int, up: int, down: int,
                n: int) -> None:  # fmt: skip
    flat = pair.reshape(pair.size)
    for j in range(plane.shape[0]):
        add(flat, kept[(k + 1 + j) % 12], kept[(k - j) % 12])
        for s in range(y.shape[0]):
            _across(y[s], pair, plane[j], s, up, down, n, y.shape[1], j == 0)


@compile_loop
def _store(out: Array, y: Array, c0: int, n: int) -> None:
    classes = y.shape[0]
    for i in range(out.shape[0]):
        start = i // classes * n
        copy(out[i, c0 : c0 + n], y[i % classes, start : start + n])
