"""The inline host: renders in this process, when it is read. For export and tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.core.show.generator import Request, Spec
from engine.generators.device import pick_device
from engine.generators.host.admission import memory_shortage
from engine.generators.host.interface import HostStats
from engine.generators.host.messages import Frame
from engine.generators.host.pixels import fetch, finish
from engine.generators.host.tasks import Result, Task, find_kind
from engine.generators.host.worker import error_text
from engine.generators.registry import Opened, build


class InlineHost:
    """Renders what was asked when `newest` is called, and keeps the generator's memory.

    Parameters
    ----------
    clock
        Gives seconds, for the render times; None measures nothing.
    notify
        Is told why there is no faster path; the plain one goes on. None: that is an error.

    Raises
    ------
    ValueError
        If there is no such device, it lacks memory for this, or a file is damaged.
    """

    def __init__(
        self,
        opened: Opened,
        device: str = "auto",
        *,
        clock: Callable[[], float] | None = None,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        self._device = pick_device(device)
        if shortage := memory_shortage(opened, self._device):
            raise ValueError(shortage)
        self._generator = build(opened, self._device)
        if hasattr(self._generator, "warm_up"):
            try:
                self._generator.warm_up()  # waits: every frame of a film goes the same way
            except (
                Exception
            ) as error:  # compilers and drivers fail in many ways; the plain path goes
                if notify is None:
                    raise
                notify(f"{opened.spec.name}: no faster path: {error_text(error)}")
        self._clock = clock
        self._memory: Any = None
        self._asked: Request | None = None
        self._sequence = 0
        self._busy_s = 0.0

    @property
    def spec(self) -> Spec:
        """The generator as data."""
        return self._generator.spec

    def look_ahead_s(self, seen_periods: float = 1.0) -> float:  # noqa: ARG002 -- the interface's
        """Not at all: it is drawn when it is read."""
        return 0.0

    def ask(
        self,
        request: Request,
        now_s: float | None = None,  # noqa: ARG002 -- the interface's; only a worker is paced by it
    ) -> None:
        """Keep the request for `newest`."""
        self._asked = request

    def newest(self) -> Frame | None:
        """Render what was asked since the last call; None if nothing was. Waits, and may raise."""
        request, self._asked = self._asked, None
        if request is None:
            return None
        start_s = self._clock() if self._clock else 0.0
        pixels, self._memory = self._generator.render(request, self._memory)
        picture = fetch(finish(pixels))
        render_s = self._clock() - start_s if self._clock else 0.0
        self._sequence += 1
        self._busy_s += render_s
        return Frame(
            request.seconds, self._sequence, picture, request.latents, render_s, self._sequence
        )

    def tend(self, now_s: float) -> None:
        """Do nothing: there is no worker to look after."""

    def send(self, task: Task) -> None:
        """Refuse: what a film needs is in its take, or worked out before its first frame.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError(f"a film does no errands, so no '{task.kind}': play the show instead")

    def do(self, task: Task) -> Result:
        """Do a whole task now, and return the last that comes of it. Waits, and may raise."""
        last = Result()
        for result in find_kind(task.kind)(self._generator, task):
            last = result or last
        return last

    def results(self) -> list[Result]:
        """Return nothing: see `send`."""
        return []

    def stats(self) -> HostStats:
        """Return how many frames were made, and their mean time."""
        mean_s = self._busy_s / self._sequence if self._sequence else 0.0
        return HostStats(
            rate_hz=1 / mean_s if mean_s else 0.0,
            render_ms=1000 * mean_s,
            frames=self._sequence,
            state="ready",
            device=self._device,
        )

    def close(self) -> None:
        """Forget the generator's memory."""
        self._memory = self._asked = None
