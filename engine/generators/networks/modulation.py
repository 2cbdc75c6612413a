"""Modulated convolutions: steered by a style, with weights that never change.

``W`` scaled by a style ``s`` and demodulated equals scaling what goes in and what comes out:
``d · conv(W, s · x)`` with ``d = 1 / sqrt(Σ (W s)² + 1e-8)``, and the sum needs only ``Σ_k W²``.
So weights are prepared once, when the network is built.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from engine.generators.libraries import torch
from engine.generators.networks.dense import Dense

# Called with a layer's name and its output (N, C, H, W); what it returns goes on instead.
Bend = Callable[[str, "torch.Tensor"], "torch.Tensor"]
Scales = tuple["torch.Tensor", "torch.Tensor | None"]


@dataclass(frozen=True, slots=True)
class Modulated:
    """A convolution that a style steers.

    Parameters
    ----------
    affine
        Style → one scale per input channel.
    weight
        [shape=(O, I, K, K)], float16 where the layer is.
    squares
        Sum of the squared weight over its window [shape=(O, I)]; None: no demodulation.
    even
        Whether scales are brought to unit second moment first (StyleGAN3).
    """

    affine: Dense
    weight: torch.Tensor
    squares: torch.Tensor | None
    even: bool = False

    def scales(self, w: torch.Tensor) -> Scales:
        """Turn styles [shape=(N, Dw)] into scales in [shape=(N, I)] and out [shape=(N, O)]."""
        return self.finish(self.affine(w))

    def finish(self, s: torch.Tensor) -> Scales:
        """Bring raw scales [shape=(…, I)] to what is multiplied, in and out [shape=(…, O)]."""
        if self.squares is None:
            return s, None
        if self.weight.dtype != self.squares.dtype:  # within float16's range; d undoes any scale
            s = s / torch.linalg.vector_norm(s, math.inf, dim=-1, keepdim=True)
        elif self.even:
            s = torch.nn.functional.rms_norm(s, s.shape[-1:], eps=0.0)
        power = s.square() @ self.squares.T
        return s, (power if self.even else power + 1e-8).rsqrt()  # even scales have some power

    def scale_in(self, x: torch.Tensor, s: torch.Tensor) -> torch.Tensor:
        """Scale x [shape=(N, I, H, W)] by s, which spreads over it, in the layer's precision."""
        x = x.to(self.weight.dtype)
        return x * s.to(x.dtype)


def make_modulated(
    affine: Dense, weight: torch.Tensor, *, demodulate: bool, even: bool = False, half: bool = False
) -> Modulated:
    """Prepare a weight [shape=(O, I, K, K)] once.

    Parameters
    ----------
    demodulate
        Whether outputs are brought back to unit variance.
    even
        As StyleGAN3 does: unit second moment of each output's weights and of the scales.
    half
        Store it as float16, channels last, scaled so that sums stay within range.
    """
    if even and demodulate:
        weight = weight * weight.square().mean(dim=(1, 2, 3), keepdim=True).rsqrt()
    if half and demodulate:  # which undoes any scale of an output
        peak = 1.0 if even else weight.abs().amax(dim=(1, 2, 3), keepdim=True)
        weight = weight / (math.sqrt(weight[0].numel()) * peak)
    squares = weight.square().sum(dim=(2, 3)) if demodulate else None
    if half:
        weight = weight.to(torch.float16, memory_format=torch.channels_last)
    return Modulated(affine, weight, squares, even)
