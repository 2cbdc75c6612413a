"""Optical-flow warp: the picture between two frames, with what moves in it moved.

The flow is found once for each pair of frames, small and from coarse to fine; a picture between
them then costs one pass.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import moderngl

from engine.compositor.frames import flow_shaders as glsl
from engine.compositor.gl.program import Program
from engine.compositor.gl.surface import Pool, Surface

_SIDE_PX = 128  # of the longer side of the finest level
_LEAST_PX = 12  # of the shorter side of the coarsest
_ROUNDS = 2  # a level
_MOST_KEPT = 8  # pairs of frames whose flow is kept: one a generator that is seen


def levels(size_px: tuple[int, int]) -> list[tuple[int, int]]:
    """Sizes of a picture's pyramid, finest first."""
    share = min(1.0, _SIDE_PX / max(size_px))
    found = [(max(round(size_px[0] * share), 1), max(round(size_px[1] * share), 1))]
    while min(found[-1]) >= 2 * _LEAST_PX:
        found.append(((found[-1][0] + 1) // 2, (found[-1][1] + 1) // 2))
    return found


class Flow:
    """Owns the programs, and the flow of the pairs that are seen."""

    def __init__(self, ctx: moderngl.Context, pool: Pool) -> None:
        self._pool = pool
        self._pair = Program(ctx, glsl.PAIR)
        self._halve = Program(ctx, glsl.HALVE)
        self._smooth = Program(ctx, glsl.SMOOTH)
        self._slopes = Program(ctx, glsl.SLOPES)
        self._solve = Program(ctx, glsl.SOLVE)
        self._trust = Program(ctx, glsl.TRUST)
        self._move = Program(ctx, glsl.MOVE)
        self._kept: dict[tuple[int, int], Surface] = {}

    def draw(self, pixels: Any) -> Surface:
        """Draw the picture at a moment between two frames of one size; the caller gives it back.

        Parameters
        ----------
        pixels
            See `engine.compositor.enlarge.SourcePixels`; rows stay in their order.
        """
        flow = self.between(pixels)
        surface = self._pool.take(pixels.newer.size)
        _run(self._move, surface, older=pixels.older, newer=pixels.newer, flow=flow.texture,
             weight=min(max(float(pixels.weight), 0.0), 1.0))  # fmt: skip
        return surface

    def between(self, pixels: Any) -> Surface:
        """Flow from the older frame to the newer one, as a share of the picture; it is kept."""
        found = self._kept.pop(pixels.numbers, None)
        if found is None:
            while len(self._kept) >= _MOST_KEPT:
                self._pool.give(self._kept.pop(next(iter(self._kept))))
            found = self._find(pixels)
        self._kept[pixels.numbers] = found  # the newest last
        return found

    def _find(self, pixels: Any) -> Surface:
        sizes = levels(pixels.newer.size)
        pairs = [self._pool.take(size) for size in sizes]
        ratio = max(pixels.newer.size) / max(sizes[0])
        _run(self._pair, pairs[0], older=pixels.older, newer=pixels.newer,
             size_px=tuple(map(float, sizes[0])), taps=max(math.ceil(ratio / 2), 1))  # fmt: skip
        for larger, smaller in pairwise(pairs):
            _run(self._halve, smaller, image=larger.texture)
        flow = self._pool.take(sizes[-1])
        flow.fbo.clear()
        for pair in reversed(pairs):
            for _ in range(_ROUNDS):
                flow = self._better(pair, flow)
        found = self._pool.take(sizes[0])
        _run(self._trust, found, pair=pairs[0].texture, flow=flow.texture)
        for surface in (*pairs, flow):
            self._pool.give(surface)
        return found

    def _better(self, pair: Surface, flow: Surface) -> Surface:
        """Bring the flow nearer to what joins the frames, at one level; `flow` is given back."""
        smooth, slopes, better = (self._pool.take(pair.size_px) for _ in range(3))
        _run(self._smooth, smooth, flow=flow.texture)
        _run(self._slopes, slopes, pair=pair.texture, flow=smooth.texture)
        _run(self._solve, better, slopes=slopes.texture, flow=smooth.texture)
        for surface in (smooth, slopes, flow):
            self._pool.give(surface)
        return better

    def release(self) -> None:
        """Give the GL objects back."""
        for surface in self._kept.values():
            self._pool.give(surface)
        self._kept.clear()
        for program in (
            self._pair, self._halve, self._smooth, self._slopes, self._solve, self._trust,
            self._move,
        ):  # fmt: skip
            program.release()


def _run(program: Program, target: Surface, **given: Any) -> None:
    for name, value in given.items():
        if isinstance(value, moderngl.Texture):
            program.bind(name, value)
        else:
            program.send(name, value)
    program.draw(target.fbo)
