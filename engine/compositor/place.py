"""Placing: the result of a layer laid on a canvas where it belongs, and blended with it."""

from __future__ import annotations

import moderngl

from engine.compositor.blend import FIXED, OVER_SOMETHING, Blender
from engine.compositor.gl.program import Program
from engine.compositor.gl.shaders import COVER, PLACE, PLACE_VERTEX
from engine.compositor.gl.surface import Surface
from engine.compositor.isf.passes import Kit, Onto
from engine.compositor.move import Move, Mover, move_of
from engine.core.frame.plan import LayerPlan
from engine.core.show.placing import FITS

_FILL, _STRETCH = FITS.index("fill"), FITS.index("stretch")


def fit(canvas_px: tuple[int, int], aspect: float) -> tuple[int, int]:
    """Largest area of an aspect that the canvas contains, in whole pixels.

    Less than a pixel of border is no border.
    """
    width, height = canvas_px
    across, down = min(width, height * aspect), min(height, width / aspect)
    if width - across < 1 and height - down < 1:
        return canvas_px
    return max(1, round(across)), max(1, round(down))


def area_px(canvas_px: tuple[int, int], layer: LayerPlan) -> tuple[int, int]:
    """Area of a layer at scale 1: whole in the canvas, covering it, or all of it."""
    how = int(layer.placing.fit) if layer.placing else 0
    if how == _STRETCH:
        return canvas_px
    whole = fit(canvas_px, layer.aspect)
    if how == _FILL and whole != canvas_px:
        width, height = canvas_px
        return max(width, round(height * layer.aspect)), max(height, round(width / layer.aspect))
    return whole


def is_still(layer: LayerPlan) -> bool:
    """Whether a layer lies as it would by itself, so that nothing of it is filtered."""
    return layer.placing is None and layer.scale == 1.0


def is_plain(canvas_px: tuple[int, int], layer: LayerPlan) -> bool:
    """Whether a layer fills the canvas as it is, and the graphics card blends it by itself."""
    is_simple = layer.blend in FIXED and not layer.is_display and is_still(layer)
    return is_simple and not layer.is_group and fit(canvas_px, layer.aspect) == canvas_px


def onto_of(layer: LayerPlan, is_empty: bool) -> Onto:
    """How a plain layer is laid on a canvas that is empty so far, or is not."""
    is_copy = is_empty and layer.blend not in OVER_SOMETHING
    return Onto(float(layer.opacity), _most(layer), None if is_copy else FIXED[layer.blend])


def _most(layer: LayerPlan) -> float:
    """How bright a layer may be: screen and multiply know nothing beyond white."""
    return 1.0 if layer.blend in ("screen", "multiply") else 64.0


class Placer:
    """Owns the programs that lay a layer on a canvas."""

    def __init__(self, ctx: moderngl.Context, kit: Kit) -> None:
        self._ctx = ctx
        self.kit = kit
        self._blender = Blender(ctx, kit)
        self._mover = Mover(ctx, kit)
        self._place = Program(ctx, PLACE, PLACE_VERTEX)
        self._cover = Program(ctx, COVER)

    def lay(
        self, canvas: Surface, layer: LayerPlan, surface: Surface, is_copy: bool = False
    ) -> Surface:
        """Lay a layer on a canvas, and return the canvas, which may be another surface then.

        Parameters
        ----------
        surface
            Result of the layer: display-referred, straight alpha.
        is_copy
            Whether the canvas is empty so far, so that nothing is blended.
        """
        move, texels, area = None, surface, area_px(canvas.size_px, layer)
        if not is_still(layer):
            move = move_of(canvas.size_px, area, layer)
            if move is None:
                return canvas
            texels = self._mover.texels(surface, move)
        canvas = self._blend(canvas, layer, texels, move, is_copy)
        if texels is not surface:
            self.kit.pool.give(texels)
        return canvas

    def release(self) -> None:
        """Give the GL objects back."""
        self._place.release()
        self._cover.release()
        self._blender.release()
        self._mover.release()

    def _blend(
        self,
        canvas: Surface,
        layer: LayerPlan,
        texels: Surface,
        move: Move | None,
        is_copy: bool,
    ) -> Surface:
        opacity = float(layer.opacity)
        is_copy = is_copy and layer.blend not in OVER_SOMETHING
        if is_copy or (layer.blend in FIXED and not layer.is_display):
            if not is_copy:
                self._ctx.enable(moderngl.BLEND)
                self._ctx.blend_func = FIXED[layer.blend]
            self._draw(canvas, layer, texels, move, opacity)
            self._ctx.disable(moderngl.BLEND)
            return canvas
        how = layer.blend, layer.is_display, opacity
        if move is None and area_px(canvas.size_px, layer) == texels.size_px == canvas.size_px:
            return self._blender.draw(canvas, texels, how, is_straight=True)
        placed = self.kit.pool.take(canvas.size_px)
        placed.fbo.clear()
        self._draw(placed, layer, texels, move, 1.0)
        canvas = self._blender.draw(canvas, placed, how, is_straight=False)
        self.kit.pool.give(placed)
        return canvas

    def _draw(
        self,
        canvas: Surface,
        layer: LayerPlan,
        texels: Surface,
        move: Move | None,
        opacity: float,
    ) -> None:
        """Draw a layer where it lies, with whatever blending is set."""
        most = _most(layer)
        if move is not None:
            self._mover.draw(canvas, layer, texels, move, (opacity, most))
            return
        width, height = area_px(canvas.size_px, layer)
        is_whole = (width, height) == texels.size_px == canvas.size_px
        place = self._cover if is_whole else self._place
        place.send("area", (0.0, 0.0, width / canvas.size_px[0], height / canvas.size_px[1]))
        place.send("size_px", (float(width), float(height)))
        place.send("opacity", opacity)
        place.send("most", most)
        place.bind("image", texels.texture)
        place.draw(canvas.fbo)
