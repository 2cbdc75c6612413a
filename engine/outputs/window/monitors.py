"""Monitors by name, and the geometry of a picture on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from typing import Any

import glfw

from engine.outputs.window.display import decoded


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle with its origin at the top left, in screen coordinates.

    Screen coordinates are pixels on Windows and X11, points on macOS and Wayland.
    """

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Monitor:
    """A connected monitor or projector.

    Parameters
    ----------
    name
        What the system calls it; twins are told apart by ``#2``, ``#3``.
    area
        Where it is on the desktop.
    refresh_hz
        Of its present mode, in whole hertz; 0 where the system does not say.
    rates_hz
        Refresh rates that it offers at its present size.
    handle
        GLFW's own, valid while it is connected.
    """

    name: str
    area: Area
    refresh_hz: int = 0
    rates_hz: tuple[int, ...] = ()
    handle: Any = field(default=None, compare=False, repr=False)


def connected() -> list[Monitor]:
    """List the monitors, the primary one first."""
    found: list[Monitor] = []
    for handle in glfw.get_monitors():
        mode = glfw.get_video_mode(handle)
        x, y = glfw.get_monitor_pos(handle)
        modes = [m for m in glfw.get_video_modes(handle) or [] if m.size == mode.size]
        found.append(
            Monitor(
                _unique(decoded(glfw.get_monitor_name(handle)) or "monitor", found),
                Area(x, y, mode.size.width, mode.size.height),
                mode.refresh_rate,
                tuple(sorted({m.refresh_rate for m in modes})),
                handle,
            )
        )
    return found


def _unique(name: str, found: Sequence[Monitor]) -> str:
    twins = sum(other.name == name or other.name.startswith(f"{name} #") for other in found)
    return f"{name} #{twins + 1}" if twins else name


def find(monitors: Sequence[Monitor], name: str) -> Monitor | None:
    """Find a monitor by name: the whole name, else its number from 0, else a part of the name."""
    wanted = name.strip().casefold()
    whole = [monitor for monitor in monitors if monitor.name.casefold() == wanted]
    if wanted.isdecimal() and int(wanted[:4]) < len(monitors):
        whole.append(monitors[int(wanted)])
    part = [monitor for monitor in monitors if wanted in monitor.name.casefold()]
    return next(iter(whole + part), None)


def require(monitors: Sequence[Monitor], name: str) -> Monitor:
    """Find a monitor by name.

    Raises
    ------
    ValueError
        If none has it; lists those that are there.
    """
    monitor = find(monitors, name)
    if monitor is None:
        named = [f"{number} '{monitor.name}'" for number, monitor in enumerate(monitors)]
        names = ", ".join(named) or "none at all"
        raise ValueError(f"No monitor is called '{name}': connected are {names}")
    return monitor


def choose_refresh(monitor: Monitor, fps: Fraction) -> int:
    """Choose the refresh rate for a frame rate: the nearest within 1 %, else the present one.

    Systems name whole hertz, so 59.94 fps takes a mode called 59 or 60, whichever is there.
    """
    close = [rate for rate in monitor.rates_hz if rate and abs(rate / fps - 1) < 0.01 + 0.5 / fps]
    if monitor.refresh_hz in close and abs(monitor.refresh_hz - fps) <= Fraction(1, 2):
        return monitor.refresh_hz
    return min(close, key=lambda rate: abs(rate - fps), default=monitor.refresh_hz)


def union(areas: Sequence[Area]) -> Area:
    """Make the smallest area that covers all."""
    left, top = min(a.x for a in areas), min(a.y for a in areas)
    right, bottom = max(a.x + a.width for a in areas), max(a.y + a.height for a in areas)
    return Area(left, top, right - left, bottom - top)


def contain(size_px: tuple[int, int], area: Area) -> Area:
    """Centre a picture in an area, as large as fits, its aspect kept: the rest stays black."""
    scale = min(area.width / size_px[0], area.height / size_px[1])
    width, height = size_px[0] * scale, size_px[1] * scale
    return Area(
        area.x + (area.width - width) / 2, area.y + (area.height - height) / 2, width, height
    )


def viewport(
    placed: Area, pane: Area, framebuffer_px: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Turn a placed picture into a window's GL viewport: x, y from below, width, height in px.

    Parameters
    ----------
    placed
        Where the whole picture is.
    pane
        The part of the same plane that the window shows; the picture may reach beyond it.
    framebuffer_px
        Size of the window's framebuffer (more than `pane` on a HiDPI screen).
    """
    across, down = framebuffer_px[0] / pane.width, framebuffer_px[1] / pane.height
    left = _pixel((placed.x - pane.x) * across)
    right = _pixel((placed.x + placed.width - pane.x) * across)
    top = _pixel((placed.y - pane.y) * down)
    bottom = _pixel((placed.y + placed.height - pane.y) * down)
    return left, framebuffer_px[1] - bottom, max(1, right - left), max(1, bottom - top)


def _pixel(place: float) -> int:
    """Round half up: neighbouring windows, a whole number of pixels apart, then agree."""
    return floor(place + 0.5 + 1e-6)


def nearest(monitors: Sequence[Monitor], area: Area) -> Monitor | None:
    """Find the monitor that shows most of an area, or the first one if none does."""
    return max(monitors, key=lambda monitor: _overlap(monitor.area, area), default=None)


def is_seen(monitors: Sequence[Monitor], area: Area) -> bool:
    """Tell whether any monitor shows a part of an area."""
    return any(_overlap(monitor.area, area) > 0 for monitor in monitors)


def _overlap(a: Area, b: Area) -> float:
    width = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    height = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return max(0.0, width) * max(0.0, height)


def inset(
    monitor: Monitor | None, size: tuple[int, int] | None, picture_px: tuple[int, int]
) -> Area:
    """Centre a window on a monitor: as asked, or the whole picture at up to 80 % of the monitor."""
    screen = monitor.area if monitor else Area(0, 0, 1280, 720)
    if size is None:
        fit = contain(picture_px, Area(0, 0, screen.width * 0.8, screen.height * 0.8))
        scale = min(1.0, fit.width / picture_px[0])
        size = max(1, round(picture_px[0] * scale)), max(1, round(picture_px[1] * scale))
    x, y = (screen.width - size[0]) // 2, (screen.height - size[1]) // 2
    return Area(screen.x + max(0, x), screen.y + max(0, y), *size)


def corner(monitor: Monitor, picture_px: tuple[int, int]) -> Area:
    """Place a window of half a monitor's size at its bottom right."""
    screen = monitor.area
    fit = contain(picture_px, Area(0, 0, screen.width * 0.5, screen.height * 0.5))
    width, height = round(fit.width), round(fit.height)
    margin = min(40.0, (screen.width - width) // 2, (screen.height - height) // 2)
    left, top = screen.width - width - margin, screen.height - height - margin
    return Area(screen.x + left, screen.y + top, width, height)


def cover(handle: Any, area: Area, wall: Area, scale: float, is_bare: bool) -> None:
    """Lay a window over its part of the wall, or over that part of the model in a window."""
    margin = 0 if is_bare else 40
    glfw.set_window_attrib(handle, glfw.DECORATED, not is_bare)
    glfw.set_window_attrib(handle, glfw.FLOATING, is_bare)
    x = wall.x + margin + (area.x - wall.x) * scale
    y = wall.y + margin + (area.y - wall.y) * scale
    width, height = round(area.width * scale), round(area.height * scale)
    glfw.set_window_size(handle, max(1, width), max(1, height))
    glfw.set_window_pos(handle, round(x), round(y))
