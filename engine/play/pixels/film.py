"""Generator pixels of a film: rendered in this process, exactly at their time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine.compositor.compose import Compositor
from engine.core.frame.plan import Plan
from engine.core.show.generator import Request, asked_size
from engine.core.show.show import Show
from engine.generators import registry
from engine.generators.host.inline_host import InlineHost
from engine.generators.host.interface import Host
from engine.generators.host.messages import Frame
from engine.play.pixels.bridge import Bridge
from engine.play.pixels.delay_line import DelayLine


class FilmPixels:
    """Inline generators: every frame exactly at its time, at the size of the film.

    Parameters
    ----------
    notify
        Is told of what goes on in another way than it could; None: that is an error.
    """

    def __init__(
        self,
        bridge: Bridge,
        show: Show,
        device: str = "auto",
        notify: Callable[[str], None] | None = None,
    ) -> None:
        self._bridge = bridge
        self._notify = notify
        self._show = show
        self._device = device
        self._hosts: dict[str, Host] = {}
        self._drawn: dict[str, float] = {}
        self._delay_line = DelayLine()
        self._compositor: Compositor | None = None

    def load(self, show: Show) -> None:
        """Go on with a reloaded show."""
        self._show = show
        self.close()

    def of(self, plan: Plan, layers: Iterable[str]) -> Mapping[str, Any]:
        """Render the named layers for exactly this plan."""
        if self._compositor is not None:
            self._delay_line.take(self._compositor.readbacks(is_waiting=True))
        found = {}
        for name in layers:
            if name not in plan.requests:
                continue
            if self._drawn.get(name) != plan.seconds:
                image_inputs = self._show.constants.image_inputs.get(name, ())
                pictures = self._delay_line.pictures(image_inputs, plan.step)
                self._render(name, replace(plan.requests[name], pictures=pictures))
                self._drawn[name] = plan.seconds
            pixels = self._bridge.pixels(name, plan.seconds)
            if pixels is not None:
                found[name] = pixels
        return found

    def see(self, compositor: Compositor) -> None:
        """Let image ports see what was drawn on the picture steps before."""
        self._compositor = compositor

    def _render(self, name: str, request: Request) -> None:
        generator = self._show.constants.layers[name].generator
        assert generator is not None
        if generator.spec.live_only:
            return
        if name not in self._hosts:
            opened = registry.open_spec(generator.kind, generator.config, generator.spec)
            device = self._device if generator.spec.runs == "heavy" else "cpu"
            self._hosts[name] = InlineHost(
                opened, device, clock=time.perf_counter, notify=self._notify
            )
        size = asked_size(generator.spec, generator.film_px, request.aspect, self._show.size_px)
        host = self._hosts[name]
        request = replace(request, size_px=size)
        try:
            frame = self._drawn_by(host, request)
        except ValueError as error:
            told = f"layer {name} ({generator.kind}): {error}"
            if not generator.spec.duration_s or self._notify is None:
                raise ValueError(told) from error
            self._notify(told)  # a film that is damaged says so once
            frame = self._drawn_by(host, request)
        self._bridge.take(name, frame)

    @staticmethod
    def _drawn_by(host: Host, request: Request) -> Frame:
        host.ask(request, 0.0)
        frame = host.newest()
        assert frame is not None
        return frame

    def close(self) -> None:
        """Forget every generator."""
        for host in self._hosts.values():
            host.close()
        self._hosts.clear()
        self._drawn.clear()
