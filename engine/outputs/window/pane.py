"""Visible window with a GL context that shares the root's textures and only blits."""

from __future__ import annotations

from typing import Any

import glfw
import moderngl
import numpy as np
from numpy.typing import NDArray

from engine.outputs.window.display import make_context
from engine.outputs.window.monitors import Area

TOP, BOTTOM = "top", "bottom"
_VERTEX = """#version 330
out vec2 place;
void main() {
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    place = vec2(corner.x, 1.0 - corner.y);  // row 0 of a picture is its top
    gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}
"""
_FRAGMENT = """#version 330
uniform sampler2D picture;
in vec2 place;
out vec4 colour;
void main() { colour = texture(picture, place); }
"""


class Pane:
    """A window on the picture.

    Parameters
    ----------
    swap_interval
        1 waits for the monitor at every swap, 0 never waits.
    """

    def __init__(self, handle: Any, swap_interval: int) -> None:
        self.handle = handle
        self.area: Area | None = None  # the part of the wall that it shows; None: all by itself
        self._context = make_context(handle)
        glfw.swap_interval(swap_interval)
        self._program = self._context.program(_VERTEX, _FRAGMENT)
        self._corners = self._context.vertex_array(self._program, [])
        self._sampler = self._context.sampler(
            filter=(moderngl.LINEAR, moderngl.LINEAR), repeat_x=False, repeat_y=False
        )
        self._laid: dict[str, Any] = {}

    @property
    def framebuffer_px(self) -> tuple[int, int]:
        """Size in pixels; (0, 0) while it is iconified on some systems."""
        width, height = glfw.get_framebuffer_size(self.handle)
        return width, height

    @property
    def window(self) -> Area:
        """Where it is on the desktop."""
        return Area(*glfw.get_window_pos(self.handle), *glfw.get_window_size(self.handle))

    def draw(self, *placed: tuple[Any, tuple[int, int, int, int]]) -> None:
        """Blit textures of the root at their viewports, black around, the overlay over them."""
        glfw.make_context_current(self.handle)
        screen = self._context.screen
        screen.viewport = (0, 0, *self.framebuffer_px)
        screen.use()
        screen.clear(0.0, 0.0, 0.0, 1.0)
        self._context.disable(moderngl.BLEND)
        for texture, viewport_px in placed:
            shared = self._context.external_texture(texture.glo, texture.size, 4, 0, "f1")
            self._blit(shared, viewport_px)
        if self._laid:
            self._context.enable(moderngl.BLEND)
            self._context.blend_func = moderngl.SRC_ALPHA, moderngl.ONE_MINUS_SRC_ALPHA
            for place, laid in self._laid.items():
                is_strip = place == BOTTOM
                self._blit(laid, (0, 0, *laid.size) if is_strip else self._corner(laid.size))

    def overlay(self, rgba: NDArray[np.uint8] | None, place: str = TOP) -> None:
        """Lay a drawing [shape=(H, W, 4)], or none, at the `TOP` corner or the `BOTTOM`."""
        if rgba is None and place not in self._laid:
            return
        glfw.make_context_current(self.handle)
        if place in self._laid:
            self._laid.pop(place).release()
        if rgba is not None:
            height, width = rgba.shape[:2]
            self._laid[place] = self._context.texture(
                (width, height), 4, np.ascontiguousarray(rgba, np.uint8).data
            )

    @property
    def strip_px(self) -> int:
        """Height of the strip below the picture."""
        return int(self._laid[BOTTOM].size[1]) if BOTTOM in self._laid else 0

    @property
    def room_px(self) -> tuple[int, int]:
        """Size of what is above the strip, in pixels."""
        width, height = self.framebuffer_px
        return width, max(0, height - self.strip_px)

    @property
    def above_strip(self) -> Area:
        """The same in the window's own screen coordinates."""
        width, height = glfw.get_window_size(self.handle)
        strip = self.strip_px * height / max(1, self.framebuffer_px[1])
        return Area(0, 0, max(1, width), max(1, height - strip))

    @property
    def is_shown(self) -> bool:
        """Whether it can be drawn on: a swap of a hidden window may wait for ever."""
        is_visible = bool(glfw.get_window_attrib(self.handle, glfw.VISIBLE))
        return is_visible and min(self.room_px) > 0

    def swap(self) -> None:
        """Show the back buffer; waits where the swap interval says so."""
        glfw.swap_buffers(self.handle)

    def close(self) -> None:
        """Let go of what belongs to this window; shared textures stay."""
        glfw.make_context_current(self.handle)
        for place in tuple(self._laid):
            self.overlay(None, place)
        for thing in (self._corners, self._program, self._sampler):
            thing.release()
        self._context.release()
        glfw.destroy_window(self.handle)

    def _blit(self, texture: Any, viewport_px: tuple[int, int, int, int]) -> None:
        self._context.viewport = viewport_px
        # A sampler, because filter settings of the texture itself would change it for all.
        self._sampler.use(0)
        texture.use(0)
        self._corners.render(moderngl.TRIANGLE_STRIP, vertices=4)
        self._sampler.clear(0)

    def _corner(self, size_px: tuple[int, int]) -> tuple[int, int, int, int]:
        """Place a drawing at the top left, pixel by pixel unless the window is too small."""
        width, height = size_px
        room = self.room_px
        margin = round(min(room) * 0.02)
        scale = min(1.0, (room[0] - 2 * margin) / width, (room[1] - 2 * margin) / height)
        shown = max(1, round(width * scale)), max(1, round(height * scale))
        return margin, self.strip_px + room[1] - margin - shown[1], *shown
