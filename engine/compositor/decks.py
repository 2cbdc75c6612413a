"""Two decks, each on a canvas of its own, mixed onto the picture's in linear light."""

from __future__ import annotations

import moderngl

from engine.compositor.gl.program import Program
from engine.compositor.gl.shaders import HEAD
from engine.compositor.gl.surface import Surface
from engine.core.frame.plan import DeckMix

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


class Decks:
    """Owns the program that mixes decks."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._mix = Program(ctx, _MIX)

    def lay(self, mix: DeckMix, decks: tuple[Surface, Surface], canvas: Surface) -> None:
        """Lay the mixture of two canvases, linear and premultiplied, over what is on the picture's.

        All three have one size.
        """
        self._mix.bind("a", decks[0].texture)
        self._mix.bind("b", decks[1].texture)
        self._mix.send("light", mix.light)
        self._mix.send("cover", mix.cover)
        self._ctx.enable(moderngl.BLEND)
        self._ctx.blend_func = moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA
        self._mix.draw(canvas.fbo)
        self._ctx.disable(moderngl.BLEND)

    def release(self) -> None:
        """Give the GL objects back."""
        self._mix.release()
