"""Upsampling of a generator's two newest pictures, blended, to the size of a layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import moderngl

from engine.compositor.frames.flow import Flow
from engine.compositor.frames.upscale import Upscaler, is_software
from engine.compositor.gl.program import Program
from engine.compositor.gl.shaders import GATHER, HEIGHTEN, REDUCE, WIDEN
from engine.compositor.gl.surface import Pool, Surface

_SMOOTH_ABOVE = 1.25  # enlarged by less than this, a bilinear tap is as good as a spline
_PREFILTER = 1 / 6
# A spline of a picture that is smaller still than half the layer holds nothing finer than half the
# layer's pixels: drawn at half size it looks the same and costs a quarter.
_HALF_ENOUGH = 1.1
_NETWORK_PX = 512 * 512  # of pictures that are doubled by a network unless the show says so


class SourcePixels(Protocol):
    """What a generator delivers: RGBA, sRGB, straight alpha, row 0 at the top."""

    @property
    def older(self) -> moderngl.Texture:
        """The picture before the newest."""

    @property
    def newer(self) -> moderngl.Texture:
        """The newest picture."""

    @property
    def weight(self) -> float:
        """0 shows `older`, 1 `newer`."""

    @property
    def numbers(self) -> tuple[int, int]:
        """Of both pictures: equal ones are the same picture, whatever the texture; 0: unknown."""

    @property
    def is_flow(self) -> bool:
        """Whether what moved between the pictures is to be moved, instead of faded."""


class _Blend(NamedTuple):
    """Pixels of which each picture was drawn anew."""

    older: moderngl.Texture
    newer: moderngl.Texture
    weight: float
    numbers: tuple[int, int]
    is_flow: bool


Pixels = Mapping[str, SourcePixels]


class Enlarger:
    """Owns the programs that draw a generator's pixels as a layer's source."""

    def __init__(self, ctx: moderngl.Context, pool: Pool) -> None:
        self._pool = pool
        self._gather = Program(ctx, GATHER)
        self._widen = Program(ctx, WIDEN)
        self._heighten = Program(ctx, HEIGHTEN)
        self._reduce = Program(ctx, REDUCE)
        self._flow = Flow(ctx, pool)
        self._ctx = ctx
        self._is_software = is_software(ctx)
        # Where it may be used at any moment its programs are there from the start.
        self._upscaler = None if self._is_software else Upscaler(ctx, pool)

    def draw(
        self, pixels: SourcePixels, size_px: tuple[int, int], upscale: str = "spline"
    ) -> Surface:
        """Blend a generator's two pictures, turn them the right way up, enlarge them.

        Parameters
        ----------
        upscale
            One of `engine.core.show.layer.UPSCALES`. ``auto`` is the network where OpenGL is
            hardware and the pictures are small, and else the spline.
        """
        if self._is_for_network(pixels, size_px, upscale):
            pixels = self._doubled(pixels)
        if not is_flowing(pixels):
            return self._draw(pixels.older, pixels.newer, float(pixels.weight), size_px)
        moved = self._flow.draw(pixels)
        surface = self._draw(moved.texture, moved.texture, 1.0, size_px)
        self._pool.give(moved)
        return surface

    def _is_for_network(self, pixels: SourcePixels, size_px: tuple[int, int], upscale: str) -> bool:
        width, height = pixels.newer.size
        if upscale == "spline" or size_px[1] <= height * _SMOOTH_ABOVE:
            return False
        is_free = not self._is_software and width * height <= _NETWORK_PX
        return pixels.numbers[1] > 0 and (is_free or upscale == "network")

    def _doubled(self, pixels: SourcePixels) -> SourcePixels:
        self._upscaler = self._upscaler or Upscaler(self._ctx, self._pool)
        pictures = zip((pixels.older, pixels.newer), pixels.numbers, strict=True)
        older, newer = [self._upscaler.doubled(*each) for each in pictures]
        return _Blend(older, newer, pixels.weight, pixels.numbers, pixels.is_flow)

    def _draw(
        self,
        older: moderngl.Texture,
        newer: moderngl.Texture,
        weight: float,
        size_px: tuple[int, int],
    ) -> Surface:
        own_px = newer.size
        if (
            own_px[0] * 2 <= size_px[0] * _HALF_ENOUGH
            and own_px[1] * 2 <= size_px[1] * _HALF_ENOUGH
        ):
            size_px = (size_px[0] + 1) // 2, (size_px[1] + 1) // 2
        is_smooth = size_px[1] > own_px[1] * _SMOOTH_ABOVE
        small = self._pool.take(own_px)
        self._gather.bind("older", older if older.size == own_px else newer)
        self._gather.bind("newer", newer)
        self._gather.send("weight", min(max(weight, 0.0), 1.0))
        self._gather.send("edge", _PREFILTER if is_smooth else 0.0)
        self._gather.draw(small.fbo)
        return self._enlarge(small, size_px) if is_smooth else self._through(small, size_px)

    def _enlarge(self, small: Surface, size_px: tuple[int, int]) -> Surface:
        wide = self._pool.take((size_px[0], small.size_px[1]))
        surface = self._pool.take(size_px)
        self._widen.bind("image", small.texture)
        self._widen.draw(wide.fbo)
        self._heighten.bind("image", wide.texture)
        self._heighten.draw(surface.fbo)
        self._pool.give(small)
        self._pool.give(wide)
        return surface

    def _through(self, own: Surface, size_px: tuple[int, int]) -> Surface:
        surface = self._pool.take(size_px)
        self._reduce.bind("image", own.texture)
        self._reduce.draw(surface.fbo)
        self._pool.give(own)
        return surface

    def release(self) -> None:
        """Give the GL objects back."""
        for program in (self._gather, self._widen, self._heighten, self._reduce):
            program.release()
        self._flow.release()
        if self._upscaler is not None:
            self._upscaler.release()


def is_flowing(pixels: SourcePixels) -> bool:
    """Whether there is something to move between two pictures."""
    is_between = 0.0 < pixels.weight < 1.0 and pixels.older.size == pixels.newer.size
    return pixels.is_flow and is_between and pixels.numbers[0] != pixels.numbers[1]
