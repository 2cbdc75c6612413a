"""Memory admission: how much is free, and waiting for it where a model does not fit."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.generators.registry import Opened
from engine.system import free_memory

RETRY_S = 5.0
"""A worker that does not fit looks again that often: close something, and it loads."""
GB = 1e9


def available_bytes(device: str) -> int | None:
    """Memory that a new model may take on a device; None where there is no saying.

    On CUDA: what is free on the device (UNTESTED: no GPU here).
    """
    if device.startswith("cuda"):
        torch: Any = importlib.import_module("torch")
        return int(torch.cuda.mem_get_info()[0])
    return free_memory.available_bytes() if device == "cpu" else None


def memory_shortage(opened: Opened, device: str) -> str:
    """Say why a model does not fit, with figures; empty if it does or there is no saying.

    A generator that does not say what it needs is not asked.

    Raises
    ------
    ValueError
        If the model cannot be read.
    """
    needed = opened.memory_bytes(device)
    available = None if needed is None else available_bytes(device)
    if needed is None or available is None or needed <= available:
        return ""
    name = next((Path(asset.path).name for asset in opened.files), "") or opened.name
    where = "on the graphics device are" if device.startswith("cuda") else "of memory are"
    return (
        f"model {name} needs about {needed / GB:.1f} GB and {available / GB:.1f} GB {where} free: "
        "close other programs or scenes, or choose a smaller network"
    )


def await_memory(
    find_shortage: Callable[[], str], notify: Callable[[str, str], None], rest: Callable[[], bool]
) -> bool:
    """Wait until a model fits; False if nobody wants it any more.

    Parameters
    ----------
    find_shortage
        `memory_shortage` of the model.
    notify
        Tells the player: ``failed`` with the sentence, again and again as a sign of life, always
        with the figures of the first time; ``starting`` when it goes on.
    rest
        Waits `RETRY_S`; False if the player is gone.
    """
    told = find_shortage()
    if not told:
        return True
    notify("failed", told)
    while rest():
        if not find_shortage():
            notify("starting", "")
            return True
        notify("failed", told)
    return False
