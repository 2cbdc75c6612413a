"""Torch devices: where a generator runs."""

from __future__ import annotations

import re
from typing import Any

from engine.generators.libraries import torch


def pick_device(name: str) -> str:
    """Choose where torch runs: ``auto`` is cuda, else mps, else cpu. Imports torch unless ``cpu``.

    A GPU that torch has no code for counts as none.

    Raises
    ------
    ValueError
        If the device is unknown, not here, or too old for torch.
    """
    if name == "cpu":
        return name
    if name not in ("auto", "cuda", "mps") and not re.fullmatch(r"cuda:\d{1,3}", name):
        raise ValueError(f"'{name[:20]}' is not a device: write auto, cpu, cuda, cuda:1 or mps")
    if name == "mps" or (name == "auto" and cuda_trouble(torch)):
        if torch.backends.mps.is_available():
            return "mps"
        if name == "auto":
            return "cpu"
        raise ValueError("torch finds no mps device here: choose auto or cpu")
    index = int(name.partition(":")[2] or 0)
    if why := cuda_trouble(torch, index):
        raise ValueError(f"{why}: choose auto or cpu")
    return "cuda" if name == "auto" else name


def cuda_trouble(torch: Any, index: int = 0) -> str:
    """Say why CUDA cannot be used on a device, none or one without code; else nothing."""
    if not torch.cuda.is_available():
        return "torch finds no cuda device here"
    if index >= torch.cuda.device_count():
        return f"torch finds no device cuda:{index} here, only {torch.cuda.device_count()}"
    capability, codes = torch.cuda.get_device_capability(index), torch.cuda.get_arch_list()
    if not runs_on(capability, codes):
        return (
            f"{torch.cuda.get_device_name(index)} is of architecture "
            f"sm_{capability[0]}{capability[1]}, for which this torch has no code "
            f"({', '.join(codes)})"
        )
    return ""


def runs_on(capability: tuple[int, int], codes: list[str]) -> bool:
    """Whether a GPU can run one of torch's builds.

    Machine code (``sm_86``) runs on its own major architecture from its minor one on, an
    intermediate one (``compute_90``) on every later GPU. CUDA C++ programming guide, "Application
    compatibility".
    """
    for code in codes:
        kind, _, digits = code.partition("_")
        number = re.match(r"\d+", digits)
        if number is None:
            continue
        major, minor = divmod(int(number[0]), 10)
        if kind == "compute" and (major, minor) <= capability:
            return True
        if kind == "sm" and major == capability[0] and minor <= capability[1]:
            return True
    return False
