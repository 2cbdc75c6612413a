"""TODO engine/system/spawn.py."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import types
from collections.abc import Callable
from multiprocessing.context import SpawnProcess
from typing import Any


def launch(target: Callable[..., None], *arguments: Any) -> SpawnProcess:
    """Spawn a process that ends with the player; returns in a few milliseconds."""
    process = multiprocessing.get_context("spawn").Process(
        target=target, args=arguments, daemon=True, name="sound"
    )
    # A spawned child imports its parent's main module again: that would pull in the whole player.
    real = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    # Ctrl-C is the player's; until the child ignores it, it inherits a mask (POSIX only).
    mask = getattr(signal, "pthread_sigmask", None)
    before = mask(signal.SIG_BLOCK, {signal.SIGINT}) if mask else None
    try:
        process.start()
    finally:
        sys.modules["__main__"] = real
        if mask:
            mask(signal.SIG_SETMASK, before)
    return process
