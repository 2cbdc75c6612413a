"""Two palettes and the fade between them as a table on the device."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from engine.generators import palette

if TYPE_CHECKING:
    import torch


def cached_table(controls: Mapping[str, float], device: str) -> torch.Tensor:
    """Palette table of a request; fades are rounded to 1/1024, far below what an eye can see."""
    first, second = int(controls["palette"]), int(controls["palette_b"])
    part = round(controls["palette_mix"] * 1024)
    return _mixed(first, second if part else first, part, device)


@lru_cache(maxsize=64)
def _mixed(first: int, second: int, part: int, device: str) -> torch.Tensor:
    import torch

    mixed = _oklab(first) * (1 - part / 1024) + _oklab(second) * (part / 1024)
    pixels = palette.encode(palette.linear_from_oklab(mixed))
    with torch.inference_mode(False):
        table = torch.tensor(pixels, dtype=torch.float32, device=device)  # (V, U, 3)
        return table.permute(2, 0, 1)[None].contiguous()


@lru_cache(maxsize=len(palette.PALETTES))
def _oklab(place: int) -> palette.Array:
    return palette.tabulate(palette.PALETTES[place])
