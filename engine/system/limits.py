"""Bounds of this process: memory and time that it cannot exceed, whatever it runs into."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
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


def end_after(seconds: float) -> None:
    """End this process in so many seconds, even in the middle of a call into a driver.

    A thread of C does it: it needs neither Python's lock nor a signal, on any system.
    """
    faulthandler.dump_traceback_later(seconds, exit=True, file=_nowhere())


def go_on() -> None:
    """Take back `end_after`."""
    faulthandler.cancel_dump_traceback_later()


@lru_cache(maxsize=1)
def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")
