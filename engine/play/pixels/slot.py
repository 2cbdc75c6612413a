"""The workers of a layer: the one that is seen, and the one that is to follow it.

When an edited show changes a layer's model the old worker goes on until the new one has drawn its
first frame; then the picture fades to that one. A new model that fails leaves the old one playing.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import NamedTuple

from engine.core.frame.plan import Plan
from engine.core.frame.sample import requests_at
from engine.core.show.generator import Request, asked_size
from engine.core.show.layer import IN_BETWEENS, Generator
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.generators import registry
from engine.generators.host.interface import Host
from engine.generators.host.messages import Frame
from engine.generators.host.spare import Spare
from engine.generators.host.watchdog import Policy
from engine.generators.host.worker_host import open_worker
from engine.play.model_versions import FileVersion, version_of
from engine.play.pixels.delay_line import Pictures
from engine.play.pixels.still import StillHost

CHANGE_S = 1.0
"""How long the picture fades from one model to the next."""
CUT_WITHIN_S = 0.25
"""The first frame that comes so soon after its layer appeared replaces the picture from before:
it passes for part of the change. A later one is faded in."""
SEEK_S = 20.0
"""To find a frame, a film may have to be decoded from a key frame long before it."""
SLOW_S = 4.0
"""Beyond this period frames cannot be asked for early enough (`engine.generators.host.latency`) and
all come late: each is then faded in for as long as the next one takes, so that the picture never
rests.
"""


SEEN_PERIODS = {"warp": 0.5, "none": 0.0}
"""How long before its moment a frame is first seen, in periods; where it is blended in, one."""


def in_between(show: Show, name: str, plan: Plan) -> str:
    """What is seen between two frames of a layer's generator, one of `IN_BETWEENS`."""
    layer = show.constants.layers.get(name)
    if layer is None or layer.generator is None or layer.generator.in_between < 0:
        return IN_BETWEENS[0]
    return IN_BETWEENS[int(plan.values[layer.generator.in_between])]


class WorkerSpec(NamedTuple):
    """What a worker was opened for; when any of it changes, another one is needed."""

    kind: str
    config: str
    size_px: tuple[int, int]
    rate_hz: float
    version: FileVersion = ()


class ShownFrame(NamedTuple):
    """A frame, and how the bridge is to bring it to light (see `Bridge.take`)."""

    frame: Frame
    is_fresh: bool
    fade_s: float


def worker_spec_of(show: Show, name: str, generator: Generator) -> WorkerSpec:
    """Say what the worker of a layer is to be opened for."""
    aspect = show.constants.layers[name].aspect or show.size_px[0] / show.size_px[1]
    size_px = asked_size(generator.spec, generator.size_px, aspect, show.size_px)
    version = version_of(registry.files(generator.kind, generator.config))
    return WorkerSpec(generator.kind, repr(generator.config), size_px, generator.rate_hz, version)


def open_host(
    generator: Generator, wanted: WorkerSpec, device: str, spare: Spare, shares_cuda: bool
) -> Host:
    """Start the worker of a generator.

    Raises
    ------
    OSError
        If the system gives no shared memory or no process.
    """
    opened = registry.open_spec(generator.kind, generator.config, generator.spec)
    if generator.spec.runs == "still":
        return StillHost(opened)
    is_heavy = generator.spec.runs == "heavy"  # what needs no torch takes no process that has it
    return open_worker(
        opened,
        device if is_heavy else "cpu",
        max_size_px=wanted.size_px,
        rate_cap_hz=generator.rate_hz,
        clock=time.perf_counter,
        spare=spare if is_heavy else None,
        shares_cuda=shares_cuda and is_heavy,
        policy=Policy(hang_s=SEEK_S) if generator.spec.duration_s else None,
    )


