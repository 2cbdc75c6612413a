"""Heartbeat of a worker, in the ring of its frames: what it is at, and that its clock goes."""

from __future__ import annotations

import threading
from typing import NamedTuple

from engine.system.ring import Ring

_STEPS, _IS_TASK, _BEATS = 0, 1, 2
_BEAT_S = 0.1


class Beat(NamedTuple):
    """What a worker said last.

    Parameters
    ----------
    steps
        So often it has turned to something: the next picture, a task, the next look for a request.
    is_task
        Whether it is at a background task.
    beats
        Of its own clock, a thread that does nothing else.
    """

    steps: int
    is_task: bool
    beats: int


def read(frames: Ring) -> Beat:
    """Read the heartbeat on the player's side."""
    return Beat(frames.noted(_STEPS), bool(frames.noted(_IS_TASK)), frames.noted(_BEATS))


class Heartbeat:
    """The worker's side."""

    def __init__(self, frames: Ring) -> None:
        self._frames = frames
        self._end = threading.Event()
        self._clock = threading.Thread(target=self._beat, daemon=True)
        self.step()
        self._clock.start()

    def step(self, is_task: bool = False) -> None:
        """Say that it turns to something else."""
        self._frames.note(_IS_TASK, is_task)
        self._frames.note(_STEPS, self._frames.noted(_STEPS) + 1)

    def _beat(self) -> None:
        while not self._end.wait(_BEAT_S):
            self._frames.note(_BEATS, self._frames.noted(_BEATS) + 1)

    def close(self) -> None:
        """Stop the clock, before the ring is closed."""
        self._end.set()
        self._clock.join()
