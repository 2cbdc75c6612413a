"""Interrupts: Ctrl-C and other signals that ask for the end; once to end well, twice to end now."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Those that ask a program to end; each system has some of them."""


class Interrupt:
    """Whether somebody asked for the end."""

    def __init__(self) -> None:
        self.is_asked = False

    def ask(self, number: int = 0, frame: FrameType | None = None) -> None:
        """Ask; the second time raises `KeyboardInterrupt` wherever the program is."""
        del number, frame
        if self.is_asked:
            raise KeyboardInterrupt
        self.is_asked = True


@contextmanager
def noted() -> Iterator[Interrupt]:
    """Take note of signals instead of dying of them. Outside the main thread nothing changes."""
    found = Interrupt()
    with handled(found.ask):
        yield found


@contextmanager
def as_exceptions() -> Iterator[None]:
    """Let every signal that asks for the end raise `KeyboardInterrupt`, as Ctrl-C does."""
    found = Interrupt()
    found.is_asked = True
    with handled(found.ask):
        yield


@contextmanager
def handled(ask: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Call `ask` for every signal that asks for the end; not outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    there = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    # What a launcher told us to ignore (nohup) stays ignored.
    before = {n: signal.getsignal(n) for n in there if signal.getsignal(n) != signal.SIG_IGN}
    for number in before:
        signal.signal(number, ask)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, signal.SIG_DFL if old is None else old)
