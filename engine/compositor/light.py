"""Mean light of the parts of a picture, for lamps: small, linear, and read back without waiting."""

from __future__ import annotations

import moderngl
import numpy as np
from numpy.typing import NDArray

from engine.compositor.gl.program import Program
from engine.compositor.gl.surface import Surface, make_surface, release

_MOST_TAPS = 8  # of a part, on each axis: every pixel of 512x288 in 64 by 36 parts, else a lattice
_MEAN = """#version 330
out vec4 host_Color;
uniform sampler2D image;
uniform vec2 size_px;
uniform int across;
uniform int down;
vec3 linear(vec3 c) {
    return mix(c / 12.92, pow((c + 0.055) / 1.055, vec3(2.4)), step(0.04045, c));
}
void main() {
    vec3 sum = vec3(0.0);
    vec2 taps = vec2(float(across), float(down));
    vec2 scale = vec2(textureSize(image, 0)) / size_px;
    for (int j = 0; j < down; ++j) {
        for (int i = 0; i < across; ++i) {
            vec2 place = gl_FragCoord.xy - 0.5 + (vec2(float(i), float(j)) + 0.5) / taps;
            sum += linear(texelFetch(image, ivec2(place * scale), 0).rgb);
        }
    }
    host_Color = vec4(sum / (taps.x * taps.y), 1.0);
}
"""


class Light:
    """Owns the small surfaces and the buffers that they are read into."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._program: Program | None = None  # compiled when somebody asks
        self._grids: dict[tuple[int, int], tuple[Surface, moderngl.Buffer]] = {}

    def ask(
        self, texture: moderngl.Texture, size_px: tuple[int, int]
    ) -> NDArray[np.float32] | None:
        """Have a picture shrunk, and take what was shrunk to this size when it was last asked.

        Parameters
        ----------
        texture
            sRGB, opaque, memory row 0 at the top.

        Returns
        -------
        ndarray [shape=(H, W, 3)]
            Linear light in 0..1 of the picture that was given before, row 0 at the top; None at
            the first time.
        """
        width, height = size_px
        found = None
        if size_px in self._grids:
            surface, buffer = self._grids[size_px]
            rgba = np.frombuffer(buffer.read(), np.float16).reshape(height, width, 4)
            found = rgba[..., :3].astype(np.float32)
        else:
            surface = make_surface(self._ctx, size_px)
            buffer = self._ctx.buffer(reserve=8 * width * height)
            self._grids[size_px] = surface, buffer
        across, down = (
            min(max(round(side / parts), 1), _MOST_TAPS)
            for side, parts in zip(texture.size, size_px, strict=True)
        )
        self._program = mean = self._program or Program(self._ctx, _MEAN)
        self._ctx.disable(moderngl.BLEND)
        mean.bind("image", texture)
        mean.send("size_px", (float(width), float(height)))
        mean.send("across", across)
        mean.send("down", down)
        mean.draw(surface.fbo)
        surface.fbo.read_into(buffer, components=4, alignment=1, dtype="f2")
        return found

    def release(self) -> None:
        """Give the GL objects back."""
        for surface, buffer in self._grids.values():
            release(surface)
            buffer.release()
        self._grids.clear()
        if self._program is not None:
            self._program.release()
