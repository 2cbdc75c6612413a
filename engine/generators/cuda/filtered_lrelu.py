"""Filtered leaky ReLU of StyleGAN3 in one kernel: filters as banded matrices.

What `networks.stylegan3.filtered_lrelu` does in passes over an enlarged picture is done here piece
by piece, without ever storing that. T. Karras et al., "Alias-free generative adversarial networks"
(2021), 3.2 and appendix D. UNTESTED on a GPU: the tests run it in Triton's interpreter and compile
it for real architectures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.generators.libraries import torch

if TYPE_CHECKING:
    from engine.generators.networks.stylegan3 import Layer

HIGH, WIDE = 32, 64
"""Rows and columns of the enlarged piece."""
BLOCKS = 8
"""Pieces that a program goes down: more reuse more, fewer keep more of the device busy."""
_SMALLEST = 16  # side of a matrix that tensor cores take
_NEGLIGIBLE, _HALF_NEGLIGIBLE = 1e-6, 3e-4
"""Of the largest singular value: terms of a radial filter that are left out, by precision."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of a layer as matrices, and what the kernel is compiled for.

    Parameters
    ----------
    rows, columns
        Enlarge: [shape=(HIGH, in_high)] from the left, [shape=(in_wide, WIDE)] from the right.
    here, next
        Reduce rows: what a piece adds to the output rows that begin in it, and to those that began
        in the piece before [shape=(rank, HIGH / 2, HIGH)].
    across
        Reduces columns [shape=(rank, WIDE, out_wide)].
    first
        Row and column of the input where a piece at the start of the enlarged picture begins.
    valid
        Columns of output that a strip gives.
    """

    rows: torch.Tensor
    columns: torch.Tensor
    here: torch.Tensor
    next: torch.Tensor
    across: torch.Tensor
    first: tuple[int, int]
    valid: int

    @property
    def rank(self) -> int:
        """How many separable terms the second filter has: 1 unless it is radial."""
        return int(self.across.shape[0])


def make_filters(layer: Layer, device: str) -> Filters | None:
    """Lay a layer's filters out; None where the kernel does not serve it.

    The kernel wants a separable first filter, reduction by two, and filters that are shorter than a
    piece. A radial filter is a sum of separable ones: its singular value decomposition.
    """
    up, down = layer.up_taps, layer.down_taps
    if up is None or down is None or up.ndim != 1 or layer.down != 2 or layer.up not in (2, 4):
        return None
    first_taps = up.double().cpu().numpy()
    least = _HALF_NEGLIGIBLE if layer.half else _NEGLIGIBLE
    terms = _separate(down.double().cpu().numpy(), least)
    length = len(terms[0][0])
    if length > HIGH or len(first_taps) > 6 * layer.up + layer.up:
        return None
    left, _, top, _ = layer.padding
    rows, first_row = _enlarging(first_taps * layer.act_gain, layer.up, top, HIGH)
    columns, first_column = _enlarging(first_taps, layer.up, left, WIDE)
    valid = (WIDE - length) // 2 + 1
    valid -= valid % (layer.up // 2)  # a strip begins at a sample of the input

    def put(found: Floats) -> torch.Tensor:
        kind = torch.float16 if layer.half else torch.float32
        return torch.from_numpy(np.ascontiguousarray(found)).to(device, kind)

    return Filters(
        rows=put(rows),
        columns=put(columns.T),
        here=put(np.stack([_reducing(line, HIGH // 2, HIGH, 0) for line, _ in terms])),
        next=put(np.stack([_reducing(line, HIGH // 2, HIGH, HIGH) for line, _ in terms])),
        across=put(np.stack([_reducing(line, _side(valid), WIDE, 0).T for _, line in terms])),
        first=(first_row, first_column),
        valid=valid,
    )


def _side(count: int) -> int:
    """Side of the matrix that holds so many: a power of two that tensor cores take."""
    return max(_SMALLEST, 1 << (count - 1).bit_length())


def _enlarging(taps: Floats, up: int, before: int, count: int) -> tuple[Floats, int]:
    """Matrix [shape=(count, inputs)] of `resample` with `up`, from the first row on.

    Row a takes input i times taps[a + T - 1 - before - up · i]; inputs begin at the second result.
    """
    first = -before // up
    inputs = _side(count // up + -(-len(taps) // up) + 1)
    a, i = np.arange(count)[:, None], np.arange(inputs)[None, :] + first
    return _banded(taps, a + len(taps) - 1 - before - up * i), first


def _reducing(taps: Floats, outputs: int, count: int, begin: int) -> Floats:
    """Matrix [shape=(outputs, count)] of `resample` with `down` 2, for rows from `begin` on."""
    y, a = np.arange(outputs)[:, None], np.arange(count)[None, :] + begin
    return _banded(taps, 2 * y + len(taps) - 1 - a)


def _banded(taps: Floats, places: NDArray[np.int64]) -> Floats:
    is_tap = (places >= 0) & (places < len(taps))
    return np.where(is_tap, taps[np.clip(places, 0, len(taps) - 1)], 0.0)


def _separate(taps: Floats, least: float) -> list[tuple[Floats, Floats]]:
    """Write a filter as a sum of separable ones: (down, across) of each."""
    if taps.ndim == 1:
        return [(taps, taps)]
    down, sizes, across = np.linalg.svd(taps)
    kept = [k for k, size in enumerate(sizes) if size > least * sizes[0]]
    roots = np.sqrt(sizes)
    return [(down[:, k] * roots[k], across[k] * roots[k]) for k in kept]


def out_size(layer: Layer, height: int, width: int) -> tuple[int, int]:
    """Height and width of what a layer's filters make of so many rows and columns."""
    assert layer.up_taps is not None
    assert layer.down_taps is not None
    left, right, top, bottom = layer.padding
    ups, downs = layer.up_taps.shape[0], layer.down_taps.shape[0]
    high = height * layer.up + top + bottom - ups + 1
    wide = width * layer.up + left + right - ups + 1
    return (high - downs) // 2 + 1, (wide - downs) // 2 + 1


