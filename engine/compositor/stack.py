"""Stack: the layers of a frame laid on each other, in groups and on two decks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import moderngl

from engine.compositor.canvas.place import Placer, is_still
from engine.compositor.gl.ending import BRIGHTEST, LIGHT, STRAIGHT, Ending, end
from engine.compositor.gl.program import Program
from engine.compositor.gl.shaders import HEAD, SHOW
from engine.compositor.gl.surface import Surface
from engine.compositor.isf.passes import Kit
from engine.compositor.layers import Frame, Layers
from engine.compositor.stock import Stock
from engine.core.frame.plan import LayerPlan

_ENDS = ("startImage", "endImage")
_OVER = moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA
_MIX = (
    HEAD
    + """
uniform sampler2D a;
uniform sampler2D b;
uniform vec2 light;
uniform vec2 cover;
void main() {
    ivec2 p = ivec2(gl_FragCoord.xy);
    vec4 first = texelFetch(a, p, 0);
    vec4 second = texelFetch(b, p, 0);
    host_Color = vec4(first.rgb * light.x + second.rgb * light.y,
                      min(min(first.a, 1.0) * cover.x + min(second.a, 1.0) * cover.y, 1.0));
}
"""
)


class Stack:
    """Owns the programs that lead from one canvas to another."""

    def __init__(self, kit: Kit, stock: Stock, layers: Layers) -> None:
        self._kit = kit
        self._stock = stock
        self._layers = layers
        self._show = Program(kit.ctx, SHOW)
        self._mix: Program | None = None  # made when there are decks
        self.placer = Placer(kit)
        layers.stack = self._group

    def lay(self, canvas: Surface, frame: Frame) -> Surface:
        """Lay the layers of the picture on an empty canvas, and return the canvas.

        It may be another surface then.
        """
        layers, mix = frame.plan.layers, frame.plan.decks
        if mix is None:
            return self._lay(canvas, _outside(layers), frame)
        canvas = self._lay(canvas, _outside(layers[: mix.first]), frame)
        canvases = []
        for deck in (layers[mix.first : mix.middle], layers[mix.middle : mix.end]):
            canvases.append(self._lay(self._empty(canvas.size_px), _outside(deck), frame))
        self._lay_decks(canvas, (canvases[0], canvases[1]), frame)
        return self._lay(canvas, _outside(layers[mix.end :]), frame, is_empty=False)

    def release(self) -> None:
        """Give the GL objects back."""
        self._show.release()
        if self._mix is not None:
            self._mix.release()
        self.placer.release()

    def _empty(self, size_px: tuple[int, int]) -> Surface:
        canvas = self._kit.pool.take(size_px)
        canvas.fbo.clear()
        return canvas

    def _lay(
        self, canvas: Surface, layers: Iterable[LayerPlan], frame: Frame, is_empty: bool = True
    ) -> Surface:
        """Lay layers on a canvas, on which nothing lies yet if `is_empty`."""
        for layer in layers:
            ending = self._ending(canvas, layer, frame, is_empty)
            surface = self._layers.draw(layer, frame, ending)
            if surface is None:
                continue
            if surface is not canvas:
                canvas = self.placer.lay(canvas, layer, surface, is_empty, ending is LIGHT)
                self._kit.pool.give(surface)
            is_empty = False
        return canvas

    def _ending(self, canvas: Surface, layer: LayerPlan, frame: Frame, is_empty: bool) -> Ending:
        """How the last pass of a layer ends: on the canvas at once, where that can be."""
        if self._layers.keeps(layer, frame):
            return STRAIGHT
        if not is_still(layer):
            return LIGHT
        onto = self.placer.ending(canvas, layer, is_empty)
        if onto is None or onto.area is None:
            is_whole = self._layers.area(layer) == canvas.size_px
        else:
            is_whole = self._layers.area(layer) == onto.area[2:]
        return onto if onto is not None and is_whole else STRAIGHT

    def _lay_decks(self, canvas: Surface, decks: tuple[Surface, Surface], frame: Frame) -> None:
        """Lay the mixture of two decks on a canvas; their own canvases go back to the pool."""
        mix = frame.plan.decks
        assert mix is not None
        pool, between = self._kit.pool, mix.between
        if between is None or not self._stock.has(between.effects[0]):
            program = self._mix = self._mix or Program(self._kit.ctx, _MIX)
            program.bind("a", decks[0].texture)
            program.bind("b", decks[1].texture)
            program.send("light", mix.light)
            program.send("cover", mix.cover)
            program.draw(canvas.fbo, blend=_OVER)
        else:
            ends = [self._shown(deck, STRAIGHT) for deck in decks]
            seen = {name: each.texture for name, each in zip(_ENDS, ends, strict=True)}
            onto = Ending(BRIGHTEST, float(between.opacity), canvas, blend=_OVER)
            now = replace(frame, is_step=False)
            self._layers.run(between.effects[0], now, seen, canvas.size_px, onto)
            for surface in ends:
                pool.give(surface)
        for surface in decks:
            pool.give(surface)

    def _group(self, group: LayerPlan, frame: Frame, ending: Ending) -> Surface | None:
        """Draw what lies in a group on a canvas of its own, and that as is asked."""
        plan = frame.plan
        inside = [x for x in (*plan.layers, *plan.hidden) if x.group == group.id and x.opacity]
        if not inside and not group.effects:
            return None
        canvas = self._lay(self._empty(self._layers.area(group)), inside, frame)
        surface = self._shown(canvas, ending)
        self._kit.pool.give(canvas)
        return surface

    def _shown(self, canvas: Surface, ending: Ending) -> Surface:
        self._show.bind("image", canvas.texture)
        return end(self._kit.pool, self._show, canvas.size_px, ending)


def _outside(layers: Iterable[LayerPlan]) -> list[LayerPlan]:
    """Those that lie in no group."""
    return [layer for layer in layers if not layer.group and layer.opacity]
