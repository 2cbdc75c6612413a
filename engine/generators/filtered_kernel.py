"""Filtered leaky ReLU in one pass: upsample, activate and downsample without storing the middle.

Rows stream through, a block of channels at a time: each row of the enlarged picture is made from
six rows of the input (one phase of a polyphase filter), enlarged across and activated, and kept
only until the filter along columns has used it. So all rows at work stay in the cache. T. Karras
et al., "Alias-free generative adversarial networks" (2021), 3.2.
"""

from __future__ import annotations

import numpy as np

from engine.generators.ending import activate
from engine.generators.filter_plan import KEPT, Plan, Starts, widths
from engine.generators.kernels import Array, Scalar, compile_loop
from engine.generators.lanes import LANES, load, splat, store


def run(plan: Plan, x: Array, gain: Array, bias: Array, out: Array, scratch: Array,
        blocks: tuple[int, int]) -> None:  # fmt: skip
    """Filter blocks [from, to) of ``gain · x + bias``; outside the picture lies zero.

    Parameters
    ----------
    x, out
        [shape=(B, H, W, LANES)], each contiguous.
    gain, bias
        [shape=(B · LANES,)]
    scratch
        At least `Plan.scratch_size` floats.
    """
    sizes = (plan.shape, plan.out_shape, plan.enlarged[1], plan.up)
    is_plane = plan.taps.ndim == 2
    activation = (np.float32(plan.slope), np.float32(plan.clamp))
    for block in range(*blocks):
        _filter(x[block].reshape(-1), gain[block * LANES :], bias[block * LANES :],
                out[block].reshape(-1), scratch, sizes, plan.phases.reshape(-1),
                plan.phases_gained.reshape(-1), plan.starts, plan.taps.reshape(-1), is_plane,
                activation)  # fmt: skip


