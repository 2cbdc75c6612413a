"""Even speed live: workers measure ahead along paths; until then the newest frames serve."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from engine.core.latent.geometry import Vector
from engine.core.path.arc_length import SpeedEstimate, update_estimate
from engine.core.path.perceived_change import Features, distance, features
from engine.core.path.phase import position
from engine.core.path.speed import perceived_at
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.generators.host.messages import Frame
from engine.generators.host.tasks import Result
from engine.play.tasks.even_speed import (
    EVENT,
    FORGET,
    ProbedPath,
    ProbeSchedule,
    Window,
    probe_task,
    probed_paths,
)
from engine.play.tasks.tasks import Change, TaskQueue

CHECK_S = 0.25
RETRY_S = 10.0
A_FRAME = 8
"""Latents that are worked out in one display frame."""
_KEPT = 600
_THUMB_PX = 128


class _PathProbe:
    """One path: what is being looked at, and what its newest frames tell."""

    def __init__(self) -> None:
        self.window: Window | None = None
        self.latents: list[Vector] = []
        self.seen = b""  # shape at the check before: a path that is being moved is waited for
        self.number = 0
        self.rest_until_s = -math.inf
        self.went: deque[tuple[float, float]] = deque(maxlen=_KEPT)  # when it was where
        self.frame: tuple[int, float, Features] | None = None
        self.estimate = SpeedEstimate()


class EvenSpeed:
    """Keeps the tables of paths that are to be even; a client of `engine.play.tasks.tasks`.

    Parameters
    ----------
    frame_of
        Newest frame of a layer's generator, or None.
    """

    name = "even"

    def __init__(
        self, frame_of: Callable[[str], Frame | None], notify: Callable[[str], None]
    ) -> None:
        self._frame_of = frame_of
        self._notify = notify
        self._schedule = ProbeSchedule()
        self._tasks: dict[str, _PathProbe] = {}
        self._checked_s = -math.inf

    def tend(self, show: Show, state: State, tasks: TaskQueue, now_s: float) -> Iterable[Change]:
        """Look after every path that is to be even."""
        if state.tick < 0:
            return []
        is_check = now_s - self._checked_s >= CHECK_S
        if is_check:
            self._checked_s = now_s
        elif not self._tasks:
            return []
        changes: list[Change] = []
        found = list(probed_paths(show, state, state.tick / float(show.control_hz)))
        wanted = {probed.path.name for probed in found}
        for name in self._tasks.keys() - wanted:
            tasks.cancel(self._tasks[name].number)
            self._tasks[name].window = None
        for probed in found:
            task = self._tasks.setdefault(probed.path.name, _PathProbe())
            if is_check:
                changes += self._check(probed, task, tasks, now_s)
            if task.window is not None and not tasks.is_open(task.number):
                self._prepare(show, state, probed, task, tasks, now_s)
            changes += self._estimate(show, state, probed, task)
        return changes

    def _check(
        self, probed: ProbedPath, task: _PathProbe, tasks: TaskQueue, now_s: float
    ) -> list[Change]:
        """Find out whether something is to be looked at; it has to hold still for that."""
        window = self._schedule.due(probed)
        look = self._schedule.of(probed.path)
        is_steady, task.seen = look.shape == task.seen, look.shape
        if not is_steady:
            tasks.cancel(task.number)
            task.window, task.estimate, task.rest_until_s = None, SpeedEstimate(), -math.inf
            is_stale = not {"table", "felt"}.isdisjoint(probed.path_state.memory)
            return [(f"{probed.path.name}/{EVENT}", FORGET)] if is_stale else []
        is_free = now_s >= task.rest_until_s and not tasks.is_open(task.number)
        if window != task.window and is_free:
            task.window, task.latents = window, []
        return []

    def _prepare(
        self,
        show: Show,
        state: State,
        probed: ProbedPath,
        task: _PathProbe,
        tasks: TaskQueue,
        now_s: float,
    ) -> None:
        """Work out some latents; with the last one the worker is sent off."""
        window = task.window
        assert window is not None
        places = window.places
        for place in places[len(task.latents) :][:A_FRAME]:
            task.latents.append(probed.latent(place))
        if len(task.latents) < len(places):
            return
        seconds = state.tick / float(show.control_hz)
        probe = probe_task(show, state, seconds, probed, window, task.latents)
        path, shape = probed.path, task.seen

        def on_result(result: Result) -> Iterable[Change]:
            if result.error or self._schedule.of(path).shape != shape:
                return []
            task.rest_until_s = -math.inf
            changes, messages = self._schedule.take(path, window, result)
            for text in messages:
                self._notify(text)
            return changes

        task.number = tasks.start(probed.layer.id, probe, on_result)
        # One that fails, or cannot be sent, is not tried again at once.
        task.window, task.latents, task.rest_until_s = None, [], now_s + RETRY_S

    def _estimate(
        self, show: Show, state: State, probed: ProbedPath, task: _PathProbe
    ) -> list[Change]:
        """Take a new frame as a measure of how fast the picture changes, while no table does."""
        path, path_state = probed.path, probed.path_state
        place = position(path, path_state, probed.now.values, 0.0)
        task.went.append((state.tick / float(show.control_hz), place))
        table = path_state.memory.get("table")
        if table is not None and perceived_at(path_state, place) != path_state.memory.get("felt"):
            task.frame = None
            return []
        frame = self._frame_of(probed.layer.id)
        if frame is None or frame.pixels.shape[2] == 0:  # it lies on the device
            return []
        before = task.frame
        if before is not None and before[0] == frame.sequence:
            return []
        step = max(min(frame.pixels.shape[:2]) // _THUMB_PX, 1)
        at = _where(task.went, frame.seconds)
        task.frame = (frame.sequence, at, features(frame.pixels[::step, ::step]))
        if before is None or before[2].shape != task.frame[2].shape or abs(at - before[1]) < 1e-4:
            return []
        task.estimate = update_estimate(
            task.estimate, distance(before[2], task.frame[2]), abs(at - before[1])
        )
        speeds = task.estimate.perceived
        return [(f"{path.name}/felt", speeds)] if speeds[1] > 0.0 and speeds[0] > 0.0 else []

    def report(self) -> dict[str, Any]:
        """Figures for the stats file, by path."""
        return self._schedule.report()


def _where(went: deque[tuple[float, float]], seconds: float) -> float:
    """Where a path was at a time that lies among those remembered, or the nearest of these."""
    i = bisect_right(went, (seconds, math.inf))
    if i == 0 or i == len(went):
        return went[min(i, len(went) - 1)][1]
    (t0, u0), (t1, u1) = went[i - 1], went[i]
    return u0 + (u1 - u0) * (seconds - t0) / (t1 - t0) if t1 > t0 else u1
