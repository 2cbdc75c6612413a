"""The loss: relativistic, with penalties on the slope at both sides, lazily.

N. Huang et al., "The GAN is dead; long live the GAN! A modern GAN baseline" (2024): R1 and R2;
lazy after T. Karras et al. (2020), section 3.2: every so many steps, and as much stronger.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

_FIRST, _LAST = 0.4, 0.04  # weight of the penalties at 32 pixels; it grows with their count
_FALL = 0.6  # part of the training in which the weight falls


def weight_at(side: int, progress: float) -> float:
    """Return the weight of the penalties.

    Parameters
    ----------
    side
        Of the pictures, in pixels: the slope per pixel falls as they grow.
    progress
        Part of the training that is done, 0 to 1.
    """
    fallen: float = (_LAST / _FIRST) ** min(progress / _FALL, 1.0)
    return _FIRST * fallen * (side / 32) ** 2


def discriminator_loss(real: torch.Tensor, made: torch.Tensor) -> torch.Tensor:
    """Ask that each real picture seem more real than a generated one [shapes=(N,)]."""
    return functional.softplus(made - real).mean()


def generator_loss(real: torch.Tensor, made: torch.Tensor) -> torch.Tensor:
    """Ask that each generated picture seem more real than a real one [shapes=(N,)]."""
    return functional.softplus(real - made).mean()


def slope(judge: Callable[[torch.Tensor], torch.Tensor], pictures: torch.Tensor) -> torch.Tensor:
    """Return the mean squared slope of a judgement of pictures [shape=(N, 3, H, W)]: R1, R2."""
    x = pictures.detach().requires_grad_(True)
    (found,) = torch.autograd.grad(judge(x).sum(), x, create_graph=True)
    return found.square().sum((1, 2, 3)).mean() / 2
