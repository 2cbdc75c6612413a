"""Worker processes on the player's side: launching one, and a spare that is kept ready.

Processes end with the player: when it closes the control pipe, and even when it is killed (each
worker watches its parent). They own nothing that must be cleaned up,
so killing one is always safe.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from engine.generators.host import worker
from engine.system.spawn import launch_with_pipe

_MAX_MESSAGE_BYTES = 64 * 1024
_MAX_MESSAGES = 64  # read per call: a chattering worker must not hold up a display frame


@dataclass(frozen=True, slots=True)
class Child:
    """A running worker process and the player's end of its control pipe."""

    process: SpawnProcess
    control: Connection

    @property
    def pid(self) -> int:
        """Its process ID."""
        return self.process.pid or 0

    def send(self, message: worker.Job | tuple[str, ...]) -> bool:
        """Give it its job, or modules to import while it waits; False if it is gone."""
        try:
            self.control.send(message)
        except (BrokenPipeError, ConnectionError):
            return False
        return True

    def wake(self) -> None:
        """Make its wait for the pipe return.

        Whoever calls it sees to it that few wakes are ever unread, or a full pipe would block.
        """
        with contextlib.suppress(BrokenPipeError, ConnectionError):  # `is_alive` will say so
            self.control.send_bytes(b"")

    def receive(self) -> list[tuple[str, str, Any]]:
        """Return what it said since the last call; never waits."""
        messages: list[tuple[str, str, Any]] = []
        try:
            while len(messages) < _MAX_MESSAGES and self.control.poll():
                what, text, more = json.loads(self.control.recv_bytes(_MAX_MESSAGE_BYTES))
                messages.append((what, text, more))
        except (EOFError, OSError):  # it ended: `is_alive` will say so
            pass
        return messages

    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.is_alive()

    def kill(self) -> None:
        """End it at once, whatever it is doing; waits for nothing.

        It owns nothing that must be cleaned up, and giving back a model's memory takes the system
        a tenth of a second that a display frame does not have. `multiprocessing` reaps it later.
        """
        self.process.kill()

    def close(self) -> None:
        """Close the pipe and end it, without waiting for the end."""
        self.control.close()
        self.process.kill()


def launch() -> Child:
    """Spawn a worker process that waits for its job; returns in a few milliseconds."""
    return Child(*launch_with_pipe(worker.main, name="generator"))


class Spare:
    """One waiting process with the heavy libraries loaded, to take over from a dead worker.

    Importing torch is two seconds of a core; with a spare the next picture is there well before.
    One serves all hosts of a player. It is started `delay_s` after the first `tend` (so that it
    does not compete with the first picture), and again `delay_s` after it was used.

    Parameters
    ----------
    modules
        What it imports while it waits.
    delay_s
        By the clock that `tend` is given.
    """

    def __init__(self, modules: tuple[str, ...] = ("torch",), delay_s: float = 5.0) -> None:
        self._modules = modules
        self._delay_s = delay_s
        self._due_s: float | None = None
        self._child: Child | None = None
        self._is_loaded = False

    @property
    def pid(self) -> int:
        """Its process ID, 0 while there is none."""
        return self._child.pid if self._child else 0

    @property
    def is_loaded(self) -> bool:
        """Whether it has its libraries: only then is it quicker than a new process."""
        if self._child is not None and self._child.receive():  # it says one thing
            self._is_loaded = True
        return self._is_loaded

    def tend(self, now_s: float) -> None:
        """Start it when it is due. Call it once the picture is up; hosts do."""
        if self._child is not None and not self._child.is_alive():
            self._forget().close()
        if self._child is not None:
            return
        if self._due_s is None:
            self._due_s = now_s + self._delay_s
        if now_s >= self._due_s:
            self._child = launch()
            self._child.send(self._modules)

    def take(self) -> Child | None:
        """Hand it over, if there is one that is loaded; the taker owns it."""
        if not self.is_loaded or self._child is None:
            return None
        child = self._forget()
        if child.is_alive():
            return child
        child.close()
        return None

    def _forget(self) -> Child:
        child, self._child = self._child, None
        self._is_loaded, self._due_s = False, None
        assert child is not None
        return child

    def close(self) -> None:
        """End it. Harmless when repeated."""
        if self._child is not None:
            self._forget().close()
