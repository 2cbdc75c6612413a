"""Generators that OpenGL draws by itself: at the size of the picture, for its very moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import moderngl

from engine.compositor.canvas.place import fit
from engine.compositor.compose import Compositor
from engine.compositor.frames.drawing import Drawer
from engine.compositor.gl.surface import Pool, Surface
from engine.core.show.generator import Request
from engine.core.show.layer import Generator
from engine.core.show.show import Show
from engine.generators import registry
from engine.generators.drawing import Drawing
from engine.play.pixels.bridge import SourcePixels


class DrawnPixels:
    """Draws what can be drawn; belongs to the thread and context of `ctx`.

    Parameters
    ----------
    compositor
        Whose size the pictures have.
    """

    def __init__(self, ctx: moderngl.Context, compositor: Compositor) -> None:
        self._ctx = ctx
        self._compositor = compositor
        self._pool = Pool(ctx)
        self._drawers: dict[str, tuple[Generator, Drawing, Drawer] | None] = {}
        self._seen: dict[str, tuple[bytes, Surface]] = {}
        self._show: Show | None = None
        self.news: list[str] = []

    def follow(self, show: Show) -> None:
        """Look at a show: which of its layers can be drawn."""
        if show is self._show:
            return
        self._show = show
        makers = {layer.id: layer.generator for layer in show.layers if layer.generator}
        for name in [n for n, known in self._drawers.items() if known and n not in makers]:
            self._drop(name)
        for name, generator in makers.items():
            known = self._drawers.get(name)
            if known is None or known[0].config != generator.config:
                self._drop(name)
                self._drawers[name] = self._open(name, generator)

    def draws(self, name: str) -> bool:
        """Whether a layer is drawn here."""
        return self._drawers.get(name) is not None

    def pixels(self, name: str, requests: Mapping[str, Request]) -> SourcePixels | None:
        """Draw what a layer is asked; None where it is not drawn here. A repeated one is kept."""
        known, request = self._drawers.get(name), requests.get(name)
        if known is None or request is None:
            return None
        size_px = fit(self._compositor.size_px, request.aspect)
        given = known[1].given(replace(request, size_px=size_px))
        mark = given.numbers.tobytes()
        before = self._seen.get(name)
        if before is None or before[0] != mark or before[1].size_px != size_px:
            if before is not None:
                self._pool.give(before[1])
            self._seen[name] = mark, known[2].draw(given.numbers, given.tables, size_px)
        texture = self._seen[name][1].texture
        return SourcePixels(texture, texture, 1.0)

    def _open(self, name: str, generator: Generator) -> tuple[Generator, Drawing, Drawer] | None:
        drawing = registry.drawing(generator.kind, generator.config)
        if drawing is None:
            return None
        try:
            return generator, drawing, Drawer(self._ctx, self._pool, drawing.passes)
        except moderngl.Error as error:
            self.news.append(f"layer {name}: its process draws it, not OpenGL: {error}")
            return None

    def _drop(self, name: str) -> None:
        known, seen = self._drawers.pop(name, None), self._seen.pop(name, None)
        if known is not None:
            known[2].release()
        if seen is not None:
            self._pool.give(seen[1])

    def close(self) -> None:
        """Free everything, while the context is still there."""
        for name in list(self._drawers):
            self._drop(name)
        self._pool.clear()
