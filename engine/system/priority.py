"""Priorities of processes and threads: giving way to the display."""

from __future__ import annotations

import os
import sys
import threading


def lower_process(nice: int) -> bool:
    """Let others go first by so much (POSIX: 1 to 19); False where the system has no niceness."""
    if nice > 0 and hasattr(os, "nice"):
        os.nice(nice)
        return True
    return False


def lower_thread(nice: int) -> bool:
    """Let others go first, also other threads of this process; False if that is not Linux's way.

    There a thread has a niceness of its own; elsewhere it goes on at that of its process.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)
        return True
    else:
        return False
