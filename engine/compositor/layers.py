"""Layers of the picture: source, chain of ISF effects and histories of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import moderngl
import numpy as np
from numpy.typing import NDArray

from engine.compositor.decks import Decks
from engine.compositor.enlarge import Enlarger, Pixels
from engine.compositor.gl.pictures import AnyTexture, Pictures
from engine.compositor.gl.program import Program
from engine.compositor.gl.shaders import SHOW
from engine.compositor.gl.surface import Surface, release
from engine.compositor.isf.passes import History, Kit, Onto, lays_itself, run
from engine.compositor.isf.shader import Shader, compile_shader, release_shader
from engine.compositor.isf.sound import Sound
from engine.compositor.place import Placer, area_px, is_plain, onto_of
from engine.compositor.previews import Previews, cover
from engine.core.frame.links import seen_by, steps_back
from engine.core.frame.plan import LayerPlan, Pass, Plan
from engine.core.isf.header import Header

_ENDS = ("startImage", "endImage")
_PATIENCE_STEPS = 30  # how long a history outlives its pass: an opacity that touches 0 is no cut


def _rank(layer: LayerPlan) -> int:
    return layer.rank


def _outside(layers: Iterable[LayerPlan]) -> list[LayerPlan]:
    """Those that lie in no group."""
    return [layer for layer in layers if not layer.group and layer.opacity]


def _name(layer: LayerPlan) -> str:
    """Name of a layer's source: drawn small for image ports it is another one."""
    return f"{layer.id}/small" if any(layer.cover_px) else layer.id


