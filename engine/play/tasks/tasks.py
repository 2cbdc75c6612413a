"""Background tasks of generators while a show plays: who asked, and what comes of it.

A duty (a probe of speeds, an inversion, a drag) is looked after once per display frame. It starts
errands in the worker of a layer; what comes back it turns into events, which enter the show and
its take like any others. So a take replays without any errand being done again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

from engine.core.event import Value
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.generators.host.interface import Host
from engine.generators.host.tasks import Result, Task
from engine.play.event_queue import EventQueue

Told = tuple[str, Value]
Heed = Callable[[Result], Iterable[Told]]
"""Turns a result (the last one may hold an error, which is said already) into events."""


class Duty(Protocol):
    """Something that needs errands."""

    name: str

    def tend(self, show: Show, state: State, errands: Errands, now_s: float) -> Iterable[Told]:
        """Start what is due; events of its own, if there are any. Must not wait."""
        ...

    def report(self) -> dict[str, Any]:
        """Figures for the stats file."""
        ...


class _Open(NamedTuple):
    layer: str
    kind: str
    host: Host
    heed: Heed


class Errands:
    """Numbers errands, and brings what they say to the show.

    Parameters
    ----------
    host_of
        The generator of a layer as it is now, or None.
    notify
        Tells the operator what is wrong.
    duties
        Tended in this order.
    """

    def __init__(
        self,
        host_of: Callable[[str], Host | None],
        notify: Callable[[str], None],
        duties: Sequence[Duty] = (),
    ) -> None:
        self._host_of = host_of
        self._notify = notify
        self._duties = duties
        self._open: dict[int, _Open] = {}
        self._newest = 0
        self._done = self._failed = 0

    def start(self, layer: str, errand: Task, heed: Heed) -> int:
        """Send a layer's generator on an errand; return its number, 0 if it cannot be done.

        Parameters
        ----------
        errand
            With the number of the one that it replaces, if that is still under way; else 0.
        heed
            Called with each result, in `tend`.
        """
        host = self._host_of(layer)
        if host is None:
            return 0
        number = errand.number
        before = self._open.get(number)
        if before is None or before.host is not host:
            self._newest += 1
            number = self._newest
        try:
            host.send(replace(errand, number=number))
        except ValueError as error:
            self._failed += 1
            self._notify(f"layer {layer}: {errand.kind}: {error}")
            return 0
        self._open[number] = _Open(layer, errand.kind, host, heed)
        return number

    def cancel(self, number: int) -> None:
        """End an errand that is not wanted any more; nothing comes of it. Harmless when over."""
        found = self._open.pop(number, None)
        if found is not None:
            found.host.send(Task("", number))

    def is_open(self, number: int) -> bool:
        """Whether it is still under way."""
        return number in self._open

    def tend(self, show: Show, state: State, now_s: float, queue: EventQueue) -> None:
        """Hear every generator, then look after the duties; call it once per display frame.

        What they tell the show takes effect on the tick after that of `state`.
        """

        def add(address: str, value: Value) -> None:
            queue.add(state.tick + 1, address, value, "errand")

        for number, errand in list(self._open.items()):
            if self._host_of(errand.layer) is not errand.host:
                text = "the generator was replaced meanwhile"
                self._take(Result(number=number, error=text), add)
        for host in {id(e.host): e.host for e in self._open.values()}.values():
            for result in host.results():
                self._take(result, add)
        for duty in self._duties:
            for address, value in duty.tend(show, state, self, now_s):
                add(address, value)

    def _take(self, result: Result, add: Callable[[str, Value], None]) -> None:
        found = self._open.get(result.number)
        if found is None:
            return
        if result.done:
            del self._open[result.number]
            self._done += not result.error
            self._failed += bool(result.error)
        if result.error:
            self._notify(f"layer {found.layer}: {found.kind}: {result.error}")
        for address, value in found.heed(result):
            add(address, value)

    def report(self) -> dict[str, Any]:
        """Figures for the stats file."""
        counts = {"open": len(self._open), "done": self._done, "failed": self._failed}
        return {**counts, **{duty.name: duty.report() for duty in self._duties}}
