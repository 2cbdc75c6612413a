"""GLSL of the network that doubles pictures: written from its weights, see `docs/upscaler.py`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_HEAD = """#version 330
out vec4 host_Color;
"""

# Bicubic (Keys, a = -1/2) at a quarter of a pixel to either side, and what the network adds:
# a texture for each of red, green and blue, with the four pixels that one becomes.
DOUBLE = (
    _HEAD
    + """
uniform sampler2D image;
uniform sampler2D red;
uniform sampler2D green;
uniform sampler2D blue;
const float near[4] = float[4](-0.0234375, 0.2265625, 0.8671875, -0.0703125);
void main() {
    ivec2 p = ivec2(gl_FragCoord.xy), q = p >> 1, odd = p & 1, last = textureSize(image, 0) - 1;
    vec4 c = vec4(0.0);
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 4; x++) {
            ivec2 at = clamp(q + ivec2(x, y) - 2 + odd, ivec2(0), last);
            c += near[odd.x == 1 ? 3 - x : x] * near[odd.y == 1 ? 3 - y : y]
               * texelFetch(image, at, 0);
        }
    int s = odd.y * 2 + odd.x;
    c.rgb += vec3(texelFetch(red, q, 0)[s], texelFetch(green, q, 0)[s], texelFetch(blue, q, 0)[s]);
    host_Color = clamp(c, 0.0, 1.0);
}
"""
)


def convolution(weight: Array, bias: Array, slope: Array | None, is_first: bool) -> str:
    """GLSL of four planes of a 3×3 convolution; what lies outside is as the edge.

    Parameters
    ----------
    weight
        From all planes before, four to a texture [shape=(4, I, 3, 3)].
    bias
        [shape=(4,)].
    slope
        Of each plane below 0; None: it is a line [shape=(4,)].
    is_first
        Whether it sees the picture, in which 1/2 is grey.
    """
    count = -(-weight.shape[1] // 4)
    padded = np.zeros((4, 4 * count, 3, 3), np.float32)
    padded[:, : weight.shape[1]] = weight
    lines = [f"uniform sampler2D planes{k};" for k in range(count)]
    lines += [
        "vec4 at(sampler2D image, int x, int y) {",
        "    ivec2 p = ivec2(gl_FragCoord.xy) + ivec2(x, y);",
        "    vec4 c = texelFetch(image, clamp(p, ivec2(0), textureSize(image, 0) - 1), 0);",
        f"    return c - {0.5 if is_first else 0.0};",
        "}",
        "void main() {",
        f"    vec4 c = {_vector(bias)};",
    ]
    for y in range(3):
        for x in range(3):
            for k in range(count):
                columns = padded[:, 4 * k : 4 * k + 4, y, x].T
                matrix = ", ".join(_vector(column) for column in columns)
                lines.append(f"    c += mat4({matrix}) * at(planes{k}, {x - 1}, {y - 1});")
    bent = "c" if slope is None else f"max(c, 0.0) + {_vector(slope)} * min(c, 0.0)"
    return "\n".join([_HEAD, *lines, f"    host_Color = {bent};", "}", ""])


def _vector(numbers: Array) -> str:
    return f"vec4({', '.join(f'{float(x):.7g}' for x in numbers)})"
