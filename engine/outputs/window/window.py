"""Window output on one monitor or across several, by GLFW, with the root GL context."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

import glfw
import moderngl
import numpy as np
from numpy.typing import NDArray

from engine.core.event import Value
from engine.outputs.contract import Picture
from engine.outputs.window import display, monitors
from engine.outputs.window.controls import Controls
from engine.outputs.window.display import NoDisplay as NoDisplay
from engine.outputs.window.monitors import Area, Monitor
from engine.outputs.window.pane import Pane


@dataclass(frozen=True, slots=True)
class Config:
    """Where the picture is shown.

    Parameters
    ----------
    monitor
        Name of the monitor, or a part of it, in any case; None is the primary one.
    is_windowed
        Start in a window instead of full screen.
    size_px
        Size of that window, in screen coordinates; None fits the picture to the monitor.
    swap_interval
        1 waits for the monitor, 0 tears, -1 waits unless late (1 where the driver cannot).
    span
        Names of monitors that together show one picture, each its own part, as they stand on the
        desktop. In a window, a span is a small model of the wall.

    Notes
    -----
    Full screen keeps the monitor's resolution. If the monitor offers a refresh rate within 1 % of
    the frame rate (50, 59.94, 60 Hz) at that resolution, that mode is chosen; otherwise the
    present one stays. A span changes no mode.
    """

    monitor: str | None = None
    is_windowed: bool = False
    size_px: tuple[int, int] | None = None
    swap_interval: int = 1
    span: tuple[str, ...] = ()


OWNS_CONTEXT = True
IS_ONLY_SEEN = True


class Window:
    """The open display. Its GL context (`ctx`) is current whenever one of its methods returns."""

    def __init__(self, config: Config, size_px: tuple[int, int], fps: Fraction) -> None:
        self._config = config
        self._size_px = size_px
        self._fps = fps
        self._wants_fullscreen = not config.is_windowed
        self._is_stale = False
        self._still: Picture | None = None
        self._windowed: Area | None = None
        self._home = _home(config, monitors.connected())
        self._controls = Controls()
        self._root = display.make_window("Latent Cinema (root)")
        self.ctx: moderngl.Context = display.make_context(self._root)
        self._panes = [self._open_pane(index) for index in range(max(1, len(config.span)))]
        glfw.set_monitor_callback(self._on_monitor)
        self._place()

    @property
    def is_fullscreen(self) -> bool:
        """Whether full screen is asked for; without a monitor it waits for one."""
        return self._wants_fullscreen

    @property
    def refresh_hz(self) -> int:
        """Refresh rate of the monitor that the (first) window is on; 0 if nobody knows."""
        monitor = monitors.nearest(monitors.connected(), self._panes[0].window)
        return monitor.refresh_hz if monitor else 0

    @property
    def framebuffer_px(self) -> tuple[int, int]:
        """Size of the (first) window in pixels, for drawing an overlay."""
        return self._panes[0].framebuffer_px

    def monitor_names(self) -> list[str]:
        """Name the connected monitors, the primary one first."""
        return [monitor.name for monitor in monitors.connected()]

    def write(self, frame: int, picture: Picture) -> None:  # noqa: ARG002 - the shelf's contract
        """Show a picture, or the still that stands in for it: `draw`, then `present`."""
        self.draw(self._still or picture)
        self.present()

    def hold(self, still: Picture | None) -> None:
        """Show a still in place of pictures, laid over the wall as they are; None: pictures."""
        self._still = still

    def draw(self, picture: Picture) -> None:
        """Blit a picture into every window, letterboxed, without showing it yet."""
        self._size_px = picture.size_px
        for pane in self._shown():
            placed = monitors.contain(self._size_px, self._wall(pane))
            viewport_px = monitors.viewport(placed, self._area(pane), pane.framebuffer_px)
            pane.draw(picture.texture, viewport_px)
        self._use_root()

    def present(self) -> None:
        """Swap every window; only the first one waits for its monitor, so it comes last."""
        for pane in reversed(self._shown()):
            glfw.make_context_current(pane.handle)
            pane.swap()
        self._use_root()

    def events(self) -> list[tuple[str, Value]]:
        """Poll the system and return what happened since the last call.

        ``/window/key`` and ``/window/key_up`` (names like ``space``, ``ctrl+q``), ``/window/drag``
        (dx, dy of the left button, in heights of the picture, y up), ``/window/pointer`` (x, y in
        the picture, 0..1, y up), ``/window/button`` and ``/window/button_up`` (``left``, …),
        ``/window/scroll`` (steps, up is positive), ``/window/focus`` and ``/window/close``.
        """
        glfw.poll_events()
        if self._is_stale:
            self._is_stale = False
            self._place()
        return self._controls.take()

    def set_fullscreen(self, is_fullscreen: bool) -> None:
        """Go to full screen on the chosen monitor(s), or back to a window."""
        if is_fullscreen and not self._wants_fullscreen and not self._config.span:
            self._windowed = self._panes[0].window
            monitor = monitors.nearest(monitors.connected(), self._windowed)
            if self._config.monitor is None and monitor is not None:
                self._home = monitor.name
        self._wants_fullscreen = is_fullscreen
        self._place()

    def set_cursor(self, is_visible: bool) -> None:
        """Show or hide the cursor over the windows."""
        mode = glfw.CURSOR_NORMAL if is_visible else glfw.CURSOR_HIDDEN
        for pane in self._panes:
            glfw.set_input_mode(pane.handle, glfw.CURSOR, mode)

    def overlay(self, rgba: NDArray[np.uint8] | None) -> None:
        """Lay a drawing [shape=(H, W, 4), straight alpha] over the first window, or take it off.

        It is seen here only: pictures, films and other outputs never hold it.
        """
        self._panes[0].overlay(rgba)
        self._use_root()

    def close(self) -> None:
        """Close every window, then the root."""
        glfw.set_monitor_callback(cast(Any, None))
        for pane in self._panes:
            pane.close()
        self._use_root()
        self.ctx.release()
        glfw.destroy_window(self._root)

    def _use_root(self) -> None:
        glfw.make_context_current(self._root)

    def _shown(self) -> list[Pane]:
        """List the windows that can be drawn on: a swap of a hidden one may wait for ever."""
        return [
            pane
            for pane in self._panes
            if glfw.get_window_attrib(pane.handle, glfw.VISIBLE) and min(pane.framebuffer_px) > 0
        ]

    def _open_pane(self, index: int) -> Pane:
        handle = display.make_window("Latent Cinema", share=self._root)
        interval = display.swap_interval(self._config.swap_interval) if index == 0 else 0
        pane = Pane(handle, interval)
        self._controls.attach(handle, lambda x, y: self._locate(pane, x, y))
        return pane

    def _on_monitor(self, handle: Any, event: int) -> None:  # noqa: ARG002 - GLFW's words
        # Windows are moved in `events`: GLFW is still busy with the old monitor now.
        self._is_stale = True

    def _wall(self, pane: Pane) -> Area:
        """Find the area that the whole picture is fitted into."""
        areas = [other.area for other in self._panes if other.area]
        return monitors.union(areas) if areas else self._area(pane)

    def _area(self, pane: Pane) -> Area:
        width, height = glfw.get_window_size(pane.handle)
        return pane.area or Area(0, 0, max(1, width), max(1, height))

    def _locate(self, pane: Pane, x: float, y: float) -> tuple[float, float, float]:
        area, window = self._area(pane), pane.window
        placed = monitors.contain(self._size_px, self._wall(pane))
        across = area.x + x * area.width / max(1, window.width)
        down = area.y + y * area.height / max(1, window.height)
        return (
            (across - placed.x) / placed.width,
            1.0 - (down - placed.y) / placed.height,
            placed.width / placed.height,
        )

    def _place(self) -> None:
        """Put every window where it belongs on the monitors that are there now."""
        there = monitors.connected()
        if self._config.span:
            self._place_span(there)
        else:
            self._place_single(there)
        self.set_cursor(not self._wants_fullscreen)
        self._use_root()

    def _place_single(self, there: list[Monitor]) -> None:
        handle = self._panes[0].handle
        monitor = monitors.find(there, self._home) or next(iter(there), None)
        if self._wants_fullscreen and monitor is not None:
            rate = monitors.choose_refresh(monitor, self._fps) or glfw.DONT_CARE
            width, height = int(monitor.area.width), int(monitor.area.height)
            glfw.set_window_monitor(handle, monitor.handle, 0, 0, width, height, rate)
        elif self._is_astray(there):
            place = monitors.inset(monitor, self._config.size_px, self._size_px)
            if self._windowed is not None and monitors.is_seen(there, self._windowed):
                place = self._windowed
            bounds = (round(place.x), round(place.y), round(place.width), round(place.height))
            glfw.set_window_monitor(handle, cast(Any, None), *bounds, glfw.DONT_CARE)
        glfw.show_window(handle)

    def _is_astray(self, there: list[Monitor]) -> bool:
        """Tell whether it has yet to be placed as a window: new, full screen, or on no monitor."""
        handle = self._panes[0].handle
        return bool(
            glfw.get_window_monitor(handle)
            or not glfw.get_window_attrib(handle, glfw.VISIBLE)
            or not monitors.is_seen(there, self._panes[0].window)
        )

    def _place_span(self, there: list[Monitor]) -> None:
        found = [monitors.find(there, name) for name in self._config.span]
        known = [monitor.area for monitor in found if monitor]
        scale, wall = 1.0, monitors.union(known) if known else Area(0, 0, 1, 1)
        if not self._wants_fullscreen:
            scale = 0.8 * min(there[0].area.width / wall.width, 1.0) if there else 0.5
        for pane, monitor in zip(self._panes, found, strict=True):
            pane.area = monitor.area if monitor else None
            if monitor is None:
                glfw.hide_window(pane.handle)
                continue
            monitors.cover(pane.handle, monitor.area, wall, scale, is_bare=self._wants_fullscreen)
            glfw.show_window(pane.handle)


def _home(config: Config, there: list[Monitor]) -> str:
    for name in config.span:
        monitors.require(there, name)
    if config.monitor is not None:
        return monitors.require(there, config.monitor).name
    return there[0].name if there else ""


@contextmanager
def open(config: Config, size_px: tuple[int, int], fps: Fraction) -> Iterator[Window]:
    """Open the display; one at a time, from the main thread.

    Raises
    ------
    NoDisplay
        If there is no display, or no OpenGL 3.3 on it.
    ValueError
        If a monitor is named that is not connected.
    """
    with display.connected():
        window = Window(config, size_px, fps)
        try:
            yield window
        finally:
            window.close()
