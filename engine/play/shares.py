"""Shares of the machine: how many cores the display and each generator get."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from engine.generators.host.interface import HostStats
from engine.system.liveness import look
from engine.system.priority import cpu_s

LEAST_CORES = 0.25
"""So much a generator should get of a core: a picture of half a second's work every two."""
OVERDUE_S = 2.0
EVERY_S = 1.0
DISPLAY = "display"


@dataclass(slots=True)
class _Worker:
    """What a process had used, at some moment: when it was last looked at, at its last picture."""

    pid: int
    looked_s: float
    used_s: float
    frames: int
    picture_s: float
    picture_used_s: float
    cores: float = 0.0


class Shares:
    """Looks at every process once a second; nothing is known where the system does not tell.

    Attributes
    ----------
    starved
        What is to be said of a generator that waits for a picture because it gets too little time;
        empty if none does.
    """

    def __init__(self) -> None:
        self._workers: dict[str, _Worker] = {}
        self._due_s = 0.0
        self.starved = ""

    def is_due(self, now_s: float) -> bool:
        """Whether it is time to look."""
        return now_s >= self._due_s

    @property
    def cores(self) -> dict[str, float]:
        """Share of the display and of each generator, in cores, over the newest second."""
        return {name: round(worker.cores, 3) for name, worker in self._workers.items()}

    def look(
        self, now_s: float, stats: Mapping[str, HostStats], periods_s: Mapping[str, float]
    ) -> None:
        """Measure layers that are seen, against the time asked for from picture to picture."""
        self._due_s = now_s + EVERY_S
        found = {DISPLAY: (os.getpid(), 0)}
        found |= {n: (s.pid, s.frames) for n, s in stats.items() if s.state == "ready" and s.pid}
        self._workers = {
            name: worker
            for name, (pid, frames) in found.items()
            if (worker := self._measure(name, pid, frames, now_s)) is not None
        }
        self.starved = ""
        for name, worker in self._workers.items():
            if name not in periods_s or stats[name].device != "cpu":
                worker.picture_s, worker.picture_used_s = now_s, worker.used_s
            elif not self.starved:
                self.starved = _complaint(name, worker, now_s, periods_s[name])

    def _measure(self, name: str, pid: int, frames: int, now_s: float) -> _Worker | None:
        used_s, worker = cpu_s(pid), self._workers.get(name)
        if used_s is None:
            return None
        if worker is None or worker.pid != pid:
            return _Worker(pid, now_s, used_s, frames, now_s, used_s)
        worker.cores = (used_s - worker.used_s) / (now_s - worker.looked_s)
        worker.looked_s, worker.used_s = now_s, used_s
        if frames != worker.frames:
            worker.frames, worker.picture_s, worker.picture_used_s = frames, now_s, used_s
        return worker


def _complaint(name: str, worker: _Worker, now_s: float, period_s: float) -> str:
    since_s = now_s - worker.picture_s
    spent_s = worker.used_s - worker.picture_used_s
    if since_s < max(OVERDUE_S, 2.0 * period_s) or spent_s >= LEAST_CORES * since_s:
        return ""
    vitals = look(worker.pid)
    if vitals is None or not vitals.is_wanting:  # it waits for something else
        return ""
    return f"the generator of layer {name} got {spent_s:.2f} s of a core in {since_s:.0f} s"
