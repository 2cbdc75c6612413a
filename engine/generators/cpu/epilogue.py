"""Layer prologue and epilogue in SIMD: rows laid down; noise, leaky ReLU and clamp."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.generators.cpu.blocks import LANES, load, maximum, minimum, splat, store
from engine.generators.cpu.compile import Array, Scalar, compile_loop
from engine.generators.editing.bend import ActiveBends
from engine.generators.libraries import torch

if TYPE_CHECKING:
    from engine.generators.cpu.compile import Array
    from engine.generators.networks.stylegan2 import Colour


def bend_blocks(bend: ActiveBends, name: str, x: torch.Tensor, channels: int) -> torch.Tensor:
    """Bend what the CPU's loops made [shape=(B, H, W, LANES)], where the plan says so."""
    from engine.generators.cpu.blocks import from_blocks, to_blocks

    if name not in bend.layers:
        return x
    return to_blocks(bend(name, from_blocks(x, channels)[None])[0])


def bend_colours(
    bend: ActiveBends | None, colour: Colour, y: torch.Tensor
) -> tuple[Array, np.float32]:
    """Bend colours that the CPU's loops made [shape=(H, W, 3)], in place.

    Returns bias and clamp that are still to come: none, where they were needed before.
    """
    bias, clamp = colour.bias, np.inf if colour.clamp is None else colour.clamp
    if bend is not None and colour.name in bend.layers:
        whole = (y + bias).clamp(-clamp, clamp)
        y.copy_(bend(colour.name, whole.permute(2, 0, 1)[None])[0].permute(1, 2, 0))
        return np.zeros(len(bias), np.float32), np.float32(np.inf)
    return bias.numpy(), np.float32(clamp)


# Gain and bias of each channel [shape=(B · LANES,)], noise for all channels alike [shape=(H · W,)]
# or [shape=(1,)] for the same everywhere, slope and clamp.
Epilogue = tuple[Array, Array, Array, Scalar, Scalar]
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
def finish(x: Array, gain: Array, bias: Array, noise: Array, epilogue: Epilogue) -> Array:
    """Scale and shift, add noise, then leaky ReLU and clamp."""
    return activate(gain * x + (bias + noise), epilogue[3], epilogue[4])


@compile_loop
def activate(x: Array, slope: Scalar, clamp: Scalar) -> Array:
    """Leaky ReLU and clamp."""
    y: Array = maximum(x, x * splat(slope))
    y = minimum(maximum(y, splat(-clamp)), splat(clamp))
    return y
