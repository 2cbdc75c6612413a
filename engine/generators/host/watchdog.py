"""The watchdog of a worker: what it says, when it counts as dead or hung, when to restart it.

A worker that gets on is left alone however long it takes, and so is one that waits for a core of a
busy machine. It hangs if it had its chance (`engine.system.liveness`) for much longer than it has
needed lately, and did not get on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.generators.host import heartbeat
from engine.generators.host.cuda_ring import forget
from engine.generators.host.spare import Child, Spare, launch
from engine.generators.host.worker import Job
from engine.system.liveness import Stillness
from engine.system.ring import Ring

_STEADY_S = 5.0  # a worker that lived this long after it was ready has earned a quick restart
_FREE_RESTARTS = 2
_MAX_PAUSE_S = 5.0
_STOPPED_S = 1.0  # a worker that somebody stopped, at whatever it was
_LONG = 4.0  # times the dearest picture lately: a worker that takes longer for one hangs
_FORGET = 0.9  # of the dearest picture's time remains after each cheaper one


@dataclass(frozen=True, slots=True)
class Policy:
    """When a worker is given up: seconds in which it had its chance and did not get on.

    Parameters
    ----------
    hang_s
        At a picture, or doing nothing; longer for a generator that is known to be slow.
    task_s
        At one slice of a background task.
    start_s
        Without being ready, or without the first picture: large models take their time.
    """

    hang_s: float = 1.5
    task_s: float = 10.0
    start_s: float = 120.0


def pause_s(quick_deaths: int) -> float:
    """How long to wait before the next start, after so many deaths soon after being ready.

    The first two restarts are immediate; then 0.5, 1, 2, 4 and at most 5 s.
    """
    doublings = quick_deaths - _FREE_RESTARTS - 1
    return 0.0 if doublings < 0 else min(0.5 * 2.0 ** min(doublings, 10), _MAX_PAUSE_S)


class Watchdog:
    """A worker process that is restarted when it dies or hangs.

    The first process is started at once; everything else happens in `tend`.
    """

    def __init__(
        self, name: str, job: Job, frames: Ring, spare: Spare | None, policy: Policy
    ) -> None:
        self.restarts = 0
        self.error = ""  # why the newest request failed
        self.device = ""
        self.compiles = False  # beside its frames
        self.handles: Any = None  # of the worker's CUDA ring
        self._name = name
        self._job = job
        self._ring = frames
        self._spare = spare
        self._policy = policy
        self._failure = ""
        self._quick_deaths = 0
        self._retry_s = 0.0
        self._frames = self._steps = 0  # as last seen
        self._dearest_s = 0.0  # picture lately
        self._still = Stillness()
        if spare is not None:
            spare.also_import(job.module)
        self._child: Child | None = None
        self._is_ready = self._was_ready = False
        self.ready_s = 0.0  # when the newest process was ready
        self._first = 0  # frames there were before it
        self._start()

    @property
    def state(self) -> str:
        """``starting``, ``ready`` or ``failed: SENTENCE``."""
        if self._is_ready:
            return "ready"
        return f"failed: {self._failure}" if self._failure else "starting"

    @property
    def doing(self) -> str:
        """What it does before or beside plain playing, in words."""
        if not self._is_ready:
            return "" if self._failure else "is loading"
        if self._frames <= self._first:
            return "draws its first picture"
        if self.compiles:
            return "compiles faster loops (they are kept; `doctor --warm` does it ahead)"
        return ""

    @property
    def pid(self) -> int:
        """Process ID of the worker, 0 while there is none."""
        return self._child.pid if self._child else 0

    def wake(self) -> None:
        """Tell a sleeping worker that there is a request."""
        if self._child is not None:
            self._child.wake()

    def tend(self, now_s: float) -> None:
        """Hear the worker; bury, restart or kill it as the policy says."""
        if self._child is not None:
            self._listen(self._child, now_s)
            if not self._child.is_alive():
                self._end_child(self._child, now_s)
            elif self._is_hung(self._child, now_s):
                self._child.kill()
        if self._child is None and now_s >= self._retry_s:
            self.restarts += 1
            self._start()
        if self._spare is not None and self._is_ready and self._frames:
            self._spare.tend(now_s)

    def close(self) -> None:
        """End the worker, without waiting for the end."""
        if self._child is not None:
            self._forget(self._child)
            self._child.close()
        self._child, self._is_ready = None, False

    def _start(self) -> None:
        # A spare is for a worker that dies on stage, not for one that cannot even start.
        may_take = self._spare is not None and (self._was_ready or not self.restarts)
        self._child = (self._spare.take() if self._spare and may_take else None) or launch()
        self._is_ready, self.compiles, self.handles = False, False, None
        self._first = self._frames = self._ring.head
        self._still.reset()
        self._child.send(self._job)

    def _listen(self, child: Child, now_s: float) -> None:
        messages = child.receive()
        for what, text, more in messages:
            if what == "ready":
                self._is_ready = self._was_ready = True
                self.ready_s, self._failure = now_s, ""
                self.device, self.handles = text, more
            elif what == "error":
                self.error = text
            elif what in ("compiles", "compiled"):
                self.compiles = what == "compiles"
            else:  # "failed", and "starting" with no text
                self._failure = text
        steps = heartbeat.read(self._ring).steps  # first: a picture is written before its step
        frames = self._ring.head
        if frames > self._frames:
            self._dearest_s = max(self._still.seconds, _FORGET * self._dearest_s)
        if messages or frames > self._frames or steps != self._steps:
            self._still.reset()
        self._frames, self._steps = frames, steps

    def _is_hung(self, child: Child, now_s: float) -> bool:
        beat = heartbeat.read(self._ring)
        if not self._is_ready or self._frames <= self._first:
            limit_s = self._policy.start_s  # the first picture takes a cold machine much longer
        else:
            least_s = self._policy.task_s if beat.is_task else self._policy.hang_s
            limit_s = max(least_s, _LONG * self._dearest_s)
        if self._still.tend(now_s, child.pid, beat.beats) > limit_s:
            self._failure = f"the worker of '{self._name}' hung for {limit_s:.3g} s"
        elif self._still.stopped_s > _STOPPED_S:
            self._failure = f"the worker of '{self._name}' was stopped from outside"
        else:
            return False
        return True

    def _end_child(self, child: Child, now_s: float) -> None:
        self._listen(child, now_s)  # its last words
        if self._is_ready and now_s - self.ready_s >= _STEADY_S:
            self._quick_deaths = 0
        self._quick_deaths += 1
        code = child.process.exitcode or 0
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        self._failure = self._failure or f"the worker of '{self._name}' {how}"
        self._retry_s = now_s + pause_s(self._quick_deaths)
        self._child, self._is_ready = None, False
        self._forget(child)
        child.close()

    def _forget(self, child: Child) -> None:
        if self.handles is not None:
            forget(child.pid)
