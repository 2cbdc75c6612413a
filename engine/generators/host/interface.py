"""The interface of a generator host: requests in, newest frame out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.core.show.generator import Request, Spec
from engine.generators.host.messages import Frame
from engine.generators.host.tasks import Result, Task


@dataclass(frozen=True, slots=True)
class HostStats:
    """What a host tells the stats file and the desk.

    Parameters
    ----------
    rate_hz
        Frames per second, 0 while none comes.
    render_ms
        Mean time of one rendering, by the host's clock.
    state
        ``starting``, ``ready`` or ``failed: SENTENCE``.
    error
        Why the newest request failed while the worker lives on; empty once a frame came again.
    device
        Where it renders; empty until it is ready.
    pid
        Process of the worker, 0 if there is none.
    doing
        What it does before or beside plain playing, in words; empty if it plays.
    """

    rate_hz: float = 0.0
    render_ms: float = 0.0
    frames: int = 0
    restarts: int = 0
    state: str = "starting"
    error: str = ""
    device: str = ""
    pid: int = 0
    doing: str = ""


class Host(Protocol):
    """A generator slot: requests in, newest frame out. Both hosts look like this."""

    @property
    def spec(self) -> Spec:
        """The generator as data."""
        ...

    def look_ahead_s(self, seen_periods: float = 1.0) -> float:
        """How far ahead of the display to ask; see `latency.look_ahead_s`."""
        ...

    def ask(self, request: Request, now_s: float | None = None) -> None:
        """Ask for a frame; the newest request replaces older ones. Never waits.

        `now_s` is by the clock of `tend` and paces the requests; None: that of the last `tend`.
        """
        ...

    def newest(self) -> Frame | None:
        """Return the newest finished frame, if it was not returned yet."""
        ...

    def tend(self, now_s: float) -> None:
        """Look after the worker; call it once per display frame."""
        ...

    def send(self, task: Task) -> None:
        """Give it something to do beside its frames; see `engine.generators.host.tasks`."""
        ...

    def results(self) -> list[Result]:
        """Return what came of tasks since the last call. Never waits."""
        ...

    def stats(self) -> HostStats:
        """Return figures for the stats file and the desk."""
        ...

    def close(self) -> None:
        """Free everything. Harmless when repeated."""
        ...
