"""Pixels for a plan: from worker processes live, from inline generators in a film."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine.app import plugins
from engine.app.bridge import Bridge, probe
from engine.core.plan import Plan
from engine.core.port import Request
from engine.core.sample import asked_size, requests_at
from engine.core.show import Generator, Show
from engine.core.state import State
from engine.generators.frame import Frame
from engine.generators.host import Host, Spare, open_inline, open_worker

MOST_PREPARED = 6
"""Workers that are kept loaded; more are opened when their scene is seen."""
REFRESH_S = 4.0
"""A generator that is not seen makes a frame that often, so that a cut to it shows something."""
STALE_S = 1.0
SPARE_AFTER_S = 6.0


class LivePixels:
    """Worker processes: asked ahead of the display, read without waiting.

    Parameters
    ----------
    bridge
        Uploads frames and crossfades between them.
    device
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    """

    def __init__(self, bridge: Bridge, device: str = "auto") -> None:
        self._bridge = bridge
        self._device = device
        self._hosts: dict[str, Host] = {}
        self._made_by: dict[str, tuple[object, ...]] = {}
        self._checked: dict[str, Show] = {}
        self._spare = Spare(delay_s=SPARE_AFTER_S)
        self._shares_cuda = False
        self.path = "numpy"
        self._told: dict[str, str] = {}
        self._made_s: dict[str, float] = {}
        self._asked_s: dict[str, float] = {}
        self.age_ms: dict[str, deque[float]] = {}

    def open(self, show: Show, names: Iterable[str]) -> None:
        """Start the workers of these layers, unless they run already."""
        for layer in show.layers:
            if layer.generator is None or layer.id not in names:
                continue
            if self._checked.get(layer.id) is not show:  # once a show, not once a frame
                self._open(show, layer.id, layer.generator)
                self._checked[layer.id] = show

    def _open(self, show: Show, name: str, generator: Generator) -> None:
        aspect = next(x.aspect for x in show.layers if x.id == name)
        whole = show.size_px[0] / show.size_px[1]
        size = asked_size(generator.spec, generator.size_px, aspect or whole)
        mark = (generator.kind, repr(generator.config), size, generator.rate_hz)
        if self._made_by.get(name) == mark:
            return
        old = self._hosts.pop(name, None)
        if old is not None:
            old.close()
        config, _ = plugins.read_spec(generator.kind, dict(generator.config))
        self._hosts[name] = open_worker(
            plugins.module_name(generator.kind),
            config,
            self._device,
            max_size_px=size,
            rate_cap_hz=generator.rate_hz,
            clock=time.perf_counter,
            spare=self._spare,
            shares_cuda=self._shares_cuda,
        )
        self._made_by[name] = mark

    def keep(self, show: Show) -> None:
        """Close the workers of layers that a reloaded show no longer has."""
        there = {layer.id for layer in show.layers if layer.generator is not None}
        for name in set(self._hosts) - there:
            self._hosts.pop(name).close()
            self._made_by.pop(name, None)
            self._checked.pop(name, None)
            self._bridge.drop(name)

    def ask(self, show: Show, state: State, plan: Plan, now_s: float) -> None:
        """Ask every visible generator for the moment at which its frame will be seen."""
        self.open(show, plan.requests)
        self._prepare(show)
        for name, host in list(self._hosts.items()):
            host.tend(now_s)
            rested_s = now_s - self._asked_s.get(name, -math.inf)
            is_seen = name in plan.requests
            if is_seen or rested_s > REFRESH_S:
                ahead = requests_at(show, state, plan.seconds + host.lead_s, {name})
                host.ask(ahead[name], now_s)
                self._asked_s[name] = now_s
            frame = host.newest()
            if frame is not None:
                self._upload(name, frame, is_fresh=not is_seen or self._is_stale(name, frame))

    def _is_stale(self, name: str, frame: Frame) -> bool:
        """Whether the frames before this one are too old to fade from."""
        before, self._made_s[name] = self._made_s.get(name, frame.seconds), frame.seconds
        return frame.seconds - before > STALE_S

    def _prepare(self, show: Show) -> None:
        """Load the scenes that are not seen yet, one by one, so that a cut to them is no wait.

        Only into a process that has its libraries already: loading them takes time from the show.
        """
        if not self._spare.is_loaded or len(self._hosts) >= MOST_PREPARED:
            return
        for layer in show.layers:
            if layer.generator is not None and layer.id not in self._hosts:
                self._open(show, layer.id, layer.generator)
                return

    def share_cuda(self, ctx: Any) -> str:
        """Probe how frames reach GL; return the line that says which path, and why.

        Torch is imported for this only where OpenGL itself runs on NVIDIA.
        """
        self.path, why = probe(ctx)
        self._shares_cuda = self.path == "cuda-pbo" and self._device in ("auto", "cuda")
        return f"frames go by {self.path}: {why}"

    def _upload(self, name: str, frame: Frame, is_fresh: bool) -> None:
        """Upload a frame; if sharing with CUDA fails, go on through main memory. UNTESTED there."""
        try:
            self._bridge.take(name, frame, is_fresh=is_fresh)
        except Exception:  # drivers fail in many ways; all of them mean: the other path
            if not self._shares_cuda:
                raise
            self._shares_cuda, self.path = False, "pinned"
            for host in self._hosts.values():
                host.close()
            for slot in self._hosts:
                self._bridge.drop(slot)
            self._hosts.clear()
            self._made_by.clear()
            self._checked.clear()

    def of(self, plan: Plan, layers: Iterable[str]) -> Mapping[str, Any]:
        """Crossfade of the newest frames around the plan's time."""
        found = {}
        for name in layers:
            pixels = self._bridge.pixels(name, plan.seconds)
            if pixels is not None:
                found[name] = pixels
                age_s = self._bridge.age_s(name, plan.seconds)
                if age_s is not None:
                    self.age_ms.setdefault(name, deque(maxlen=4096)).append(1000.0 * age_s)
        return found

    def is_ready(self, plan: Plan) -> bool:
        """Whether every generator that the plan asks has shown a frame."""
        return all(self._bridge.pixels(n, plan.seconds) is not None for n in plan.requests)

    @property
    def is_failed(self) -> bool:
        """Whether a generator cannot work at all."""
        return any(host.stats().state.startswith("failed") for host in self._hosts.values())

    def complaints(self) -> list[str]:
        """Say once what is newly wrong with a generator, a sentence each."""
        found = []
        for name, host in self._hosts.items():
            stats = host.stats()
            text = stats.state if stats.state.startswith("failed") else stats.error
            if text and text != self._told.get(name):
                found.append(f"layer {name}: {text}")
            self._told[name] = text
        return found

    def stats(self) -> dict[str, dict[str, Any]]:
        """Rate, age and restarts by layer ID."""
        found = {}
        for name, host in self._hosts.items():
            stats = host.stats()
            ages = sorted(self.age_ms.get(name, ())) or [0.0]
            found[name] = {
                "rate_hz": round(stats.rate_hz, 2),
                "age_ms": round(ages[len(ages) // 2], 1),
                "age_ms_p95": round(ages[int(len(ages) * 0.95)], 1),
                "restarts": stats.restarts,
                "frames": stats.frames,
                "render_ms": round(stats.render_ms, 2),
                "state": stats.state,
                "error": stats.error,
                "device": stats.device,
                "pid": stats.pid,
            }
        return found

    def close(self) -> None:
        """End every worker."""
        for host in self._hosts.values():
            host.close()
        self._hosts.clear()
        self._spare.close()


class FilmPixels:
    """Inline generators: every frame exactly at its time, at the size of the film."""

    def __init__(self, bridge: Bridge, show: Show, device: str = "auto") -> None:
        self._bridge = bridge
        self._show = show
        self._device = device
        self._hosts: dict[str, Host] = {}
        self._drawn: dict[str, float] = {}

    def load(self, show: Show) -> None:
        """Go on with a reloaded show."""
        self._show = show
        self.close()

    def of(self, plan: Plan, layers: Iterable[str]) -> Mapping[str, Any]:
        """Render the named layers for exactly this plan."""
        found = {}
        for name in layers:
            if name not in plan.requests:
                continue
            if self._drawn.get(name) != plan.seconds:
                self._render(name, plan.requests[name])
                self._drawn[name] = plan.seconds
            pixels = self._bridge.pixels(name, plan.seconds)
            if pixels is not None:
                found[name] = pixels
        return found

    def _render(self, name: str, request: Request) -> None:
        generator = next(x.generator for x in self._show.layers if x.id == name)
        assert generator is not None
        if name not in self._hosts:
            config, _ = plugins.read_spec(generator.kind, dict(generator.config))
            module = plugins.module_name(generator.kind)
            self._hosts[name] = open_inline(module, config, self._device, clock=time.perf_counter)
        size = asked_size(generator.spec, generator.film_px, request.aspect)
        host = self._hosts[name]
        host.ask(replace(request, size_px=size), 0.0)
        frame = host.newest()
        assert frame is not None
        self._bridge.take(name, frame)

    def close(self) -> None:
        """Forget every generator."""
        for host in self._hosts.values():
            host.close()
        self._hosts.clear()
        self._drawn.clear()
