"""Upsampling of a generator's two newest pictures, blended, to the size of a layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import moderngl

from engine.compositor.frames.flow import Flow
from engine.compositor.frames.upscale import Upscaler
from engine.compositor.gl.context import is_software
from engine.compositor.gl.ending import STRAIGHT, Ending, end
from engine.compositor.gl.program import Program
from engine.compositor.gl.shaders import GATHER, HEIGHTEN, REDUCE, WIDEN
from engine.compositor.gl.surface import IDLE_FRAMES, Surface
from engine.compositor.isf.passes import Kit

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


class Pair(NamedTuple):
    """Two pictures that were drawn here."""

    older: moderngl.Texture
    newer: moderngl.Texture
    weight: float
    numbers: tuple[int, int]
    is_flow: bool


Pixels = Mapping[str, SourcePixels]


class _Known(NamedTuple):
    """What a layer showed last, and when; its surface is kept where it was shown twice."""

    key: tuple[object, ...]
    surface: Surface | None
    frame: int


class Enlarger:
    """Owns the programs that draw a generator's pixels as a layer's source."""

    def __init__(self, kit: Kit) -> None:
        ctx = kit.ctx
        self._kit = kit
        self._pool = kit.pool
        self._gather = Program(ctx, GATHER)
        self._widen = Program(ctx, WIDEN)
        self._heighten = Program(ctx, HEIGHTEN)
        self._reduce = Program(ctx, REDUCE)
        self._flow = Flow(ctx, kit.pool)
        self._known: dict[tuple[str, bool], _Known] = {}
        self._frame = 0
        self._is_software = is_software(ctx)
        # Where it may be used at any moment its programs are there from the start.
        self._upscaler = None if self._is_software else Upscaler(ctx, kit.pool)

    def draw(
        self,
        pixels: SourcePixels,
        size_px: tuple[int, int],
        upscale: str = "spline",
        ending: Ending = STRAIGHT,
        name: str = "",
    ) -> Surface:
        """Blend a generator's two pictures, turn them the right way up, enlarge them.

        A picture that comes again is not enlarged again.

        Parameters
        ----------
        upscale
            One of `engine.core.show.layer.UPSCALES`. ``auto`` is the network where OpenGL is
            hardware and the pictures are small, and else the spline.
        name
            Whose pixels they are; empty: of somebody who comes once.
        """
        if not name or (shown := _shown(pixels)) is None:
            return self._enlarged(pixels, size_px, upscale, ending)
        own = ending if ending.canvas is None else STRAIGHT
        place, key = (name, own is STRAIGHT), (*shown, size_px, upscale)
        known = self._known.get(place)
        if known is None or known.key != key:
            self._forget(place)
            self._known[place] = _Known(key, None, self._frame)
            return self._enlarged(pixels, size_px, upscale, ending)
        surface = known.surface or self._enlarged(pixels, size_px, upscale, own)
        self._known[place] = _Known(key, surface, self._frame)
        if ending.canvas is None:
            return self._pool.share(surface)
        return self._kit.lay(surface.texture, size_px, ending)

    def end_frame(self) -> None:
        """Forget what is not shown any more."""
        self._frame += 1
        for place in [p for p, k in self._known.items() if k.frame < self._frame - IDLE_FRAMES]:
            self._forget(place)

    def _forget(self, place: tuple[str, bool]) -> None:
        known = self._known.pop(place, None)
        if known is not None and known.surface is not None:
            self._pool.give(known.surface)

    def _enlarged(
        self, pixels: SourcePixels, size_px: tuple[int, int], upscale: str, ending: Ending
    ) -> Surface:
        if self._is_for_network(pixels, size_px, upscale):
            pixels = self._doubled(pixels)
        if not is_flowing(pixels):
            return self._draw(pixels, size_px, ending)
        moved = self._flow.draw(pixels)
        alone = Pair(moved.texture, moved.texture, 1.0, pixels.numbers, False)
        surface = self._draw(alone, size_px, ending)
        self._pool.give(moved)
        return surface

    def _is_for_network(self, pixels: SourcePixels, size_px: tuple[int, int], upscale: str) -> bool:
        width, height = pixels.newer.size
        if upscale == "spline" or size_px[1] <= height * _SMOOTH_ABOVE:
            return False
        is_free = not self._is_software and width * height <= _NETWORK_PX
        return pixels.numbers[1] > 0 and (is_free or upscale == "network")

    def _doubled(self, pixels: SourcePixels) -> SourcePixels:
        self._upscaler = self._upscaler or Upscaler(self._kit.ctx, self._pool)
        pictures = zip((pixels.older, pixels.newer), pixels.numbers, strict=True)
        older, newer = [self._upscaler.doubled(*each) for each in pictures]
        return Pair(older, newer, pixels.weight, pixels.numbers, pixels.is_flow)

    def _draw(self, pixels: SourcePixels, size_px: tuple[int, int], ending: Ending) -> Surface:
        (across, down), own_px = size_px, pixels.newer.size
        if 2 * own_px[0] > across * _HALF_ENOUGH or 2 * own_px[1] > down * _HALF_ENOUGH:
            return self._drawn(pixels, size_px, ending)
        half_px = (across + 1) // 2, (down + 1) // 2
        if ending.canvas is None:
            return self._drawn(pixels, half_px, ending)
        half = self._drawn(pixels, half_px, STRAIGHT)
        self._kit.lay(half.texture, size_px, ending)
        self._pool.give(half)
        return ending.canvas

    def _drawn(self, pixels: SourcePixels, size_px: tuple[int, int], ending: Ending) -> Surface:
        older, newer, weight = pixels.older, pixels.newer, float(pixels.weight)
        own_px = newer.size
        is_smooth = size_px[1] > own_px[1] * _SMOOTH_ABOVE
        last, small = self._reduce, self._pool.take(own_px)
        self._gather.bind("older", older if older.size == own_px else newer)
        self._gather.bind("newer", newer)
        self._gather.send("weight", min(max(weight, 0.0), 1.0))
        self._gather.send("edge", _PREFILTER if is_smooth else 0.0)
        self._gather.draw(small.fbo)
        if is_smooth:
            last, wide = self._heighten, self._pool.take((size_px[0], own_px[1]))
            self._widen.bind("image", small.texture)
            self._widen.draw(wide.fbo)
            self._pool.give(small)
            small = wide
        last.bind("image", small.texture)
        surface = end(self._pool, last, size_px, ending)
        self._pool.give(small)
        return surface

    def release(self) -> None:
        """Give the GL objects back."""
        for place in list(self._known):
            self._forget(place)
        for program in (self._gather, self._widen, self._heighten, self._reduce):
            program.release()
        self._flow.release()
        if self._upscaler is not None:
            self._upscaler.release()


def is_flowing(pixels: SourcePixels) -> bool:
    """Whether there is something to move between two pictures."""
    is_between = 0.0 < pixels.weight < 1.0 and pixels.older.size == pixels.newer.size
    return pixels.is_flow and is_between and pixels.numbers[0] != pixels.numbers[1]


def _shown(pixels: SourcePixels) -> tuple[object, ...] | None:
    """What is shown of a generator's two pictures; None where their numbers are not known."""
    (older, newer), weight = pixels.numbers, min(max(float(pixels.weight), 0.0), 1.0)
    if older <= 0 or newer <= 0:
        return None
    if older == newer or weight == 1.0:
        return newer, pixels.newer
    return older, newer, weight, pixels.is_flow, pixels.older, pixels.newer
