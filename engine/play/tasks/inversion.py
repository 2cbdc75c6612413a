"""Inversion of pictures while a show plays: keys that have no latent yet, and triggers.

One picture at a time, in the worker of the layer whose path it leads. The latent that is found
enters the show as the event ``key`` with its coordinates, and so does the take.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.frame.sample import requests_at
from engine.core.path.model import Path
from engine.core.show.generator import Request, picture_size
from engine.core.show.layer import Generator, Layer
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.documents.path.picture_keyframes import LAYER
from engine.generators import registry
from engine.generators.contract import model_of
from engine.generators.host.messages import Frame
from engine.generators.host.tasks import Arrays, Result, Task
from engine.generators.tasks.inversion import ANY_SIZE_PX
from engine.play.tasks.tasks import Change, TaskQueue

STEPS = 80
MOST_WAITING = 64
_KEPT = 8


class _Job(NamedTuple):
    layer: str
    path: str
    source: str


class Inversion:
    """Inverts what a show asks for; see `engine.play.tasks.tasks.TaskClient`.

    Parameters
    ----------
    newest
        The newest frame of a layer, or None.
    notify
        Tells the operator what was found, or what is wrong.
    """

    name = "inversion"

    def __init__(
        self, newest: Callable[[str], Frame | None], notify: Callable[[str], None]
    ) -> None:
        self._newest = newest
        self._notify = notify
        self._show: Show | None = None
        self._watched: list[tuple[Layer, Path]] = []
        self._begun: set[tuple[str, bytes]] = set()
        self._fired: dict[str, int] = {}
        self._waiting: deque[_Job] = deque()
        self._number = 0
        self._found: deque[dict[str, Any]] = deque(maxlen=_KEPT)

    def tend(self, show: Show, state: State, tasks: TaskQueue, now_s: float) -> Iterable[Change]:
        """Start the next picture when the last one is done. Never waits."""
        del now_s
        if show is not self._show:
            self._read(show, state)
        for layer, path in self._watched:
            tick = state.fired.get(path.at["invert"], -1)
            if tick != self._fired[path.name]:
                self._fired[path.name] = tick
                if not path.invert:
                    self._notify(f'{path.name}: nothing to invert; give the path invert = "FILE"')
                elif len(self._waiting) < MOST_WAITING:
                    self._waiting.append(_Job(layer.id, path.name, path.invert))
        if self._waiting and not tasks.is_open(self._number):
            job = self._waiting[0]
            if self._newest(job.layer) is not None:  # it can draw
                self._waiting.popleft()
                self._start(show, state, tasks, job)
        return ()

    def _read(self, show: Show, state: State) -> None:
        """Look what a show wants inverted; what was begun before it was edited is not again."""
        self._show = show
        pairs = [(x, p) for x in show.layers if x.generator for p in x.generator.paths]
        self._watched = [(layer, path) for layer, path in pairs if "invert" in path.at]
        self._fired = {p.name: state.fired.get(p.at["invert"], -1) for _, p in self._watched}
        names = {path.name for _, path in self._watched}
        self._waiting = deque(job for job in self._waiting if job.path in names)
        for layer, path in self._watched:
            for picture in path.pictures:
                mark = (path.name, show.files[picture])
                if mark not in self._begun:
                    self._begun.add(mark)
                    self._waiting.append(_Job(layer.id, path.name, picture))

    def _start(self, show: Show, state: State, tasks: TaskQueue, job: _Job) -> None:
        layer, path = next((x, p) for x, p in self._watched if p.name == job.path)
        arrays = self._picture(show, job)
        if arrays is None or layer.generator is None:
            return
        seconds = (state.tick + 1) / float(show.control_hz)
        request = requests_at(show, state, seconds, {layer.id})[layer.id]
        task = _task_of(layer.generator, path, arrays, request)

        def on_result(result: Result) -> Iterable[Change]:
            if result.error or not result.done:
                return ()
            decibels = float(result.options["psnr_db"])
            start = float(result.options["start_db"])
            self._found.append({"picture": job.source, "psnr_db": decibels, "start_db": start})
            self._notify(
                f"{job.path}: {job.source}: {decibels:.1f} dB (start {start:.1f}); a key now"
            )
            numbers = result.arrays["coordinates"].astype(np.float64).ravel().tolist()
            return [(f"{job.path}/key", tuple(numbers))]

        self._number = tasks.start(layer.id, task, on_result)

    def _picture(self, show: Show, job: _Job) -> dict[str, NDArray[np.uint8]] | None:
        """Content of a file that the show names, or what another layer's generator shows now."""
        if not job.source.startswith(LAYER):
            return {"file": np.frombuffer(show.files[job.source], np.uint8)}
        frame = self._newest(job.source.removeprefix(LAYER))
        if frame is None or frame.pixels.shape[2] < 4:
            self._notify(f"{job.path}: {job.source} has no picture that can be inverted now")
            return None
        rgba = frame.pixels.astype(np.float32)
        flat = (rgba[..., :3] * rgba[..., 3:]).clip(0, 1)
        return {"picture": (flat * 255).round().astype(np.uint8)}

    def report(self) -> dict[str, Any]:
        """Figures for the stats file."""
        return {"waiting": len(self._waiting), "found": list(self._found)}


def _task_of(generator: Generator, path: Path, arrays: Arrays, request: Request) -> Task:
    """Ask for a picture of the parameters that are now, in the size in which it is compared."""
    spec, options = generator.spec, dict[str, float | str](port=path.port, steps=float(STEPS))
    model = model_of(registry.files(generator.kind, generator.config))
    if model:
        options["model"] = model
    size_px = picture_size(spec.max_px, spec.aspect)
    if spec.any_size:
        size_px = picture_size(max(ANY_SIZE_PX, spec.min_px), request.aspect)
    return Task("invert", 0, arrays, options, replace(request, size_px=size_px))
