"""Torch devices: where a generator runs."""

from __future__ import annotations


def pick_device(name: str) -> str:
    """Choose where torch runs: ``auto`` is cuda, else mps, else cpu. Imports torch unless ``cpu``.

    Raises
    ------
    ValueError
        If the device is unknown or not here.
    """
    if name == "cpu":
        return name
    if name not in ("auto", "cuda", "mps"):
        raise ValueError(f"'{name[:20]}' is not a device: write auto, cpu, cuda or mps")
    import torch

    has = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next((device for device, is_here in has.items() if is_here), "cpu")
    if not has[name]:
        raise ValueError(f"torch finds no {name} device here: choose auto or cpu")
    return name
