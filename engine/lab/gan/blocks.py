"""Differentiable parts of networks in training; `engine.generators` has those that are played.

Facts of T. Karras et al., "Analyzing and improving the image quality of StyleGAN" (2020), stated
anew: equalised learning rates, modulation with demodulation, [1, 3, 3, 1] filters.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

ROOT2 = math.sqrt(2)
_LINE = torch.tensor([1.0, 3.0, 3.0, 1.0])
TAPS = torch.outer(_LINE, _LINE) / 64  # sums to one


def activate(x: torch.Tensor) -> torch.Tensor:
    """Leaky ReLU with the gain that keeps the power."""
    return functional.leaky_relu(x, 0.2) * ROOT2


def blur(x: torch.Tensor, padding: tuple[int, int, int, int]) -> torch.Tensor:
    """Filter each channel with [1, 3, 3, 1], with the gain of a doubling (4)."""
    taps = (TAPS.to(x) * 4).expand(x.shape[1], 1, 4, 4).contiguous()
    with torch.autocast(x.device.type, enabled=False):  # in the precision of what it filters
        return functional.conv2d(functional.pad(x, padding), taps, groups=x.shape[1])


def double(x: torch.Tensor) -> torch.Tensor:
    """Double the size of a picture, zeros put in between and filtered."""
    n, c, height, width = x.shape
    spread = x.new_zeros(n, c, 2 * height, 2 * width)
    spread[:, :, ::2, ::2] = x
    return blur(spread, (2, 1, 2, 1))


class Dense(nn.Module):
    """A dense layer with an equalised learning rate, and a bias of the start."""

    def __init__(self, inputs: int, outputs: int, rate: float = 1.0, bias: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.bias = nn.Parameter(torch.full((outputs,), bias / rate))
        self.rate, self.gain, self.spread = rate, rate / math.sqrt(inputs), 1 / rate

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply it to x [shape=(N, inputs)]."""
        return functional.linear(x, self.weight * self.gain, self.bias * self.rate)


class Styled(nn.Module):
    """A modulated 3×3 convolution, which may double the size; with noise where `side` is told."""

    noise_const: torch.Tensor

    def __init__(
        self, width: int, inputs: int, outputs: int, side: int | None, *, doubles: bool
    ) -> None:
        super().__init__()
        self.doubles = doubles
        self.affine = Dense(width, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, 3, 3))
        self.spread = 1.0
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.is_noisy = side is not None
        if side is not None:
            self.noise_strength = nn.Parameter(torch.zeros([]))
            self.register_buffer("noise_const", torch.zeros(side, side))

    def forward(
        self, x: torch.Tensor, w: torch.Tensor, random: torch.Generator | None
    ) -> torch.Tensor:
        """Apply it.

        Parameters
        ----------
        x
            Features [shape=(N, C, H, W)].
        w
            Styles [shape=(N, w_dim)].
        random
            Where noise comes from; None: the noise that the file holds.
        """
        with torch.autocast(w.device.type, enabled=False):  # bfloat16 knows the sum to 0.4 %
            s = self.affine(w.float())
            d = (s.square() @ self.weight.square().sum((2, 3)).T + 1e-8).rsqrt()
        x = x * s[:, :, None, None].to(x.dtype)
        if self.doubles:
            x = functional.conv_transpose2d(x, self.weight.transpose(0, 1), stride=2)
            x = blur(x, (1, 1, 1, 1))
        else:
            x = functional.conv2d(x, self.weight, padding=1)
        x = x * d[:, :, None, None]
        if self.is_noisy:
            x = x + self._noise(x, random) * self.noise_strength
        return activate(x + self.bias[:, None, None])

    def _noise(self, x: torch.Tensor, random: torch.Generator | None) -> torch.Tensor:
        if random is None:
            return self.noise_const
        return torch.randn(
            (len(x), 1, *x.shape[2:]), generator=random, device=x.device, dtype=torch.float32
        )


class Colour(nn.Module):
    """Features to colours, modulated without demodulation.

    Its weights begin at zero: a block that joins later leaves the picture as it was.
    """

    def __init__(self, width: int, inputs: int) -> None:
        super().__init__()
        self.affine = Dense(width, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.zeros(3, inputs, 1, 1))
        self.spread = 0.0
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Return colours [shape=(N, 3, H, W)]."""
        s = self.affine(w) / math.sqrt(x.shape[1])
        x = functional.conv2d(x * s[:, :, None, None].to(x.dtype), self.weight)
        return x.float() + self.bias[:, None, None]  # pictures are summed and filtered in float32


class Conv(nn.Module):
    """A convolution with an equalised learning rate, and a leaky ReLU behind it."""

    def __init__(self, inputs: int, outputs: int, size: int, stride: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, size, size))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.gain = 1 / math.sqrt(inputs * size * size)
        self.stride, self.padding, self.spread = stride, (size - stride + 1) // 2, 1.0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply it to x [shape=(N, inputs, H, W)]."""
        weight = self.weight * self.gain
        return activate(
            functional.conv2d(x, weight, self.bias, stride=self.stride, padding=self.padding)
        )


def initialise(network: nn.Module, random: torch.Generator) -> None:
    """Give every weight its random start; biases keep theirs.

    Parameters
    ----------
    network
        Made of the parts of this module.
    random
        On the CPU, so that every device starts alike.
    """
    for part in network.modules():
        weight = getattr(part, "weight", None)
        if isinstance(weight, torch.Tensor):
            drawn = torch.randn(weight.shape, generator=random) * float(part.spread)  # type: ignore[arg-type]
            weight.data.copy_(drawn)
        if isinstance(part, Styled) and part.is_noisy:
            part.noise_const.copy_(torch.randn(part.noise_const.shape, generator=random))
