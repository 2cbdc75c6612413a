"""The discriminator: residual, with a strided first look, and the spread of small groups.

T. Karras et al., "Analyzing and improving the image quality of StyleGAN" (2020), section 4;
minibatch standard deviation and fading in after "Progressive growing of GANs" (2018). The first
look is a 4×4 convolution with a step of 2: at full size it costs a tenth of a block.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from engine.lab.gan.blocks import Conv, Dense, activate
from engine.lab.gan.shape import SMALLEST, Shape, Stage

_GROUP = 4


class Block(nn.Module):
    """Halve the side: two convolutions, and a 1×1 convolution past them."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.a, self.b = Conv(inputs, inputs, 3), Conv(inputs, outputs, 3)
        self.skip = Conv(inputs, outputs, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply it."""
        y = self.b(functional.avg_pool2d(self.a(x), 2))
        halved: torch.Tensor = (y + self.skip(functional.avg_pool2d(x, 2))) * math.sqrt(0.5)
        return halved


class Discriminator(nn.Module):
    """Pictures of any stage to one number each: how real they seem."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.looks, self.blocks = nn.ModuleDict(), nn.ModuleDict()
        for side in shape.stages:
            self.looks[f"b{side}"] = Conv(3, shape.seen(side // 2), 4, stride=2)
        for side in (s for s in shape.sides if SMALLEST < s <= shape.size // 2):
            self.blocks[f"b{side}"] = Block(shape.seen(side), shape.seen(side // 2))
        last = shape.seen(SMALLEST)
        self.last = Conv(last + 1, last, 3)
        self.dense, self.out = Dense(SMALLEST**2 * last, last), Dense(last, 1)

    def features(self, x: torch.Tensor, stage: Stage) -> torch.Tensor:
        """Return what the blocks see of pictures [shape=(N, 3, side, side)]: (N, C, 4, 4)."""
        seen: torch.Tensor = self.looks[f"b{stage.side}"](x)
        side = stage.side // 2
        while side > SMALLEST:
            seen = self.blocks[f"b{side}"](seen)
            side //= 2
            if side == stage.side // 4 and stage.fade < 1:
                coarse = self.looks[f"b{stage.side // 2}"](functional.avg_pool2d(x, 2))
                seen = coarse + (seen - coarse) * stage.fade
        return seen

    def forward(self, x: torch.Tensor, stage: Stage) -> torch.Tensor:
        """Return how real pictures seem [shape=(N,)]."""
        x = self.features(x, stage)
        groups = x.float().view(-1, min(_GROUP, len(x)), *x.shape[1:])
        apart = (groups.var(1, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3))
        more = apart.repeat_interleave(groups.shape[1])[:, None, None, None]
        more = more.expand(-1, 1, SMALLEST, SMALLEST).to(x.dtype)
        x = self.last(torch.cat([x, more], 1)).flatten(1)
        judged: torch.Tensor = self.out(activate(self.dense(x)))[:, 0]
        return judged.float()


def frozen_parts(network: Discriminator, shape: Shape, count: int) -> list[nn.Module]:
    """Return the parts of the discriminator that look first: its finest blocks."""
    if count <= 0:
        return []
    finest = [network.blocks[f"b{s}"] for s in reversed(shape.sides[1:-1])]
    return [*network.looks.values(), *finest[: count - 1]]
