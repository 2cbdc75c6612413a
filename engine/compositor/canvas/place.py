"""Placing: the result of a layer laid on a canvas where it belongs, and blended with it."""

from __future__ import annotations

from engine.compositor.canvas.blend import FIXED, OVER_SOMETHING, Blender
from engine.compositor.canvas.move import Move, Mover, move_of
from engine.compositor.gl.ending import BRIGHTEST, LIGHT, Ending, end
from engine.compositor.gl.program import Program
from engine.compositor.gl.shaders import PLACE, PLACE_VERTEX
from engine.compositor.gl.surface import Surface
from engine.compositor.isf.passes import Kit
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


def _most(layer: LayerPlan) -> float:
    """How bright a layer may be: screen and multiply know nothing beyond white."""
    return 1.0 if layer.blend in ("screen", "multiply") else BRIGHTEST


class Placer:
    """Owns the programs that lay a layer on a canvas."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self._blender = Blender(kit)
        self._mover = Mover(kit)
        self._place = Program(kit.ctx, PLACE, PLACE_VERTEX)

    def ending(self, canvas: Surface, layer: LayerPlan, is_empty: bool) -> Ending | None:
        """How the last pass of a layer at rest is laid on a canvas by itself.

        None where the graphics card cannot blend it so, or it would lie between pixels.

        Parameters
        ----------
        is_empty
            Whether nothing lies on the canvas yet: then most ways of blending are a copy.
        """
        is_copy = is_empty and layer.blend not in OVER_SOMETHING
        if not is_copy and (layer.blend not in FIXED or layer.is_display):
            return None
        width, height = area_px(canvas.size_px, layer)
        across, down = canvas.size_px[0] - width, canvas.size_px[1] - height
        if across % 2 or down % 2:
            return None
        area = (across // 2, down // 2, width, height) if across or down else None
        blend = None if is_copy else FIXED[layer.blend]
        return Ending(_most(layer), float(layer.opacity), canvas, area, blend)

    def lay(
        self,
        canvas: Surface,
        layer: LayerPlan,
        surface: Surface,
        is_empty: bool = False,
        is_light: bool = False,
    ) -> Surface:
        """Lay a layer on a canvas, and return the canvas, which may be another surface then.

        Parameters
        ----------
        surface
            Result of the layer: display-referred, straight alpha.
        is_empty
            Whether nothing lies on the canvas yet.
        is_light
            Whether the result is light, premultiplied; never where it `is_still`.
        """
        area = area_px(canvas.size_px, layer)
        if is_still(layer):
            onto = self.ending(canvas, layer, is_empty)
            if onto is None:
                return self._blend(canvas, layer, surface, None, is_empty)
            self.kit.lay(surface.texture, area, onto)
            return canvas
        move = move_of(canvas.size_px, area, layer)
        if move is None:
            return canvas
        take, give = self.kit.lay, self.kit.pool.give
        light = surface if is_light else take(surface.texture, surface.size_px, LIGHT)
        texels = self._mover.texels(light, move)
        canvas = self._blend(canvas, layer, texels, move, is_empty)
        give(texels)
        if light is not surface:
            give(light)
        return canvas

    def release(self) -> None:
        """Give the GL objects back."""
        self._place.release()
        self._blender.release()
        self._mover.release()

    def _blend(
        self, canvas: Surface, layer: LayerPlan, texels: Surface, move: Move | None, is_empty: bool
    ) -> Surface:
        """Blend what does not lie pixel on pixel, or what the graphics card cannot blend."""
        is_copy = is_empty and layer.blend not in OVER_SOMETHING
        opacity = float(layer.opacity)
        if is_copy or (layer.blend in FIXED and not layer.is_display):
            blend = None if is_copy else FIXED[layer.blend]
            self._draw(texels, layer, move, Ending(_most(layer), opacity, canvas, None, blend))
            return canvas
        how = layer.blend, layer.is_display, opacity
        if move is None and area_px(canvas.size_px, layer) == texels.size_px == canvas.size_px:
            return self._blender.draw(canvas, texels, how, is_straight=True)
        placed = self.kit.pool.take(canvas.size_px)
        placed.fbo.clear()
        self._draw(texels, layer, move, Ending(_most(layer), canvas=placed))
        canvas = self._blender.draw(canvas, placed, how, is_straight=False)
        self.kit.pool.give(placed)
        return canvas

    def _draw(self, texels: Surface, layer: LayerPlan, move: Move | None, onto: Ending) -> None:
        """Draw a layer where it lies."""
        assert onto.canvas is not None
        if move is not None:
            self._mover.draw(texels, move, onto)
            return
        canvas_px = onto.canvas.size_px
        width, height = area_px(canvas_px, layer)
        self._place.send("area", (0.0, 0.0, width / canvas_px[0], height / canvas_px[1]))
        self._place.send("size_px", (float(width), float(height)))
        self._place.bind("image", texels.texture)
        end(self.kit.pool, self._place, (width, height), onto)
