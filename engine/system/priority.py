"""Priorities of processes and threads, and what they have used: giving way to the display."""

from __future__ import annotations

import os
import sys
import threading
import time


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


def cpu_s(pid: int) -> float | None:
    """CPU seconds that a process has used so far; None where nobody tells (Linux does)."""
    if sys.platform == "linux":
        try:
            return time.clock_gettime(~pid << 3 | 2)  # what clock_getcpuclockid(3) would answer
        except OSError:
            return None
    else:
        return None
