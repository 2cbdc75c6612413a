"""Frame pacing against the wall clock: absolute deadlines, skipped frames, gaps."""

from __future__ import annotations

import time
from dataclasses import dataclass
from fractions import Fraction

GAP_S = 1.0
"""A gap longer than this is not caught up: the show clock jumps."""


@dataclass(frozen=True, slots=True)
class Due:
    """The frame to draw now.

    Parameters
    ----------
    index
        Of the frame; its time is ``index / fps``.
    skipped
        Whole periods that were missed before it.
    jump_s
        Time given up because the gap was longer than `GAP_S`.
    """

    index: int
    skipped: int = 0
    jump_s: float = 0.0


def due(late_s: float, fps: Fraction, index: int) -> Due:
    """Decide what to draw, given how late the frame `index` is.

    A frame less than one period late is drawn at once. Only whole missed periods are skipped; a
    gap of more than `GAP_S` is not made up for at all.
    """
    if late_s > GAP_S:
        return Due(index, 0, late_s)
    skipped = int(max(late_s, 0.0) * fps)
    return Due(index + skipped, skipped)


class Pacer:
    """Deadlines at ``start + n / fps`` on the monotonic clock.

    Attributes
    ----------
    every
        1 draws every frame, 2 those with an even index, and so on; they do not count as skipped.
    """

    def __init__(self, fps: Fraction) -> None:
        self.fps = fps
        self.every = 1
        self.start_ns = now_ns()
        self.next = 0

    def deadline_ns(self, index: int) -> int:
        """When a frame is due."""
        return self.start_ns + int(Fraction(index * 1_000_000_000) / self.fps)

    def wait(self) -> Due:
        """Sleep until the next frame is due; return at once if it is late."""
        ahead_ns = self.deadline_ns(self.next) - now_ns()
        if ahead_ns > 0:
            time.sleep(ahead_ns / 1e9)
        late_s = (now_ns() - self.deadline_ns(self.next)) / 1e9
        found = due(late_s, self.fps, self.next)
        self.start_ns += int(found.jump_s * 1e9)
        self.next = (found.index // self.every + 1) * self.every
        return found

    def show_seconds(self, arrival_ns: int) -> Fraction:
        """Show time of a moment on the monotonic clock."""
        return Fraction(arrival_ns - self.start_ns, 1_000_000_000)


def now_ns() -> int:
    """Monotonic nanoseconds: the clock that every source is given."""
    return time.perf_counter_ns()


class Stopwatch:
    """CPU time by stage, in milliseconds: this thread's, or the whole process's for GL.

    A software renderer works in threads of its own, so drawing is measured on the process.
    """

    def __init__(self) -> None:
        self.total_ms: dict[str, float] = {}
        self._mark = (time.thread_time_ns(), time.process_time_ns())

    def start(self) -> None:
        """Begin to measure."""
        self._mark = (time.thread_time_ns(), time.process_time_ns())

    def lap(self, stage: str, is_whole: bool = False) -> None:
        """Add the CPU time since the last mark to a stage."""
        mark = (time.thread_time_ns(), time.process_time_ns())
        spent_ms = (mark[is_whole] - self._mark[is_whole]) / 1e6
        self.total_ms[stage] = self.total_ms.get(stage, 0.0) + spent_ms
        self._mark = mark
