"""StyleGAN2's to-RGB layers on the CPU: colours from features, added to the upsampled picture."""

from __future__ import annotations

import numpy as np

from engine.generators.cpu.blocks import LANES, load, splat, store, total
from engine.generators.cpu.compile import Array, Scalar, compile_loop
from engine.generators.cpu.upsample import Taps

PIXELS = 64  # whose sums stay in the first-level cache


def workspace_size(colours: int) -> int:
    """How many floats one thread of `draw` needs."""
    return PIXELS * colours * LANES


@compile_loop
def draw(x: Array, weight: Array, pixels: tuple[int, int], count: int, out: Array,
         workspace: Array) -> None:  # fmt: skip
    """Mix the channels of pixels [from, to) into colours.

    Parameters
    ----------
    x
        [shape=(B, count, LANES)], flat.
    weight
        [shape=(colours, B · LANES)]
    out
        [shape=(count, colours)]
    workspace
        See `workspace_size`.
    """
    colours, channels = weight.shape
    flat = weight.reshape(weight.size)
    for first in range(pixels[0], pixels[1], PIXELS):
        many = min(PIXELS, pixels[1] - first)
        for c in range(colours):
            for i in range(many):
                store(workspace, (c * PIXELS + i) * LANES, splat(np.float32(0)))
            for k in range(0, channels, LANES):
                f, at = load(flat, c * channels + k), k * count + first * LANES
                for i in range(0, many * LANES, LANES):
                    to = c * PIXELS * LANES + i
                    store(workspace, to, load(workspace, to) + load(x, at + i) * f)
            for i in range(many):
                out[first + i, c] = total(load(workspace, (c * PIXELS + i) * LANES))


@compile_loop
def add_upsampled(
    small: Array, taps: Taps, bias: Array, clamp: Scalar, out: Array, row: Array
) -> None:
    """Finish colours and add the picture so far, doubled: ``out = clamp(out + bias) + doubled``.

    Parameters
    ----------
    small
        The picture so far [shape=(H, W, 3)]; [shape=(0, 0, 3)] for none.
    taps
        Down and across, from `separate`.
    out
        Colours without bias [shape=(2H, 2W, 3)]; written in place.
    row
        Scratch of ``(W + 2) 3`` floats.
    """
    down, across = taps
    n = out.shape[2]
    height, width = small.shape[0], small.shape[1]
    row[:] = 0.0
    for j in range(out.shape[0]):
        if height > 0:
            # Even outputs lie between a sample and the one before, odd ones before the next.
            m, k = j // 2 - 1 + j % 2, j % 2
            for i in range(width):
                for c in range(n):
                    v = np.float32(0)
                    if m >= 0:
                        v += down[k] * small[m, i, c]
                    if m + 1 < height:
                        v += down[k + 2] * small[m + 1, i, c]
                    row[(i + 1) * n + c] = v
        for i in range(out.shape[1]):
            for c in range(n):
                v = out[j, i, c] + bias[c]
                v = min(max(v, -clamp), clamp)
                if height > 0:
                    at = (i // 2 + i % 2) * n + c
                    v += across[i % 2] * row[at] + across[i % 2 + 2] * row[at + n]
                out[j, i, c] = v