@compile_loop
def _filter(
    x: Array,
    gain: Array,
    bias: Array,
    out: Array,
    scratch: Array,
    sizes: tuple[tuple[int, int], tuple[int, int], int, int],
    phases: Array,
    gained: Array,
    starts: Starts,
    taps: Array,
    is_plane: bool,
    activation: tuple[Scalar, Scalar],
) -> None:
    """Stream the rows of one block."""
    shape, out_shape, enlarged, up = sizes
    left, wide, steps = widths(up, enlarged, shape[1], starts)
    middle, row = up * steps * LANES, out_shape[1] * LANES
    v = scratch[: wide * LANES]
    v[:] = np.float32(0)
    at = wide * LANES
    e = scratch[at : at + middle]
    pair = scratch[at + middle : at + 2 * middle]
    kept = scratch[at + 2 * middle :]
    for k in range(2 * out_shape[0] + KEPT - 2):
        phase = k % up
        _rise(v[left * LANES :], x, shape, k // up + starts[phase], phases[6 * phase :], gain, bias)
        target = kept[k % KEPT * middle : k % KEPT * middle + middle] if is_plane else e
        for s in range(up):
            _widen(target[s * LANES :], v[(left + starts[s]) * LANES :], gained[6 * s :], up, steps,
                   activation)  # fmt: skip
        if not is_plane:
            _narrow(kept[k % KEPT * row :], e, taps, out_shape[1])
        if k >= KEPT - 1 and k % 2 == 1:
            y = out[(k - KEPT + 1) // 2 * row :]
            if not is_plane:
                _fall(y, kept, taps, (k + 1) % KEPT, row)
                continue
            for p in range(KEPT // 2):
                first, last = (k + 1 + p) % KEPT, (k - p) % KEPT
                _add(pair, kept[first * middle :], kept[last * middle :], middle)
                _narrow_pair(y, pair, taps[6 * p :], out_shape[1], p == 0)


@compile_loop
def _rise(v: Array, x: Array, shape: tuple[int, int], first: int, f: Array, gain: Array,
          bias: Array) -> None:  # fmt: skip
    """One row of the enlarged picture, not yet enlarged across, from six rows of the input."""
    height, row = shape[0], shape[1] * LANES
    nothing = np.float32(0)
    f0 = f[0] if 0 <= first < height else nothing
    f1 = f[1] if 0 <= first + 1 < height else nothing
    f2 = f[2] if 0 <= first + 2 < height else nothing
    f3 = f[3] if 0 <= first + 3 < height else nothing
    f4 = f[4] if 0 <= first + 4 < height else nothing
    f5 = f[5] if 0 <= first + 5 < height else nothing
    g = load(gain, 0)
    shift = splat(f0 + f1 + f2 + f3 + f4 + f5) * load(bias, 0)
    a, b, c, d, e, h = (splat(f0) * g, splat(f1) * g, splat(f2) * g, splat(f3) * g,
                        splat(f4) * g, splat(f5) * g)  # fmt: skip
    # A tap without weight reads a row that exists.
    r0 = min(max(first, 0), height - 1) * row
    r1 = min(max(first + 1, 0), height - 1) * row
    r2 = min(max(first + 2, 0), height - 1) * row
    r3 = min(max(first + 3, 0), height - 1) * row
    r4 = min(max(first + 4, 0), height - 1) * row
    r5 = min(max(first + 5, 0), height - 1) * row
    for i in range(0, row, LANES):
        low = shift + a * load(x, r0 + i) + b * load(x, r1 + i) + c * load(x, r2 + i)
        high = d * load(x, r3 + i) + e * load(x, r4 + i) + h * load(x, r5 + i)
        store(v, i, low + high)


@compile_loop
def _widen(out: Array, v: Array, f: Array, up: int, steps: int,
           activation: tuple[Scalar, Scalar]) -> None:  # fmt: skip
    """One phase of the enlarged row, activated: every up-th pixel, from six of the input each."""
    slope, clamp = activation
    f0, f1, f2 = splat(f[0]), splat(f[1]), splat(f[2])
    f3, f4, f5 = splat(f[3]), splat(f[4]), splat(f[5])
    for i in range(0, steps * LANES, 2 * LANES):
        b, c, d = load(v, i + LANES), load(v, i + 2 * LANES), load(v, i + 3 * LANES)
        e, g = load(v, i + 4 * LANES), load(v, i + 5 * LANES)
        one = f0 * load(v, i) + f1 * b + f2 * c + f3 * d + f4 * e + f5 * g
        two = f0 * b + f1 * c + f2 * d + f3 * e + f4 * g + f5 * load(v, i + 6 * LANES)
        store(out, i * up, activate(one, slope, clamp))
        store(out, (i + LANES) * up, activate(two, slope, clamp))


@compile_loop
def _narrow(out: Array, e: Array, f: Array, width: int) -> None:
    """Filter an enlarged row across and keep every second pixel."""
    f0, f1, f2, f3 = splat(f[0]), splat(f[1]), splat(f[2]), splat(f[3])
    f4, f5, f6, f7 = splat(f[4]), splat(f[5]), splat(f[6]), splat(f[7])
    f8, f9, fa, fb = splat(f[8]), splat(f[9]), splat(f[10]), splat(f[11])
    for j in range(0, width * LANES, LANES):
        i = 2 * j
        one = f0 * load(e, i) + f1 * load(e, i + LANES) + f2 * load(e, i + 2 * LANES)
        two = f3 * load(e, i + 3 * LANES) + f4 * load(e, i + 4 * LANES)
        one = one + f5 * load(e, i + 5 * LANES) + f6 * load(e, i + 6 * LANES)
        two = two + f7 * load(e, i + 7 * LANES) + f8 * load(e, i + 8 * LANES)
        one = one + f9 * load(e, i + 9 * LANES) + fa * load(e, i + 10 * LANES)
        store(out, j, one + (two + fb * load(e, i + 11 * LANES)))


@compile_loop
def _fall(out: Array, kept: Array, f: Array, oldest: int, row: int) -> None:
    """Filter twelve kept rows along columns."""
    r0, r1, r2 = oldest * row, (oldest + 1) % KEPT * row, (oldest + 2) % KEPT * row
    r3, r4, r5 = (oldest + 3) % KEPT * row, (oldest + 4) % KEPT * row, (oldest + 5) % KEPT * row
    r6, r7, r8 = (oldest + 6) % KEPT * row, (oldest + 7) % KEPT * row, (oldest + 8) % KEPT * row
    r9, ra, rb = (oldest + 9) % KEPT * row, (oldest + 10) % KEPT * row, (oldest + 11) % KEPT * row
    f0, f1, f2, f3 = splat(f[0]), splat(f[1]), splat(f[2]), splat(f[3])
    f4, f5, f6, f7 = splat(f[4]), splat(f[5]), splat(f[6]), splat(f[7])
    f8, f9, fa, fb = splat(f[8]), splat(f[9]), splat(f[10]), splat(f[11])
    for j in range(0, row, LANES):
        one = f0 * load(kept, r0 + j) + f1 * load(kept, r1 + j) + f2 * load(kept, r2 + j)
        two = f3 * load(kept, r3 + j) + f4 * load(kept, r4 + j) + f5 * load(kept, r5 + j)
        one = one + f6 * load(kept, r6 + j) + f7 * load(kept, r7 + j) + f8 * load(kept, r8 + j)
        two = two + f9 * load(kept, r9 + j) + fa * load(kept, ra + j) + fb * load(kept, rb + j)
        store(out, j, one + two)


@compile_loop
def _add(out: Array, a: Array, b: Array, size: int) -> None:
    for i in range(0, size, LANES):
        store(out, i, load(a, i) + load(b, i))


@compile_loop
def _narrow_pair(out: Array, e: Array, f: Array, width: int, is_first: bool) -> None:
    """Add two rows of a plane that mirrors itself, across: every second pixel."""
    f0, f1, f2 = splat(f[0]), splat(f[1]), splat(f[2])
    f3, f4, f5 = splat(f[3]), splat(f[4]), splat(f[5])
    for j in range(0, width * LANES, LANES):
        i = 2 * j
        one = f0 * (load(e, i) + load(e, i + 11 * LANES))
        two = f1 * (load(e, i + LANES) + load(e, i + 10 * LANES))
        one = one + f2 * (load(e, i + 2 * LANES) + load(e, i + 9 * LANES))
        two = two + f3 * (load(e, i + 3 * LANES) + load(e, i + 8 * LANES))
        one = one + f4 * (load(e, i + 4 * LANES) + load(e, i + 7 * LANES))
        two = two + f5 * (load(e, i + 5 * LANES) + load(e, i + 6 * LANES))
        one = one + two
        store(out, j, one if is_first else load(out, j) + one)
