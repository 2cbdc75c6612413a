"""Point dragging while a show plays: the pointer starts a task, its results pull the path.

The pointer is a parameter (``/grab/x``, ``/grab/y``, ``/grab/down``), whether the mouse or OSC
moves it. While it is down the worker of the layer below it works out how the latent has to move for
the feature to follow; every step enters the show, and its take, as the event ``pull`` of the path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.core.frame.now import now_at
from engine.core.frame.sample import requests_at
from engine.core.frame.values import effective
from engine.core.modifiers.drag import pulled_by
from engine.core.path.model import Path
from engine.core.show.layer import Layer
from engine.core.show.placing import FITS, Placing, placing_of
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.core.trajectory.chain import coordinates
from engine.generators.host.tasks import Result, Task
from engine.play.tasks.tasks import Change, TaskQueue

ADDRESSES = ("/grab/x", "/grab/y", "/grab/down")
DIGITS = 4
"""Of a displacement in the take: a latent is about 1 in each coordinate."""


class Target(NamedTuple):
    """What lies under the hand.

    Parameters
    ----------
    layer
        ID of the layer whose generator it is.
    path
        The path that leads it.
    place
        Index of the path in the show.
    box
        Left, lower end, width and height of its picture, in parts of the canvas.
    """

    layer: str
    path: Path
    place: int
    box: tuple[float, float, float, float]

    def inside(self, x: float, y: float) -> tuple[float, float]:
        """Turn a place on the canvas, from below, into one in the picture, from above."""
        left, low, width, height = self.box
        return (x - left) / width, 1.0 - (y - low) / height


def targets(show: Show, values: Sequence[float]) -> Iterator[Target]:
    """What can be dragged, uppermost first."""
    makers = {layer.id: layer.generator for layer in show.layers if layer.generator}
    canvas = show.size_px[0] / show.size_px[1]
    for layer in reversed(show.layers):
        generator = makers.get(layer.uses or "")
        if generator is None or values[layer.opacity] <= 0.0 or not generator.paths:
            continue
        box = _box(layer, values, canvas)
        if box is None or values[layer.mute] >= 0.5:
            continue
        spec, path = generator.spec, generator.paths[0]
        is_blind = not any(port.geometry == "image" for port in spec.ports)
        if spec.differentiable and is_blind and path.port == spec.ports[0].name:
            yield Target(str(layer.uses), path, show.paths.index(path), box)


def _box(
    layer: Layer, values: Sequence[float], canvas: float
) -> tuple[float, float, float, float] | None:
    """Left, bottom, width and height of a layer on the canvas; None if it lies in another way."""
    at = placing_of(values, layer.placing) or Placing()
    if layer.group or at.rotation or at.mirror or at.tile:
        return None
    aspect, scale, how = layer.aspect or canvas, values[layer.scale], FITS[int(at.fit)]
    across, down = min(aspect / canvas, 1.0), min(canvas / aspect, 1.0)
    if how == "fill":
        across, down = across / min(across, down), down / min(across, down)
    elif how == "stretch":
        across = down = 1.0
    left = 0.5 + at.x + across * (at.anchor_x * (1.0 - scale) - 0.5)
    low = 0.5 + at.y + down * (at.anchor_y * (1.0 - scale) - 0.5)
    return left, low, across * scale, down * scale


def under(show: Show, values: Sequence[float], x: float, y: float) -> Target | None:
    """What lies under a place of the canvas; None if nothing there can be dragged."""
    for target in targets(show, values):
        if all(0.0 <= part <= 1.0 for part in target.inside(x, y)):
            return target
    return None


class Dragging:
    """Drags what the hand holds; a client of `engine.play.tasks.tasks`."""

    name = "grab"

    def __init__(self, notify: Callable[[str], None]) -> None:
        self._notify = notify
        self._is_down = False
        self._target: Target | None = None
        self._show: Show | None = None
        self._number = 0
        self._is_heard = False
        self._last_pull: tuple[float, ...] = ()
        self._steps = 0
        self._left_px = 0.0

    def tend(self, show: Show, state: State, tasks: TaskQueue, now_s: float) -> Iterable[Change]:
        """Begin, go on or end with what is dragged."""
        del now_s
        index = show.registry.index
        if ADDRESSES[0] not in index or show is not self._show:
            self._end(tasks)
            self._show = show
            return ()
        seconds = state.tick / float(show.control_hz)
        values = effective(show, state, max(seconds, 0.0)).tolist()
        x, y, down = (values[index[address]] for address in ADDRESSES)
        if down < 0.5:
            self._end(tasks)
        elif not self._is_down:
            self._is_down = True
            self._target = under(show, values, x, y)
            if self._target is None:
                self._notify("nothing here can be dragged")
            else:
                self._send(show, state, values, tasks, (x, y))
        elif self._target is not None and self._is_heard and tasks.is_open(self._number):
            self._send(show, state, values, tasks, (x, y))
        return ()

    def _end(self, tasks: TaskQueue) -> None:
        if self._number:
            tasks.cancel(self._number)
        self._number, self._target, self._last_pull, self._is_down = 0, None, (), False

    def _send(
        self,
        show: Show,
        state: State,
        values: Sequence[float],
        tasks: TaskQueue,
        pointer: tuple[float, float],
    ) -> None:
        """Begin, or tell where the hand and the path are by now: one letter for each answer."""
        target = self._target
        assert target is not None
        x, y = target.inside(*pointer)
        seconds = max(state.tick, 0) / show.constants.control_hz
        path_state, now = state.paths[target.place], now_at(show, state, seconds, values)
        z = coordinates(target.path, path_state.remembering(pull=None), now)
        pull = path_state.memory.get("pull")
        away = np.zeros(target.path.shape)
        if pull is not None:
            is_free = pull.goal is None
            away = pulled_by(pull, now.unfrozen_s, now.control_hz)[0] if is_free else pull.goal
        request = requests_at(show, state, seconds, {target.layer})[target.layer]
        arrays = {"coordinates": z.astype(np.float32), "pull": away.astype(np.float32)}
        options: dict[str, float | str] = {
            "port": target.path.port,
            "x": min(max(x, 0.0), 1.0),
            "y": min(max(y, 0.0), 1.0),
        }
        address = f"{target.path.name}/pull"

        def on_result(result: Result) -> Iterable[Change]:
            if result.error:
                return ()
            self._is_heard = True
            self._steps += 1
            self._left_px = float(result.options["left_px"])
            found = result.arrays["pull"].astype(np.float64).ravel()
            pull, last = tuple(np.round(found, DIGITS).tolist()), self._last_pull
            self._last_pull = pull
            return [(address, pull)] if pull != last else ()

        self._is_heard = False
        task = Task("drag", self._number, arrays, options, request)
        self._number = tasks.start(target.layer, task, on_result)

    def report(self) -> dict[str, Any]:
        """Figures for the stats file: steps made, and how far the newest feature is from the hand.

        The distance is in parts of 32 of the picture's width.
        """
        return {"steps": self._steps, "left_px": round(self._left_px, 3)}
