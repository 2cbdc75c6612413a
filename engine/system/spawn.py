"""Child processes: spawned, never forked; they end with the player and leave Ctrl-C to it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[2]
"""Where ``engine`` is imported from."""


def launch(target: Callable[..., None], *arguments: Any, name: str = "") -> SpawnProcess:
    """Spawn a process for a function of a module; it ends with the player. Returns at once."""
    process = multiprocessing.get_context("spawn").Process(
        target=_run, args=(target, arguments), daemon=True, name=name or target.__module__
    )
    # A spawned child imports its parent's main module again: that would pull the whole player, GL
    # included, into every child. An empty stand-in has nothing to import.
    real = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        with _masked_interrupts():
            process.start()
    finally:
        sys.modules["__main__"] = real
    return process


def launch_with_pipe(
    target: Callable[..., None], *arguments: Any, name: str = ""
) -> tuple[SpawnProcess, Connection]:
    """Spawn a process as `launch`; `target` takes its end of a pipe first. Returns ours."""
    ours, theirs = multiprocessing.Pipe()
    process = launch(target, theirs, *arguments, name=name)
    theirs.close()
    return process, ours  # type: ignore[return-value,unused-ignore]  # Windows has another class


def _run(target: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the player's, who ends this child
    target(*arguments)


@contextmanager
def _masked_interrupts() -> Iterator[None]:
    """Keep Ctrl-C from a child that is still starting: on POSIX it inherits the mask.

    Elsewhere such a child may die of it; whoever launched it sees it dead.
    """
    if sys.platform == "win32" or not hasattr(signal, "pthread_sigmask"):
        yield
    else:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with_parent() -> None:
    """Leave, from now on, even from the middle of a long computation when the player is gone."""
    threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


def is_orphan(parent: int) -> bool:
    """Whether the process `parent` that started this one is gone; False where nobody knows."""
    return os.name == "posix" and os.getppid() != parent


def silence_libraries() -> None:
    """Keep what C libraries print off the terminal; Python's own complaints still reach it."""
    with suppress(OSError):  # there may be no terminal at all
        sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 2)
        os.close(silence)


def environment(**more: str) -> dict[str, str]:
    """Environment of a Python that is to find ``engine`` where this one does."""
    places = [str(PACKAGE), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, **more, "PYTHONPATH": os.pathsep.join(filter(None, places))}
