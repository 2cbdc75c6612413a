"""Supervision of a process that owns a device: launch, heartbeat, restart.

Libraries of devices hang in any call when their server dies: then only a kill helps.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from multiprocessing.context import SpawnProcess
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.system.liveness import Stillness
from engine.system.spawn import launch

BEATS, STATUS = 0, 1
"""Places in `Memory.words`: how often it beat, and its `Status`."""
HEARTBEAT_S = 0.5
_SETTLING_S = 3.0  # Pulse asks for one block at once and for the next 1.4 s later
_OPENING_S = 10.0
_RETRY_S = 5.0
_FIRM_S = 2.0
_STEP_S = 0.1  # a longer gap between two looks says that the player slept, not the process


class Status(IntEnum):
    """What the process says about itself."""

    STARTING = 0
    RUNNING = 1
    NO_DEVICE = 2
    NO_LIBRARY = 3


class Memory(Protocol):
    """Shared memory of such a process; the player makes it and removes it."""

    name: str
    words: NDArray[np.int64]

    def set_status(self, status: Status, sentence: str = "") -> None:
        """Publish the process's status with a sentence for people."""

    def sentence(self) -> str:
        """Return the sentence that came with the status."""

    def close(self) -> None:
        """Remove it."""


class Watched:
    """A process that is killed when it stops beating, and started again.

    Parameters
    ----------
    memory
        Where it beats and says how it is; `target` is called with its name first.
    name
        Of the process, for lists of processes.
    patience_s
        How long a process that beats steadily may have its chance without a beat.

    Attributes
    ----------
    restarts
        How often it was started again.
    """

    def __init__(
        self,
        memory: Memory,
        target: Callable[..., None],
        arguments: tuple[Any, ...],
        name: str,
        patience_s: float = HEARTBEAT_S,
    ) -> None:
        self.memory = memory
        self._name = name
        self._steady_s = patience_s
        self.restarts = 0
        self._target = target
        self._arguments = arguments
        self._beats = 0
        self._still = Stillness()
        self._alive_s = 0.0
        self._beating_s = 0.0
        self._looked_s: float | None = None
        self._due_s: float | None = None
        self._was_running = False
        self._ending: list[SpawnProcess] = []
        self._process: SpawnProcess | None = self._launch()

    @property
    def pid(self) -> int:
        """Its process ID, 0 while there is none."""
        return (self._process.pid or 0) if self._process else 0

    @property
    def is_running(self) -> bool:
        """Whether its device works."""
        return self._process is not None and self._status() is Status.RUNNING and self._beats > 0

    @property
    def was_running(self) -> bool:
        """Whether its device has ever worked."""
        return self._was_running

    @property
    def state(self) -> str:
        """``starting``, ``running``, ``lost``, or ``no device:`` with a sentence."""
        if self.is_running:
            return "running"
        if self._was_running:
            return "lost"
        if self._status() in (Status.NO_DEVICE, Status.NO_LIBRARY):
            return "no device: " + self.memory.sentence()
        return "starting"

    def tend(self, now_s: float) -> None:
        """Look at the heartbeat and do what is due. Call it about once a frame."""
        step_s = 0.0 if self._looked_s is None else min(now_s - self._looked_s, _STEP_S)
        self._looked_s = now_s
        self._reap()
        if self._process is None:
            if self._due_s is not None and now_s >= self._due_s:
                self.restarts += 1
                self._process = self._launch()
            return
        self._listen(self._process, now_s, step_s)
        status = self._status()
        # One that ends over and over must not cost a core: it waits, unless it had run for a while.
        again_s = now_s if self._alive_s > _FIRM_S else now_s + _RETRY_S
        if not self._process.is_alive():
            self._drop(None if status is Status.NO_LIBRARY else again_s)
        elif self._still.seconds > self._patience_s():
            self._drop(again_s)

    def _patience_s(self) -> float:
        if not self.is_running:
            return _OPENING_S
        return self._steady_s if self._beating_s > _FIRM_S else max(self._steady_s, _SETTLING_S)

    def _listen(self, process: SpawnProcess, now_s: float, step_s: float) -> None:
        beats = int(self.memory.words[BEATS])
        if beats == self._beats:
            self._still.tend(now_s, process.pid or 0)
        else:
            # Ragged beats, far apart, are no rhythm yet that one could miss.
            self._beating_s += step_s if self._still.seconds < HEARTBEAT_S / 2 else 0.0
            self._still.reset()
        self._alive_s += step_s
        self._beats = beats
        self._was_running = self._was_running or self.is_running

    def _status(self) -> Status:
        return Status(int(self.memory.words[STATUS]))

    def _launch(self) -> SpawnProcess:
        self.memory.set_status(Status.STARTING)
        self.memory.words[BEATS] = 0
        self._beats = 0
        self._alive_s = self._beating_s = 0.0
        self._still.reset()
        return launch(self._target, self.memory.name, *self._arguments, name=self._name)

    def _drop(self, due_s: float | None) -> None:
        """Kill without waiting: a library cannot be asked to stop once its server is gone."""
        self._due_s = due_s
        if self._process is not None:
            self._process.kill()
            self._ending.append(self._process)
            self._process = None

    def _reap(self) -> None:
        for process in [p for p in self._ending if not p.is_alive()]:
            self._ending.remove(process)
            process.close()

    def close(self) -> None:
        """End the process and remove the memory. Harmless when repeated."""
        self._drop(None)
        for process in self._ending:
            process.join(1.0)
        self._reap()
        self.memory.close()