def filtered_lrelu(
    layer: Layer,
    filters: Filters,
    x: torch.Tensor,
    demodulation: torch.Tensor,
    after: torch.Tensor,
    half: bool,
) -> torch.Tensor:
    """Finish a layer: what its convolution gave becomes what the next one takes.

    Parameters
    ----------
    x
        [shape=(1, C, H, W)], in any layout; the result has the same.
    demodulation, after
        Scale of x, and of the result: the next layer's scale in [shape=(C,)].
    """
    from engine.generators.cuda.kernels import STAGES, WARPS, filtered_lrelu_kernel

    _, channels, height, width = x.shape
    high, wide = out_size(layer, height, width)
    is_last = x.stride(1) == 1
    out = torch.empty(
        (1, channels, high, wide), dtype=torch.float16 if half else torch.float32, device=x.device,
        memory_format=torch.channels_last if is_last else torch.contiguous_format,
    )  # fmt: skip
    pieces = -(-high // (HIGH // 2))
    blocks = min(BLOCKS, pieces)
    grid = (-(-wide // filters.valid), -(-pieces // blocks), channels)
    kernel: Any = filtered_lrelu_kernel
    kernel[grid](
        x, out, filters.rows, filters.columns, filters.here, filters.next, filters.across,
        layer.bias, demodulation, after,
        height, width, high, wide, *filters.first, blocks,
        *x.stride()[1:], *out.stride()[1:],
        layer.slope, layer.clamp if layer.clamp is not None else 3e38,
        UP=layer.up, HIGH=HIGH, WIDE=WIDE, IN_HIGH=filters.rows.shape[1],
        IN_WIDE=filters.columns.shape[0], OUT_WIDE=filters.across.shape[2],
        VALID=filters.valid, RANK=filters.rank, EXACT=x.dtype == torch.float32,
        num_warps=WARPS, num_stages=STAGES,
    )  # fmt: skip
    return out
