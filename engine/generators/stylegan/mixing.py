"""Style mixing, layer by layer: two to four sources, each with a path of its own.

The first two are mixed as they always were; a third and a fourth are laid over that. Plain mixes
go straight from style to style, and so come nearer the average picture on the way; vivid ones keep
their distance from it: rows of weights of unit length, in the space P in which styles are nearly
Gaussian. P. Zhu et al., "Improved StyleGAN embedding: where are the good latents?" (2020).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from engine.core.parameter import Kind, Parameter
from engine.generators.libraries import torch
from engine.generators.stylegan.w_space import chart_of

LETTERS = "bcd"
"""Of the sources after the first: ``z_b`` …"""


def parameters(sources: int, layers: Sequence[str], groups: Sequence[str]) -> list[Parameter]:
    """Parameters of the third source and the fourth, as `mix_…` are of the second."""
    found = []
    for letter in LETTERS[1 : sources - 1]:
        for group in groups:
            text = f"Source of the {group} layers: 0 is what was mixed before, 1 is z_{letter}."
            found.append((f"mix_{letter}_{group}", 0.0, text))
        for place, name in enumerate(layers):
            text = f"Added to its group's mix_{letter}, for {name}."
            found.append((f"mix_{letter}_{place}", -1.0, text))
    return [Parameter(name, Kind.FLOAT, 0.0, low, 1.0, text=text) for name, low, text in found]


def shares(controls: Mapping[str, float], groups: Sequence[str], sources: int) -> list[list[float]]:
    """How far each layer goes to the second source, then to the third … [shape=(S - 1, L)]."""
    names = ["mix", *(f"mix_{letter}" for letter in LETTERS[1 : sources - 1])]
    return [
        [
            min(max(controls[f"{name}_{group}"] + controls[f"{name}_{place}"], 0.0), 1.0)
            for place, group in enumerate(groups)
        ]
        for name in names
    ]


def mix(ws: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    """Mix styles of the sources [shape=(S, P, L, Dw)] straight, by shares [shape=(S - 1, L)]."""
    mixed = ws[0]
    for other, share in zip(ws[1:], shares, strict=True):
        mixed = torch.lerp(mixed, other, share[:, None])
    return mixed


def mix_vividly(ws: torch.Tensor, shares: torch.Tensor, path: str) -> torch.Tensor:
    """Mix as `mix` does, but as far from the average of the model as the sources are."""
    mean, slope = _mean(path, ws.device)
    rest = torch.cat([torch.ones_like(shares[:1]), shares])
    for place in range(1, len(rest)):
        rest[:place] = rest[:place] * (1 - rest[place])
    weights = rest / rest.square().sum(0).sqrt().clamp(min=1e-6)  # (S, L)
    apart = torch.where(ws >= 0, ws, ws / slope) - mean
    p = mean + torch.einsum("sl,spld->pld", weights, apart)
    return torch.where(p >= 0, p, p * slope)


@lru_cache(maxsize=8)
def _mean(path: str, device: torch.device) -> tuple[torch.Tensor, float]:
    """Middle of P, kept on the device: a graph that is captured takes nothing from main memory."""
    chart = chart_of(Path(path))
    with torch.inference_mode(False):
        return torch.tensor(chart.mean, dtype=torch.float32, device=device), chart.slope
