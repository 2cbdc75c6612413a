"""Two decks, each on a canvas of its own, mixed onto the picture's: in light, or by a shader."""

from __future__ import annotations

from collections.abc import Callable

import moderngl

from engine.compositor.gl.program import Program
from engine.compositor.gl.shaders import COVER, HEAD, SRGB
from engine.compositor.gl.surface import Surface
from engine.compositor.isf.passes import Kit
from engine.core.frame.plan import DeckMix, Pass

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
# A deck as a shader sees it: display-referred, straight alpha.
_STRAIGHT = (
    HEAD
    + SRGB
    + """
uniform sampler2D image;
void main() {
    vec4 c = texelFetch(image, ivec2(gl_FragCoord.xy), 0);
    float a = min(c.a, 1.0);
    host_Color = vec4(encode(clamp(c.rgb / max(a, 1e-4), 0.0, 1.0)), a);
}
"""
)
Draw = Callable[[Pass, dict[str, moderngl.Texture], Surface], None]
"""Draws a shader with its pictures."""


class Decks:
    """Owns the programs that mix decks."""

    def __init__(self, ctx: moderngl.Context, kit: Kit) -> None:
        self._ctx = ctx
        self._kit = kit
        self._mix = Program(ctx, _MIX)
        self._straight = Program(ctx, _STRAIGHT)
        self._cover = Program(ctx, COVER)

    def lay(
        self, mix: DeckMix, decks: tuple[Surface, Surface], canvas: Surface, draw: Draw
    ) -> None:
        """Lay the mixture of two canvases over what is on the picture's.

        Parameters
        ----------
        decks
            Linear, premultiplied, of the picture's size.
        """
        if mix.effect is None:
            self._mix.bind("a", decks[0].texture)
            self._mix.bind("b", decks[1].texture)
            self._mix.send("light", mix.light)
            self._mix.send("cover", mix.cover)
            self._over(self._mix, canvas)
            return
        take, give = self._kit.pool.take, self._kit.pool.give
        ends = [take(canvas.size_px) for _ in decks]
        for deck, end in zip(decks, ends, strict=True):
            self._straight.bind("image", deck.texture)
            self._straight.draw(end.fbo)
        out = take(canvas.size_px)
        images = dict(zip(("startImage", "endImage"), (end.texture for end in ends), strict=True))
        draw(mix.effect, images, out)
        self._cover.bind("image", out.texture)
        self._cover.send("opacity", 1.0)
        self._cover.send("most", 64.0)
        self._over(self._cover, canvas)
        for surface in (*ends, out):
            give(surface)

    def _over(self, program: Program, canvas: Surface) -> None:
        self._ctx.enable(moderngl.BLEND)
        self._ctx.blend_func = moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA
        program.draw(canvas.fbo)
        self._ctx.disable(moderngl.BLEND)

    def release(self) -> None:
        """Give the GL objects back."""
        for program in (self._mix, self._straight, self._cover):
            program.release()
