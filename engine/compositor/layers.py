"""Layers of the picture: source and chain of ISF effects of each, drawn when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import moderngl

from engine.compositor.canvas.place import area_px
from engine.compositor.enlarge import Enlarger, Pixels
from engine.compositor.gl.ending import STRAIGHT, Ending
from engine.compositor.gl.pictures import AnyTexture
from engine.compositor.gl.surface import Surface
from engine.compositor.isf.passes import Kit, draw
from engine.compositor.memory import Memory
from engine.compositor.previews import Previews, cover
from engine.compositor.stock import Stock
from engine.core.frame.links import seen_by, steps_back
from engine.core.frame.plan import LayerPlan, Pass, Plan


@dataclass(frozen=True, slots=True)
class Frame:
    """What is drawn now.

    Parameters
    ----------
    is_step
        Whether histories advance by it.
    seen
        IDs of layers that others see: what is drawn of them stays until the frame ends.
    """

    plan: Plan
    pixels: Pixels
    is_step: bool
    seen: frozenset[str]


def frame_of(plan: Plan, pixels: Pixels, is_step: bool) -> Frame:
    """Look through a plan."""
    every = (*plan.layers, *plan.hidden, *plan.watched, *plan.chains)
    seen = [name for each in every for _, name in seen_by(each)]
    if is_step:
        seen += [view.of.removeprefix("layer:") for view in plan.views]
    return Frame(plan, pixels, is_step, frozenset(seen))


def _rank(layer: LayerPlan) -> int:
    return layer.rank


def _name(layer: LayerPlan) -> str:
    """Name of a layer's source: drawn small for image ports it is another one."""
    return f"{layer.id}/small" if any(layer.cover_px) else layer.id


