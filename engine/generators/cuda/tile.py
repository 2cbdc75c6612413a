"""A random tile, drawn by a fused kernel and by the plain path: whether they agree."""

from __future__ import annotations

from engine.generators.libraries import torch

LIMIT = {False: 1e-4, True: 4e-3}
"""Largest relative difference, by whether the layer runs in float16."""


def check_tile(layer: str, found: torch.Tensor, wanted: torch.Tensor, half: bool) -> None:
    """Compare a tile of a layer.

    Raises
    ------
    ValueError
        If they differ by more than rounding.
    """
    apart = float((found - wanted).norm() / wanted.norm())
    if not apart < LIMIT[half]:
        raise ValueError(f"layer {layer} differs by {apart:.2g} from the plain path")
