"""Host of a generator that never changes: a thread draws it once for each size."""

from __future__ import annotations

import threading
import time
from typing import Any

from engine.core.show.generator import Request, Spec
from engine.generators.host.interface import HostStats
from engine.generators.host.messages import Frame
from engine.generators.host.pixels import finish
from engine.generators.host.tasks import Result, Task
from engine.generators.registry import Opened, build


class StillHost:
    """A generator without a process; see `engine.generators.host.interface.Host`."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._size: tuple[int, int] | None = None
        self._made: Frame | None = None
        self._frames = 0
        self._failure = ""
        self._render_s = 0.0
        self._thread: threading.Thread | None = None

    @property
    def spec(self) -> Spec:
        """The generator as data."""
        return self._opened.spec

    def look_ahead_s(self, seen_periods: float = 1.0) -> float:  # noqa: ARG002 -- the interface's
        """Not at all: it looks the same at any time."""
        return 0.0

    def ask(self, request: Request, now_s: float | None = None) -> None:  # noqa: ARG002
        """Draw it, unless that was done for this size."""
        is_busy = self._thread is not None and self._thread.is_alive()
        if is_busy or request.size_px == self._size:
            return
        self._size = request.size_px
        self._thread = threading.Thread(
            target=self._draw, args=(request,), name="still", daemon=True
        )
        self._thread.start()

    def _draw(self, request: Request) -> None:
        begin_s = time.perf_counter()
        try:
            made: Any = build(self._opened, "cpu")
            pixels = finish(made.render(request, None)[0])
        except Exception as error:  # noqa: BLE001 -- the boundary to a generator's own code
            self._failure = " ".join(str(error).split())
            return
        self._render_s = time.perf_counter() - begin_s
        self._frames += 1
        self._failure = ""
        self._made = Frame(request.seconds, self._frames, pixels, {}, self._render_s)

    def newest(self) -> Frame | None:
        """Return the picture once it is there, and once only."""
        found, self._made = self._made, None
        return found

    def tend(self, now_s: float) -> None:
        """Do nothing: there is no worker to look after."""

    def send(self, task: Task) -> None:
        """Refuse.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError(f"a picture does no errands, so no '{task.kind}'")

    def results(self) -> list[Result]:
        """Return nothing: see `send`."""
        return []

    def stats(self) -> HostStats:
        """Return figures for the stats file and the desk."""
        state = f"failed: {self._failure}" if self._failure else "ready"
        is_loading = not self._failure and self._frames == 0
        return HostStats(
            render_ms=1000 * self._render_s,
            frames=self._frames,
            state=state,
            device="cpu",
            doing="is loading" if is_loading else "",
        )

    def close(self) -> None:
        """Forget the picture."""
        self._made = None
