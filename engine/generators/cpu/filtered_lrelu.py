"""Filtered leaky ReLU in one pass: upsampling, activation, downsampling; nothing between is kept.

Rows stream through, a block of channels at a time: each row of the enlarged picture is made from
six rows of the input (one phase of a polyphase filter), enlarged across and activated, and kept
only until the filter along columns has used it. So all rows at work stay in the cache. T. Karras
et al., "Alias-free generative adversarial networks" (2021), 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.generators.cpu.blocks import LANES, broadcast, load, splat, store
from engine.generators.cpu.compile import Array, Scalar, compile_loop
from engine.generators.cpu.epilogue import activate, clear

Starts = NDArray[np.int64]
TAPS = 6  # of each phase
KEPT = 12  # rows of the middle that make one of the output


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything about one layer that does not change from frame to frame.

    Parameters
    ----------
    up, down
        Factors; `up` is a multiple of `down`.
    phases
        Taps of each phase of the upsampling [shape=(up, 6)].
    phases_gained
        The same, times the gain of the activation.
    starts
        First input sample of each phase, relative to output index // up [shape=(up,)].
    taps
        Of the downsampling, in the order of reading [shape=(6 down,)] or a quarter of a symmetric
        plane [shape=(3 down, 3 down)].
    slope, clamp
        Of the activation.
    shape, out_shape, enlarged
        (H, W) before, after and in the middle.
    """

    up: int
    down: int
    phases: Array
    phases_gained: Array
    starts: Starts
    taps: Array
    slope: float
    clamp: float
    shape: tuple[int, int]
    out_shape: tuple[int, int]
    enlarged: tuple[int, int]

    def widths(self) -> tuple[int, int, int]:
        """Left margin and width of a row of the input, in pixels, and steps of `up` across."""
        steps = -(-self.enlarged[1] // self.up)
        steps += steps % 2  # two are made at a time
        left = max(0, -int(self.starts.min()))
        reach = left + int(self.starts.max()) + steps + TAPS
        return left, max(left + self.shape[1], reach), steps

    def workspace_size(self) -> int:
        """How many floats `filtered_lrelu.run` needs beside its arguments, for one thread."""
        _, wide, steps = self.widths()
        middle = self.up * steps
        kept = middle if self.taps.ndim == 2 else self.out_shape[1]
        return (wide + middle + KEPT * kept) * LANES


def make_plan(
    up_taps: Array,
    down_taps: Array,
    factors: tuple[int, int],
    padding: tuple[int, int, int, int],
    shape: tuple[int, int],
    activation: tuple[float, float, float],
) -> Plan | None:
    """Prepare a layer; None if these loops do not serve it.

    Parameters
    ----------
    up_taps, down_taps
        As in `resample.resample`, gain folded in.
    factors
        Up and down.
    padding
        Left, right, top, bottom; the same along both axes, or these loops do not serve it.
    shape
        (H, W) of the input.
    activation
        Slope, gain and clamp.
    """
    up, down = factors
    left, right, top, bottom = padding
    fits = up_taps.ndim == 1 and len(up_taps) <= TAPS * up and down_taps.shape[0] <= TAPS * down
    if not fits or down != 2 or up % down or (left, right) != (top, bottom):
        return None
    taps = _down_taps(down_taps, TAPS * down)
    if taps is None:
        return None
    mirrored = np.zeros(TAPS * up + up, np.float32)
    mirrored[: len(up_taps)] = up_taps[::-1]
    firsts = [(left - r) % up for r in range(up)]
    phases = np.stack([mirrored[j : j + TAPS * up : up] for j in firsts])
    starts = np.array([(r + j - left) // up for r, j in enumerate(firsts)])
    slope, gain, clamp = activation
    high, wide = (n * up + left + right - len(up_taps) + 1 for n in shape)
    span = down_taps.shape[0]
    out_shape = ((high - span) // down + 1, (wide - span) // down + 1)
    gained = (phases * np.float32(gain)).astype(np.float32)
    # A filter that is too short reads on with weight zero: the middle is as long as it reads.
    high, wide = (down * (n - 1) + TAPS * down for n in out_shape)
    return Plan(up, down, np.ascontiguousarray(phases, np.float32), gained, starts, taps,
                slope, clamp, shape, out_shape, (high, wide))  # fmt: skip


def _down_taps(taps: Array, length: int) -> Array | None:
    """Mirror taps and fill up with zeros; of a plane, which mirrors itself both ways, a quarter.

    A filter that is too short stays aligned to its first tap.
    """
    if taps.ndim == 1:
        row = np.zeros(length, np.float32)
        row[: len(taps)] = taps[::-1]
        return row
    mean = (taps + taps[::-1] + taps[:, ::-1] + taps[::-1, ::-1]) / 4
    is_symmetric = np.allclose(taps, mean, rtol=0, atol=1e-6 * float(np.abs(taps).max()))
    if not is_symmetric or taps.shape != (length, length):
        return None
    return np.ascontiguousarray(mean[: length // 2, : length // 2], np.float32)


def run(plan: Plan, x: Array, gain: Array, bias: Array, out: Array, workspace: Array,
        blocks: tuple[int, int]) -> None:  # fmt: skip
    """Filter blocks [from, to) of ``gain · x + bias``; outside the picture lies zero.

    Parameters
    ----------
    x, out
        [shape=(B, H, W, LANES)], each contiguous.
    gain, bias
        [shape=(B · LANES,)]
    workspace
        At least `Plan.workspace_size` floats.
    """
    sizes = (plan.shape, plan.out_shape, plan.up, plan.widths())
    is_plane = plan.taps.ndim == 2
    activation = (np.float32(plan.slope), np.float32(plan.clamp))
    for block in range(*blocks):
        _filter(x[block].reshape(-1), gain[block * LANES :], bias[block * LANES :],
                out[block].reshape(-1), workspace, sizes, plan.phases.reshape(-1),
                plan.phases_gained.reshape(-1), plan.starts, plan.taps.reshape(-1), is_plane,
                activation)  # fmt: skip


@compile_loop
def _filter(
    x: Array,
    gain: Array,
    bias: Array,
    out: Array,
    workspace: Array,
    sizes: tuple[tuple[int, int], tuple[int, int], int, tuple[int, int, int]],
    phases: Array,
    gained: Array,
    starts: Starts,
    taps: Array,
    is_plane: bool,
    activation: tuple[Scalar, Scalar],
) -> None:
    """Stream the rows of one block."""
    shape, out_shape, up, (left, wide, steps) = sizes
    middle, row = up * steps * LANES, out_shape[1] * LANES
    e = wide * LANES  # the row at work, or the sum of two
    kept = e + middle
    clear(workspace, 0, e)
    for k in range(2 * out_shape[0] + KEPT - 2):
        phase, first = k % up, k // up + starts[k % up]
        _rise(x, shape, first, phases, TAPS * phase, gain, bias, workspace, left * LANES)
        target = kept + k % KEPT * middle if is_plane else e
        for s in range(up):
            _widen(workspace, (left + starts[s]) * LANES, gained, TAPS * s, up, steps, activation,
                   target + s * LANES)  # fmt: skip
        if not is_plane:
            _narrow(workspace, e, taps, out_shape[1], kept + k % KEPT * row)
        if k >= KEPT - 1 and k % 2 == 1:
            to = (k - KEPT + 1) // 2 * row
            if not is_plane:
                _fall(workspace, kept, (k + 1) % KEPT, taps, out, to, row)
                continue
            for p in range(KEPT // 2):
                a, b = kept + (k + 1 + p) % KEPT * middle, kept + (k - p) % KEPT * middle
                _add(workspace, a, b, middle, e)
                _narrow_pair(workspace, e, taps, TAPS * p, out_shape[1], out, to)


@compile_loop
def _rise(x: Array, shape: tuple[int, int], first: int, f: Array, at: int, gain: Array,
          bias: Array, v: Array, to: int) -> None:  # fmt: skip
    """One row of the enlarged picture, not yet enlarged across, from six rows of the input."""
    height, row = shape[0], shape[1] * LANES
    nothing = np.float32(0)
    f0 = f[at] if 0 <= first < height else nothing
    f1 = f[at + 1] if 0 <= first + 1 < height else nothing
    f2 = f[at + 2] if 0 <= first + 2 < height else nothing
    f3 = f[at + 3] if 0 <= first + 3 < height else nothing
    f4 = f[at + 4] if 0 <= first + 4 < height else nothing
    f5 = f[at + 5] if 0 <= first + 5 < height else nothing
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
        store(v, to + i, low + high)


@compile_loop
def _widen(v: Array, at: int, f: Array, tap: int, up: int, steps: int,
           activation: tuple[Scalar, Scalar], to: int) -> None:  # fmt: skip
    """One phase of the enlarged row, activated: every up-th pixel, from six of the input each."""
    slope, clamp = activation
    f0, f1, f2 = broadcast(f, tap), broadcast(f, tap + 1), broadcast(f, tap + 2)
    f3, f4, f5 = broadcast(f, tap + 3), broadcast(f, tap + 4), broadcast(f, tap + 5)
    for i in range(at, at + steps * LANES, 2 * LANES):
        b, c, d = load(v, i + LANES), load(v, i + 2 * LANES), load(v, i + 3 * LANES)
        e, g = load(v, i + 4 * LANES), load(v, i + 5 * LANES)
        one = f0 * load(v, i) + f1 * b + f2 * c + f3 * d + f4 * e + f5 * g
        two = f0 * b + f1 * c + f2 * d + f3 * e + f4 * g + f5 * load(v, i + 6 * LANES)
        place = to + (i - at) * up
        store(v, place, activate(one, slope, clamp))
        store(v, place + up * LANES, activate(two, slope, clamp))


@compile_loop
def _narrow(x: Array, at: int, f: Array, width: int, to: int) -> None:
    """Filter an enlarged row across and keep every second pixel."""
    f0, f1, f2, f3 = broadcast(f, 0), broadcast(f, 1), broadcast(f, 2), broadcast(f, 3)
    f4, f5, f6, f7 = broadcast(f, 4), broadcast(f, 5), broadcast(f, 6), broadcast(f, 7)
    f8, f9, fa, fb = broadcast(f, 8), broadcast(f, 9), broadcast(f, 10), broadcast(f, 11)
    for j in range(0, width * LANES, LANES):
        i = at + 2 * j
        one = f0 * load(x, i) + f1 * load(x, i + LANES) + f2 * load(x, i + 2 * LANES)
        two = f3 * load(x, i + 3 * LANES) + f4 * load(x, i + 4 * LANES)
        one = one + f5 * load(x, i + 5 * LANES) + f6 * load(x, i + 6 * LANES)
        two = two + f7 * load(x, i + 7 * LANES) + f8 * load(x, i + 8 * LANES)
        one = one + f9 * load(x, i + 9 * LANES) + fa * load(x, i + 10 * LANES)
        store(x, to + j, one + (two + fb * load(x, i + 11 * LANES)))


@compile_loop
def _fall(x: Array, at: int, oldest: int, f: Array, out: Array, to: int, row: int) -> None:
    """Filter twelve kept rows along columns, from the oldest on."""
    f0, f1, f2, f3 = broadcast(f, 0), broadcast(f, 1), broadcast(f, 2), broadcast(f, 3)
    f4, f5, f6, f7 = broadcast(f, 4), broadcast(f, 5), broadcast(f, 6), broadcast(f, 7)
    f8, f9, fa, fb = broadcast(f, 8), broadcast(f, 9), broadcast(f, 10), broadcast(f, 11)
    r0, r1 = at + oldest * row, at + (oldest + 1) % KEPT * row
    r2, r3 = at + (oldest + 2) % KEPT * row, at + (oldest + 3) % KEPT * row
    r4, r5 = at + (oldest + 4) % KEPT * row, at + (oldest + 5) % KEPT * row
    r6, r7 = at + (oldest + 6) % KEPT * row, at + (oldest + 7) % KEPT * row
    r8, r9 = at + (oldest + 8) % KEPT * row, at + (oldest + 9) % KEPT * row
    ra, rb = at + (oldest + 10) % KEPT * row, at + (oldest + 11) % KEPT * row
    for j in range(0, row, LANES):
        one = f0 * load(x, r0 + j) + f1 * load(x, r1 + j) + f2 * load(x, r2 + j)
        two = f3 * load(x, r3 + j) + f4 * load(x, r4 + j) + f5 * load(x, r5 + j)
        one = one + f6 * load(x, r6 + j) + f7 * load(x, r7 + j) + f8 * load(x, r8 + j)
        two = two + f9 * load(x, r9 + j) + fa * load(x, ra + j) + fb * load(x, rb + j)
        store(out, to + j, one + two)


@compile_loop
def _add(x: Array, a: int, b: int, size: int, to: int) -> None:
    for i in range(0, size, LANES):
        store(x, to + i, load(x, a + i) + load(x, b + i))


@compile_loop
def _narrow_pair(x: Array, at: int, f: Array, tap: int, width: int, out: Array, to: int) -> None:
    """Add two rows of a plane that mirrors itself, across: every second pixel."""
    f0, f1, f2 = broadcast(f, tap), broadcast(f, tap + 1), broadcast(f, tap + 2)
    f3, f4, f5 = broadcast(f, tap + 3), broadcast(f, tap + 4), broadcast(f, tap + 5)
    for j in range(0, width * LANES, LANES):
        i = at + 2 * j
        one = f0 * (load(x, i) + load(x, i + 11 * LANES))
        two = f1 * (load(x, i + LANES) + load(x, i + 10 * LANES))
        one = one + f2 * (load(x, i + 2 * LANES) + load(x, i + 9 * LANES))
        two = two + f3 * (load(x, i + 3 * LANES) + load(x, i + 8 * LANES))
        one = one + f4 * (load(x, i + 4 * LANES) + load(x, i + 7 * LANES))
        two = two + f5 * (load(x, i + 5 * LANES) + load(x, i + 6 * LANES))
        # Taps begin with the outermost pair of rows: it finds whatever was there before.
        store(out, to + j, one + two if tap == 0 else load(out, to + j) + (one + two))
