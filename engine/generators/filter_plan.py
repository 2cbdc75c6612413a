"""Plan of a filtered leaky ReLU: phases of its filters and sizes of its rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.generators.kernels import Array
from engine.generators.lanes import LANES

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

    def scratch_size(self) -> int:
        """How many floats `filtered_kernel.run` needs beside its arguments, for one thread."""
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
        As in `fir.resample`, gain folded in.
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
