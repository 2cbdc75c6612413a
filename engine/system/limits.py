"""Bounds of this process: memory and time that it cannot exceed, whatever it runs into."""

from __future__ import annotations

import faulthandler
import math
import os
import signal
import sys
import time
from contextlib import suppress
from functools import lru_cache
from typing import TextIO


def bound(memory_bytes: int, cpu_s: int) -> bool:
    """Bound what this process may take; False where the system cannot (Windows).

    Linux bounds all, macOS the time only; elsewhere the clock of the parent is the only bound.
    """
    if sys.platform == "win32":
        return False
    else:
        import resource

        bounds = {
            "RLIMIT_AS": (memory_bytes, memory_bytes),
            "RLIMIT_CPU": (cpu_s, cpu_s + 1),
            "RLIMIT_CORE": (0, 0),
            "RLIMIT_FSIZE": (memory_bytes, memory_bytes),
        }
        for name, each in bounds.items():
            with suppress(AttributeError, ValueError, OSError):  # macOS refuses some of them
                resource.setrlimit(getattr(resource, name), each)
        return True


def was_out_of_time(exit_code: int) -> bool:
    """Whether a process that ended so had used up its time."""
    return exit_code in [-getattr(signal, n) for n in ("SIGXCPU", "SIGKILL") if hasattr(signal, n)]


def end_after(cpu_s: float) -> None:
    """End this process when it has used so much more processor time, even in a call into a driver.

    On Windows, which bounds no processor time, a thread of C does it after four times as long.
    """
    if sys.platform == "win32":
        faulthandler.dump_traceback_later(4.0 * cpu_s, exit=True, file=_nowhere())
    else:
        import resource

        most_s = resource.getrlimit(resource.RLIMIT_CPU)[1]
        until_s = math.ceil(time.process_time() + cpu_s)
        if most_s != resource.RLIM_INFINITY:  # whoever started us may have bounded it
            until_s = min(until_s, most_s)
        resource.setrlimit(resource.RLIMIT_CPU, (until_s, most_s))


@lru_cache(maxsize=1)
def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")
