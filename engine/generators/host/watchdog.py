"""The watchdog of a worker: what it says, when it counts as dead or hung, when to restart it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.generators.host.spare import Child, Spare, launch
from engine.generators.host.worker import Job

_STEADY_S = 5.0  # a worker that lived this long after it was ready has earned a quick restart
_FREE_RESTARTS = 2
_MAX_PAUSE_S = 5.0
_LONG = 8.0  # renderings: a worker that takes longer for one hangs


@dataclass(frozen=True, slots=True)
class Policy:
    """When a worker is given up, in seconds by the clock of `Watchdog.tend`.

    Parameters
    ----------
    hang_s
        Without a frame or a word although asked; longer for a generator that is known to be slow.
    start_s
        Without being ready, or without the first frame: large models take their time.
    """

    hang_s: float = 10.0
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

    def __init__(self, name: str, job: Job, spare: Spare | None, policy: Policy) -> None:
        self.restarts = 0
        self.error = ""  # why the newest request failed
        self.device = ""
        self.handles: Any = None  # of the worker's CUDA ring
        self._name = name
        self._job = job
        self._spare = spare
        self._policy = policy
        self._failure = ""
        self._quick_deaths = 0
        self._retry_s = 0.0
        self._frames_seen = 0
        self._child: Child | None = None
        self._is_ready = self._was_ready = False
        self.ready_s = 0.0  # when the newest process was ready
        self._first = 0  # frames there were before it
        self._waiting_s: float | None = None  # since when a sign of life is due
        spare_child = spare.take() if spare is not None else None
        self._start(spare_child or launch())

    @property
    def state(self) -> str:
        """``starting``, ``ready`` or ``failed: SENTENCE``."""
        if self._is_ready:
            return "ready"
        return f"failed: {self._failure}" if self._failure else "starting"

    @property
    def pid(self) -> int:
        """Process ID of the worker, 0 while there is none."""
        return self._child.pid if self._child else 0

    def note_request(self, now_s: float) -> None:
        """Expect a sign of life from now on."""
        if self._waiting_s is None:
            self._waiting_s = now_s

    def wake(self) -> None:
        """Tell a sleeping worker that there is a request."""
        if self._child is not None:
            self._child.wake()

    def tend(self, now_s: float, frames: int, render_s: float = 0.0) -> None:
        """Hear the worker; bury, restart or kill it as the policy says.

        Parameters
        ----------
        frames
            How many it has made: a growing number is a sign of life.
        render_s
            What one takes, as far as known.
        """
        if self._child is not None:
            self._listen(self._child, now_s, frames)
            if not self._child.is_alive():
                self._end_child(self._child, now_s)
            elif self._is_overdue(now_s, self._limit_s(frames, render_s)):
                self._child.kill()
        if self._child is None and now_s >= self._retry_s:
            self._first = self._frames_seen = frames
            self._restart()
        if self._spare is not None and self._is_ready and frames:
            self._spare.tend(now_s)

    def close(self) -> None:
        """End the worker, without waiting for the end."""
        if self._child is not None:
            self._child.close()
        self._child, self._is_ready = None, False

    def _start(self, child: Child) -> None:
        self._child, self._is_ready = child, False
        self._waiting_s = self.handles = None
        child.send(self._job)

    def _restart(self) -> None:
        # The spare is for a worker that dies on stage, not for one that cannot even start.
        spare = self._spare.take() if self._spare and self._was_ready else None
        self.restarts += 1
        self._start(spare or launch())

    def _listen(self, child: Child, now_s: float, frames: int) -> None:
        messages = child.receive()
        for what, text, more in messages:
            if what == "ready":
                self._is_ready, self.ready_s, self._failure = True, now_s, ""
                self.device, self.handles = text, more
            elif what == "error":
                self.error = text
            else:  # "failed", and "starting" with no text
                self._failure = text
        if messages or frames > self._frames_seen:
            self._frames_seen, self._waiting_s = frames, None
        if not self._is_ready:
            self.note_request(now_s)

    def _limit_s(self, frames: int, render_s: float) -> float:
        """How long it may be silent: the first frame takes a cold machine much longer."""
        if not self._is_ready or frames <= self._first:
            return self._policy.start_s
        return max(self._policy.hang_s, _LONG * render_s)

    def _is_overdue(self, now_s: float, limit_s: float) -> bool:
        if self._waiting_s is None or now_s - self._waiting_s <= limit_s:
            return False
        self._failure = f"the worker of '{self._name}' did not answer for {limit_s:g} s"
        return True

    def _end_child(self, child: Child, now_s: float) -> None:
        self._listen(child, now_s, self._frames_seen)  # its last words
        if self._is_ready and now_s - self.ready_s >= _STEADY_S:
            self._quick_deaths = 0
        self._quick_deaths += 1
        code = child.process.exitcode or 0
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        self._failure = self._failure or f"the worker of '{self._name}' {how}"
        self._retry_s = now_s + pause_s(self._quick_deaths)
        self._child, self._was_ready, self._is_ready = None, self._is_ready, False
        child.close()
