"""Finishing: the canvas, or the layer shown without it, as the picture that outputs read.

Sources: interleaved gradient noise (Jimenez, "Next generation post processing in Call of Duty:
Advanced Warfare", 2014).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import moderngl

from engine.compositor.gl.program import Program
from engine.compositor.gl.shaders import HEAD, SRGB
from engine.compositor.gl.surface import Surface, make_surface, release
from engine.compositor.isf.passes import Kit
from engine.compositor.light import Light
from engine.compositor.picture import Picture
from engine.core.frame.plan import Plan

_DITHER_STEPS = 64

# Out: brightness, sRGB, dither; the top row first. Exact black and white are not dithered, and
# less than a third of a step stays black.
_BODY = """
uniform sampler2D image;
uniform float master;
uniform float levels;
uniform float phase;
vec4 read() {
    ivec2 p = ivec2(gl_FragCoord.xy);
    return texelFetch(image, ivec2(p.x, textureSize(image, 0).y - 1 - p.y), 0);
}
vec4 finish(vec3 light) {
    vec3 v = encode(clamp(light * master, 0.0, 1.0));
    vec2 q = gl_FragCoord.xy + phase;
    float noise = fract(52.9829189 * fract(dot(q, vec2(0.06711056, 0.00583715)))) - 0.5;
    vec3 room = clamp(min(v, 1.0 - v) * levels, 0.0, 1.0);
    return vec4(v + noise * room / levels, 1.0);
}
"""
_CANVAS = (
    HEAD
    + SRGB
    + _BODY
    + """
void main() { host_Color = finish(read().rgb); }
"""
)

# The same for a layer that is alone and fills the canvas, which is then not needed.
_LAYER = (
    HEAD
    + SRGB
    + _BODY
    + """
void main() {
    vec4 c = scrub(read());
    host_Color = finish(decode(max(c.rgb, 0.0)) * clamp(c.a, 0.0, 1.0));
}
"""
)


class Shown(NamedTuple):
    """What a frame shows before it is finished.

    Parameters
    ----------
    image
        The canvas (linear, premultiplied), or a layer (display-referred, straight alpha).
    opacity
        Opacity of that layer; None for the canvas.
    """

    image: Surface
    opacity: float | None = None


class Finish:
    """Owns the screens and the programs that draw them.

    Parameters
    ----------
    whole_px
        Size of the pictures that are read, however small they are drawn.
    """

    def __init__(self, ctx: moderngl.Context, kit: Kit, whole_px: tuple[int, int]) -> None:
        self._ctx = ctx
        self._kit = kit
        self._light = Light(ctx)
        self._canvas = Program(ctx, _CANVAS)
        self._layer = Program(ctx, _LAYER)
        self._whole_px = whole_px
        self._frames = 0
        self._screens: list[Surface] = []
        self.resize(whole_px)

    def resize(self, size_px: tuple[int, int]) -> None:
        """Draw at another size; pictures keep theirs."""
        for surface in self._screens:
            release(surface)
        self._screens = [make_surface(self._ctx, size_px, "f1") for _ in range(2)]

    def picture(self, plan: Plan, shown: Shown, linear: Callable[[], Surface]) -> Picture:
        """Finish a frame.

        Parameters
        ----------
        linear
            Gives the canvas of this frame, drawn now if the frame did without.
        """
        self._frames += 1
        frame, screen = self._frames, self._screens[self._frames % 2]
        phase = math.floor(plan.seconds * self._kit.picture_hz + 1e-6) % _DITHER_STEPS
        self._draw(shown, plan.master, phase, 255.0, screen)
        depths = {
            "f1": lambda: self._whole(screen),
            "nu2": lambda: self._whole(self._deepen(shown, plan.master, phase)),
            "f2": lambda: self._whole(linear()),
        }
        is_current = lambda: self._frames == frame and screen in self._screens  # noqa: E731
        return Picture(screen, self._whole_px, depths, is_current, self._light)

    def release(self) -> None:
        """Give the GL objects back."""
        self._light.release()
        for surface in self._screens:
            release(surface)
        self._canvas.release()
        self._layer.release()

    def _draw(
        self, shown: Shown, master: float, phase: int, levels: float, target: Surface
    ) -> None:
        finish, light = self._canvas, float(master)
        if shown.opacity is not None:
            finish, light = self._layer, light * float(shown.opacity)
        finish.bind("image", shown.image.texture)
        finish.send("master", light)
        finish.send("levels", levels)
        finish.send("phase", 5.588238 * phase)
        finish.draw(target.fbo)

    def _deepen(self, shown: Shown, master: float, phase: int) -> Surface:
        """Draw the frame again in 16 bits."""
        surface = self._kit.pool.take(self._screens[0].size_px, "nu2")
        self._ctx.disable(moderngl.BLEND)
        self._draw(shown, master, phase, 65535.0, surface)
        self._kit.pool.give(surface)  # read at once, before anyone can take it
        return surface

    def _whole(self, surface: Surface) -> Surface:
        """Enlarge what was drawn at another size."""
        if surface.size_px == self._whole_px:
            return surface
        whole = self._kit.pool.take(self._whole_px, surface.dtype)
        self._ctx.disable(moderngl.BLEND)
        self._kit.copy(surface.texture, whole)
        self._kit.pool.give(whole)  # read at once, as in `_deepen`
        return whole
