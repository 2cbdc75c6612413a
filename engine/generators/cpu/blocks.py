"""SIMD blocks: rows of as many floats as the processor works on at once, for compiled loops.

``a + b``, ``a - b`` and ``a * b`` work on lanes; products and sums fuse. A picture is stored as
blocks of so many channels [shape=(B, H, W, LANES)]: whatever a loop does to a pixel, it does to a
block at once, and what it reads lies side by side.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.generators.cpu.compile import HAS_NUMBA, Array
from engine.generators.libraries import torch

if HAS_NUMBA:
    from engine.generators.cpu import simd as code
else:
    code = None  # type: ignore[assignment]  # nobody calls a loop then

LANES: int = getattr(code, "LANES", 8)
broadcast: Any = getattr(code, "broadcast", None)
load: Any = getattr(code, "load", None)
maximum: Any = getattr(code, "maximum", None)
minimum: Any = getattr(code, "minimum", None)
splat: Any = getattr(code, "splat", None)
store: Any = getattr(code, "store", None)
total: Any = getattr(code, "total", None)


def blocks_of(channels: int) -> int:
    """How many blocks hold so many channels."""
    return -(-channels // LANES)


def to_blocks(x: torch.Tensor) -> torch.Tensor:
    """Store a picture [shape=(C, H, W)] as blocks [shape=(B, H, W, LANES)], with zeros beyond C."""
    channels, height, width = x.shape
    count = blocks_of(channels)
    whole = torch.nn.functional.pad(x, (0, 0, 0, 0, 0, count * LANES - channels))
    return whole.view(count, LANES, height, width).permute(0, 2, 3, 1).contiguous()


def from_blocks(x: torch.Tensor, channels: int) -> torch.Tensor:
    """Return a picture [shape=(B, H, W, LANES)] as [shape=(C, H, W)]."""
    blocks, height, width, lanes = x.shape
    return x.permute(0, 3, 1, 2).reshape(blocks * lanes, height, width)[:channels]


def fill_up(row: torch.Tensor) -> Array:
    """Fill a value per channel [shape=(C,)] up with zeros to an even number of blocks."""
    filled = np.zeros(-(-len(row) // (2 * LANES)) * 2 * LANES, np.float32)
    filled[: len(row)] = row.numpy()
    return filled
