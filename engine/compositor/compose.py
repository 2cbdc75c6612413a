"""Compositor: layers blended into the finished picture of a frame, in linear light.

Inside, texture row 0 is the bottom (v = 0, as ISF wants); the finished picture's row 0 is the top.
ISF passes see display-referred values with straight alpha; the canvas is linear and premultiplied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import moderngl
import numpy as np
from numpy.typing import NDArray

from engine.compositor.canvas.blend import OVER_SOMETHING
from engine.compositor.canvas.place import fit, is_still
from engine.compositor.enlarge import Pixels
from engine.compositor.finish import Finish, Shown
from engine.compositor.gl.context import collect
from engine.compositor.gl.ending import BRIGHTEST, Ending
from engine.compositor.gl.program import Program
from engine.compositor.gl.shaders import KEEP
from engine.compositor.gl.surface import Surface, make_surface, release
from engine.compositor.isf.passes import Kit
from engine.compositor.layers import Frame, Layers, frame_of
from engine.compositor.lettering import Letters
from engine.compositor.picture import Picture
from engine.compositor.previews import Previews
from engine.compositor.stack import Stack
from engine.compositor.stock import Stock
from engine.core.frame.plan import LayerPlan, Plan, Readback
from engine.core.isf.header import Header

_COLLECT_EVERY = 64
_SHARPER = 2.0  # how much larger than the rest letters are drawn where there is too little time


class Compositor:
    """Owns every GL object of the picture.

    Parameters
    ----------
    ctx
        The root context.
    size_px
        Width and height of the canvas.
    picture_hz
        The show's picture rate: the length of a step, for TIMEDELTA.
    beside
        The compositor whose shaders and pictures it draws with; None: with its own.
    """

    def __init__(
        self,
        ctx: moderngl.Context,
        size_px: tuple[int, int],
        picture_hz: float = 60.0,
        beside: Compositor | None = None,
    ) -> None:
        ctx.gc_mode = "context_gc"  # by default moderngl frees nothing that Python drops
        self._ctx = ctx
        self._kit = Kit(ctx, picture_hz)
        self._owns = beside is None
        self._stock: Stock = Stock(ctx) if beside is None else beside._stock
        self._layers = Layers(self._kit, self._stock, size_px)
        self._stack = Stack(self._kit, self._stock, self._layers)
        self._previews = Previews(ctx)
        self._finish = Finish(ctx, self._kit, size_px)
        self._placer = self._stack.placer
        self._keep = Program(ctx, KEEP)
        self._kept: list[Surface] = []  # finished picture steps, as shaders read them, newest first
        self._held: tuple[Surface, Plan] | None = None  # the canvas of a picture that stands still
        self._drawn: tuple[object, object] = (None, None)  # what the canvas shows
        self._alone: tuple[LayerPlan, Surface] | None = None  # a layer shown without the canvas
        self._frames = 0
        self.size_px = self._detail_px = self._whole_px = size_px
        self._has_letters = False
        self._canvas: Surface
        self._told = 0  # of the notes
        self._letters: Letters = Letters() if beside is None else beside._letters
        self._make_canvas(size_px)

    def load(self, name: str, text: str) -> Header:
        """Compile and link a shader; an unchanged text is not compiled again.

        Raises
        ------
        ShaderError
            With the author's own line numbers. The last good shader of that name stays.
        """
        return self._stock.load(name, text)

    def load_fonts(self, fonts: Mapping[str, bytes]) -> None:
        """Take the font files that letterings name, by their names."""
        self._letters.load(fonts)

    def beside(self, size_px: tuple[int, int]) -> Compositor:
        """Make one that draws with the same shaders what nobody sees here; close it first."""
        return Compositor(self._ctx, size_px, self._kit.picture_hz, self)

    def stage(self, name: str, text: str) -> None:
        """Compile and link a shader that `load` will be asked for, in a frame that has the time.

        Raises
        ------
        ShaderError
            With the author's own line numbers.
        """
        self._stock.stage(name, text)

    def news(self) -> list[str]:
        """What the operator should know of what was drawn since the last call, a sentence each."""
        found = list(self._kit.notes.values())[self._told :]
        self._told += len(found)
        return found

    def load_picture(self, name: str, rgba: NDArray[np.uint8] | None) -> None:
        """Upload a picture that `Pass.images` may name; the array that is there is not sent again.

        Parameters
        ----------
        rgba
            sRGB with straight alpha, row 0 at the top [shape=(H, W, 4)]; or the faces of a cube,
            right, left, top, bottom, front and back [shape=(6, N, N, 4)]; None: forget it.
        """
        self._stock.load_picture(name, rgba)

    def listen(self, read: Callable[[int, int], NDArray[np.float32]], rate_hz: int) -> None:
        """Let shaders see a sound.

        Parameters
        ----------
        read
            Given a place in show time and a count, gives samples, full scale ±1
            [shape=(n, channels)]; fewer where there are no more.
        """
        self._stock.sound.listen(read, rate_hz)

    def set_picture_hz(self, picture_hz: float) -> None:
        """Change the picture rate: a show was reloaded."""
        self._kit.picture_hz = picture_hz

    def resize(self, size_px: tuple[int, int]) -> None:
        """Draw with another detail; histories are rescaled, not lost, and pictures keep their size.

        The whole picture is drawn at that size. Where it has letters, they and the edges of layers
        are drawn up to twice as large, and only what lies inside the layers is not.
        """
        self._detail_px = size_px
        self._follow(self._has_letters)

    def _follow(self, has_letters: bool) -> None:
        """Take the size that the detail asks for, with letters or without."""
        self._has_letters = has_letters
        (width, height), whole = self._detail_px, self._whole_px
        sharper = max(1.0, min(_SHARPER, whole[1] / height)) if has_letters else 1.0
        self._layers.share = 1.0 / sharper
        if sharper > 1.0:
            width, height = round(width * sharper), round(height * sharper)
        self._draw_at((width, height))

    def _draw_at(self, size_px: tuple[int, int]) -> None:
        if size_px == self.size_px:
            return
        self._begin()
        release(self._canvas)
        self._kit.pool.clear()
        self._make_canvas(size_px)
        self._finish.resize(size_px)
        if self._held:
            still, plan = self._held
            self._held = make_surface(self._ctx, size_px), plan
            self._kit.copy(still.texture, self._held[0])
            release(still)
        for place, old in enumerate(self._kept):
            self._kept[place] = make_surface(self._ctx, size_px)
            self._kit.copy(old.texture, self._kept[place])
            release(old)
        self._tell_kept()

    @property
    def is_limiting(self) -> bool:
        """Whether flashes were limited a moment ago."""
        return self._finish.is_limiting

    def close(self) -> None:
        """Release everything."""
        self._begin()
        self._layers.close()
        self._stack.release()
        if self._owns:
            self._stock.release()
        self._previews.release()
        self._finish.release()
        self._let_go()
        for surface in (self._canvas, *self._kept):
            release(surface)
        self._keep.release()
        self._kit.release()
        collect(self._ctx)

    def step(self, plan: Plan, pixels: Pixels) -> None:
        """Advance every history by exactly one picture step."""
        self._follow(bool(plan.letterings))
        self._begin()
        self._write(plan)
        frame = frame_of(plan, pixels, is_step=True)
        self._layers.step(frame)
        self._drawn = (None, None)
        if plan.keeps_picture:
            self._draw_canvas(frame)
        if plan.reads_picture:
            self._keep_picture(plan.picture_steps)
        if plan.views:
            self._layers.draw_previews(frame, self._previews, self._frames)
        self._layers.end()

    def readbacks(self, is_waiting: bool) -> Iterator[Readback]:
        """What image ports see, oldest first: of earlier frames, or also of now if one waits."""
        return self._previews.take(None if is_waiting else self._frames)

    def compose(self, plan: Plan, pixels: Pixels) -> Picture:
        """Draw one frame: stepped layers as their newest step left them, the others now."""
        self._begin()
        if self._held and plan.is_held:
            return self._show_held(plan)
        self._let_go()
        self._follow(bool(plan.letterings))
        self._write(plan)
        is_drawn = self._drawn[0] is plan and self._drawn[1] == _seen(pixels)
        frame = frame_of(plan, pixels, is_step=False)
        if not is_drawn and not self._show_alone(frame):
            self._draw_canvas(frame)
        self._layers.end()
        self._drawn = (None, None)  # textures are written in place: only a step's canvas is reused
        if plan.is_held:
            self._held = self._linear(), plan
            self._begin()
            self._canvas = make_surface(self._ctx, self.size_px)
            return self._show_held(plan)
        self._frames += 1
        shown = Shown(self._canvas)
        if self._alone:
            layer, surface = self._alone
            shown = Shown(surface, float(layer.opacity))
        picture = self._finish.picture(plan, shown, self._linear)
        if self._frames % _COLLECT_EVERY == 0:
            collect(self._ctx)
        return picture

    def _show_alone(self, frame: Frame) -> bool:
        """Draw the only layer, if it is one and fills the canvas: it is shown as it is."""
        plan = frame.plan
        if len(plan.layers) != 1 or plan.master_chain or plan.decks is not None:
            return False
        layer = plan.layers[0]
        is_whole = is_still(layer) and fit(self.size_px, layer.aspect) == self.size_px
        if layer.blend in OVER_SOMETHING or not is_whole:
            return False
        surface = self._layers.draw(layer, frame)
        if surface is None:
            return False
        if surface.size_px != self.size_px:  # a source at half size, and nothing after it
            self._canvas.fbo.clear()
            self._canvas = self._placer.lay(self._canvas, layer, surface, True)
            self._kit.pool.give(surface)
        else:
            self._alone = (layer, surface)
        return True

    def _show_held(self, plan: Plan) -> Picture:
        """Finish once more what stands still: brightness and blackout are over it."""
        assert self._held is not None
        still, then = self._held
        self._frames += 1
        now = replace(plan, seconds=then.seconds, step=then.step)  # its dither stands still, too
        return self._finish.picture(now, Shown(still), lambda: still)

    def _let_go(self) -> None:
        if self._held:
            release(self._held[0])
            self._held = None

    def _make_canvas(self, size_px: tuple[int, int]) -> None:
        self.size_px = self._layers.size_px = size_px
        self._canvas = make_surface(self._ctx, size_px)

    def _write(self, plan: Plan) -> None:
        """Set the letters of text layers that do not look as they did."""
        if plan.letterings:
            for name, picture in self._letters.changed(plan.letterings):
                self.load_picture(name, picture)
            for name, note in self._letters.notes():
                self._kit.notes.setdefault((name, note), note)

    def _begin(self) -> None:
        self._ctx.disable(moderngl.BLEND | moderngl.DEPTH_TEST | moderngl.CULL_FACE)
        if self._alone:
            self._kit.pool.give(self._alone[1])
            self._alone = None

    def _linear(self) -> Surface:
        """Canvas of the newest frame, drawn now if that frame did without."""
        self._ctx.disable(moderngl.BLEND)
        if self._alone:
            self._canvas = self._placer.lay(self._canvas, *self._alone, True)
        return self._canvas

    def _keep_picture(self, steps: int) -> None:
        """Keep the canvas as the newest of so many finished pictures."""
        while len(self._kept) > steps:
            release(self._kept.pop())
        is_full = len(self._kept) == steps
        newest = self._kept.pop() if is_full else make_surface(self._ctx, self.size_px)
        self._keep.bind("image", self._canvas.texture)
        self._keep.draw(newest.fbo)
        self._kept.insert(0, newest)
        self._tell_kept()

    def _tell_kept(self) -> None:
        self._layers.past = [surface.texture for surface in self._kept]

    def _draw_canvas(self, frame: Frame) -> None:
        plan = frame.plan
        self._canvas.fbo.clear()
        self._drawn = (plan, _seen(frame.pixels))
        for chain in plan.master_chain:
            kept = None if frame.is_step else self._layers.newest(chain)
            if kept is not None:
                self._lay_master(chain, kept)
                return
        self._canvas = self._stack.lay(self._canvas, frame)
        for chain in plan.master_chain:
            self._draw_master(chain, frame)

    def _draw_master(self, chain: LayerPlan, frame: Frame) -> None:
        """Draw the master's effects over what lies on the canvas."""
        picture = self._kit.pool.take(self.size_px)
        self._keep.bind("image", self._canvas.texture)
        self._keep.draw(picture.fbo)
        onto = Ending(BRIGHTEST, canvas=self._canvas)
        surface = self._layers.draw_over(chain, picture, frame, onto)
        if surface is not self._canvas:
            self._lay_master(chain, surface)

    def _lay_master(self, chain: LayerPlan, surface: Surface) -> None:
        self._canvas = self._placer.lay(self._canvas, chain, surface, True)
        self._kit.pool.give(surface)


def _seen(pixels: Pixels) -> dict[str, tuple[object, object, float]]:
    return {name: (id(p.older), id(p.newer), p.weight) for name, p in pixels.items()}
