"""Warm-up: a generator's faster path, prepared beside the frames that it makes already."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from engine.system.priority import lower_thread

_LAST = 19  # niceness of a thread that compiles
_SWITCH_S = 1e-4  # how long it may keep a frame waiting for Python's lock


def warm_up(
    generator: Any,
    device: str,
    clock: Callable[[], float] | None,
    error_text: Callable[[BaseException], str],
) -> deque[tuple[str, str]]:
    """Let a generator that has a method ``warm_up(clock)`` prepare itself, in a thread.

    On a CUDA device it takes a moment and is waited for: a graph is captured with the device at
    rest.

    Parameters
    ----------
    clock
        Gives seconds, for the choice between paths.
    error_text
        Says an exception in one line.

    Returns
    -------
    deque
        Words for the player, with a text each: ``compiles`` when it begins, ``compiled`` at its
        end, ``error`` if it failed; the plain path then goes on.
    """
    words: deque[tuple[str, str]] = deque()
    prepare = getattr(generator, "warm_up", None)
    if prepare is None:
        return words

    def work() -> None:
        try:
            prepare(clock)
        except Exception as error:  # noqa: BLE001 -- compilers and drivers fail in many ways
            words.append(("error", f"no faster path: {error_text(error)}"))

    def work_gently() -> None:
        lower_thread(_LAST)
        # A compiler holds Python's lock; a frame takes it back hundreds of times.
        before_s = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_S)
        work()
        sys.setswitchinterval(before_s)
        words.append(("compiled", ""))

    if device.startswith("cuda"):
        work()
    else:
        words.append(("compiles", ""))
        threading.Thread(target=work_gently, daemon=True).start()
    return words
