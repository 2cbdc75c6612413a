"""Shader warm-up in a child process: every shader is compiled, drawn and timed there first.

The child has its own headless context and shares the driver's shader cache with main, so that main
links what is known to work, to end, and not to take long at the size of the canvas: while it draws
it hears no signal. A shader that never ends costs the child, not the show.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.compositor.gl.program import ShaderError
from engine.compositor.isf.shader import file_name
from engine.system.limits import end_after
from engine.system.liveness import Stillness
from engine.system.priority import lower_process
from engine.system.spawn import launch_with_pipe

LIVE_S = 0.5
"""What a frame of one shader may take: nothing that can be given up would make more playable."""
FILM_S = 20.0
"""The same in a film, which hears no signal for so long."""
LIMIT_S = 10.0
_START_LIMIT_S = 60.0
_MOST_STARTS = 5  # in a row without a single answer: this machine cannot warm
_READY = "ready"

Pictures = Mapping[str, NDArray[np.uint8]]
Clocks = tuple[Callable[[], float], Callable[[], float]]


class Answer(NamedTuple):
    """What the child says of a shader.

    Parameters
    ----------
    error
        Why it is refused, or None.
    report, picture
        Of `engine.compositor.isf.check.check`, where the child was asked for it; of one that did
        not live the report of a shader that is not drawn yet, if it came so far.
    """

    name: str
    text: str
    error: str | None
    report: dict[str, Any] | None = None
    picture: NDArray[np.float32] | None = None


class _Job(NamedTuple):
    """What a child is told; see `Warmer`."""

    size_px: tuple[int, int]
    clocks: Clocks
    most_s: float
    nice: int
    limit_s: float


@dataclass(slots=True)
class _Child:
    process: BaseProcess
    pipe: Connection
    still: Stillness
    is_ready: bool = False
    busy: tuple[str, str, Pictures | None] | None = None
    report: dict[str, Any] | None = None


class Warmer:
    """Compiles and draws candidates in a child process.

    Nothing here waits. `tend` is called with the time every frame, `poll` collects answers.

    Parameters
    ----------
    size_px
        Of the canvas.
    clocks
        Importable callables: processor time of a process, and time, in seconds.
    most_s
        What a frame may take; see `engine.compositor.isf.check.judge`.
    nice
        POSIX niceness of the child.
    limit_s
        How much processor time one shader may use until it is judged, beside what its frames may
        take; of time where the child waits for a GPU.
    """

    def __init__(
        self, size_px: tuple[int, int], clocks: Clocks, most_s: float = LIVE_S, *,
        nice: int = 0, limit_s: float = LIMIT_S,
    ) -> None:  # fmt: skip
        self._limit_s = limit_s + 8.0 * most_s
        self._job = _Job(size_px, clocks, most_s, nice, self._limit_s)
        self._waiting: deque[tuple[str, str, Pictures | None]] = deque()
        self._results: list[Answer] = []
        self._starts = 0
        self._ended: list[BaseProcess] = []  # killed, and not yet seen to be gone
        self._child: _Child | None = self._spawn()

    def submit(self, name: str, text: str, pictures: Pictures | None = None) -> None:
        """Ask for a shader; a newer text of the same name replaces one that still waits.

        With the pictures that it brings along it is looked at closely, and reported on.
        """
        self._waiting = deque(item for item in self._waiting if item[0] != name)
        self._waiting.append((name, text, pictures))

    def poll(self) -> list[Answer]:
        """Take the answers since the last call."""
        results, self._results = self._results, []
        return results

    def tend(self, now_s: float) -> None:
        """Hand out work, take answers, end a child that takes too long and start another."""
        self._ended = [process for process in self._ended if process.is_alive()]
        child = self._child
        if child is None:
            self._refuse_all("no shader can be warmed: the warming process does not start here")
            return
        if not self._listen(child):
            self._replace(child, "crashed the graphics driver while it was drawn for a test")
            return
        if child.is_ready and child.busy is None and self._waiting:
            child.busy, child.report = self._waiting.popleft(), None
            child.still.reset()
            child.pipe.send(child.busy)
        limit_s = self._limit_s if child.is_ready else _START_LIMIT_S
        if (child.busy or not child.is_ready) and child.still.tend(
            now_s, child.process.pid or 0
        ) > limit_s:
            width, height = self._job.size_px
            done = "compiles, but took" if child.report else "took"
            self._replace(
                child,
                f"{done} more than {self._limit_s:g} s of processor time until it was drawn small, "
                f"and it is to fill {width}x{height}: its loops are endless, or too long",
            )

    def close(self) -> None:
        """End the child; the only place that waits for one, briefly."""
        if self._child is not None:
            self._end(self._child)
            self._child = None
        for process in self._ended:
            process.join(0.2)
        self._ended.clear()

    def _spawn(self) -> _Child | None:
        if self._starts >= _MOST_STARTS:
            return None
        self._starts += 1
        process, pipe = launch_with_pipe(_serve, self._job, name="latent-cinema-warm")
        return _Child(process, pipe, Stillness())

    def _listen(self, child: _Child) -> bool:
        """Take one answer if there is one; false if the child is gone."""
        try:
            if not child.pipe.poll(0):
                return child.process.is_alive()
            answer = child.pipe.recv()
        except (EOFError, OSError):
            return False
        if answer == _READY:
            child.is_ready = True
        elif isinstance(answer, dict):
            child.report = answer
        elif child.busy is not None:
            self._results.append(Answer(*child.busy[:2], *answer))
            child.busy = None
            self._starts = 0
        return True

    def _replace(self, child: _Child, why: str) -> None:
        self._end(child)
        if child.busy is not None:
            name, text, _ = child.busy
            error = str(ShaderError(file_name(name), 0, why))
            self._results.append(Answer(name, text, error, child.report))
            self._starts = 0
        self._child = self._spawn()

    def _end(self, child: _Child) -> None:
        child.pipe.close()
        child.process.kill()  # SIGTERM would wait for the drawing to end
        self._ended.append(child.process)

    def _refuse_all(self, why: str) -> None:
        while self._waiting:
            self._results.append(Answer(*self._waiting.popleft()[:2], why))


def _serve(pipe: Connection, job: _Job) -> None:
    """Run the child: answer (name, text) with (error, report, picture) until the pipe closes.

    A report that is sent alone is that of a shader which is not drawn yet.
    """
    from engine.compositor.gl.context import open_context
    from engine.compositor.isf.check import check, describe, judge

    lower_process(job.nice)
    ctx = open_context()
    spent_s = job.clocks["llvmpipe" not in ctx.info["GL_RENDERER"]]
    pipe.send(_READY)
    while True:
        try:
            name, text, pictures = pipe.recv()
        except (EOFError, OSError):
            return
        end_after(job.limit_s + 2.0)  # if it is still drawing then, and main is gone
        most = job.most_s, spent_s
        error: str | None = None
        try:
            if pictures is not None:
                described = describe(ctx, name, text)
                if described[1]:
                    pipe.send(described[0])
                report, picture = check(ctx, described, (job.size_px, pictures), most)
                pipe.send((report["error"], report, picture))
                continue
            judge(ctx, name, text, job.size_px, most)
        except ShaderError as refused:
            error = str(refused)
        pipe.send((error,))
