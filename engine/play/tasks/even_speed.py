"""Probe scheduling for even speed: which stretch of which path is measured, and when.

The same for live and film: `ProbeSchedule` says what is due, and turns what was seen into events.
Live, the worker looks between its frames (`engine.play.tasks.even_speed_live`); a film looks before
it goes on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import mean, median, pstdev
from typing import Any, NamedTuple

import numpy as np

from engine.core.event import Value
from engine.core.frame.now import now_at
from engine.core.frame.sample import requests_at
from engine.core.frame.values import effective
from engine.core.latent.geometry import Vector
from engine.core.motions.move import move
from engine.core.path.arc_length import arcs, to_numbers
from engine.core.path.model import Extent, Now, Path, PathState
from engine.core.path.perceived_change import SIDE_PX
from engine.core.path.phase import position
from engine.core.path.speed import probed_extent
from engine.core.show.generator import Request, Spec, picture_size
from engine.core.show.layer import Generator, Layer
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.generators.host.tasks import Result, Task

PER_KNOT = 16
LEAST_CELLS = 64
"""Of a whole loop, however short."""
AHEAD_KNOTS, BEHIND_KNOTS, LEFT_KNOTS = 8, 1, 1
"""Of a path without end: so far it is looked at, and again when so much of that is left."""
BENT, FINEST = 1.25, 2
"""A way that is so much longer than what was seen of it is looked at again, so much more finely."""
_FRESH = 0.25  # share of a new stretch in what counts as ordinary on a path without end
_SAMPLES = (0.3, 0.71)
EVENT, FORGET = "table", (0.0,)

Change = tuple[str, Value]


class Window(NamedTuple):
    """Cells to be measured: from `start`, so many in a knot."""

    start: float
    per_knot: float
    is_closed: bool
    cells: int

    @property
    def places(self) -> list[float]:
        """Of its probes, in knots; the last end of a loop is its beginning."""
        count = self.cells if self.is_closed else self.cells + 1
        return [self.start + i / self.per_knot for i in range(count)]


@dataclass(slots=True)
class ProbeState:
    """What is known of one path."""

    shape: bytes = b""
    window: Window | None = None
    mean: float = 0.0
    fineness: int = 1
    reported: set[float] = field(default_factory=set)
    stats: dict[str, Any] = field(default_factory=dict)


class ProbedPath(NamedTuple):
    """A path that wants to be even, and all that its place depends on now."""

    layer: Layer
    generator: Generator
    path: Path
    path_state: PathState
    now: Now

    def latent(self, place: float) -> Vector:
        """What the generator gets at a place, with nobody's hand in it."""
        found = move(self.path, self.path_state, self.now, place)
        return found if self.path.chart is None else self.path.chart.decode(found)


def probed_paths(show: Show, state: State, seconds: float) -> Iterator[ProbedPath]:
    """List the paths that are to be evened, are seen, and whose generator can be looked at."""
    places = [path.at[name] for path in show.constants.paths for name in ("even", "change")]
    routed = not show.constants.targets.isdisjoint(places)
    if not routed and not any(state.base[place] > 0.0 for place in places):
        return
    now = now_at(show, state, seconds, effective(show, state, seconds).tolist())
    values, states = now.values, iter(state.paths)
    for layer in show.layers:
        generator = layer.generator
        for path in generator.paths if generator else ():
            path_state, at = next(states), path.at
            if values[at["even"]] <= 0.0 and values[at["change"]] <= 0.0:
                continue
            assert generator is not None
            is_open = not (generator.spec.stateful or generator.spec.live_only)
            if is_open and _is_seen(show, layer, values):
                yield ProbedPath(layer, generator, path, path_state, now)


def _is_seen(show: Show, layer: Layer, values: Sequence[float]) -> bool:
    """Whether a visible layer shows this one's generator, as its source or in an effect."""
    return any(
        layer.id == other.uses
        or any(
            f"layer:{layer.id}" in each.images.values()
            for each in (other.source, *other.effects)
            if each is not None
        )
        for other in show.layers
        if values[other.opacity] > 0.0
    )


