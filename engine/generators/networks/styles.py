"""Scales of all layers at once: ten kernels in place of eight for every layer.

On a GPU each of those kernels is shorter than its launch. What is short is padded: a layer of few
channels has scales of zero beyond them, which add nothing to a sum, and squares of one, so that no
sum is zero: its root would have no gradient.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.generators.libraries import torch
from engine.generators.networks.modulation import Modulated, Scales


@dataclass(frozen=True, slots=True)
class Styles:
    """The affine layers and the demodulation of L convolutions, side by side.

    Parameters
    ----------
    rows
        Which style each convolution takes [shape=(L,)].
    weight, bias
        Of the affine layers [shape=(L, Dw, I)], [shape=(L, 1, I)].
    squares
        As in `Modulated` [shape=(L, I, O)].
    demodulated
        Whether a layer is [shape=(L, 1, 1)]: then its scales are brought to a peak of 1.
    least
        What is added to the sums [shape=(L, 1, 1)].
    """

    rows: torch.Tensor
    weight: torch.Tensor
    bias: torch.Tensor
    squares: torch.Tensor
    demodulated: torch.Tensor
    least: torch.Tensor
    convolutions: tuple[Modulated, ...]

    def scales(self, ws: torch.Tensor) -> dict[int, Scales]:
        """Turn styles [shape=(N, num_ws, Dw)] into scales, by `id` of the convolution."""
        w = ws.index_select(1, self.rows).transpose(0, 1)
        s = torch.baddbmm(self.bias, w, self.weight)
        peak = torch.linalg.vector_norm(s, math.inf, dim=-1, keepdim=True)
        s = s / peak.where(self.demodulated, 1.0)
        d = torch.baddbmm(self.least, s.square(), self.squares).rsqrt()
        return {
            id(conv): (
                s[place, :, : conv.weight.shape[1]],
                None if conv.squares is None else d[place, :, : conv.weight.shape[0]],
            )
            for place, conv in enumerate(self.convolutions)
        }


def make_styles(convolutions: Sequence[Modulated], rows: Sequence[int]) -> Styles | None:
    """Lay convolutions side by side; None if an affine layer of theirs is none."""
    affines = [conv.affine for conv in convolutions]
    biases = [affine.bias for affine in affines if affine.bias is not None]
    if len(biases) < len(affines) or any(affine.activation != "linear" for affine in affines):
        return None
    device, size = affines[0].weight.device, affines[0].weight.shape[1]
    inputs, outputs = (max(conv.weight.shape[axis] for conv in convolutions) for axis in (1, 0))
    count = len(convolutions)
    weight = torch.zeros(count, size, inputs, device=device)
    bias = torch.zeros(count, 1, inputs, device=device)
    squares = torch.ones(count, inputs, outputs, device=device)
    for place, (conv, own) in enumerate(zip(convolutions, biases, strict=True)):
        weight[place, :, : conv.weight.shape[1]] = conv.affine.weight.T
        bias[place, 0, : conv.weight.shape[1]] = own
        if conv.squares is not None:
            squares[place, : conv.weight.shape[1], : conv.weight.shape[0]] = conv.squares.T
    demodulated = torch.tensor([conv.squares is not None for conv in convolutions])
    least = torch.tensor([0.0 if conv.even else 1e-8 for conv in convolutions])
    return Styles(
        torch.tensor(rows).to(device),
        weight,
        bias,
        squares,
        demodulated[:, None, None].to(device),
        least[:, None, None].to(device),
        tuple(convolutions),
    )
