"""Both sources of a picture as tensors: those that somebody optimises, or the request's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engine.core.port import Request

if TYPE_CHECKING:
    import torch

Latents = Mapping[str, "torch.Tensor"]


def pair(latents: Latents, request: Request, ports: Sequence[str] = ("z", "z_b")) -> torch.Tensor:
    """Stack both sources [shape=(2, …)], float32, finite; one alone stands for both.

    Parameters
    ----------
    latents
        By port, with gradients if wanted; what is missing here comes from the request.
    ports
        Names of both sources; the second may be missing.
    """
    import torch

    found = [
        latents[port] if port in latents else torch.tensor(request.latents[port])
        for port in ports
        if port in latents or port in request.latents
    ]
    both = torch.stack([found[0].float(), found[-1].float().to(found[0].device)])
    # What came from outside cannot spoil pixels.
    return both.clamp(-1e6, 1e6).nan_to_num()
