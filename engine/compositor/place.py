"""Placing and blending: the result of a layer laid on a canvas, in linear light."""

from __future__ import annotations

import moderngl

from engine.compositor.gl.program import Program
from engine.compositor.gl.shaders import COVER, PLACE, PLACE_VERTEX
from engine.compositor.gl.surface import Surface
from engine.compositor.isf.passes import Kit
from engine.core.frame.plan import LayerPlan

_BLENDS = {
    "normal": (moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA),
    "add": (moderngl.ONE, moderngl.ONE),
    "screen": (moderngl.ONE, moderngl.ONE_MINUS_SRC_COLOR),
    "multiply": (moderngl.DST_COLOR, moderngl.ONE_MINUS_SRC_ALPHA),
}
OVER_SOMETHING = ("multiply", "alpha_mask", "luma_mask", "displace")
"""Ways of blending that show nothing over nothing; there the others are copies."""


def fit(canvas_px: tuple[int, int], aspect: float) -> tuple[int, int]:
    """Largest area of an aspect that the canvas contains, in whole pixels.

    Less than a pixel of border is no border.
    """
    width, height = canvas_px
    across, down = min(width, height * aspect), min(height, width / aspect)
    if width - across < 1 and height - down < 1:
        return canvas_px
    return max(1, round(across)), max(1, round(down))


class Placer:
    """Owns the programs that lay a layer on a canvas."""

    def __init__(self, ctx: moderngl.Context, kit: Kit) -> None:
        self._ctx = ctx
        self._kit = kit
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
        across, down = fit(canvas.size_px, layer.aspect)
        scale = min(max(layer.scale, 0.0), 1.0)
        width, height = max(across * scale, 1.0), max(down * scale, 1.0)
        is_whole = (width, height) == surface.size_px == canvas.size_px
        place = self._cover if is_whole else self._place
        place.send("area", (0.0, 0.0, width / canvas.size_px[0], height / canvas.size_px[1]))
        place.send("size_px", (width, height))
        place.send("opacity", float(layer.opacity))
        place.send("most", 1.0 if layer.blend in ("screen", "multiply") else 64.0)
        place.bind("image", surface.texture)
        if not is_copy or layer.blend in OVER_SOMETHING:
            self._ctx.enable(moderngl.BLEND)
            self._ctx.blend_func = _BLENDS.get(layer.blend, _BLENDS["normal"])
        place.draw(canvas.fbo)
        self._ctx.disable(moderngl.BLEND)
        return canvas

    def release(self) -> None:
        """Give the GL objects back."""
        self._place.release()
        self._cover.release()
