"""3×3 convolution with a quarter of the multiplications, channels last, into kept memory.

Winograd's F(4×4, 3×3): tiles of 6×6 inputs become 36 small matrices, 36 matrix products do the
work of 144 multiplications per output and channel pair, and come back as 4×4 outputs. A. Lavin and
S. Gray, "Fast algorithms for convolutional neural networks" (2016), section 4.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.generators.kernels import Array, Scalar, compile_loop, finish, mix4, mix6, scale

if TYPE_CHECKING:
    import torch

TILE = 4

# Transform of 6 inputs: four taps suffice for each row; place and weight of each.
INPUT = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ],
    np.float32,
)
# Transform of 6 products to 4 outputs.
OUTPUT = np.array(
    [
        [1, 1, 1, 1, 1, 0],
        [0, 1, -1, 2, -2, 0],
        [0, 1, 1, 4, 4, 0],
        [0, 1, -1, 8, -8, 1],
    ],
    np.float32,
)
# Transform of 3 weights.
WEIGHT = np.array(
    [
        [1 / 4, 0, 0],
        [-1 / 6, -1 / 6, -1 / 6],
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
        [0, 0, 1],
    ],
    np.float64,
)
# Where each row of INPUT has weights (filled up to four), and the weights.
PLACES = np.array([[0, 2, 4, 1], [1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4],
                   [1, 3, 5, 2]])  # fmt: skip
WEIGHTS = np.take_along_axis(INPUT, PLACES, axis=1)


def transform_weight(weight: torch.Tensor) -> torch.Tensor:
    """Prepare a weight [shape=(O, I, 3, 3)] once, as matrices [shape=(36, O, I)]."""
    import torch

    g = torch.as_tensor(WEIGHT)
    u = torch.einsum("ak,bl,oikl->aboi", g, g, weight.double().cpu())
    return u.reshape(36, weight.shape[0], weight.shape[1]).float().contiguous()


def scratch_size(width: int, inputs: int, outputs: int) -> int:
    """How many floats one thread needs to transform one row of tiles of a picture that wide."""
    tiles = -(-width // TILE)
    row = TILE * (tiles + 1)
    return max(7 * row * inputs, (6 + TILE) * tiles * outputs)


@compile_loop
def transform_input(x: Array, gain: Array, pad: int, tiles: tuple[int, int], place: int,
                    out: Array, scratch: Array) -> None:  # fmt: skip
    """Turn one row of tiles into its 36 matrices' rows.

    Parameters
    ----------
    x
        [shape=(H, W, I)]
    gain
        Scale of each channel [shape=(I,)].
    pad
        Zeros around the picture.
    tiles
        (row of tiles, how many tiles it has).
    place
        First row of the matrices to write.
    out
        [shape=(36, T, I)]
    """
    ty, count = tiles
    height, width, n = x.shape
    plane = (count + 1) * n  # columns whose remainder by 4 is the same lie side by side
    rows = scratch[: 28 * plane].reshape(7, 4, plane)
    nothing = np.zeros(n, np.float32)
    for r in range(6):
        i = 4 * ty + r - pad
        if i < 0 or i >= height:
            rows[r] = 0.0
            continue
        for k in range(4 * (count + 1)):
            j = k - pad
            target = rows[r, k % 4][(k // 4) * n : (k // 4 + 1) * n]
            if j < 0 or j >= width:
                target[:] = 0.0
            else:
                scale(target, x[i, j], gain, nothing)
    z = rows[6].reshape(4 * plane)
    flat = rows.reshape(7, 4 * plane)
    size = count * n
    for a in range(6):
        p = PLACES[a]
        mix4(z, flat[p[0]], flat[p[1]], flat[p[2]], flat[p[3]], WEIGHTS[a])
        for b in range(6):
            q = PLACES[b]
            target = out[6 * a + b, place : place + count].reshape(size)
            k0, k1, k2, k3 = q[0], q[1], q[2], q[3]
            mix4(target,
                 rows[6, k0 % 4][(k0 // 4) * n : (k0 // 4) * n + size],
                 rows[6, k1 % 4][(k1 // 4) * n : (k1 // 4) * n + size],
                 rows[6, k2 % 4][(k2 // 4) * n : (k2 // 4) * n + size],
                 rows[6, k3 % 4][(k3 // 4) * n : (k3 // 4) * n + size],
                 WEIGHTS[b])  # fmt: skip


@compile_loop
def transform_output(
    m: Array,
    place: int,
    tiles: tuple[int, int],
    gain: Array,
    bias: Array,
    noise: Array,
    slope: Scalar,
    clamp: Scalar,
    out: Array,
    scratch: Array,
) -> None:
    """Turn the 36 products of one row of tiles into up to four rows of the picture.

    Parameters
    ----------
    m
        [shape=(36, T, O)]
    place
        First row of the matrices to read.
    tiles
        (row of tiles, how many tiles it has).
    gain, bias
        Scale and shift of each channel [shape=(O,)].
    noise
        Added to all channels alike [shape=(H, W)], or [shape=(1, 1)] for none.
    slope, clamp
        Of the leaky ReLU; slope 1 and an infinite clamp change nothing.
    out
        [shape=(H, W, O)]
    """
    ty, count = tiles
    height, width, n = out.shape
    size = count * n
    q = scratch[: 6 * size].reshape(6, size)
    y = scratch[6 * size : 10 * size].reshape(4, size)
    is_noisy = noise.shape[0] == height and noise.shape[1] == width
    for a in range(min(4, height - 4 * ty)):
        for b in range(6):
            mix6(q[b],
                 m[b, place : place + count].reshape(size),
                 m[6 + b, place : place + count].reshape(size),
                 m[12 + b, place : place + count].reshape(size),
                 m[18 + b, place : place + count].reshape(size),
                 m[24 + b, place : place + count].reshape(size),
                 m[30 + b, place : place + count].reshape(size),
                 OUTPUT[a])  # fmt: skip
        for b in range(4):
            mix6(y[b], q[0], q[1], q[2], q[3], q[4], q[5], OUTPUT[b])
        i = 4 * ty + a
        for j in range(width):
            start = (j // 4) * n
            more: Scalar = noise[i, j] if is_noisy else np.float32(0)
            finish(out[i, j], y[j % 4][start : start + n], gain, bias, more, slope, clamp)
