"""Render targets: textures with their framebuffers, and the pool that reuses them."""

from __future__ import annotations

from typing import NamedTuple

import moderngl


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
    """Surfaces that nobody uses right now."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._free: dict[tuple[tuple[int, int], str], list[Surface]] = {}

    def take(self, size_px: tuple[int, int], dtype: str = "f2") -> Surface:
        """Take a surface; its content is undefined."""
        free = self._free.get((size_px, dtype))
        return free.pop() if free else make_surface(self._ctx, size_px, dtype)

    def give(self, surface: Surface) -> None:
        """Put a surface back."""
        self._free.setdefault((surface.size_px, surface.dtype), []).append(surface)

    def clear(self) -> None:
        """Release every free surface."""
        for free in self._free.values():
            for surface in free:
                release(surface)
        self._free.clear()
