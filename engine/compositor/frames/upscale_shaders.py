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


def convolution(count: int) -> str:
    """GLSL of four planes of a 3×3 convolution; what lies outside is as the edge.

    Parameters
    ----------
    count
        Textures that it reads, of four planes each. Its weights are a block: see `block`.
    """
    lines = [f"uniform sampler2D planes{k};" for k in range(count)]
    lines += [
        f"layout(std140) uniform Weights {{ mat4 weight[{9 * count}]; vec4 bias, slope; }};",
        "void main() {",
        "    ivec2 p = ivec2(gl_FragCoord.xy), last = textureSize(planes0, 0) - 1, at;",
        "    vec4 c = bias;",
        "    for (int n = 0; n < 9; n++) {",
        "        at = clamp(p + ivec2(n % 3, n / 3) - 1, ivec2(0), last);",
    ]
    lines += [
        f"        c += weight[{count} * n + {k}] * texelFetch(planes{k}, at, 0);"
        for k in range(count)
    ]
    lines += ["    }", "    host_Color = max(c, 0.0) + slope * min(c, 0.0);", "}", ""]
    return "\n".join([_HEAD, *lines])


def block(weight: Array, bias: Array, slope: Array) -> bytes:
    """Weights of four planes as the block of their shader.

    Parameters
    ----------
    weight
        From all planes before, four to a texture [shape=(4, I, 3, 3)].
    bias, slope
        Of each plane, and below 0 [shape=(4,)].
    """
    count = -(-weight.shape[1] // 4)
    padded = np.zeros((4, 4 * count, 3, 3), np.float32)
    padded[:, : weight.shape[1]] = weight
    # By place, by texture, and for each plane of that what it adds to the four.
    matrices = padded.reshape(4, count, 4, 9).transpose(3, 1, 2, 0)
    return b"".join(np.float32(each).tobytes() for each in (matrices, bias, slope))
