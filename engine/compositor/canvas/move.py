"""Layers that are moved, scaled, turned, cropped, mirrored or repeated.

What is filtered is filtered as light, premultiplied: no colour of what is transparent bleeds in.
What becomes smaller is averaged over the pixels that it covers (halved as often as needed, then in
up to 4 by 4 taps), so that nothing sparkles.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from engine.compositor.gl.ending import Ending, end
from engine.compositor.gl.program import Program
from engine.compositor.gl.shaders import HEAD
from engine.compositor.gl.surface import Surface
from engine.compositor.isf.passes import Kit
from engine.core.frame.plan import LayerPlan
from engine.core.show.placing import Placing

_AT_REST = Placing()
_MOST_TAPS = 4  # of a pixel, on each axis
_HALVED = 1.9  # from here on, half as large is large enough
_NEARLY = 0.05  # of a tap

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
void main() {
    vec2 place = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
    if (TILE == 0) {
        vec2 room = 1.0 / vec2(length(start.zw), length(up));
        vec2 u = mix(box.xy - room, box.zw + room, place);
        place = (start.xy + u.x * start.zw + u.y * up) / canvas_px;
    }
    gl_Position = vec4(2.0 * place - 1.0, 0.0, 1.0);
}
"""
# Without a GPU every branch is paid for: one program for each way of tiling, and for one tap.
_MOVE = """#version 330
out vec4 host_Color;
uniform sampler2D image;
uniform mat2 rows;
uniform vec2 offset;
uniform vec4 box;
uniform vec2 side;
uniform ivec2 taps;
uniform float host_opacity;
uniform float host_most;
vec4 at(vec2 u) {
    if (TILE > 0) {
        vec2 cell = (u - box.xy) / (box.zw - box.xy);
        vec2 turned = mod(cell, 2.0);
        cell = TILE == 1 ? fract(cell) : mix(turned, 2.0 - turned, greaterThan(turned, vec2(1.0)));
        u = mix(box.xy, box.zw, cell);
    }
    return texture(image, clamp(u, box.xy, box.zw));
}
void main() {
    vec2 u = rows * gl_FragCoord.xy + offset;
    float light = host_opacity;
    if (TILE == 0) {
        vec2 seen = clamp(min(u - box.xy, box.zw - u) / side + 0.5, 0.0, 1.0);
        light *= seen.x * seen.y;
    }
    vec4 sum = vec4(0.0);
    if (ONE_TAP) {
        sum = at(u);
    } else {
        for (int j = 0; j < taps.y; ++j) {
            for (int i = 0; i < taps.x; ++i) {
                vec2 step = (vec2(float(i), float(j)) + 0.5) / vec2(taps) - 0.5;
                sum += at(u + rows * step);
            }
        }
        light /= float(taps.x * taps.y);
    }
    sum *= light;
    host_Color = vec4(min(sum.rgb, host_most * sum.a), sum.a);
}
"""


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
    tile
        See `Placing`. What is mirrored is turned over in all of the above.
    """

    rows: tuple[float, float, float, float]
    offset: tuple[float, float]
    box: tuple[float, float, float, float]
    start: tuple[float, float, float, float]
    up: tuple[float, float]
    tile: int

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
    if int(at.mirror) & 1:
        left, low, right = left + right[0], low + right[1], (-right[0], -right[1])
        rows, offset = (-rows[0], rows[1], -rows[2], rows[3]), (1.0 - offset[0], offset[1])
        box = (1.0 - box[2], box[1], 1.0 - box[0], box[3])
    if int(at.mirror) & 2:
        left, low, up = left + up[0], low + up[1], (-up[0], -up[1])
        rows, offset = (rows[0], -rows[1], rows[2], -rows[3]), (offset[0], 1.0 - offset[1])
        box = (box[0], 1.0 - box[3], box[2], 1.0 - box[1])
    return Move(rows, offset, box, (left, low, *right), up, int(at.tile))


class Mover:
    """Owns the programs, which are compiled when a show first needs them."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._programs: dict[tuple[int, bool], Program] = {}
        self._halve: Program | None = None

    def texels(self, light: Surface, move: Move) -> Surface:
        """Make a layer as small as is needed; `pool.give` takes back what is returned.

        Parameters
        ----------
        light
            Of the layer, premultiplied.
        """
        found, (width, height) = self._kit.pool.share(light), light.size_px
        most = _HALVED if width % 2 == height % 2 == 0 else _MOST_TAPS
        while max(move.step(found.size_px)) > most and found.size_px != (1, 1):
            width, height = found.size_px
            half = self._kit.pool.take(((width + 1) // 2, (height + 1) // 2))
            program = self._halve = self._halve or Program(self._kit.ctx, _HALVE)
            program.bind("image", found.texture)
            program.draw(half.fbo)
            self._kit.pool.give(found)
            found, most = half, _MOST_TAPS
        return found

    def draw(self, texels: Surface, move: Move, onto: Ending) -> None:
        """Draw a layer where it lies on a canvas."""
        assert onto.canvas is not None
        across, down = (
            min(max(math.ceil(each - _NEARLY), 1), _MOST_TAPS) for each in move.step(texels.size_px)
        )
        program = self._program(move.tile, across == down == 1)
        width, height = onto.canvas.size_px
        a, b, c, d = move.rows
        program.bind("image", texels.texture)
        for name, value in (
            ("rows", move.rows), ("offset", move.offset), ("box", move.box),
            ("start", move.start), ("up", move.up), ("side", (math.hypot(a, c), math.hypot(b, d))),
            ("canvas_px", (float(width), float(height))), ("taps", (across, down)),
        ):  # fmt: skip
            program.send(name, value)
        end(self._kit.pool, program, texels.size_px, onto)

    def release(self) -> None:
        """Give the GL objects back."""
        for program in self._programs.values():
            program.release()
        if self._halve is not None:
            self._halve.release()

    def _program(self, *way: Any) -> Program:
        if way not in self._programs:
            head = f"\n#define TILE {way[0]}\n#define ONE_TAP {str(way[1]).lower()}\n"
            texts = (text.replace("\n", head, 1) for text in (_MOVE, _VERTEX))
            self._programs[way] = Program(self._kit.ctx, *texts)
        return self._programs[way]
