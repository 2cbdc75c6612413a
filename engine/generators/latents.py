"""Latent tensors of several sources: those that are optimised, or the request's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.core.show.generator import Request
from engine.generators.libraries import torch

Latents = Mapping[str, "torch.Tensor"]


def stack_sources(
    latents: Latents, request: Request, ports: Sequence[str] = ("z", "z_b")
) -> torch.Tensor:
    """Stack the sources [shape=(S, …)], float32, finite; the first stands for a missing one.

    Parameters
    ----------
    latents
        By port, with gradients if wanted; what is missing here comes from the request.
    ports
        Names of the sources; only the first must be there.
    """
    found = {
        port: latents[port] if port in latents else torch.tensor(request.latents[port])
        for port in ports
        if port in latents or port in request.latents
    }
    first = next(iter(found.values()))
    all_ = torch.stack([found.get(port, first).float().to(first.device) for port in ports])
    # What came from outside cannot spoil pixels.
    return all_.clamp(-1e6, 1e6).nan_to_num()
