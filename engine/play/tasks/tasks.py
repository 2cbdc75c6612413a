"""Background tasks of generators while a show plays: who asked, and what comes of it.

A client (a probe of speeds, an inversion, a drag) is looked after once per display frame. It starts
tasks in the worker of a layer; what comes back it turns into events, which enter the show and
its take like any others. So a take replays without any task being done again.
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

Change = tuple[str, Value]
OnResult = Callable[[Result], Iterable[Change]]
"""Turns a result (the last one may hold an error, which is said already) into events."""


class TaskClient(Protocol):
    """Something that needs tasks."""

    name: str

    def tend(self, show: Show, state: State, tasks: TaskQueue, now_s: float) -> Iterable[Change]:
        """Start what is due; events of its own, if there are any. Must not wait."""
        ...

    def report(self) -> dict[str, Any]:
        """Figures for the stats file."""
        ...


class _Open(NamedTuple):
    layer: str
    kind: str
    host: Host
    on_result: OnResult


class TaskQueue:
    """Numbers tasks, and brings their results to the show as events.

    Parameters
    ----------
    host_of
        The generator of a layer as it is now, or None.
    notify
        Tells the operator what is wrong.
    """

    def __init__(
        self,
        host_of: Callable[[str], Host | None],
        notify: Callable[[str], None],
        clients: Sequence[TaskClient] = (),
    ) -> None:
        self._host_of = host_of
        self._notify = notify
        self._clients = clients
        self._open: dict[int, _Open] = {}
        self._newest = 0
        self._done = self._failed = 0

    def start(self, layer: str, task: Task, on_result: OnResult) -> int:
        """Send a layer's generator a task; return its number, 0 if it cannot be done.

        Parameters
        ----------
        task
            With the number of the one that it replaces, if that is still under way; else 0.
        on_result
            Called with each result, in `tend`.
        """
        host = self._host_of(layer)
        if host is None:
            return 0
        number = task.number
        before = self._open.get(number)
        if before is None or before.host is not host:
            self.cancel(number)
            self._newest += 1
            number = self._newest
        try:
            host.send(replace(task, number=number))
        except ValueError as error:
            self._failed += 1
            self._notify(f"layer {layer}: {task.kind}: {error}")
            return 0
        self._open[number] = _Open(layer, task.kind, host, on_result)
        return number

    def cancel(self, number: int) -> None:
        """End a task that is not wanted any more; nothing comes of it. Harmless when over."""
        found = self._open.pop(number, None)
        if found is not None:
            found.host.send(Task("", number))

    def is_open(self, number: int) -> bool:
        """Whether it is still under way."""
        return number in self._open

    def tend(self, show: Show, state: State, now_s: float, queue: EventQueue) -> None:
        """Hear every generator, then look after the clients; call it once per display frame.

        What they tell the show takes effect on the tick after that of `state`.
        """

        def add(address: str, value: Value) -> None:
            queue.add(state.tick + 1, address, value, "errand")

        # Two layers of one generator may change places: what one began for either goes on.
        hosts = [self._host_of(layer.id) for layer in show.layers] if self._open else []
        for number, task in list(self._open.items()):
            if not any(task.host is host for host in hosts):
                text = "the generator was replaced meanwhile"
                self._take(Result(number=number, error=text), add)
        for host in {id(e.host): e.host for e in self._open.values()}.values():
            for result in host.results():
                self._take(result, add)
        for client in self._clients:
            for address, value in client.tend(show, state, self, now_s):
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
        for address, value in found.on_result(result):
            add(address, value)

    def report(self) -> dict[str, Any]:
        """Figures for the stats file."""
        counts = {"open": len(self._open), "done": self._done, "failed": self._failed}
        return {**counts, **{client.name: client.report() for client in self._clients}}
