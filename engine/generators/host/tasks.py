"""Background tasks: work that a generator does in its own worker, between frames.

A kind of task is a file ``tasks/KIND.py`` with ``start(generator, task)``, a Python generator:
each step of it is one slice of at most about one rendering, and yields a `Result` or None. If it is
an object with ``receive(task)``, a task that replaces it is told to it instead. Frames
go first: a worker that is busy with them does one slice after each, an idle one goes on and on.

Tasks and results travel as the records of `engine.generators.host.messages`, each way through a
ring of one slot that is used as a mailbox: the next record is written once the one before was
acknowledged. So no side waits for the other, however large an array is and however busy a worker.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.show.generator import Request
from engine.generators.host.messages import pack_request, unpack_request
from engine.system.record import decode, encode
from engine.system.ring import Ring, create_ring

MAILBOX_BYTES = 16 * 1024 * 1024  # pages are only used once they are written
MOST_OPEN = 16
"""Tasks that one worker may have at a time."""
_MOST_WAITING = 4  # results that nobody fetched; then the tasks rest
_TRIES = 2
_REST_S = 0.01
_CANCEL = ""
_REQUEST = "/request/"  # before the names of a request's arrays, apart from the task's own

Arrays = Mapping[str, NDArray[Any]]
Options = Mapping[str, float | str]


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker is to do beside its frames.

    Parameters
    ----------
    kind
        ``probe`` is the file ``tasks/probe.py``; a dotted name is a module of its own.
    number
        Given by the player, once. A task with the number of one that is under way replaces it.
    arrays
        float16, float32 or uint8; all together at most `MAILBOX_BYTES`.
    options
        Finite numbers and text.
    request
        The frame that it is about, where it is about one.
    """

    kind: str
    number: int = 0
    arrays: Arrays = field(default_factory=dict)
    options: Options = field(default_factory=dict)
    request: Request | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What comes of a task: one of several, or with `done` the last.

    `number` and `error`, a sentence that ends the task, are filled in by the worker.
    """

    arrays: Arrays = field(default_factory=dict)
    options: Options = field(default_factory=dict)
    done: bool = True
    number: int = 0
    error: str = ""


Start = Callable[[Any, Task], Iterator[Result | None]]


def find_kind(kind: str) -> Start:
    """Import a kind of task.

    Raises
    ------
    ValueError
        If there is none of this name.
    """
    path = kind if "." in kind else f"engine.generators.tasks.{kind}"
    if all(part.isidentifier() for part in path.split(".")):
        with contextlib.suppress(ModuleNotFoundError):
            start: Start = importlib.import_module(path).start
            return start
    raise ValueError(f"there is no errand of the kind '{kind[:40]}'")


def _pack(task: Task) -> tuple[dict[str, Any], Arrays]:
    """Take a task apart: what JSON can say, and arrays by name."""
    header: dict[str, Any] = {
        "kind": task.kind,
        "number": task.number,
        "options": dict(task.options),
    }
    if task.request is None:
        return header, task.arrays
    header["request"], arrays = pack_request(task.request)
    return header, {**task.arrays, **{_REQUEST + name: a for name, a in arrays.items()}}


def _unpack(header: Mapping[str, Any], arrays: Arrays) -> Task:
    """The reverse of `_pack`."""
    own = {name: array for name, array in arrays.items() if not name.startswith(_REQUEST)}
    request = None
    if "request" in header:
        theirs = {n.removeprefix(_REQUEST): a for n, a in arrays.items() if n not in own}
        request = unpack_request(header["request"], theirs)
    return Task(header["kind"], header["number"], own, header["options"], request)


class _Outbox:
    """Records that wait for the mailbox to be empty."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._waiting: deque[bytes] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, header: Mapping[str, Any], arrays: Arrays) -> None:
        record = b"".join(encode(header, arrays))
        if len(record) > self._ring.slot_bytes:
            raise ValueError(f"an errand's arrays hold at most {self._ring.slot_bytes} bytes")
        self._waiting.append(record)

    def clear(self) -> None:
        self._waiting.clear()

    def post(self) -> bool:
        """Write the next record if the one before was read; whether it was written."""
        if not self._waiting or self._ring.seen < self._ring.head:
            return False
        self._ring.write([memoryview(self._waiting.popleft())])
        return True


def _fetch(ring: Ring) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
    """Empty the mailbox."""
    found = ring.newest(ring.seen)
    if found is None:
        return None
    ring.acknowledge(found[0])
    return decode(np.frombuffer(found[1], np.uint8))


