"""GLSL of optical flow between two frames, and of the picture between them.

Pyramidal Lucas-Kanade (B. Lucas and T. Kanade 1981; J.-Y. Bouguet 2000), symmetric: flow is known
where things are half way, as a share of the picture (u to the right, v with the rows), so that one
field moves the older frame on and the newer one back.
"""

from __future__ import annotations

_HEAD = """#version 330
in vec2 isf_FragNormCoord;
out vec4 host_Color;
#define uv isf_FragNormCoord
"""

# Lightness of both frames, small: the mean of n × n taps of four pixels.
PAIR = (
    _HEAD
    + """
uniform sampler2D older;
uniform sampler2D newer;
uniform vec2 size_px;
uniform int taps;
float light(vec4 c) { return dot(c.rgb, vec3(0.3, 0.5, 0.2)) * c.a; }
void main() {
    vec2 sum = vec2(0.0);
    for (int y = 0; y < taps; y++)
        for (int x = 0; x < taps; x++) {
            vec2 p = uv + ((vec2(x, y) + 0.5) / float(taps) - 0.5) / size_px;
            sum += vec2(light(texture(older, p)), light(texture(newer, p)));
        }
    host_Color = vec4(sum / float(taps * taps), 0.0, 1.0);
}
"""
)
HALVE = (
    _HEAD
    + """
uniform sampler2D image;
void main() {
    vec2 d = 0.75 / vec2(textureSize(image, 0));
    vec2 e = vec2(d.x, -d.y);
    host_Color = 0.25 * (texture(image, uv + d) + texture(image, uv - d)
                       + texture(image, uv + e) + texture(image, uv - e));
}
"""
)

# The flow so far, a little smoother, at the size of this level.
SMOOTH = (
    _HEAD
    + """
uniform sampler2D flow;
void main() {
    vec2 d = 0.5 / vec2(textureSize(flow, 0));
    vec2 e = vec2(d.x, -d.y);
    host_Color = 0.25 * (texture(flow, uv + d) + texture(flow, uv - d)
                       + texture(flow, uv + e) + texture(flow, uv - e));
}
"""
)

# Slopes of the frames as moved so far, per pixel, and what still differs.
SLOPES = (
    _HEAD
    + """
uniform sampler2D pair;
uniform sampler2D flow;
vec2 v;
vec2 at(vec2 p) { return vec2(texture(pair, p - 0.5 * v).x, texture(pair, p + 0.5 * v).y); }
void main() {
    vec2 d = 1.0 / vec2(textureSize(pair, 0));
    v = texelFetch(flow, ivec2(gl_FragCoord.xy), 0).xy;
    vec2 across = at(uv + vec2(d.x, 0.0)) - at(uv - vec2(d.x, 0.0));
    vec2 along = at(uv + vec2(0.0, d.y)) - at(uv - vec2(0.0, d.y));
    vec2 here = at(uv);
    vec2 slope = 0.25 * vec2(across.x + across.y, along.x + along.y);
    host_Color = vec4(slope, here.y - here.x, 1.0);
}
"""
)

# Least squares over a window; where nothing has a slope the flow stays what it was.
SOLVE = (
    _HEAD
    + """
uniform sampler2D slopes;
uniform sampler2D flow;
const int R = 3;
void main() {
    ivec2 size = textureSize(slopes, 0), p = ivec2(gl_FragCoord.xy);
    vec3 a = vec3(1e-4, 0.0, 1e-4);
    vec2 b = vec2(0.0);
    for (int y = -R; y <= R; y++)
        for (int x = -R; x <= R; x++) {
            vec3 g = texelFetch(slopes, clamp(p + ivec2(x, y), ivec2(0), size - 1), 0).xyz;
            float w = exp(-float(x * x + y * y) / 6.0);
            a += w * vec3(g.x * g.x, g.x * g.y, g.y * g.y);
            b -= w * g.z * g.xy;
        }
    vec2 d = vec2(a.z * b.x - a.y * b.y, a.x * b.y - a.y * b.x) / (a.x * a.z - a.y * a.y);
    d *= min(1.0, 2.0 / max(length(d), 1e-6));
    host_Color = vec4(texelFetch(flow, p, 0).xy + d / vec2(size), 0.0, 1.0);
}
"""
)

# Where the frames moved together agree no better than as they lie, nothing is moved.
TRUST = (
    _HEAD
    + """
uniform sampler2D pair;
uniform sampler2D flow;
void main() {
    vec2 d = 1.0 / vec2(textureSize(pair, 0));
    float moved = 0.0, still = 2e-3;
    for (int y = -2; y <= 2; y++)
        for (int x = -2; x <= 2; x++) {
            vec2 p = uv + vec2(x, y) * d;
            vec2 v = texture(flow, p).xy, c = texture(pair, p).xy;
            moved += abs(texture(pair, p - 0.5 * v).x - texture(pair, p + 0.5 * v).y);
            still += abs(c.x - c.y);
        }
    float trust = 1.0 - smoothstep(0.7, 1.1, moved / still);
    host_Color = vec4(texture(flow, uv).xy * trust, trust, 1.0);
}
"""
)

# The picture at a moment: both frames moved there, sharp (Catmull-Rom in nine taps), and blended.
MOVE = (
    _HEAD
    + """
uniform sampler2D older;
uniform sampler2D newer;
uniform sampler2D flow;
uniform float weight;
vec4 one(sampler2D image, vec2 p) {
    vec4 c = texture(image, p);
    return vec4(c.rgb * c.a, c.a);
}
vec4 sharp(sampler2D image, vec2 place) {
    vec2 size = vec2(textureSize(image, 0));
    vec2 at = place * size, middle = floor(at - 0.5) + 0.5, f = at - middle;
    vec2 w0 = f * (-0.5 + f * (1.0 - 0.5 * f)), w3 = f * f * (-0.5 + 0.5 * f);
    vec2 w2 = f * (0.5 + f * (2.0 - 1.5 * f)), w1 = 1.0 - w0 - w2 - w3, w12 = w1 + w2;
    vec2 a = (middle - 1.0) / size, b = (middle + w2 / w12) / size, c = (middle + 2.0) / size;
    return w0.y * (w0.x * one(image, a) + w12.x * one(image, vec2(b.x, a.y))
                 + w3.x * one(image, vec2(c.x, a.y)))
         + w12.y * (w0.x * one(image, vec2(a.x, b.y)) + w12.x * one(image, b)
                  + w3.x * one(image, vec2(c.x, b.y)))
         + w3.y * (w0.x * one(image, vec2(a.x, c.y)) + w12.x * one(image, vec2(b.x, c.y))
                 + w3.x * one(image, c));
}
void main() {
    vec2 v = texture(flow, uv).xy;
    vec4 c = mix(sharp(older, uv - weight * v), sharp(newer, uv + (1.0 - weight) * v), weight);
    c = clamp(c, 0.0, 1.0);
    host_Color = vec4(min(c.rgb / max(c.a, 1e-4), 1.0), c.a);
}
"""
)
