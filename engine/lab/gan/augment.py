"""Augmentation that leaks nothing into the pictures: only what the discriminator sees is changed.

S. Zhao et al., "Differentiable augmentation for data-efficient GAN training" (2020): colour,
translation, cutout. How often, after T. Karras et al., "Training generative adversarial networks
with limited data" (2020), by the held-out pictures: r_v, equation 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

_TARGET = 0.5
_PICTURES = 100_000  # in which the probability may go from 0 to 1


@dataclass(slots=True)
class Adaptive:
    """How often pictures are augmented.

    Parameters
    ----------
    probability
        0 to 0.85.
    is_held
        Whether the probability stays as it is.
    overfit
        r_v: 0 where held-out pictures seem as real as those shown, 1 where they seem as unreal as
        generated ones.
    """

    probability: float = 0.0
    overfit: float = 0.0
    is_held: bool = False

    def hold(self, probability: float) -> None:
        """Keep this probability."""
        self.probability, self.is_held = probability, True

    def update(self, shown: float, held_out: float, made: float, pictures: int) -> None:
        """Take notice of mean judgements of so many pictures: those shown, held out and made."""
        apart = shown - made
        found = (shown - held_out) / apart if apart > 1e-6 else 0.0
        self.overfit += 0.2 * (min(max(found, -1.0), 2.0) - self.overfit)
        if self.is_held:
            return
        way = pictures / _PICTURES * (1.0 if self.overfit > _TARGET else -1.0)
        self.probability = min(max(self.probability + way, 0.0), 0.85)


def augment(x: torch.Tensor, probability: float, random: torch.Generator) -> torch.Tensor:
    """Augment each picture with this probability, each of the three ways by itself.

    Parameters
    ----------
    x
        Pictures [shape=(N, 3, H, W)], -1 to 1; gradients flow through.
    probability
        0: `x` itself.
    random
        On the device of `x`.
    """
    if probability <= 0:
        return x
    x = _recoloured(x, _chosen(x, probability, random), random)
    x = _moved(x, _chosen(x, probability, random), random)
    return _cut(x, _chosen(x, probability, random), random)


def _chosen(x: torch.Tensor, probability: float, random: torch.Generator) -> torch.Tensor:
    return _uniform(x, random) < probability


def _uniform(x: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    return torch.rand((len(x), 1, 1, 1), generator=random, device=x.device)


def _recoloured(x: torch.Tensor, chosen: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    brighter, richer, stronger = (_uniform(x, random) for _ in range(3))
    y = x + (brighter - 0.5)
    grey = y.mean(1, keepdim=True)
    y = grey + (y - grey) * (2 * richer)
    middle = y.mean((1, 2, 3), keepdim=True)
    y = middle + (y - middle) * (stronger + 0.5)
    return torch.where(chosen, y, x)


def _moved(x: torch.Tensor, chosen: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    n, _, height, width = x.shape
    rows, columns = _grid(x)
    down, right = (
        ((_uniform(x, random)[:, 0] * 2 - 1) * (side / 8)).round().long()
        for side in (height, width)
    )
    down, right = down * chosen[:, 0], right * chosen[:, 0]
    padded = torch.nn.functional.pad(x, (1, 1, 1, 1)).permute(0, 2, 3, 1)
    y = (rows + down + 1).clamp(0, height + 1)
    at = (columns + right + 1).clamp(0, width + 1)
    index = torch.arange(n, device=x.device)[:, None, None]
    return padded[index, y, at].permute(0, 3, 1, 2)


def _cut(x: torch.Tensor, chosen: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    height, width = x.shape[2:]
    rows, columns = _grid(x)
    y, at = (_uniform(x, random)[:, 0] * side for side in (height, width))
    inside = ((rows - y).abs() < height / 4) & ((columns - at).abs() < width / 4)
    return x * ~(inside[:, None] & chosen)


def _grid(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    height, width = x.shape[2:]
    return (
        torch.arange(height, device=x.device)[None, :, None],
        torch.arange(width, device=x.device)[None, None, :],
    )
