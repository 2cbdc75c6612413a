"""Small previews of layers or picture, read back for the image inputs of generators.

Pixels are asked for when they are drawn and taken frames later, so that a GPU has them by then and
nobody waits for it. A film takes them at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import moderngl
import numpy as np

from engine.compositor.gl.program import Program
from engine.compositor.gl.surface import Surface, make_surface, release
from engine.core.frame.plan import Readback
from engine.core.show.generator import View

_MOST_PENDING = 4  # of one look: what nobody takes is drawn over
_MOST_TAPS = 8
_LOOK = """#version 330
out vec4 host_Color;
uniform sampler2D image;
uniform vec2 size_px;
uniform vec2 part;
uniform int across;
uniform int down;
void main() {
    vec2 pixel = part / size_px;
    vec2 corner = gl_FragCoord.xy - 0.5 - 0.5 * size_px;
    corner = 0.5 + vec2(corner.x, -corner.y - 1.0) * pixel;
    vec3 sum = vec3(0.0);
    for (int j = 0; j < down; ++j) {
        for (int i = 0; i < across; ++i) {
            vec2 p = corner + (vec2(float(i), float(j)) + 0.5) / vec2(float(across), float(down)) * pixel;
            vec4 c = texture(image, p);
            sum += clamp(c.rgb, 0.0, 1.0) * clamp(c.a, 0.0, 1.0);
        }
    }
    host_Color = vec4(sum / float(across * down), 1.0);
}
"""  # noqa: E501 -- GLSL


def cover(size_px: tuple[int, int], aspect: float) -> tuple[int, int]:
    """Smallest area of an aspect that covers a size, in whole pixels."""
    width, height = size_px
    return max(width, round(height * aspect)), max(height, round(width / aspect))


class _Pending(NamedTuple):
    view: View
    step: int
    frame: int
    surface: Surface
    buffer: moderngl.Buffer


class Previews:
    """Owns the small surfaces and the buffers that they are read into."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._program = Program(ctx, _LOOK)
        self._pending: list[_Pending] = []  # oldest first
        self._free: dict[tuple[int, int], list[tuple[Surface, moderngl.Buffer]]] = {}

    def draw(
        self, view: View, step: int, frame: int, texture: moderngl.Texture, aspect: float
    ) -> None:
        """Draw what an image port sees, over black, and ask for its pixels.

        The middle of the texture is seen, as much as has the look's aspect.

        Parameters
        ----------
        texture
            Display-referred sRGB, straight alpha, memory row 0 at the bottom.
        aspect
            Width / height of what the texture shows.
        """
        width, height = view.size_px
        own = width / height
        part = min(own / aspect, 1.0), min(aspect / own, 1.0)
        surface, buffer = self._take(view)
        taps = [
            min(max(round(side * seen / most / 2 + 0.25), 1), _MOST_TAPS)
            for side, seen, most in zip(texture.size, part, view.size_px, strict=True)
        ]
        self._program.bind("image", texture)
        self._program.send("size_px", (float(width), float(height)))
        self._program.send("part", part)
        self._program.send("across", taps[0])
        self._program.send("down", taps[1])
        self._program.draw(surface.fbo)
        surface.fbo.read_into(buffer, components=4, alignment=1, dtype="f1")
        self._pending.append(_Pending(view, step, frame, surface, buffer))

    def take(self, frame: int | None) -> Iterator[Readback]:
        """Read what was drawn before a frame, oldest first; None: everything, and wait for it."""
        while self._pending and (frame is None or self._pending[0].frame < frame):
            pending = self._pending.pop(0)
            width, height = pending.view.size_px
            rgba = np.frombuffer(pending.buffer.read(), np.uint8).reshape(height, width, 4)
            self._give(pending)
            yield Readback(pending.view, pending.step, np.ascontiguousarray(rgba[..., :3]))

    def release(self) -> None:
        """Give the GL objects back."""
        while self._pending:
            self._give(self._pending.pop())
        for surface, buffer in (pair for pairs in self._free.values() for pair in pairs):
            release(surface)
            buffer.release()
        self._free.clear()
        self._program.release()

    def _take(self, view: View) -> tuple[Surface, moderngl.Buffer]:
        own = [pending for pending in self._pending if pending.view == view]
        if len(own) >= _MOST_PENDING:
            self._pending.remove(own[0])
            self._give(own[0])
        free = self._free.get(view.size_px)
        if free:
            return free.pop()
        width, height = view.size_px
        buffer = self._ctx.buffer(reserve=4 * width * height)
        return make_surface(self._ctx, view.size_px, "f1"), buffer

    def _give(self, pending: _Pending) -> None:
        self._free.setdefault(pending.view.size_px, []).append((pending.surface, pending.buffer))