class TaskQueue:
    """The player's side: sends tasks, collects results. Nothing here waits."""

    def __init__(self) -> None:
        self._there, self._back = create_ring(1, MAILBOX_BYTES), create_ring(1, MAILBOX_BYTES)
        self._out = _Outbox(self._there)
        self._open: dict[int, tuple[Task, int]] = {}  # and how often it was sent
        self._lost: list[Result] = []
        self._restarts = 0

    @property
    def rings(self) -> tuple[tuple[str, int, int], tuple[str, int, int]]:
        """Name, slots and bytes per slot of both mailboxes, for the worker."""
        there, back = self._there, self._back
        return (
            (there.name, there.slots, there.slot_bytes),
            (back.name, back.slots, back.slot_bytes),
        )

    def send(self, task: Task) -> None:
        """Queue a task; one of the kind "" ends that of its number.

        Raises
        ------
        ValueError
            If too many are under way, or it does not fit.
        """
        if task.kind == _CANCEL:
            self._open.pop(task.number, None)
        elif task.number not in self._open and len(self._open) >= MOST_OPEN:
            raise ValueError(f"a generator does at most {MOST_OPEN} errands at a time")
        self._write(task)
        if task.kind != _CANCEL:
            self._open[task.number] = (task, 1)

    def _write(self, task: Task) -> None:
        self._out.put(*_pack(task))

    def tend(self, restarts: int) -> bool:
        """Post what waits; true if the worker is to be woken for it.

        A worker that was restarted is sent its tasks once more, and no third time.
        """
        if restarts != self._restarts:
            self._restarts = restarts
            self._out.clear()
            for number, (task, tries) in list(self._open.items()):
                if tries < _TRIES:
                    self._write(task)
                    self._open[number] = (task, tries + 1)
                else:
                    del self._open[number]
                    error = f"the worker ended {_TRIES} times over it; it is given up"
                    self._lost.append(Result(number=number, error=error))
        return self._out.post()

    def results(self) -> list[Result]:
        """Return what came since the last call; nothing of tasks that were ended."""
        found, self._lost = self._lost, []
        record = _fetch(self._back)
        if record is None or record[0]["number"] not in self._open:
            return found
        result = Result(record[1], **record[0])
        if result.done:
            del self._open[result.number]
        return [*found, result]

    def close(self) -> None:
        """Remove the shared memory. Harmless when repeated."""
        self._there.close()
        self._back.close()


class TaskRunner:
    """The worker's side: does tasks slice by slice, each in its turn."""

    def __init__(
        self, inbox: Ring, outbox: Ring, error_text: Callable[[BaseException], str], device: str
    ) -> None:
        self._rings = (inbox, outbox)
        self._out = _Outbox(outbox)
        self._error_text = error_text
        self._is_cuda = device.startswith("cuda")
        self._under_way: dict[int, Iterator[Result | None]] = {}

    def rest_s(self, idle_s: float) -> float:
        """How long the worker may sleep if there is no request."""
        if len(self._out):
            return _REST_S if len(self._out) > _MOST_WAITING or not self._under_way else 0.0
        return 0.0 if self._under_way else idle_s

    def work(self, generator: Any) -> None:
        """Look into the mailbox and do one slice of the task whose turn it is.

        An exception ends that task, with a sentence to the player, and nothing else; it is only
        raised again if the device itself is lost.
        """
        record = _fetch(self._rings[0])
        if record is not None:
            task = _unpack(*record)
            self._try(task.number, lambda: self._begin(generator, task))
        self._out.post()
        if self._under_way and len(self._out) <= _MOST_WAITING:
            number = next(iter(self._under_way))
            self._try(number, lambda: self._slice(number))
            self._out.post()

    def _begin(self, generator: Any, task: Task) -> None:
        receive = getattr(self._under_way.get(task.number), "receive", None)
        if receive is not None and task.kind != _CANCEL:
            receive(task)
            return
        self._end(task.number)
        if task.kind != _CANCEL:
            self._under_way[task.number] = find_kind(task.kind)(generator, task)

    def _slice(self, number: int) -> None:
        steps = self._under_way.pop(number)
        self._under_way[number] = steps  # behind the others
        result = next(steps, Result())
        if result is not None:
            self._send(replace(result, number=number))
            if result.done:
                self._end(number)

    def _try(self, number: int, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:
            self._end(number)
            self._send(Result(number=number, error=self._error_text(error)))
            if type(error).__name__ == "AcceleratorError":  # torch's: the CUDA context is lost
                raise
            if self._is_cuda:
                sys.modules["torch"].cuda.empty_cache()

    def _send(self, result: Result) -> None:
        header = {
            "number": result.number,
            "options": dict(result.options),
            "done": result.done,
            "error": result.error,
        }
        self._out.put(header, result.arrays)

    def _end(self, number: int) -> None:
        steps: Any = self._under_way.pop(number, None)
        if steps is not None and hasattr(steps, "close"):
            steps.close()

    def close(self) -> None:
        """Unmap the mailboxes."""
        for ring in self._rings:
            ring.close()
