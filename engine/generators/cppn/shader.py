"""GLSL of the CPPN: three passes, the same as `engine.generators.cppn.field` and `light`.

*place* is where each pixel lies in the field after the network has moved it, *fields* what is
there, *light* the picture. The first two have one pixel more on every side, for differences. Rows
go down, as in a picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.generators.cppn.weights import BODY, FIELDS, FLOW, FOLD, WEAVE
from engine.generators.drawing import DrawnPass

LAYOUT: Mapping[str, tuple[int, ...]] = {
    "half": (2,), "grid_step": (2,), "step": (2,), "fine": (),
    "mirror": (2,), "offset": (2,), "turn": (2,), "zoom": (), "form": (), "frame": (2, 2),
    "place": (2,), "calm": (2,), "flow_waves": (FLOW, 3), "flow_mixer": (2, FLOW),
    "fold_waves": (FOLD, 3), "fold_mixer": (2, FOLD), "body": (BODY, 4),
    "weave": (WEAVE, BODY), "weave_bias": (WEAVE,), "vein": (WEAVE, WEAVE), "vein_bias": (WEAVE,),
    "fields": (FIELDS, WEAVE), "fields_bias": (FIELDS,),
    "cut": (), "rim": (), "rim_hue": (), "per_unit": (), "line": (), "veil": (), "relief": (),
    "rake": (2,), "power": (), "bare": (), "hue": (),
}  # fmt: skip
"""Numbers of a picture and their shapes, in the order in which the shader has them."""

_AT: dict[str, int] = {}
for _name, _shape in LAYOUT.items():  # whole vec4s each
    _AT[_name] = _AT.get("", 0)
    _AT[""] = _AT[_name] + -(-int(np.prod(_shape)) // 4)
COUNT = _AT.pop("")
"""Vectors of four that they take."""


def pack(numbers: Mapping[str, Any]) -> NDArray[np.float32]:
    """Lay numbers out as the shader has them [shape=(COUNT, 4)]."""
    packed = np.zeros((COUNT, 4), np.float32)
    for name, place in _AT.items():
        values = np.asarray(numbers[name], np.float32).reshape(-1)
        packed.reshape(-1)[4 * place : 4 * place + len(values)] = values
    return packed


_HEAD = f"""#version 330
out vec4 host_Color;
layout(std140) uniform Numbers {{ vec4 numbers[{COUNT}]; }};
""" + "".join(f"#define {name.upper()} {place}\n" for name, place in _AT.items()) + f"""
#define number(name, i) numbers[(name) + (i) / 4][(i) % 4]
const int BODIES = {BODY}, WEAVES = {WEAVE};
// A GPU's sine is rough far from 0.
float wave(float x) {{ return sin(x - 6.283185307179586 * round(x * 0.15915494309189535)); }}
vec4 wave(vec4 x) {{ return sin(x - 6.283185307179586 * round(x * 0.15915494309189535)); }}
vec2 aim() {{
    vec2 p = gl_FragCoord.xy - 1.0;
    vec2 half_px = numbers[HALF].xy, unit = numbers[GRID_STEP].xy;
    float x = p.x * unit.x - half_px.x, y = half_px.y - p.y * unit.y;
    vec4 mirror = numbers[MIRROR];
    if (mirror.x > 0.5) x = mirror.y + sqrt((x - mirror.y) * (x - mirror.y) + 0.01);
    vec2 q = (vec2(x, y) - numbers[OFFSET].xy) * numbers[ZOOM].x, turn = numbers[TURN].xy;
    return vec2(turn.x * q.x + turn.y * q.y, turn.x * q.y - turn.y * q.x);
}}
"""  # fmt: skip

_PLACE = (
    _HEAD
    + f"""
vec2 drift(vec2 p, int waves, int mixer, const int count) {{
    vec2 sum = vec2(0.0);
    for (int i = 0; i < count; i++) {{
        float x = number(waves, 3 * i) * p.x + number(waves, 3 * i + 1) * p.y;
        sum += vec2(number(mixer, i), number(mixer, count + i))
             * wave(x + number(waves, 3 * i + 2));
    }}
    return sum;
}}
void main() {{
    vec2 p = aim();
    float form = numbers[FORM].x, square = min(dot(p, p), 1.0);
    p *= 1.0 + 0.9 * form * square * square;
    vec4 frame = numbers[FRAME];
    p = vec2(dot(frame.xy, p), dot(frame.zw, p)) + numbers[PLACE].xy;
    vec2 flow = drift(p, FLOW_WAVES, FLOW_MIXER, {FLOW});
    p += flow;
    p += drift(p, FOLD_WAVES, FOLD_MIXER, {FOLD});
    host_Color = vec4(p, flow - numbers[CALM].xy);
}}
"""
)

_FIELDS = (
    _HEAD
    + """
