"""What begins and ends a layer, on lanes: rows laid down; noise, leaky ReLU and clamp."""

from __future__ import annotations

import numpy as np

from engine.generators.kernels import Array, Scalar, compile_loop
from engine.generators.lanes import LANES, load, maximum, minimum, splat, store

# Gain and bias of each channel [shape=(B · LANES,)], noise for all channels alike [shape=(H · W,)]
# or [shape=(1,)] for the same everywhere, slope and clamp.
Ending = tuple[Array, Array, Array, Scalar, Scalar]
NOTHING = np.zeros(1, np.float32)


@compile_loop
def clear(x: Array, first: int, last: int) -> None:
    """Write zeros from one place to another."""
    for i in range(first, last, LANES):
        store(x, i, splat(np.float32(0)))


@compile_loop
def copy(x: Array, at: int, out: Array, to: int, pixels: int) -> None:
    """Copy pixels."""
    for i in range(0, pixels * LANES, LANES):
        store(out, to + i, load(x, at + i))


@compile_loop
def lay_row(x: Array, at: int, shape: tuple[int, int], i: int, gain: Array, out: Array, to: int
            ) -> None:  # fmt: skip
    """Write row i of a block that begins at a place, scaled; zeros if it has no such row."""
    size = shape[1] * LANES
    if 0 <= i < shape[0]:
        at += i * size
        for j in range(0, size, LANES):
            store(out, to + j, load(x, at + j) * gain)
    else:
        clear(out, to, to + size)


@compile_loop
def finish(x: Array, gain: Array, bias: Array, noise: Array, ending: Ending) -> Array:
    """Scale and shift, add noise, then leaky ReLU and clamp."""
    return activate(gain * x + (bias + noise), ending[3], ending[4])


@compile_loop
def activate(x: Array, slope: Scalar, clamp: Scalar) -> Array:
    """Leaky ReLU and clamp."""
    y: Array = maximum(x, x * splat(slope))
    y = minimum(maximum(y, splat(-clamp)), splat(clamp))
    return y
