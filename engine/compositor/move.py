"""Layers that are moved, scaled, turned, cropped, mirrored or repeated.

What is filtered is filtered as light, premultiplied: no colour of what is transparent bleeds in.
What becomes smaller is averaged over the pixels that it covers (halved as often as needed, then in
up to 4 by 4 taps), so that nothing sparkles.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import moderngl

from engine.compositor.gl.program import Program
from engine.compositor.gl.shaders import HEAD, SRGB
from engine.compositor.gl.surface import Surface
from engine.compositor.isf.passes import Kit
from engine.core.frame.plan import LayerPlan
from engine.core.show.placing import Placing

_AT_REST = Placing()
_MOST_TAPS = 4  # of a pixel, on each axis
_HALVED = 1.9  # from here on, half as large is large enough
_NEARLY = 0.05  # of a tap

# Display-referred, straight alpha → light, premultiplied.
_LIGHT = (
    HEAD
    + SRGB
    + """
uniform sampler2D image;
vec4 light(ivec2 p) {
    vec4 c = scrub(texelFetch(image, p, 0));
    float a = clamp(c.a, 0.0, 1.0);
    return vec4(min(decode(max(c.rgb, 0.0)), 64.0) * a, a);
}
"""
)
_WHOLE = _LIGHT + "void main() { host_Color = light(ivec2(gl_FragCoord.xy)); }"
_HALF = (
    _LIGHT
    + """
void main() {
    ivec2 p = 2 * ivec2(gl_FragCoord.xy);
    host_Color = 0.25 * (light(p) + light(p + ivec2(1, 0)) + light(p + ivec2(0, 1)) + light(p + 1));
}
"""
)
_HALVE = (
    HEAD
    + """
