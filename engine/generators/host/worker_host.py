"""The worker host: one generator in a process of its own, behind the host interface.

`InlineHost` renders when it is read (export, tests). `open_worker` runs the generator in its own
process (live): nothing here ever waits for it. Requests go through a shared-memory ring that the
worker reads only the newest of; frames come back the same way; the rings outlive the worker, so a
restart loses no picture and the sequence goes on.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from engine.core.show.generator import Request, Spec
from engine.generators.host.inline_host import InlineHost
from engine.generators.host.interface import Host, HostStats
from engine.generators.host.latency import Latency, look_ahead_s, note_arrival, rate_hz
from engine.generators.host.messages import MAX_REQUEST_BYTES, Frame, decode_frame, encode_request
from engine.generators.host.spare import Spare
from engine.generators.host.tasks import Result, Task, TaskQueue
from engine.generators.host.watchdog import Policy, Watchdog
from engine.generators.host.worker import Job
from engine.generators.registry import Opened
from engine.system.record import MAX_HEADER_BYTES
from engine.system.ring import Ring, create_ring

__all__ = ["Frame", "Host", "HostStats", "InlineHost", "Policy", "Spare", "open_worker"]

FRAME_SLOTS = 4
REQUEST_SLOTS = 4
_REMEMBERED = 4096  # requests whose time of asking is kept: minutes of them, for slow generators


class WorkerHost:
    """A generator in a worker process; see `open_worker`."""

    def __init__(
        self,
        spec: Spec,
        job: Job,
        rings: tuple[Ring, Ring],
        rate_cap_hz: float,
        spare: Spare | None,
        policy: Policy,
        tasks: TaskQueue,
    ) -> None:
        self._spec = spec
        self._max_px = job.max_px
        self._requests, self._frames = rings
        self._period_s = 1 / rate_cap_hz
        self._latency = Latency()
        self._now_s: float | None = None
        self._asked: Request | None = None
        self._asked_s: dict[int, float] = {}  # number of a posted request: when
        self._due_s = -math.inf
        self._woken = 0  # number of the request that the worker was last woken for
        self._returned = 0
        self._is_closed = False
        self._tasks = tasks
        self._watchdog = Watchdog(spec.name, job, self._frames, spare, policy)

    @property
    def spec(self) -> Spec:
        """The generator as data."""
        return self._spec

    def look_ahead_s(self, seen_periods: float = 1.0) -> float:
        """How far ahead of the display to ask; see `latency.look_ahead_s`."""
        return look_ahead_s(self._latency, self._period_s, seen_periods)

    def ask(self, request: Request, now_s: float | None = None) -> None:
        """Ask for a frame by the clock of `tend`; the newest replaces older ones. Never waits.

        Raises
        ------
        ValueError
            If it asks for a larger picture than the host was opened for.
        """
        width, height = request.size_px
        if width * height > self._max_px:
            raise ValueError(
                f"{width}x{height} is more than the {self._max_px} pixels that the generator "
                f"'{self._spec.name}' was opened for"
            )
        self._asked = request
        self._post(self._now_s if now_s is None else now_s)

    def newest(self) -> Frame | None:
        """Return the newest finished frame, if it was not returned yet. Never waits."""
        found = None if self._is_closed else self._frames.newest(self._returned)
        if found is None:
            return None
        frame = decode_frame(found[1], found[0], self._watchdog.handles)
        if frame.device_slot is not None and frame.share is None:
            # The last one of a worker that died, and its ring with it: the next worker draws anew.
            self._returned = frame.sequence
            return None
        if self._now_s is not None:
            self._measure(frame, self._now_s)
        self._returned = frame.sequence
        self._frames.acknowledge(frame.sequence)
        self._watchdog.error = ""
        is_same = frame.device_slot is None and frame.pixels.shape[-1] == 0
        return None if is_same else frame

    def tend(self, now_s: float) -> None:
        """Hear the worker, restart it when it died or hangs, post the waiting request.

        Call it once per display frame, before `newest`. It takes microseconds, and a few
        milliseconds when it starts a process.
        """
        self._now_s = now_s
        if not self._is_closed:
            self._watchdog.tend(now_s)
            self._post(now_s)
            if self._tasks.tend(self._watchdog.restarts):
                self._watchdog.wake()

    def send(self, task: Task) -> None:
        """Give the worker something to do beside its frames; `tend` posts it. Never waits.

        A task with the number of one that is under way replaces it; the kind "" ends it.

        Raises
        ------
        ValueError
            If too many are under way, or its arrays are too large or of a kind that cannot travel.
        """
        self._tasks.send(task)

    def results(self) -> list[Result]:
        """Return what came of tasks since the last call. Never waits."""
        return [] if self._is_closed else self._tasks.results()

    def stats(self) -> HostStats:
        """Return figures for the stats file and the desk."""
        return HostStats(
            rate_hz=rate_hz(self._latency, self._now_s or 0.0),
            render_ms=1000 * self._latency.render_s,
            frames=self._returned if self._is_closed else self._frames.head,
            restarts=self._watchdog.restarts,
            state=self._watchdog.state,
            error=self._watchdog.error,
            device=self._watchdog.device,
            pid=self._watchdog.pid,
            doing=self._watchdog.doing,
        )

    def close(self) -> None:
        """End the worker and remove the shared memory. Harmless when repeated."""
        if not self._is_closed:
            self._is_closed = True
            self._watchdog.close()  # before the rings: see `attach_ring`
            self._requests.close()
            self._frames.close()
            self._tasks.close()

    def _measure(self, frame: Frame, now_s: float) -> None:
        # What waited for the worker to load says nothing of how fast it is.
        asked_s = max(self._asked_s.get(frame.request, now_s), self._watchdog.ready_s)
        turnaround_s = max(now_s - asked_s, 0.0)
        self._asked_s = {n: s for n, s in self._asked_s.items() if n > frame.request}
        news = frame.sequence - self._returned
        self._latency = note_arrival(
            self._latency, now_s, news, turnaround_s, frame.render_s, self._period_s
        )

    def _post(self, now_s: float | None) -> None:
        if self._asked is None or self._is_closed or now_s is None or now_s < self._due_s:
            return
        # On a schedule, unless that is long past, rather than "one period from now": so the mean
        # rate reaches the cap although the display only looks every 16 ms.
        due_s = self._due_s + self._period_s
        self._due_s = due_s if due_s > now_s else now_s + self._period_s
        number = self._requests.write(encode_request(self._asked))
        self._asked = None
        if self._requests.seen >= self._woken:  # so that at most two wakes are ever unread
            self._watchdog.wake()
            self._woken = number
        self._asked_s[number] = now_s
        self._asked_s.pop(number - _REMEMBERED, None)


def open_worker(
    opened: Opened,
    device: str = "auto",
    *,
    max_size_px: tuple[int, int],
    rate_cap_hz: float,
    nice: int = 5,
    clock: Callable[[], float] | None = None,
    spare: Spare | None = None,
    policy: Policy | None = None,
    shares_cuda: bool = False,
) -> WorkerHost:
    """Open a generator in a process of its own; returns at once, the worker loads meanwhile.

    Parameters
    ----------
    opened
        See `engine.generators.registry.open_spec`; the worker opens it again.
    device
        ``auto``, ``cpu``, ``cuda`` or ``mps``; chosen inside the worker.
    max_size_px
        Width and height; no request may ask for more pixels than their product.
    rate_cap_hz
        At most so many requests a second are posted, always the newest.
    nice
        POSIX niceness of the worker once it is ready.
    clock
        Importable callable for render times in the worker (``time.perf_counter``).
    spare
        Shared by the hosts of a player; makes restarts quick.
    policy
        When a worker counts as hung.
    shares_cuda
        Keep finished pictures on the NVIDIA device (only if the bridge's probe said so).
    """
    max_px = max_size_px[0] * max_size_px[1]
    requests = create_ring(REQUEST_SLOTS, MAX_REQUEST_BYTES + MAX_HEADER_BYTES)
    frames = create_ring(FRAME_SLOTS, 8 * max_px + MAX_REQUEST_BYTES + MAX_HEADER_BYTES)
    tasks = TaskQueue()
    job = Job(
        module=opened.module,
        config=opened.config,
        device=device,
        requests=(requests.name, requests.slots, requests.slot_bytes),
        frames=(frames.name, frames.slots, frames.slot_bytes),
        mailboxes=tasks.rings,
        nice=nice,
        clock=clock,
        shares_cuda=shares_cuda,
        max_px=max_px,
    )
    rings = requests, frames
    return WorkerHost(opened.spec, job, rings, rate_cap_hz, spare, policy or Policy(), tasks)
