"""Generator pixels of a performance, from worker processes."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from typing import Any

import platformdirs

from engine.compositor.compose import Compositor
from engine.compositor.gl.context import is_software
from engine.core.control.cues import awaited
from engine.core.frame.decks import crossed
from engine.core.frame.plan import Plan
from engine.core.show.layer import Generator
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.generators.host.interface import Host, HostStats
from engine.generators.host.messages import Frame
from engine.generators.host.spare import Spare
from engine.play.pixels.bridge import Bridge
from engine.play.pixels.cuda_sharing import SharingError, probe
from engine.play.pixels.delay_line import DelayLine
from engine.play.pixels.drawn import DrawnPixels
from engine.play.pixels.slot import ShownFrame, Slot, in_between, open_host, worker_spec_of
from engine.play.stats import Newest

MOST_PREPARED = 6
"""Workers that are kept loaded; more are opened when their scene is seen."""
REFRESH_S = 4.0
"""A generator that is not seen makes a frame that often, so that a cut to it shows something."""
WARM_S = 0.5
"""The same where it is about to be seen: on the deck that is not on air."""
SPARE_AFTER_S = 6.0
_AGES = 4096  # of pictures that are looked at for the stats, a layer
REOPEN_S = 5.0
"""A worker that could not be started at all is tried again that often."""


class LivePixels:
    """Worker processes: asked ahead of the display, read without waiting.

    Parameters
    ----------
    bridge
        Uploads frames and crossfades between them.
    device
        ``auto``, ``cpu``, ``cuda`` or ``mps``.

    Attributes
    ----------
    warm
        Layers that are about to be seen: their generators are asked now and then.
    """

    def __init__(self, bridge: Bridge, device: str = "auto") -> None:
        self._bridge = bridge
        self._device = device
        self._slots: dict[str, Slot] = {}
        self._checked: dict[str, Show] = {}
        self._unopened: dict[str, tuple[float, str]] = {}  # when to try again, what was wrong
        # What workers compile is kept for the next show, not until the next start of the machine.
        compiled = platformdirs.user_cache_path("latent-cinema", appauthor=False) / "compiled"
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(compiled))
        self._spare = Spare(delay_s=SPARE_AFTER_S)
        self._delay_line = DelayLine()
        self._compositors: list[Compositor] = []
        self.warm: frozenset[str] = frozenset()
        self._shares_cuda = False
        self._drawn: DrawnPixels | None = None
        self._news: list[str] = []
        self.path = "numpy"
        self._newest: dict[str, Frame] = {}  # by worker, as all here but what says it is by layer
        self._crossed: Mapping[str, str] = {}
        self._reported: dict[str, str] = {}
        self._notified: dict[str, bool] = {}
        self.age_ms: dict[str, Newest] = {}

    def open(self, show: Show, names: Iterable[str], now_s: float) -> None:
        """Start the workers of these layers, unless they run already."""
        for layer in show.layers:
            if layer.generator is None or layer.id not in names:
                continue
            if self._checked.get(layer.id) is not show:  # once a show, not once a frame
                self._open(show, layer.id, layer.generator, now_s)

    def _open(self, show: Show, name: str, generator: Generator, now_s: float) -> None:
        """Start a worker; what is wrong with one model ends no frame, nor the other pictures."""
        slot, mark = self._slots.get(name), worker_spec_of(show, name, generator)
        if slot is None or not slot.is_for(mark):
            if slot is not None and slot.is_loading(mark):
                return
            if now_s < self._unopened.get(name, (-math.inf, ""))[0]:
                return
            try:
                host = open_host(generator, mark, self._device, self._spare, self._shares_cuda)
            except (ValueError, OSError) as error:
                self._unopened[name] = (now_s + REOPEN_S, f"failed: {error}")
                return
            if slot is None:
                self._slots[name] = Slot(mark, host)
            else:
                slot.follow_with(mark, host)
        self._unopened.pop(name, None)
        self._checked[name] = show

    def keep(self, show: Show) -> None:
        """Close the workers of layers that a reloaded show no longer has."""
        there = {layer.id for layer in show.layers if layer.generator is not None}
        for name in set(self._slots) - there:
            self._slots.pop(name).close()
            self._checked.pop(name, None)
            self._bridge.drop(name)
            self._newest.pop(name, None)
        self._unopened.clear()
        self._notified = {n: is_ready for n, is_ready in self._notified.items() if n in there}

    def ask(self, show: Show, state: State, plan: Plan, now_s: float) -> None:
        """Ask every visible generator for the moment at which its frame will be seen.

        One that a cue waits for is started, and makes its first frame.
        """
        self._crossed = crossed(show, state, plan.values)  # type: ignore[arg-type]
        self.open(show, plan.requests, now_s)
        if self.warm:
            self.open(show, self.warm, now_s)
        if state.awaiting:
            self.open(show, awaited(show, state), now_s)
        self._prepare(show, now_s)
        if self._drawn is not None:
            self._drawn.follow(show)
        for compositor in self._compositors:
            self._delay_line.take(compositor.readbacks(is_waiting=False))
        for name, slot in list(self._slots.items()):
            # Of one that OpenGL draws the process is kept for what is done beside its pictures.
            slot.tend(now_s, is_seen=name in plan.requests and not self._is_drawn(name))
            slot.in_between = in_between(show, self._crossed.get(name, name), plan)
            if slot.is_due(now_s, WARM_S if name in self.warm else REFRESH_S):
                pictures = self._delay_line.pictures(
                    show.constants.image_inputs.get(name, ()), plan.step
                )
                slot.ask(show, state, name, plan.seconds, now_s, pictures)
            seen = slot.newest(now_s)
            if seen is not None:
                self._upload(name, seen)

    def _prepare(self, show: Show, now_s: float) -> None:
        """Load the scenes that are not seen yet, one by one, so that a cut to them is no wait.

        Only into a process that has its libraries already: loading them takes time from the show.
        And only while another one waits: a worker that dies needs it more. What needs no torch
        has none to wait for.
        """
        if len(self._slots) >= MOST_PREPARED:
            return
        for layer in show.layers:
            is_new = layer.id not in self._slots and layer.id not in self._unopened
            if layer.generator is None or not is_new:
                continue
            if layer.generator.spec.runs != "heavy" or self._spare.is_complete:
                self._open(show, layer.id, layer.generator, now_s)
                return

    def news(self, show: Show) -> list[tuple[str, bool]]:
        """Layers of a show whose generator has got its first picture, or has none (once each)."""
        found = []
        for layer in show.layers:
            is_ready = layer.generator is None or self._holds(layer.id)
            if is_ready != self._notified.get(layer.id, True):
                found.append((layer.id, is_ready))
                self._notified[layer.id] = is_ready
        return found

    def _holds(self, name: str) -> bool:
        return self._is_drawn(name) or self._bridge.holds(name)

    def _is_drawn(self, name: str) -> bool:
        return self._drawn is not None and self._drawn.draws(name)

    def draw_on(self, ctx: Any, compositor: Compositor) -> None:
        """Let OpenGL draw the generators that it can, where it is hardware."""
        if self._device == "auto" and not is_software(ctx):
            self._drawn = DrawnPixels(ctx, compositor)

    def host(self, name: str) -> Host | None:
        """Generator that draws a layer, as it is seen now; None while there is none."""
        slot = self._slots.get(self._crossed.get(name, name))
        return None if slot is None else slot.host

    def newest(self, name: str) -> Frame | None:
        """Newest frame of a layer; None before its first."""
        return self._newest.get(self._crossed.get(name, name))

    def host_stats(self) -> dict[str, HostStats]:
        """Figures of every generator as it is seen now, by layer."""
        return {name: slot.host.stats() for name, slot in self._slots.items()}

    def share_cuda(self, ctx: Any) -> str:
        """Probe how frames reach GL; return the line that says which path, and why.

        Torch is imported for this only where OpenGL itself runs on NVIDIA.
        """
        self.path, why, device = probe(ctx)
        is_open = self._device in ("auto", "cuda")
        self._shares_cuda = self.path == "cuda-pbo" and is_open
        if is_open and self.path != "numpy":
            self._device = device if self._shares_cuda or self._device == "cuda" else self._device
        return f"frames go by {self.path}: {why}"

    def _upload(self, name: str, seen: ShownFrame) -> None:
        """Upload a frame; if sharing with CUDA fails, go on through main memory.

        The pictures that are there stay until the workers, which start anew, have made others.
        """
        try:
            self._bridge.take(name, seen.frame, is_fresh=seen.is_fresh, fade_s=seen.fade_s)
            self._newest[name] = seen.frame
        except SharingError as error:
            if not self._shares_cuda:
                raise
            self._news.append(f"pictures go through main memory from now on: {error}")
            self._shares_cuda, self.path = False, "pinned"
            for slot in self._slots.values():
                slot.close()
            self._slots.clear()
            self._checked.clear()

    def of(self, plan: Plan, layers: Iterable[str]) -> Mapping[str, Any]:
        """Crossfade of the newest frames around the plan's time."""
        found = {}
        for name in layers:
            drawn = self._drawn.pixels(name, plan.requests) if self._drawn else None
            if drawn is not None:
                found[name] = drawn
                continue
            slot = self._slots.get(name)
            shown_as = slot.in_between if slot is not None else "fade"
            pixels = self._bridge.pixels(name, plan.seconds, shown_as)
            if pixels is not None:
                found[name] = pixels
                age_s = self._bridge.age_s(name, plan.seconds)
                if age_s is not None:
                    if name not in self.age_ms:
                        self.age_ms[name] = Newest(_AGES)
                    self.age_ms[name].add(1000.0 * age_s)
        return found

    def see(self, compositor: Compositor) -> None:
        """Let image ports see what was drawn, as soon as it can be read without waiting."""
        if compositor not in self._compositors:
            self._compositors.append(compositor)

    def doing(self, plan: Plan) -> dict[str, str]:
        """What generators of the plan do that do not simply play yet, in words, by layer."""
        found = {name: self._slots[name].doing for name in plan.requests if name in self._slots}
        return {name: text for name, text in found.items() if text}

    def missing(self, plan: Plan) -> dict[str, str]:
        """Layers that the plan asks and that have no picture: what is wrong, or what they do."""
        gone = [name for name in plan.requests if not self._holds(name)]
        known = {**self.doing(plan), **{n: t for n, t in self._troubles().items() if t}}
        return {name: known.get(name, "is loading") for name in gone}

    @property
    def is_failed(self) -> bool:
        """Whether a generator cannot work at all."""
        return any(text.startswith("failed") for text in self._troubles().values())

    def _troubles(self) -> dict[str, str]:
        found = {name: slot.trouble for name, slot in self._slots.items()}
        return {**found, **{name: text for name, (_, text) in self._unopened.items()}}

    def complaints(self) -> list[str]:
        """Say once what is newly wrong with a generator, a sentence each."""
        found, self._news = self._news, []
        if self._drawn is not None:
            found += self._drawn.news
            self._drawn.news = []
        for name, text in self._troubles().items():
            if text and text != self._reported.get(name):
                found.append(f"layer {name}: {text}")
            self._reported[name] = text
        return found

    def stats(self) -> dict[str, dict[str, Any]]:
        """Rate, age and restarts by layer ID."""
        found = {}
        for name, slot in self._slots.items():
            stats = slot.host.stats()
            ages = self.age_ms[name].in_order() if name in self.age_ms else [0.0]
            found[name] = {
                "rate_hz": round(stats.rate_hz, 2),
                "age_ms": round(ages[len(ages) // 2], 1),
                "age_ms_p95": round(ages[int(len(ages) * 0.95)], 1),
                "restarts": stats.restarts,
                "frames": stats.frames,
                "render_ms": round(stats.render_ms, 2),
                "state": stats.state,
                "has_picture": self._holds(name),
                "is_drawn": self._is_drawn(name),
                "error": slot.trouble if slot.trouble != stats.state else stats.error,
                "device": stats.device,
                "pid": stats.pid,
            }
        return found

    def close(self) -> None:
        """End every worker."""
        for slot in self._slots.values():
            slot.close()
        self._slots.clear()
        self._spare.close()
        if self._drawn is not None:
            self._drawn.close()