uniform sampler2D image;
void main() { host_Color = texture(image, isf_FragNormCoord); }
"""
)
_VERTEX = """#version 330
uniform vec2 canvas_px;
uniform vec4 start;
uniform vec2 up;
uniform vec4 box;
uniform int tile;
void main() {
    vec2 corner = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
    vec2 room = 1.0 / vec2(length(start.zw), length(up));
    vec2 u = mix(box.xy - room, box.zw + room, corner);
    vec2 place = (start.xy + u.x * start.zw + u.y * up) / canvas_px;
    gl_Position = vec4(2.0 * (tile == 0 ? place : corner) - 1.0, 0.0, 1.0);
}
"""
_MOVE = """#version 330
out vec4 host_Color;
uniform sampler2D image;
uniform mat2 rows;
uniform vec2 offset;
uniform vec4 box;
uniform int mirror;
uniform int tile;
uniform ivec2 taps;
uniform float opacity;
uniform float most;
vec4 at(vec2 u) {
    if (tile > 0) {
        vec2 cell = (u - box.xy) / (box.zw - box.xy);
        vec2 turned = mod(cell, 2.0);
        cell = tile == 1 ? fract(cell) : mix(turned, 2.0 - turned, greaterThan(turned, vec2(1.0)));
        u = mix(box.xy, box.zw, cell);
    }
    u = clamp(u, box.xy, box.zw);
    if ((mirror & 1) > 0) u.x = 1.0 - u.x;
    if ((mirror & 2) > 0) u.y = 1.0 - u.y;
    return texture(image, u);
}
void main() {
    vec2 u = rows * gl_FragCoord.xy + offset;
    float cover = 1.0;
    if (tile == 0) {
        vec2 side = vec2(length(vec2(rows[0].x, rows[1].x)), length(vec2(rows[0].y, rows[1].y)));
        vec2 inside = min(u - box.xy, box.zw - u) / side;
        vec2 seen = clamp(inside + 0.5, 0.0, 1.0);
        cover = seen.x * seen.y;
    }
    vec4 sum = vec4(0.0);
    for (int j = 0; j < taps.y; ++j) {
        for (int i = 0; i < taps.x; ++i) {
            vec2 step = (vec2(float(i), float(j)) + 0.5) / vec2(taps) - 0.5;
            sum += at(u + rows * step);
        }
    }
    sum *= cover * opacity / float(taps.x * taps.y);
    host_Color = vec4(min(sum.rgb, most * sum.a), sum.a);
}
"""


_TEXTS = {"light": _WHOLE, "light half": _HALF, "halve": _HALVE, "move": _MOVE}


class Move(NamedTuple):
    """Where a layer lies.

    Parameters
    ----------
    rows, offset
        From pixels of the canvas, from its bottom left, to 0..1 of the layer's area: the linear
        part by columns, and what is added.
    box
        Left, bottom, right and top of what is left after cropping, of the area.
    start, up
        The way back: where the bottom left of the area lies and its lower side; its left side.
    """

    rows: tuple[float, float, float, float]
    offset: tuple[float, float]
    box: tuple[float, float, float, float]
    start: tuple[float, float, float, float]
    up: tuple[float, float]

    def step(self, size_px: tuple[int, int]) -> tuple[float, float]:
        """How far a pixel of the canvas goes in a picture of the area, across and down."""
        a, b, c, d = self.rows
        return math.hypot(a * size_px[0], b * size_px[1]), math.hypot(
            c * size_px[0], d * size_px[1]
        )


def move_of(canvas_px: tuple[int, int], area: tuple[int, int], layer: LayerPlan) -> Move | None:
    """Work out where a layer lies; None: nothing of it is left.

    Parameters
    ----------
    area
        Width and height of the layer at scale 1.
    """
    at = layer.placing or _AT_REST
    box = (at.crop_left, at.crop_bottom, 1.0 - at.crop_right, 1.0 - at.crop_top)
    if box[0] >= box[2] or box[1] >= box[3]:
        return None
    (width, height), turn = area, math.radians(at.rotation)
    cos, sin, scale = math.cos(turn), math.sin(turn), max(layer.scale, 1e-3)
    across, down = (at.anchor_x - 0.5) * width, (at.anchor_y - 0.5) * height
    x = (0.5 + at.x) * canvas_px[0] + across
    y = (0.5 + at.y) * canvas_px[1] + down
    right = (scale * width * cos, -scale * width * sin)
    up = (scale * height * sin, scale * height * cos)
    left = x - right[0] * at.anchor_x - up[0] * at.anchor_y
    low = y - right[1] * at.anchor_x - up[1] * at.anchor_y
    rows = (
        cos / (scale * width), sin / (scale * height),
        -sin / (scale * width), cos / (scale * height),
    )  # fmt: skip
    offset = -(rows[0] * left + rows[2] * low), -(rows[1] * left + rows[3] * low)
    return Move(rows, offset, box, (left, low, *right), up)


class Mover:
    """Owns the programs, which are compiled when a show first needs them."""

    def __init__(self, ctx: moderngl.Context, kit: Kit) -> None:
        self._ctx = ctx
        self._kit = kit
        self._programs: dict[str, Program] = {}

    def texels(self, surface: Surface, move: Move) -> Surface:
        """Turn a layer's result into light, as small as is needed; `pool.give` takes it back."""
        width, height = surface.size_px
        if max(move.step(surface.size_px)) > _HALVED and width % 2 == height % 2 == 0:
            found = self._drawn("light half", surface, (width // 2, height // 2))
        else:
            found = self._drawn("light", surface, surface.size_px)
        while max(move.step(found.size_px)) > _MOST_TAPS:
            width, height = found.size_px
            if width == height == 1:
                break
            half = self._drawn("halve", found, ((width + 1) // 2, (height + 1) // 2))
            self._kit.pool.give(found)
            found = half
        return found

    def draw(
        self,
        canvas: Surface,
        layer: LayerPlan,
        texels: Surface,
        move: Move,
        light: tuple[float, float],
    ) -> None:
        """Draw a layer where it lies, with whatever blending is set.

        Parameters
        ----------
        light
            Its opacity, and how bright it may be.
        """
        at, program = layer.placing or _AT_REST, self._program("move")
        across, down = (
            min(max(math.ceil(each - _NEARLY), 1), _MOST_TAPS) for each in move.step(texels.size_px)
        )
        program.bind("image", texels.texture)
        for name, value in (
            ("opacity", light[0]), ("most", light[1]), ("rows", move.rows),
            ("offset", move.offset), ("box", move.box), ("start", move.start), ("up", move.up),
            ("canvas_px", (float(canvas.size_px[0]), float(canvas.size_px[1]))),
            ("mirror", int(at.mirror)), ("tile", int(at.tile)), ("taps", (across, down)),
        ):  # fmt: skip
            program.send(name, value)
        program.draw(canvas.fbo)

    def release(self) -> None:
        """Give the GL objects back."""
        for program in self._programs.values():
            program.release()

    def _drawn(self, name: str, surface: Surface, size_px: tuple[int, int]) -> Surface:
        found, program = self._kit.pool.take(size_px), self._program(name)
        program.bind("image", surface.texture)
        program.draw(found.fbo)
        return found

    def _program(self, name: str) -> Program:
        if name not in self._programs:
            text = _TEXTS[name]
            vertex = (_VERTEX,) if name == "move" else ()
            self._programs[name] = Program(self._ctx, text, *vertex)
        return self._programs[name]
