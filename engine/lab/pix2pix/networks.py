"""Networks that learn from pairs: the one that draws, its reader of codes, and its critic.

J.-Y. Zhu et al., "Toward multimodal image-to-image translation" (2017): a reader sees the answer
and says in a short code what the question leaves open; the drawing network gets that code.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from engine.generators.networks.pix2pix import Noise, draw, noise_of
from engine.lab.gan.blocks import Conv, Dense
from engine.models.pix2pix_shape import Shape

READ = 4  # a reader sees pictures this much smaller: colours, no coasts
_SPREAD = {"affine": 0.5, "colour": 0.5}


class Drawer(nn.Module):
    """The network that is played, with equalised learning rates."""

    def __init__(self, shape: Shape, random: torch.Generator) -> None:
        super().__init__()
        self.shape = shape
        self.names = tuple(shape.tensors())
        self.gains = dict[str, float]()
        self.values = nn.ParameterDict()
        for name, size in shape.tensors().items():
            part, kind = name.rsplit(".", 1)
            drawn = torch.zeros(size)
            if kind == "weight":
                drawn = torch.randn(size, generator=random)
                self.gains[name] = _SPREAD.get(part.split(".")[-1], 1) / math.sqrt(
                    math.prod(size[1:])
                )
            self.values[_key(name)] = nn.Parameter(drawn)

    def weights(self) -> dict[str, torch.Tensor]:
        """Return the tensors that are played."""
        found = {name: self.values[_key(name)] for name in self.names}
        return {
            name: x * self.gains[name] if name in self.gains else x for name, x in found.items()
        }

    def forward(self, source: torch.Tensor, z: torch.Tensor, noise: Noise) -> torch.Tensor:
        """Draw; see `pix2pix_network.draw`."""
        return draw(self.shape, self.weights(), source, z, noise)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the tensors that are played, for a file."""
        with torch.no_grad():
            return {name: x.cpu().contiguous().numpy() for name, x in self.weights().items()}

    def take(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Begin with the tensors of a file.

        Raises
        ------
        KeyError, RuntimeError
            If one is missing or does not fit.
        """
        with torch.no_grad():
            for name in self.names:
                values = torch.from_numpy(np.array(arrays[name], np.float32))
                self.values[_key(name)].copy_(values / self.gains.get(name, 1.0))


def _key(name: str) -> str:
    return name.replace(".", "/")  # torch allows no dots in names


class Reader(nn.Module):
    """Pictures to codes: mean and logarithm of the variance, of the whole picture."""

    def __init__(self, z_dim: int, width: int = 32) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            Conv(3, width, 3), Conv(width, width, 4, 2), Conv(width, 2 * width, 4, 2)
        )
        self.out = Dense(2 * width, 2 * z_dim)

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Read pictures [shape=(N, 3, H, W)]: two times [shape=(N, z_dim)]."""
        seen = self.layers(functional.avg_pool2d(pictures, READ))
        mean, spread = self.out(seen.mean((2, 3))).chunk(2, 1)
        return mean, spread.clamp(-8, 4)


class Critic(nn.Module):
    """Pairs to how real each of their patches seems."""

    def __init__(self, widths: tuple[int, ...] = (32, 64, 128, 160)) -> None:
        super().__init__()
        sides = zip((6, *widths), widths, strict=False)
        self.layers = nn.Sequential(*(Conv(a, b, 4, 2) for a, b in sides))
        self.last = Conv(widths[-1], widths[-1], 3)
        self.out = Dense(widths[-1], 1)

    def forward(self, source: torch.Tensor, picture: torch.Tensor) -> torch.Tensor:
        """Return one number per patch [shape=(N, H/16, W/16)]."""
        seen = self.last(self.layers(torch.cat([source, picture], 1)))
        judged: torch.Tensor = self.out(seen.permute(0, 2, 3, 1))[..., 0]
        return judged


def keyed_noise(random: torch.Generator, count: int, device: torch.device) -> Noise:
    """Return noise that is new each time."""

    def noise(_index: int, height: int, width: int) -> torch.Tensor:
        return torch.randn((count, 1, height, width), generator=random, device=device)

    return noise


def fixed_noise(index: int, height: int, width: int) -> torch.Tensor:
    """Return the noise that a network is played with."""
    return torch.from_numpy(noise_of(index, height, width))