class ProbeSchedule:
    """What was looked at so far, path by path."""

    def __init__(self) -> None:
        self._states: dict[str, ProbeState] = {}

    def of(self, path: Path) -> ProbeState:
        """What is known of a path."""
        return self._states.setdefault(path.name, ProbeState())

    def due(self, probed: ProbedPath) -> Window | None:
        """Say what of a path is to be looked at now, if anything is.

        A path of another shape begins afresh: `ProbeState.window` is None then.
        """
        path, path_state, values = probed.path, probed.path_state, probed.now.values
        look, extent = self.of(path), probed_extent(path, path_state, values)
        if extent is None:
            return None
        shape = self._shape(probed, extent)
        if shape != look.shape:
            self._states[path.name] = look = ProbeState(shape)
        place = position(path, path_state, values, 0.0)
        window = window_of(extent, place, path_state.speed, look.fineness)
        known = look.window
        if known is not None and known.per_knot >= window.per_knot:
            return window if _is_leaving(known, extent, place, path_state.speed) else None
        return window

    @staticmethod
    def _shape(probed: ProbedPath, extent: Extent) -> bytes:
        """Tell ways through the space apart: by where they are at some places."""
        whole = extent.length or 1.0
        found = [probed.latent(extent.start + part * whole) for part in _SAMPLES]
        return repr(extent).encode() + b"".join(np.round(f, 6).tobytes() for f in found)

    def take(self, path: Path, window: Window, result: Result) -> tuple[list[Change], list[str]]:
        """Turn what was seen into an event, and say where the picture jumps."""
        look = self.of(path)
        chords, skips = result.arrays["chords"].tolist(), result.arrays["skips"].tolist()
        steps = arcs(chords, skips, window.is_closed)
        jumps = [(window.start + at / window.per_knot, n) for at, n in result.arrays["jumps"]]
        leaping = {int(at) for at, _ in result.arrays["jumps"]}
        usual = median(steps)
        steps = tuple(usual if i in leaping else step for i, step in enumerate(steps))
        fresh = mean(steps) * window.per_knot
        if not math.isfinite(fresh) or fresh <= 0.0:
            return [], [f"{path.name}: the picture does not change along the path; it goes as told"]
        endless = not window.is_closed and look.mean > 0.0
        look.mean = look.mean + _FRESH * (fresh - look.mean) if endless else fresh
        look.window = window
        if sum(steps) > BENT * sum(chords):
            look.fineness = FINEST
        look.stats = {
            "cells": window.cells,
            "change_per_knot": round(look.mean, 4),
            "cv": round(pstdev(steps) / mean(steps), 3),
            "jumps": [[round(float(at), 3), round(float(n), 1)] for at, n in jumps],
        }
        numbers = to_numbers(window.start, window.per_knot, window.is_closed, look.mean, steps)
        said = [
            f"{path.name}: the picture jumps at {at:.2f} knots ({n:.0f} times the usual step); no "
            "speed evens that out: set a key beside it, or fade over it"
            for at, n in jumps
            if round(at, 1) not in look.reported
        ]
        look.reported |= {round(at, 1) for at, _ in jumps}
        return [(f"{path.name}/{EVENT}", numbers)], said

    def report(self) -> dict[str, Any]:
        """Figures for the stats file, by path."""
        return {name: look.stats for name, look in self._states.items() if look.stats}


def window_of(extent: Extent, place: float, speed: float, fineness: int = 1) -> Window:
    """Choose what to look at: a path with ends as a whole, another ahead of where it is."""
    if extent.length > 0.0:
        cells = max(round(extent.length * PER_KNOT), LEAST_CELLS if extent.is_closed else 2)
        cells *= fineness
        return Window(extent.start, cells / extent.length, extent.is_closed, cells)
    back, there = BEHIND_KNOTS, AHEAD_KNOTS
    if speed < 0.0:
        back, there = there, back
    per_knot = PER_KNOT * fineness
    return Window(float(math.floor(place) - back), per_knot, False, (back + there + 1) * per_knot)


def _is_leaving(window: Window, extent: Extent, place: float, speed: float) -> bool:
    if extent.length > 0.0:
        return False
    end = window.start + window.cells / window.per_knot
    low = LEFT_KNOTS if speed < 0.0 else 0.0
    return not window.start + low <= place <= end - (LEFT_KNOTS if speed >= 0.0 else 0.0)


def probe_task(
    show: Show,
    state: State,
    seconds: float,
    probed: ProbedPath,
    window: Window,
    path: Sequence[Vector],
) -> Task:
    """Make the probe of a window from the latents at its places."""
    layer, spec = probed.layer, probed.generator.spec
    asked = requests_at(show, state, seconds, {layer.id})[layer.id]
    shape = next(port.shape for port in spec.ports if port.name == probed.path.port)
    many = np.array(path, np.float32).reshape(-1, *shape)
    options: dict[str, float | str] = {
        "port": probed.path.port,
        "is_closed": float(window.is_closed),
    }
    request = replace(asked, size_px=_small(spec, asked))
    return Task("probe", 0, {"path": many}, options, request)


def _small(spec: Spec, asked: Request) -> tuple[int, int]:
    if spec.any_size:
        return picture_size(max(SIDE_PX, spec.min_px), asked.aspect)
    return picture_size(SIDE_PX, spec.aspect)
