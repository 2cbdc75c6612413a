"""Processes that train together, as started by the standard launcher (``torchrun``)."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
from torch import distributed, nn


@dataclass(frozen=True, slots=True)
class ProcessGroup:
    """The processes; `local_rank` is that of this one on its machine: the number of its GPU."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    def average(self, network: nn.Module) -> None:
        """Make the gradients of a network the mean over all processes."""
        if self.size == 1:
            return
        slopes = [x.grad for x in network.parameters() if x.grad is not None]
        flat = torch.cat([x.flatten() for x in slopes])
        distributed.all_reduce(flat)
        flat /= self.size
        for x, part in zip(slopes, torch.split(flat, [x.numel() for x in slopes]), strict=True):
            x.copy_(part.view_as(x))

    def mean(self, x: torch.Tensor) -> torch.Tensor:
        """Return the mean of a tensor over all processes."""
        if self.size > 1:
            x = x.clone()
            distributed.all_reduce(x)
            x /= self.size
        return x

    def any(self, is_so: bool) -> bool:
        """Whether it is so in any process; all of them ask at once."""
        if self.size == 1:
            return is_so
        backend = distributed.get_backend()
        device = f"cuda:{self.local_rank}" if backend == "nccl" else "cpu"
        asked = torch.tensor(float(is_so), device=device)
        distributed.all_reduce(asked)
        return bool(asked.item())

    def wait(self) -> None:
        """Wait for the others."""
        if self.size > 1:
            distributed.barrier()


def join(device: str) -> ProcessGroup:
    """Join the other processes on ``cpu`` or ``cuda``, if a launcher started this one."""
    if "RANK" not in os.environ or "WORLD_SIZE" not in os.environ:
        return ProcessGroup()
    backend = "nccl" if device.startswith("cuda") else "gloo"
    distributed.init_process_group(backend)  # the launcher says in the environment with whom
    return ProcessGroup(
        distributed.get_rank(),
        distributed.get_world_size(),
        int(os.environ.get("LOCAL_RANK", "0")),
    )
