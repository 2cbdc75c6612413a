"""Devices of a training."""

from __future__ import annotations

import torch

from engine.lab.gan.process_group import ProcessGroup


def use_threads(count: int | None) -> None:
    """Use so many threads of the CPU; None leaves it to torch."""
    if count is not None:
        torch.set_num_threads(count)


def choose(asked: str) -> str:
    """Return ``cuda`` or ``cpu`` for ``auto``.

    Raises
    ------
    ValueError
        If CUDA is asked for and not here.
    """
    has = torch.cuda.is_available()
    if asked == "cuda" and not has:
        raise ValueError("torch finds no cuda device here: choose --device cpu")
    return asked if asked != "auto" else "cuda" if has else "cpu"


def settle(device: str, group: ProcessGroup) -> str:
    """Take this process's own device; return its name."""
    if device != "cuda":
        return device
    torch.cuda.set_device(group.local_rank)
    torch.backends.cudnn.benchmark = True  # sizes stay the same for thousands of steps
    return f"cuda:{group.local_rank}"
