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
from engine.outputs.window.pane import TOP, Pane


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
    operator
        Monitor of a second, small window for the operator: overlays are seen there and no more on
        the picture. None: the primary monitor if `monitor` or `span` fill others; ``off``: none.

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
    operator: str | None = None


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
        self._is_operators_turn = False  # every other frame: where the CPU draws, each costs 5 ms
        self._still: Picture | None = None
        self._preview: Picture | None = None
        self._windowed: Area | None = None
        self._home = _home(config, monitors.connected())
        self._desk = _desk(config, monitors.connected(), self._home)
        self._controls = Controls()
        self._root = display.make_window("Latent Cinema (root)")
        self.ctx: moderngl.Context = display.make_context(self._root)
        self._panes = [self._open_pane(index) for index in range(max(1, len(config.span)))]
        self._operator = self._open_pane(-1) if self._desk else None
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
    def has_operator(self) -> bool:
        """Whether the operator has a window of their own, which is shown."""
        return self._operator is not None and self._operator.is_shown

    @property
    def room_px(self) -> tuple[int, int]:
        """Size in pixels of what an overlay may cover."""
        return self._overlaid.room_px

    @property
    def _overlaid(self) -> Pane:
        has_operator = self._operator is not None and self._operator.is_shown
        return self._operator if self._operator and has_operator else self._panes[0]

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

    def preview(self, picture: Picture | None) -> None:
        """Show what comes next in the left half of the operator's window, beside the picture.

        It is seen there only; without such a window nobody sees it. None: no more.
        """
        self._preview = picture

    def draw(self, picture: Picture) -> None:
        """Blit a picture into every window, letterboxed, without showing it yet."""
        self._size_px = picture.size_px
        self._is_operators_turn = not self._is_operators_turn
        for pane in self._shown():
            shown = [(picture, self._wall(pane))]
            if self._preview is not None and pane is self._operator:
                shown.append((self._preview, _half(self._area(pane), 0)))
            pane.draw(*((each.texture, self._viewport(pane, each, area)) for each, area in shown))
        self._use_root()

    def _viewport(self, pane: Pane, picture: Picture, area: Area) -> tuple[int, int, int, int]:
        """Pixels of a window on which a picture lies that is fitted into an area."""
        placed = monitors.contain(picture.size_px, area)
        x, y, w, h = monitors.viewport(placed, self._area(pane), pane.room_px)
        return x, y + pane.strip_px, w, h

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

    def overlay(self, rgba: NDArray[np.uint8] | None, place: str = TOP) -> None:
        """Lay a drawing [shape=(H, W, 4), straight alpha] over the operator's window, or take it
        off; where there is no such window, over the first one.

        It is seen here only: pictures, films and other outputs never hold it.
        """  # noqa: D205 - one sentence and its rule
        for pane in self._all:
            pane.overlay(rgba if pane is self._overlaid else None, place)
        self._use_root()

    def close(self) -> None:
        """Close every window, then the root."""
        glfw.set_monitor_callback(cast(Any, None))
        for pane in self._all:
            pane.close()
        self._use_root()
        self.ctx.release()
        glfw.destroy_window(self._root)

    def _use_root(self) -> None:
        glfw.make_context_current(self._root)

    @property
    def _all(self) -> list[Pane]:
        return [*self._panes, *([self._operator] if self._operator else [])]

    def _shown(self) -> list[Pane]:
        panes = self._all if self._is_operators_turn else self._panes
        return [pane for pane in panes if pane.is_shown]

    def _open_pane(self, index: int) -> Pane:
        """Open a window: that of the wall with this index, or below 0 that of the operator."""
        title = "Latent Cinema" if index >= 0 else "Latent Cinema - operator"
        handle = display.make_window(title, share=self._root)
        interval = display.swap_interval(self._config.swap_interval) if index == 0 else 0
        pane = Pane(handle, interval)
        self._controls.attach(handle, lambda x, y: self._locate(pane, x, y), closes=index >= 0)
        return pane

    def _on_monitor(self, handle: Any, event: int) -> None:  # noqa: ARG002 - GLFW's words
        # Windows are moved in `events`: GLFW is still busy with the old monitor now.
        self._is_stale = True

    def _wall(self, pane: Pane) -> Area:
        """Find the area that the whole picture is fitted into."""
        if self._preview is not None and pane is self._operator:
            return _half(self._area(pane), 1)
        areas = [other.area for other in self._panes if other.area]
        return monitors.union(areas) if areas and pane.area else self._area(pane)

    def _area(self, pane: Pane) -> Area:
        return pane.area or pane.above_strip

    def _locate(self, pane: Pane, x: float, y: float) -> tuple[float, float, float]:
        area, window = self._area(pane), pane.above_strip
        placed = monitors.contain(self._size_px, self._wall(pane))
        across = area.x + x * area.width / window.width
        down = area.y + y * area.height / window.height
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
        self._place_operator(there)
        self.set_cursor(not self._wants_fullscreen)
        self._use_root()

    def _place_operator(self, there: list[Monitor]) -> None:
        """Show the operator's window, or hide it while its monitor is away, or full of picture."""
        pane, monitor = self._operator, monitors.find(there, self._desk)
        if pane is None:
            return
        wall = [monitors.find(there, name) for name in self._config.span]
        filled = wall or [monitors.find(there, self._home) or next(iter(there), None)]
        if monitor is None or (self._wants_fullscreen and monitor in filled):
            glfw.hide_window(pane.handle)
        elif not pane.is_shown or not monitors.is_seen(there, pane.window):
            place = monitors.corner(monitor, self._size_px)
            glfw.set_window_size(pane.handle, round(place.width), round(place.height))
            glfw.set_window_pos(pane.handle, round(place.x), round(place.y))
            glfw.show_window(pane.handle)

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


def _half(area: Area, side: int) -> Area:
    """Left (0) or right (1) half of an area."""
    width = area.width / 2
    return Area(area.x + side * width, area.y, width, area.height)


def _home(config: Config, there: list[Monitor]) -> str:
    for name in config.span:
        monitors.require(there, name)
    if config.monitor is not None:
        return monitors.require(there, config.monitor).name
    return there[0].name if there else ""


def _desk(config: Config, there: list[Monitor], home: str) -> str:
    """Name the monitor of the operator's window; empty for none.

    Raises
    ------
    ValueError
        If it is not connected, or the picture fills it.
    """
    filled = [monitors.require(there, name).name for name in config.span] or [home]
    if config.operator == "off":
        return ""
    if config.operator is not None:
        name = monitors.require(there, config.operator).name
        if name in filled and not config.is_windowed:
            raise ValueError(
                f"operator: the picture fills the monitor '{name}'; name another one, or show the "
                "picture in a window (--windowed)"
            )
        return name
    is_elsewhere = (config.monitor or config.span) and there and there[0].name not in filled
    return there[0].name if is_elsewhere and not config.is_windowed else ""


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
