"""Render targets: textures with their framebuffers, and the pool that reuses them."""

from __future__ import annotations

from typing import NamedTuple

import moderngl

IDLE_FRAMES = 16
"""A size is idle of which no surface came back for more frames and steps than that."""
IDLE_BYTES = 64 << 20
"""Of idle surfaces that are kept: a size may come again."""
IDLE_SIZES = 64
"""And of so many sizes."""
_PIXEL_BYTES = {"f1": 4, "nu2": 8, "f2": 8, "f4": 16}


class Surface(NamedTuple):
    """A texture and the framebuffer that draws into it."""

    texture: moderngl.Texture
    fbo: moderngl.Framebuffer
    size_px: tuple[int, int]
    dtype: str


def make_surface(ctx: moderngl.Context, size_px: tuple[int, int], dtype: str = "f2") -> Surface:
    """Make a cleared RGBA surface: linear filter, clamped to the edge.

    Parameters
    ----------
    dtype
        ``f1`` (8 bits), ``nu2`` (16 bits), ``f2`` (half) or ``f4`` (float).
    """
    texture = ctx.texture(size_px, 4, dtype=dtype)
    texture.filter = (moderngl.LINEAR, moderngl.LINEAR)
    texture.repeat_x = texture.repeat_y = False
    fbo = ctx.framebuffer([texture])
    fbo.clear()
    return Surface(texture, fbo, size_px, dtype)


def release(surface: Surface) -> None:
    """Give the GL objects back."""
    surface.fbo.release()
    surface.texture.release()


class Pool:
    """Surfaces that nobody uses right now; those of sizes that are not asked for any more go.

    What is taken frame after frame always stays: nothing is made per frame.
    """

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._free: dict[tuple[tuple[int, int], str], list[Surface]] = {}
        self._used: dict[tuple[tuple[int, int], str], int] = {}  # in which frame, oldest first
        self._shared: dict[int, int] = {}  # framebuffer → how many hold it beside the first
        self._frame = 0

    def take(self, size_px: tuple[int, int], dtype: str = "f2") -> Surface:
        """Take a surface; its content is undefined."""
        free = self._free.get((size_px, dtype))
        return free.pop() if free else make_surface(self._ctx, size_px, dtype)

    def share(self, surface: Surface) -> Surface:
        """Let one more hold a surface: it is free when all have given it back."""
        own = id(surface.fbo)
        self._shared[own] = self._shared.get(own, 0) + 1
        return surface

    def give(self, surface: Surface) -> None:
        """Put a surface back."""
        own = id(surface.fbo)
        if others := self._shared.pop(own, 0):
            if others > 1:
                self._shared[own] = others - 1
            return
        kind = (surface.size_px, surface.dtype)
        self._free.setdefault(kind, []).append(surface)
        self._used.pop(kind, None)
        self._used[kind] = self._frame

    def end_frame(self) -> None:
        """Give back to the driver what has been idle for a while, beyond what may be kept."""
        self._frame += 1
        idle = [kind for kind, frame in self._used.items() if frame < self._frame - IDLE_FRAMES]
        spare = sum(len(self._free[kind]) * _bytes(*kind) for kind in idle)
        for place, kind in enumerate(idle):
            if spare <= IDLE_BYTES and len(idle) - place <= IDLE_SIZES:
                break
            spare -= len(self._free[kind]) * _bytes(*kind)
            del self._used[kind]
            for surface in self._free.pop(kind):
                release(surface)

    def clear(self) -> None:
        """Release every free surface."""
        for free in self._free.values():
            for surface in free:
                release(surface)
        self._free.clear()
        self._used.clear()


def _bytes(size_px: tuple[int, int], dtype: str) -> int:
    return size_px[0] * size_px[1] * _PIXEL_BYTES[dtype]
