"""The distance of generated pictures from real ones, without a foreign network.

Sliced Wasserstein distance of small patches at every level of a Laplacian pyramid: T. Karras et
al., "Progressive growing of GANs" (2018), section 5. It sees colour and texture at each scale; it
does not see what is on a picture, and its numbers are no FID.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from engine.lab.data.sampler import Sampler
from engine.lab.gan.blocks import TAPS
from engine.lab.gan.generator import Generator
from engine.lab.training.checkpoint import pictures_of

_PATCH = 7
_PATCHES = 64  # of each picture and level
_DIRECTIONS = 256
_COARSEST = 16


def distance(real: torch.Tensor, made: torch.Tensor, seed: int = 0) -> dict[int, float]:
    """Return the distance of pictures [shape=(N, 3, S, S)], ±1, at each side, times 1000."""
    random = torch.Generator().manual_seed(seed)
    found = {}
    for a, b in zip(_pyramid(real), _pyramid(made), strict=True):
        one, other = (_described(x, random.clone_state()) for x in (a, b))
        ways = torch.randn((one.shape[1], _DIRECTIONS), generator=random)
        ways /= ways.norm(dim=0, keepdim=True)
        apart = (one @ ways).sort(0).values - (other @ ways).sort(0).values
        found[a.shape[-1]] = round(float(apart.abs().mean()) * 1000, 2)
    return found


def _pyramid(x: torch.Tensor) -> list[torch.Tensor]:
    levels = []
    while x.shape[-1] > _COARSEST:
        smaller = _halved(x)
        back = functional.interpolate(smaller, scale_factor=2, mode="bilinear")
        levels.append(x - back)
        x = smaller
    return [*levels, x]


def _halved(x: torch.Tensor) -> torch.Tensor:
    taps = TAPS.expand(x.shape[1], 1, 4, 4).contiguous()
    padded = functional.pad(x, (1, 1, 1, 1), mode="reflect")
    return functional.conv2d(padded, taps, stride=2, groups=x.shape[1])


def _described(x: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """Return patches at random places [shape=(N × patches, 147)], each colour at unit power."""
    n, _, height, width = x.shape
    tops = torch.randint(height - _PATCH + 1, (n, _PATCHES), generator=random)
    lefts = torch.randint(width - _PATCH + 1, (n, _PATCHES), generator=random)
    step = torch.arange(_PATCH)
    rows = (tops[..., None] + step)[..., :, None]
    columns = (lefts[..., None] + step)[..., None, :]
    patches = x.permute(0, 2, 3, 1)[torch.arange(n)[:, None, None, None], rows, columns]
    flat = patches.flatten(0, 1).flatten(1, 2)  # (N × patches, 49, 3)
    flat = flat - flat.mean((0, 1))
    return (flat / flat.std((0, 1)).clamp_min(1e-6)).flatten(1)


def compare(generator: Generator, sampler: Sampler, count: int) -> dict[int, float]:
    """Return the distance between at most `count` made pictures and as many that are shown."""
    count = min(count, len(sampler.shown))
    chosen = sampler.shown[np.linspace(0, len(sampler.shown) - 1, count).astype(int)]
    made = pictures_of(generator, count, seed=10_000)
    a, b = (
        torch.from_numpy(np.array(x)).permute(0, 3, 1, 2).float() / 127.5 - 1
        for x in (sampler.pictures[chosen], made)
    )
    return distance(a, b)
