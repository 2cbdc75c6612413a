"""Supervision of the audio process: launch, heartbeat, restart."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing.context import SpawnProcess
from typing import Any

from engine.sources.audio import device
from engine.sources.audio.memory import Memory, Status, Word
from engine.system.liveness import Stillness
from engine.system.spawn import launch, launch_with_pipe

HEARTBEAT_S = 0.5
_SETTLING_S = 3.0  # Pulse asks for one block at once and for the next 1.4 s later
_OPENING_S = 10.0
_RETRY_S = 5.0
_FIRM_S = 2.0
_STEP_S = 0.1  # a longer gap between two looks says that the player slept, not the process


def list_devices(limit_s: float = 8.0) -> list[dict[str, Any]]:
    """List sound devices, asked of PortAudio in a process that may hang.

    Returns
    -------
    list of dict
        ``index``, ``name``, ``host``, ``inputs``, ``outputs``, ``rate_hz``, ``is_default_input``,
        ``is_default_output``. Empty if there is none.

    Raises
    ------
    OSError
        If PortAudio is missing or does not answer; the sentence says what to do.
    """
    process, ours = launch_with_pipe(device.send_devices, name="sound")
    answer: Any = "the sound system does not answer; restart the sound server or the machine"
    try:
        if ours.poll(limit_s):
            answer = ours.recv()
    except EOFError:
        answer = "the sound system ended the program that asked it; restart the sound server"
    finally:
        ours.close()
        process.kill()
        process.join()
        process.close()
    if isinstance(answer, str):
        raise OSError(answer)
    devices: list[dict[str, Any]] = answer
    return devices


class Watched:
    """A sound process that is killed when it stops beating, and started again.

    Attributes
    ----------
    restarts
        How often it was started again.
    """

    def __init__(
        self, memory: Memory, target: Callable[..., None], arguments: tuple[Any, ...]
    ) -> None:
        self.memory = memory
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
        """Whether sound passes."""
        return self._process is not None and self._status() is Status.RUNNING and self._beats > 0

    @property
    def was_running(self) -> bool:
        """Whether sound has ever passed."""
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
        return HEARTBEAT_S if self._beating_s > _FIRM_S else _SETTLING_S

    def _listen(self, process: SpawnProcess, now_s: float, step_s: float) -> None:
        beats = int(self.memory.words[Word.BEATS])
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
        return Status(int(self.memory.words[Word.STATUS]))

    def _launch(self) -> SpawnProcess:
        self.memory.set_status(Status.STARTING)
        self.memory.words[Word.BEATS] = 0
        self._beats = 0
        self._alive_s = self._beating_s = 0.0
        self._still.reset()
        return launch(self._target, self.memory.name, *self._arguments, name="sound")

    def _drop(self, due_s: float | None) -> None:
        """Kill without waiting: PortAudio cannot be asked to stop once its server is gone."""
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
