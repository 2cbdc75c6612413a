"""3×3 convolutions on the CPU, finished in the pass that leaves Winograd's domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.generators import winograd
from engine.generators.kernels import Array
from engine.generators.product import multiply
from engine.generators.scratch import Scratch, spread, thread_count

if TYPE_CHECKING:
    import torch

NOTHING = np.zeros((1, 1), np.float32)
TILES = {True: 768, False: 128}  # in one product, for many and for few channels

# Gain, bias, noise, slope and clamp, see `winograd.transform_output`.
Ending = tuple[Array, Array, Array, np.float32, np.float32]


def convolve(
    scratch: Scratch,
    matrices: torch.Tensor,
    x: torch.Tensor,
    gain: Array,
    pad: int,
    ending: Ending,
    out: torch.Tensor,
) -> None:
    """Convolve ``gain · x`` [shape=(H, W, I)] with a prepared 3×3 weight, and finish.

    Parameters
    ----------
    matrices
        From `winograd.transform_weight`.
    ending
        Gain, bias, noise, slope and clamp of `winograd.transform_output`.
    out
        [shape=(H + 2 pad - 2, W + 2 pad - 2, O)]
    """
    outputs, inputs = matrices.shape[1:]
    across, along = -(-out.shape[1] // winograd.TILE), -(-out.shape[0] // winograd.TILE)
    many = max(1, min(along, TILES[inputs + outputs >= 256] // across))
    own = scratch.take("own", thread_count(), winograd.scratch_size(out.shape[1], inputs, outputs))
    numbers, picture, private = x.numpy(), out.numpy(), own.numpy()
    for top in range(0, along, many):
        rows = min(many, along - top)
        before = scratch.take("before", 36, rows * across, inputs)
        after = scratch.take("after", 36, rows * across, outputs)
        v, m = before.numpy(), after.numpy()

        def enter(thread: int, first: int, last: int, v: Array = v, top: int = top) -> None:
            for r in range(first, last):
                winograd.transform_input(
                    numbers, gain, pad, (top + r, across), r * across, v, private[thread]
                )

        def leave(thread: int, first: int, last: int, m: Array = m, top: int = top) -> None:
            for r in range(first, last):
                winograd.transform_output(
                    m, r * across, (top + r, across), *ending, picture, private[thread]
                )

        spread(enter, rows)
        for rows_in, matrix, rows_out in zip(before, matrices, after, strict=True):
            multiply(rows_in, matrix, rows_out)
        spread(leave, rows)