uniform sampler2D place;
void main() {
    vec4 moved = texelFetch(place, ivec2(gl_FragCoord.xy), 0);
    vec4 a[BODIES / 4], b[WEAVES / 4];
    for (int i = 0; i < BODIES; i++) {
        vec4 w = numbers[BODY + i];
        a[i / 4][i % 4] = wave(dot(w.xy, moved.xy) + w.z) * w.w;
    }
    for (int i = 0; i < WEAVES; i++) {
        float sum = number(WEAVE_BIAS, i);
        for (int j = 0; j < BODIES / 4; j++)
            sum += dot(numbers[WEAVE + i * (BODIES / 4) + j], a[j]);
        b[i / 4][i % 4] = wave(sum);
    }
    for (int i = 0; i < WEAVES; i++) {
        float sum = number(VEIN_BIAS, i);
        for (int j = 0; j < WEAVES / 4; j++)
            sum += dot(numbers[VEIN + i * (WEAVES / 4) + j], b[j]);
        a[i / 4][i % 4] = wave(sum);
    }
    vec4 c = vec4(numbers[FIELDS_BIAS].xyz, 1.0);
    for (int j = 0; j < WEAVES / 4; j++)
        for (int f = 0; f < 3; f++) c[f] += dot(numbers[FIELDS + f * (WEAVES / 4) + j], a[j]);
    float form = numbers[FORM].x;
    if (form != 0.0) {
        vec2 origin = aim() + 0.16 * moved.zw;
        float square = dot(origin, origin) * (form / 0.66) * (form / 0.66);
        float dome = sqrt(max(1.0 - square, 0.0) + 0.01);
        c.x += form * 2.0 * dome;
        c.z += form * (1.6 * dome - 0.5);
        c.w = 1.0 / (1.0 + exp(-30.0 * (1.0 - sqrt(square + 1e-9))));
    }
    host_Color = c;
}
"""
)

_LIGHT = (
    _HEAD
    + """
uniform sampler2D place;
uniform sampler2D fields;
uniform sampler2D table;
float sigmoid(float x) { return 1.0 / (1.0 + exp(-x)); }
vec2 moved(ivec2 p) { return texelFetch(place, p, 0).xy; }
float area(ivec2 p) {
    p = clamp(p, ivec2(1), textureSize(place, 0) - 2);
    vec2 across = moved(p + ivec2(1, 0)) - moved(p - ivec2(1, 0));
    vec2 along = moved(p - ivec2(0, 1)) - moved(p + ivec2(0, 1));
    vec2 s = 2.0 * numbers[STEP].xy;
    return (across.x * along.y - across.y * along.x) / (s.x * s.y);
}
float high(ivec2 p) { return texelFetch(fields, p, 0).x; }
void main() {
    ivec2 p = ivec2(gl_FragCoord.xy) + 1;
    vec4 c = texelFetch(fields, p, 0);
    vec2 slope = vec2(high(p + ivec2(1, 0)) - high(p - ivec2(1, 0)),
                      high(p - ivec2(0, 1)) - high(p + ivec2(0, 1))) / (2.0 * numbers[STEP].xy);
    float height = c.x, steep = dot(slope, slope);
    float mask = sigmoid(3.5 * (c.z - numbers[CUT].x));
    float deep = sigmoid(1.6 * height + 0.4);
    float rim = 4.0 * mask * (1.0 - mask);
    rim *= rim * (0.3 + deep);

    float unit = numbers[PER_UNIT].x;
    float pixel = sqrt(steep + 1e-12) * unit * numbers[FINE].x, phase = height * unit;
    float away = (phase - roundEven(phase)) / (0.02 + 0.7 * pixel);
    float lines = exp(-away * away) * inversesqrt(1.0 + 25.0 * pixel);
    lines *= numbers[LINE].x * sqrt(0.1 + mask);

    float here = area(p);
    vec2 d = vec2(area(p + ivec2(1, 0)) - area(p - ivec2(1, 0)),
                  area(p - ivec2(0, 1)) - area(p + ivec2(0, 1)));
    float veil = 0.4 * inversesqrt(here * here + 0.02 + 0.15 * dot(d, d)) * numbers[VEIL].x;

    float facing = (0.5 - 0.3 * dot(slope, numbers[RAKE].xy)) * inversesqrt(1.0 + 0.09 * steep);
    facing = clamp(facing, 0.0, 1.2);
    float sheen = facing * facing * facing;
    float lit = facing * (0.15 + 0.85 * deep) + 0.5 * sheen * sheen;
    float relief = deep + numbers[RELIEF].x * (lit - deep);

    float value = mask * (relief + veil) + 0.5 * lines + numbers[RIM].x * rim;
    value = pow(max(1.0 - exp(-1.7 * value), 1e-4), numbers[POWER].x);
    value += numbers[BARE].x * (0.5 + 0.5 * tanh(0.8 * height) - value);
    float hue = 0.17 * c.y + 0.08 * height + numbers[HUE].x + 0.2 * lines;
    hue += numbers[RIM_HUE].x * rim;
    vec2 size = vec2(textureSize(table, 0));
    vec2 at = (vec2(fract(hue), clamp(value, 0.0, 1.0)) * (size - 1.0) + 0.5) / size;
    host_Color = clamp(vec4(texture(table, at).rgb, c.w), 0.0, 1.0);
}
"""
)

PASSES = (
    DrawnPass("place", _PLACE, 1), DrawnPass("fields", _FIELDS, 1), DrawnPass("light", _LIGHT)
)  # fmt: skip