class Layers:
    """Owns the shaders, the histories and the newest result of every stepped layer."""

    def __init__(
        self,
        ctx: moderngl.Context,
        kit: Kit,
        size_px: tuple[int, int],
        beside: Layers | None = None,
    ) -> None:
        self._ctx = ctx
        self._kit = kit
        self._enlarger = Enlarger(ctx, kit.pool)
        self._owns = beside is None
        self._shaders: dict[str, tuple[str, Shader]] = {} if beside is None else beside._shaders
        self._pictures: Pictures = Pictures(ctx) if beside is None else beside._pictures
        self.sound: Sound = Sound(ctx) if beside is None else beside.sound
        self._show = Program(ctx, SHOW)
        self.placer = Placer(ctx, kit)
        self._decks: Decks | None = None  # made when there are some
        self._staged: dict[str, tuple[str, Shader]] = {}
        self._histories: dict[str, History] = {}
        self._results: dict[str, tuple[Surface, int]] = {}  # newest result, and of which step
        self._sources: dict[str, Surface] = {}  # drawn for this frame
        self._steps = 0
        self.size_px = size_px
        self.share = 1.0  # of their size that layers without letters are drawn at
        self.picture: moderngl.Texture | None = None  # what `picture` means to a shader
        self.past: list[moderngl.Texture] = []  # the same, and what it was in the steps before

    def load(self, name: str, text: str) -> Header:
        """Compile and link a shader; see `Compositor.load`."""
        known = self._shaders.get(name)
        if known and known[0] == text:
            return known[1].header
        self.stage(name, text)
        _, shader = self._shaders[name] = self._staged.pop(name)
        if known:
            release_shader(known[1])
        return shader.header

    def stage(self, name: str, text: str) -> None:
        """Compile and link a shader ahead; see `Compositor.stage`."""
        staged = self._staged.get(name)
        if staged is None or staged[0] != text:
            self._staged[name] = (text, compile_shader(self._ctx, name, text))
            if staged:
                release_shader(staged[1])

    def load_picture(self, name: str, rgba: NDArray[np.uint8] | None) -> None:
        """Upload or forget a picture; see `Compositor.load_picture`."""
        if rgba is None:
            self._pictures.drop(name)
        else:
            self._pictures.load(name, rgba)

    def step(self, plan: Plan, pixels: Pixels) -> None:
        """Draw every stepped layer and keep the result."""
        self._steps += 1
        for layer in sorted((*plan.layers, *plan.hidden, *plan.watched), key=_rank):
            if layer.is_stepped:
                self._keep(layer, self._draw_chain(layer, plan, pixels, True))
        self._forget()

    def draw_previews(self, plan: Plan, pixels: Pixels, previews: Previews, frame: int) -> None:
        """Draw what the image ports see; a layer without a picture yet is not seen."""
        there = {layer.id: layer for layer in (*plan.layers, *plan.hidden, *plan.watched)}
        for view in plan.views:
            if view.of == "picture":
                if self.picture is not None:
                    aspect = self.size_px[0] / self.size_px[1]
                    previews.draw(view, plan.step, frame, self.picture, aspect)
                continue
            layer = there[view.of.removeprefix("layer:")]
            surface = self.draw(layer, plan, pixels)
            if surface is not None:
                previews.draw(view, plan.step, frame, surface.texture, layer.aspect)
                self.done(layer, surface)

    def stack(self, canvas: Surface, plan: Plan, pixels: Pixels, group: str = "") -> Surface:
        """Lay the layers of the picture, or of a group, on a canvas, and return the canvas."""
        if group:
            inside = [x for x in (*plan.layers, *plan.hidden) if x.group == group and x.opacity]
            return self._lay(canvas, inside, plan, pixels)
        if plan.decks is None:
            return self._lay(canvas, _outside(plan.layers), plan, pixels)
        mix, layers = plan.decks, plan.layers
        canvas = self._lay(canvas, _outside(layers[: mix.first]), plan, pixels)
        canvases = []
        for deck in (layers[mix.first : mix.middle], layers[mix.middle : mix.end]):
            own = self._kit.pool.take(canvas.size_px)
            own.fbo.clear()
            canvases.append(self._lay(own, _outside(deck), plan, pixels))
        canvas = self._lay_decks(canvas, (canvases[0], canvases[1]), plan, pixels)
        return self._lay(canvas, _outside(layers[mix.end :]), plan, pixels, is_empty=False)

    def _lay_decks(
        self, canvas: Surface, decks: tuple[Surface, Surface], plan: Plan, pixels: Pixels
    ) -> Surface:
        """Lay the mixture of two decks on a canvas; their own canvases go back to the pool."""
        assert plan.decks is not None
        take, give, between = self._kit.pool.take, self._kit.pool.give, plan.decks.between
        if between is None or between.effects[0].shader not in self._shaders:
            self._decks = self._decks or Decks(self._ctx)
            self._decks.lay(plan.decks, decks, canvas)
            given: list[Surface] = []
        else:
            ends = [take(canvas.size_px) for _ in decks]
            for deck, end in zip(decks, ends, strict=True):
                self._show.bind("image", deck.texture)
                self._show.draw(end.fbo)
            given = [*ends, take(canvas.size_px)]
            seen = {name: end.texture for name, end in zip(_ENDS, ends, strict=True)}
            self._run(between.effects[0], plan, pixels, seen, given[-1], False)
            canvas = self.placer.lay(canvas, between, given[-1])
        for surface in (*decks, *given):
            give(surface)
        return canvas

    def _lay(
        self,
        canvas: Surface,
        layers: Iterable[LayerPlan],
        plan: Plan,
        pixels: Pixels,
        is_empty: bool = True,
    ) -> Surface:
        """Lay layers on a canvas, on which nothing lies yet if `is_empty`."""
        named = {name for each in (*plan.layers, *plan.hidden) for _, name in seen_by(each)}
        for layer in layers:
            last = None if layer.id in named else self._last_pass(layer, canvas)
            if last is not None:
                self._draw_onto(canvas, layer, last, (plan, pixels), is_empty)
                is_empty = False
                continue
            surface = self.draw(layer, plan, pixels)
            if surface is not None:
                # over nothing most ways of blending are a copy, and a copy is cheaper
                canvas = self.placer.lay(canvas, layer, surface, is_empty)
                self.done(layer, surface)
                is_empty = False
        return canvas

    def draw(self, layer: LayerPlan, plan: Plan, pixels: Pixels) -> Surface | None:
        """Result of a layer, display-referred; None where there is nothing to see."""
        if layer.is_stepped:
            kept = self._results.get(layer.id)
            return kept[0] if kept else None
        return self._draw_chain(layer, plan, pixels, False)

    def _last_pass(self, layer: LayerPlan, canvas: Surface) -> Pass | None:
        """Shader of a layer that may be laid on a canvas by its own last pass."""
        if layer.is_stepped or self._share(layer) < 1 or not is_plain(canvas.size_px, layer):
            return None
        for item in (*reversed(layer.effects), *((layer.source,) if layer.source else ())):
            if item.shader in self._shaders:
                return item if lays_itself(self._shaders[item.shader][1], item) else None
        return None

    def _draw_onto(
        self, canvas: Surface, layer: LayerPlan, last: Pass, at: tuple[Plan, Pixels], is_empty: bool
    ) -> None:
        """Draw a layer whose last pass is laid on the canvas at once."""
        onto = onto_of(layer, is_empty)
        if last is layer.source:
            self._run(last, *at, {}, canvas, False, onto)
            return
        before = layer._replace(effects=layer.effects[: layer.effects.index(last)])
        surface = self._draw_chain(before, *at, False)
        seen = {"inputImage": surface.texture} if surface else {}
        self._run(last, *at, seen, canvas, False, onto)
        if surface:
            self._give(_name(layer), surface)

    def newest(self, chain: LayerPlan) -> Surface | None:
        """Result of the master's effects as the newest step left it, if they remember."""
        surface, steps = self._results.get(chain.id, (None, 0))
        return surface if chain.is_stepped and steps == self._steps else None

    def draw_over(
        self, chain: LayerPlan, picture: Surface, plan: Plan, pixels: Pixels, is_step: bool
    ) -> Surface:
        """Draw the master's effects over a picture, which is taken; `done` takes the result back.

        On a step a chain with a history keeps its result, for the frames until the next one.
        """
        surface = self._draw_effects(chain, picture, plan, pixels, is_step) or picture
        if is_step and chain.is_stepped:
            self._keep(chain, surface)
        return surface

    def done(self, layer: LayerPlan, surface: Surface) -> None:
        """Take back what `draw` gave."""
        if not layer.is_stepped:
            self._give(_name(layer), surface)

    def hold(self, layer: LayerPlan, surface: Surface) -> None:
        """Let what `draw` gave outlive the frame, until `done`."""
        if self._sources.get(_name(layer)) is surface:
            del self._sources[_name(layer)]

    def end(self) -> None:
        """Close a frame: sources are drawn again in the next one."""
        for surface in self._sources.values():
            self._kit.pool.give(surface)
        self._sources.clear()
        self._kit.pool.end_frame()

    def close(self) -> None:
        """Release everything."""
        self.end()
        for history in self._histories.values():
            for surface in history.targets.values():
                release(surface)
        for surface, _ in self._results.values():
            release(surface)
        for _, shader in (*(self._shaders.values() if self._owns else ()), *self._staged.values()):
            release_shader(shader)
        if self._owns:
            self._pictures.release()
            self.sound.release()
        if self._decks is not None:
            self._decks.release()
        self._show.release()
        self.placer.release()
        self._enlarger.release()

    def _give(self, layer_id: str, surface: Surface) -> None:
        if self._sources.get(layer_id) is not surface:
            self._kit.pool.give(surface)

    def _keep(self, layer: LayerPlan, surface: Surface | None) -> None:
        if surface is None:
            surface = self._kit.pool.take(self._area(layer))
            surface.fbo.clear()
        if self._sources.get(_name(layer)) is surface:
            del self._sources[_name(layer)]
        if layer.id in self._results:
            self._kit.pool.give(self._results[layer.id][0])
        self._results[layer.id] = (surface, self._steps)

    def _forget(self) -> None:
        """Drop histories whose pass has been out of the plan for a while."""
        oldest = self._steps - _PATIENCE_STEPS
        for key in [k for k, h in self._histories.items() if h.newest < oldest]:
            self._drop(key)
        for name in [n for n, (_, newest) in self._results.items() if newest < oldest]:
            self._kit.pool.give(self._results.pop(name)[0])

    def _drop(self, key: str) -> None:
        for surface in self._histories.pop(key).targets.values():
            self._kit.pool.give(surface)

    def _draw_chain(
        self, layer: LayerPlan, plan: Plan, pixels: Pixels, is_step: bool
    ) -> Surface | None:
        surface = self._draw_source(layer, plan, pixels, is_step)
        return self._draw_effects(layer, surface, plan, pixels, is_step)

    def _result(self, layer: LayerPlan, plan: Plan, pixels: Pixels) -> AnyTexture | None:
        """A layer with its effects, drawn once per frame; it stays until `end`."""
        name = f"{layer.id}/result"
        if name not in self._sources:
            surface = self.draw(layer, plan, pixels)
            if surface is None or layer.is_stepped or self._sources.get(layer.id) is surface:
                return surface.texture if surface else None
            self._sources[name] = surface
        return self._sources[name].texture

    def _draw_effects(
        self, layer: LayerPlan, surface: Surface | None, plan: Plan, pixels: Pixels, is_step: bool
    ) -> Surface | None:
        for effect in layer.effects:
            if effect.shader not in self._shaders:
                continue  # its load failed, and said so: the picture goes on without it
            out = self._kit.pool.take(self._area(layer))
            seen = {"inputImage": surface.texture} if surface else {}
            self._run(effect, plan, pixels, seen, out, is_step)
            if surface:
                self._give(_name(layer), surface)
            surface = out
        return surface

    def _draw_source(
        self, layer: LayerPlan, plan: Plan, pixels: Pixels, is_step: bool
    ) -> Surface | None:
        """Draw the source at the layer's size, once per frame; it stays until `end`."""
        if _name(layer) in self._sources:
            return self._sources[_name(layer)]
        size_px = self._area(layer)
        surface: Surface | None = None
        if layer.is_group:
            surface = self._draw_group(layer, plan, pixels)
        elif layer.generator is not None and layer.generator in pixels:
            surface = self._enlarger.draw(pixels[layer.generator], size_px, layer.upscale)
        elif layer.source is not None and layer.source.shader in self._shaders:
            surface = self._kit.pool.take(size_px)
            self._run(layer.source, plan, pixels, {}, surface, is_step)
        if surface:
            self._sources[_name(layer)] = surface
        return surface

    def _draw_group(self, layer: LayerPlan, plan: Plan, pixels: Pixels) -> Surface:
        """Draw what lies in a group on a canvas of its own, as shaders see it."""
        canvas = self._kit.pool.take(self._area(layer))
        canvas.fbo.clear()
        canvas = self.stack(canvas, plan, pixels, layer.id)
        surface = self._kit.pool.take(canvas.size_px)
        self._show.bind("image", canvas.texture)
        self._show.draw(surface.fbo)
        self._kit.pool.give(canvas)
        return surface

    def _area(self, layer: LayerPlan) -> tuple[int, int]:
        if any(layer.cover_px):
            return cover(layer.cover_px, layer.aspect)
        width, height = area_px(self.size_px, layer)
        share = self._share(layer)
        return max(1, round(width * share)), max(1, round(height * share))

    def _share(self, layer: LayerPlan) -> float:
        """Part of its width and height that a layer is drawn at."""
        return layer.render_scale * (1.0 if layer.is_sharp else self.share)

    def _run(
        self, item: Pass, plan: Plan, pixels: Pixels, bound: Mapping[str, moderngl.Texture],
        out: Surface, is_step: bool, onto: Onto | None = None,
    ) -> None:  # fmt: skip
        shader = self._shaders[item.shader][1]
        images: dict[str, AnyTexture] = dict(bound)
        for each in shader.header.imported:
            if (found := self._pictures.get(f"{item.shader}/{each.name}")) is not None:
                images[each.name] = found
        for name, kind, columns in shader.sounds:
            images[name] = self.sound.texture(kind, columns, plan.heard_s)
        for name, wanted in item.images.items():
            texture = self._image(wanted, plan, pixels, is_step)
            if texture:
                images[name] = texture
        history = self._history(item, shader, is_step)
        run(self._kit, shader, item, images, history, out, is_step, onto)

    def _history(self, item: Pass, shader: Shader, is_step: bool) -> History | None:
        if not shader.is_stepped:
            return None
        history = self._histories.get(item.key)
        if history is not None and history.shader != item.shader:
            self._drop(item.key)
            history = None
        if history is None and is_step:
            history = self._histories[item.key] = History(item.shader)
        if history is not None and is_step:
            history.newest = self._steps
        return history

    def _image(self, wanted: str, plan: Plan, pixels: Pixels, is_step: bool) -> AnyTexture | None:
        if back := steps_back(wanted):
            return self.past[min(back, len(self.past)) - 1] if self.past else self.picture
        if (picture := self._pictures.get(wanted)) is not None:
            return picture
        of, _, name = wanted.partition(":")
        for layer in (*plan.layers, *plan.hidden):
            if layer.id == name and of == "result":
                return self._result(layer, plan, pixels)
            if layer.id == name:
                surface = self._draw_source(layer, plan, pixels, is_step and layer.is_stepped)
                return surface.texture if surface else None
        if name not in pixels:
            return None
        if name not in self._sources:  # the layer is invisible; its generator is not idle
            self._sources[name] = self._enlarger.draw(pixels[name], self.size_px)
        return self._sources[name].texture
