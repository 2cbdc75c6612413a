"""Cameras that a take records: each start of a camera's worker is told where to write."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from engine.core.show.show import Show
from engine.core.show.state import State
from engine.generators.host.interface import Host
from engine.generators.host.tasks import Task
from engine.generators.media.recording import FOLDER
from engine.play.tasks.tasks import Change, TaskQueue


class CameraRecordings:
    """A client that starts recordings; see `engine.play.tasks.tasks`.

    Parameters
    ----------
    host_of
        The generator of a layer as it is now, or None.
    folder
        Of the take; None: it is not kept, so nothing is recorded.
    """

    name = "cameras"

    def __init__(self, host_of: Callable[[str], Host | None], folder: Path | None) -> None:
        self._host_of = host_of
        self._folder = folder
        self._told: dict[str, tuple[int, int]] = {}  # which worker was told: host and restarts
        self._count: dict[str, int] = {}

    def tend(self, show: Show, state: State, tasks: TaskQueue, now_s: float) -> Iterable[Change]:
        """Tell every worker of a camera that does not know it yet."""
        del state, now_s
        if self._folder is None:
            return ()
        for layer in show.layers:
            made = layer.generator
            if made is None or made.kind != "camera" or not made.config.get("record"):
                continue
            host = self._host_of(layer.id)
            if host is None or host.stats().state != "ready":
                continue
            worker = id(host), host.stats().restarts
            if self._told.get(layer.id) == worker:
                continue
            self._told[layer.id] = worker
            number = self._count[layer.id] = self._count.get(layer.id, 0) + 1
            path = self._folder / FOLDER / layer.id / f"{number}.mkv"
            tasks.start(layer.id, Task("record", options={"path": str(path)}), lambda _: ())
        return ()

    def report(self) -> dict[str, Any]:
        """Figures for the stats file."""
        return dict(self._count)