class Layers:
    """Draws layers; every surface that it gives is given back to the pool by who took it.

    Attributes
    ----------
    stack
        Draws what lies in a group on an empty canvas, and ends as is asked.
    """

    def __init__(self, kit: Kit, stock: Stock, size_px: tuple[int, int]) -> None:
        self._kit = kit
        self._stock = stock
        self._enlarger = Enlarger(kit)
        self._memory = Memory(kit.pool)
        self._drawn: dict[str, Surface] = {}  # for this frame, because others see it
        self.stack: Callable[[LayerPlan, Frame, Ending], Surface | None]
        self.size_px = size_px
        self.share = 1.0  # of their size that layers without letters are drawn at
        self.past: list[
            moderngl.Texture
        ] = []  # what `picture` means to a shader: newest step first

    def step(self, frame: Frame) -> None:
        """Draw every stepped layer and keep the result."""
        plan = frame.plan
        self._memory.begin_step()
        for layer in sorted((*plan.layers, *plan.hidden, *plan.watched), key=_rank):
            if layer.is_stepped:
                surface = self._chain(layer, frame, STRAIGHT)
                if surface is None:
                    surface = self._kit.pool.take(self.area(layer))
                    surface.fbo.clear()
                self._memory.keep(layer.id, surface)
        self._memory.end_step()

    def draw_previews(self, frame: Frame, previews: Previews, number: int) -> None:
        """Draw what the image ports see; a layer without a picture yet is not seen."""
        plan = frame.plan
        there = {layer.id: layer for layer in (*plan.layers, *plan.hidden, *plan.watched)}
        for view in plan.views:
            if view.of == "picture":
                if self.past:
                    aspect = self.size_px[0] / self.size_px[1]
                    previews.draw(view, plan.step, number, self.past[0], aspect)
                continue
            layer = there[view.of.removeprefix("layer:")]
            surface = self.draw(layer, frame)
            if surface is not None:
                previews.draw(view, plan.step, number, surface.texture, layer.aspect)
                self._kit.pool.give(surface)

    def draw(self, layer: LayerPlan, frame: Frame, ending: Ending = STRAIGHT) -> Surface | None:
        """Draw a layer with its effects, ended as is asked; None where there is nothing to see.

        A layer that is kept (`keeps`) ends `STRAIGHT` only.
        """
        if layer.is_stepped:
            return self._memory.result(layer.id)
        return self._chain(layer, frame, ending)

    def keeps(self, layer: LayerPlan, frame: Frame) -> bool:
        """Whether what is drawn of a layer is seen by others, or by later frames."""
        return layer.is_stepped or layer.id in frame.seen

    def newest(self, chain: LayerPlan) -> Surface | None:
        """Result of the master's effects as the newest step left it, if they remember."""
        return self._memory.result(chain.id, is_of_now=True) if chain.is_stepped else None

    def draw_over(
        self, chain: LayerPlan, picture: Surface, frame: Frame, ending: Ending
    ) -> Surface:
        """Draw the master's effects over a picture, which is taken.

        On a step a chain with a history keeps its result, for the frames until the next one.
        """
        if not (frame.is_step and chain.is_stepped):
            return self._effects(chain, picture, frame, ending) or picture
        surface = self._effects(chain, picture, frame, STRAIGHT) or picture
        self._memory.keep(chain.id, surface)
        return self._kit.pool.share(surface)

    def end(self) -> None:
        """Close a frame: what others saw is drawn again in the next one."""
        for surface in self._drawn.values():
            self._kit.pool.give(surface)
        self._drawn.clear()
        self._enlarger.end_frame()
        self._kit.pool.end_frame()

    def close(self) -> None:
        """Release everything."""
        self.end()
        self._memory.clear()
        self._enlarger.release()

    def area(self, layer: LayerPlan) -> tuple[int, int]:
        """Width and height that a layer is drawn in."""
        if any(layer.cover_px):
            return cover(layer.cover_px, layer.aspect)
        width, height = area_px(self.size_px, layer)
        share = layer.render_scale * (1.0 if layer.is_sharp else self.share)
        return max(1, round(width * share)), max(1, round(height * share))

    def run(
        self, item: Pass, frame: Frame, seen: Mapping[str, AnyTexture],
        size_px: tuple[int, int], ending: Ending = STRAIGHT,
    ) -> Surface:  # fmt: skip
        """Draw a shader with all that it sees."""
        shader = self._stock.shader(item)
        images = dict(seen)
        for each in shader.header.imported:
            if (found := self._stock.pictures.get(f"{item.shader}/{each.name}")) is not None:
                images[each.name] = found
        for name, kind, columns in shader.sounds:
            images[name] = self._stock.sound.texture(kind, columns, frame.plan.heard_s)
        for name, wanted in item.images.items():
            texture = self._image(wanted, frame)
            if texture:
                images[name] = texture
        history = self._memory.history(item, frame.is_step) if shader.is_stepped else None
        return draw(self._kit, shader, item, images, history, size_px, frame.is_step, ending)

    def _chain(self, layer: LayerPlan, frame: Frame, ending: Ending) -> Surface | None:
        name = f"{_name(layer)}/result"
        if name in self._drawn:
            return self._kit.pool.share(self._drawn[name])
        is_last = not any(self._stock.has(effect) for effect in layer.effects)
        surface = self._source(layer, frame, ending if is_last else STRAIGHT)
        if not is_last:
            surface = self._effects(layer, surface, frame, ending)
        if surface is not None and layer.id in frame.seen and not layer.is_stepped:
            self._drawn[name] = self._kit.pool.share(surface)
        return surface

    def _effects(
        self, layer: LayerPlan, surface: Surface | None, frame: Frame, ending: Ending
    ) -> Surface | None:
        """Draw the effects of a layer over a surface, which is taken."""
        effects = [effect for effect in layer.effects if self._stock.has(effect)]
        for effect in effects:
            seen = {"inputImage": surface.texture} if surface else {}
            last = ending if effect is effects[-1] else STRAIGHT
            drawn = self.run(effect, frame, seen, self.area(layer), last)
            if surface:
                self._kit.pool.give(surface)
            surface = drawn
        return surface

    def _source(self, layer: LayerPlan, frame: Frame, ending: Ending) -> Surface | None:
        """Draw the source at the layer's size; what others see of it is drawn once."""
        name = _name(layer)
        if name in self._drawn:
            return self._kit.pool.share(self._drawn[name])
        size_px = self.area(layer)
        surface: Surface | None = None
        if layer.is_group:
            surface = self.stack(layer, frame, ending)
        elif layer.generator is not None and layer.generator in frame.pixels:
            pixels = frame.pixels[layer.generator]
            surface = self._enlarger.draw(pixels, size_px, layer.upscale, ending, name)
        elif layer.source is not None and self._stock.has(layer.source):
            surface = self.run(layer.source, frame, {}, size_px, ending)
        if surface and layer.id in frame.seen:
            self._drawn[name] = self._kit.pool.share(surface)
        return surface

    def _image(self, wanted: str, frame: Frame) -> AnyTexture | None:
        if back := steps_back(wanted):
            return self.past[min(back, len(self.past)) - 1] if self.past else None
        if (picture := self._stock.pictures.get(wanted)) is not None:
            return picture
        of, _, name = wanted.partition(":")
        for layer in (*frame.plan.layers, *frame.plan.hidden):
            if layer.id == name:
                draw = self.draw if of == "result" else self._source
                return self._texture(draw(layer, frame, STRAIGHT))
        if name not in frame.pixels:
            return None
        if name not in self._drawn:  # the layer is invisible; its generator is not idle
            self._drawn[name] = self._enlarger.draw(frame.pixels[name], self.size_px, name=name)
        return self._drawn[name].texture

    def _texture(self, surface: Surface | None) -> AnyTexture | None:
        """Texture of a surface that others hold, too."""
        if surface is None:
            return None
        self._kit.pool.give(surface)
        return surface.texture
