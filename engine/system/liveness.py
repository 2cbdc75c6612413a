"""Liveness of child processes: how long one could have got on, and did not.

The wall's clock does not say it: on a busy machine a healthy process waits for a core as long as
the others please. What counts is the time in which it had its chance: while it waits for a core or
for the disk, only what CPU time it gets; while it sleeps, is stopped or has a core, all of it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.system.priority import cpu_s

_LOOK_S = 0.1
_MOST_STEP_S = 0.2  # a longer gap between two looks says that the looker slept, not the process
_SILENT_SHARE = 0.1  # of the time: a process without a beat is starved or stopped, who knows


@dataclass(frozen=True, slots=True)
class Vitals:
    """What the system says of a process.

    Parameters
    ----------
    cpu_s
        CPU time of all its threads so far.
    is_wanting
        Whether a thread of it has a core, or waits for one or for the disk.
    is_stopped
        Whether somebody stopped it (SIGSTOP, a debugger).
    """

    cpu_s: float
    is_wanting: bool
    is_stopped: bool


def look(pid: int) -> Vitals | None:
    """Look at a process; None where nobody tells (another system than Linux, or it is gone)."""
    folder = Path("/proc", str(pid))
    try:
        state, states = _state(folder), []
        for thread in (folder / "task").iterdir():
            with suppress(OSError):  # it ended just now
                states.append(_state(thread))
    except OSError:
        return None
    used_s = cpu_s(pid)
    if used_s is None:
        return None
    return Vitals(used_s, any(each in "RD" for each in states), state in "Tt")


def _state(folder: Path) -> str:
    """State in ``stat``: after the name, which may hold anything (proc(5))."""
    return (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2][1:2]


class Stillness:
    """How long a process had its chance since it last got on, and for how long it is stopped."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew: it got on."""
        self.seconds = self.stopped_s = 0.0
        self._looked_s: float | None = None
        self._cpu_s: float | None = None
        self._beats = 0

    def tend(self, now_s: float, pid: int, beats: int | None = None) -> float:
        """Look at the process, at most ten times a second; return `seconds`.

        Parameters
        ----------
        beats
            Of a clock of its own, for systems that say nothing of a process; None: it has none.
        """
        if self._looked_s is None:
            self._looked_s = now_s
        passed_s = now_s - self._looked_s
        if passed_s < _LOOK_S:
            return self.seconds
        self._looked_s, passed_s = now_s, min(passed_s, _MOST_STEP_S)
        vitals = look(pid)
        if vitals is None:
            is_silent = beats is not None and beats == self._beats
            self.seconds += passed_s * (_SILENT_SHARE if is_silent else 1.0)
        elif vitals.is_wanting:
            got_s = 0.0 if self._cpu_s is None else vitals.cpu_s - self._cpu_s
            self.seconds += min(got_s, passed_s)
        else:
            self.seconds += passed_s
        is_stopped = vitals is not None and vitals.is_stopped
        self.stopped_s = self.stopped_s + passed_s if is_stopped else 0.0
        self._beats = beats or 0
        self._cpu_s = None if vitals is None else vitals.cpu_s
        return self.seconds