class Slot:
    """The worker, or two, of one layer.

    Parameters
    ----------
    wanted, host
        Of the first worker.
    """

    def __init__(self, wanted: WorkerSpec, host: Host) -> None:
        self.wanted = wanted
        self.host = host
        self._coming: tuple[WorkerSpec, Host] | None = None
        self._asked_s = -math.inf
        self._appeared_s: float | None = None  # since when it is seen without a break
        self._was_seen = False  # when the frame before came
        self.in_between = "fade"  # how its frames are shown, one of `IN_BETWEENS`

    def is_for(self, wanted: WorkerSpec) -> bool:
        """Whether the newest worker was opened for this; one that is not wanted any more ends."""
        if self._coming is not None and wanted == self.wanted:
            self._coming[1].close()
            self._coming = None
        newest = self.wanted if self._coming is None else self._coming[0]
        return newest == wanted

    def is_loading(self, wanted: WorkerSpec) -> bool:
        """Whether an earlier version of this model is on its way: the next one waits for it.

        So a file that is replaced more often than it can be loaded is seen all the same.
        """
        if self._coming is None or self._coming[0]._replace(version=wanted.version) != wanted:
            return False
        return not self._coming[1].stats().state.startswith("failed")

    def follow_with(self, wanted: WorkerSpec, host: Host) -> None:
        """Let another worker follow as soon as it has a frame."""
        if self._coming is not None:
            self._coming[1].close()
        self._coming = (wanted, host)

    def tend(self, now_s: float, is_seen: bool) -> None:
        """Hear the workers; call it once per display frame."""
        if not is_seen:
            self._appeared_s = None
        elif self._appeared_s is None:
            self._appeared_s = now_s
        self.host.tend(now_s)
        if self._coming is not None:
            self._coming[1].tend(now_s)

    def is_due(self, now_s: float, rest_s: float) -> bool:
        """Whether it was not asked for so long; it is then asked now."""
        if self._appeared_s is None and now_s - self._asked_s <= rest_s:
            return False
        self._asked_s = now_s
        return True

    def ask(
        self,
        show: Show,
        state: State,
        name: str,
        seconds: float,
        now_s: float,
        pictures: Pictures,
    ) -> None:
        """Ask for the moment at which the frame will be seen, from display time `seconds` on."""
        if self._coming is None:
            self._ask_one(self.host, show, state, name, seconds, now_s, pictures)
            return
        asked = self._ask_one(self._coming[1], show, state, name, seconds, now_s, pictures)
        # The show is the new model's. The old one goes on if it understands the same request.
        (width, height), (most_x, most_y) = asked.size_px, self.wanted.size_px
        if self.host.spec.ports == self._coming[1].spec.ports and (
            width * height <= most_x * most_y
        ):
            self._ask_one(self.host, show, state, name, seconds, now_s, pictures)

    def _ask_one(
        self,
        host: Host,
        show: Show,
        state: State,
        name: str,
        seconds: float,
        now_s: float,
        pictures: Pictures,
    ) -> Request:
        ahead_s = host.look_ahead_s(SEEN_PERIODS.get(self.in_between, 1.0))
        request = requests_at(show, state, seconds + ahead_s, {name})[name]
        if pictures:
            request = replace(request, pictures=pictures)
        host.ask(request, now_s)
        return request

    def newest(self, now_s: float) -> ShownFrame | None:
        """Return a frame that is to be shown, if there is one."""
        if self._coming is not None:
            frame = self._coming[1].newest()
            if frame is not None:
                self.host.close()
                self.wanted, self.host = self._coming
                self._coming = None
                return self._seen(frame, now_s, CHANGE_S)
        frame = self.host.newest()
        return None if frame is None else self._seen(frame, now_s, 0.0)

    def _seen(self, frame: Frame, now_s: float, fade_s: float) -> ShownFrame:
        """Judge whether the frames before are something to fade from.

        Not by the distance of frames: a slow generator's are far apart and yet follow each other.
        """
        before, self._was_seen = self._was_seen, self._appeared_s is not None
        if self._appeared_s is None:
            return ShownFrame(frame, True, 0.0)
        is_fresh = not before and now_s - self._appeared_s <= CUT_WITHIN_S
        rate_hz = self.host.stats().rate_hz
        if 0.0 < rate_hz < 1.0 / SLOW_S:
            fade_s = max(fade_s, 1.0 / rate_hz)
        return ShownFrame(frame, is_fresh, fade_s)

    @property
    def doing(self) -> str:
        """What the newest worker does before it plays, in words; empty if it plays."""
        return (self.host if self._coming is None else self._coming[1]).stats().doing

    @property
    def trouble(self) -> str:
        """What is wrong, in a sentence; empty if nothing is."""
        hosts = [self.host] if self._coming is None else [self._coming[1], self.host]
        for stats in (host.stats() for host in hosts):
            if stats.state.startswith("failed") or stats.error:
                return stats.state if stats.state.startswith("failed") else stats.error
        return ""

    def close(self) -> None:
        """End the workers."""
        self.host.close()
        if self._coming is not None:
            self._coming[1].close()
