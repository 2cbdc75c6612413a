"""GLSL of the compositor itself: resampling, blending and sRGB.

Sources: cubic B-spline in four bilinear taps (Sigg and Hadwiger, GPU Gems 2, chapter 20) after the
quasi-interpolating prefilter of Condat, Blu and Unser ("Beyond interpolation", 2005: [-1, 8, -1]/6,
here as a cross); sRGB transfer (IEC 61966-2-1).
"""

from __future__ import annotations

HEAD = """#version 330
in vec2 isf_FragNormCoord;
out vec4 host_Color;
"""

# Fitted to the sRGB curves by us: within 0.06/255 (decode) and 0.09/255 (encode) of the code value,
# and exact at 0 and 1. Without a GPU they cost half of what powers cost.
_DECODE = """
vec3 {name}(vec3 host_c) {{
    host_c = min(host_c, 4.0);  // from where on the fit would fall again
    vec3 host_h = 0.5638227 + host_c * (0.5182914 - host_c * 0.1111299);
    host_h = 0.0010611 + host_c * (0.0279547 + host_c * host_h);
    return mix(host_c / 12.92, host_h, greaterThan(host_c, vec3(0.04045)));
}}"""
SRGB = (
    _DECODE.format(name="decode")
    + """
vec3 encode(vec3 c) {
    vec3 s = sqrt(c);
    vec3 high = s * (1.51482 + s * (-1.380124 + s * (1.966477 + s * (-1.54428 + s * 0.483087))));
    high -= 0.03998;
    return mix(c * 12.92, high, greaterThan(c, vec3(0.0031308)));
}
vec4 scrub(vec4 c) {
    return mix(c, vec4(0.0), bvec4(uvec4(isnan(c)) | uvec4(isinf(c))));
}
"""
)

# What a last pass ends with, see `gl.ending`. Laid at once on a canvas, the colour is first what a
# surface of halves would hold, so that both ways look the same. Names as no author has them.
STRAIGHT_IF = "if (host_most <= 0.0) "
ENDING = f"""{_DECODE.format(name="host_decode")}
uniform float host_opacity;
uniform float host_most;
vec4 host_end(vec4 host_x) {{
    {STRAIGHT_IF}return host_x;
    host_x = uintBitsToFloat(floatBitsToUint(host_x) & 0xFFFFE000u);
    vec3 host_d = host_decode(max(host_x.rgb, 0.0));
    float host_a = clamp(host_x.a, 0.0, 1.0) * host_opacity;
    return vec4(min(host_d, host_most) * host_a, host_a);
}}
"""
_LAST = HEAD + ENDING

# Small: both generator pictures mixed, premultiplied, prefiltered, turned the right way up.
GATHER = (
    HEAD
    + """
uniform sampler2D older;
uniform sampler2D newer;
uniform float weight;
uniform float edge;
vec4 at(ivec2 p) {
    p = clamp(p, ivec2(0), textureSize(newer, 0) - 1);
    vec4 c = mix(texelFetch(older, p, 0), texelFetch(newer, p, 0), weight);
    return vec4(c.rgb * c.a, c.a);
}
void main() {
    ivec2 size = textureSize(newer, 0);
    ivec2 p = ivec2(gl_FragCoord.xy);
    p.y = size.y - 1 - p.y;
    vec4 around = at(p + ivec2(1, 0)) + at(p - ivec2(1, 0))
                + at(p + ivec2(0, 1)) + at(p - ivec2(0, 1));
    host_Color = at(p) * (1.0 + 4.0 * edge) - edge * around;
}
"""
)

# First across, then down: together two thirds of what four taps at once cost without a GPU.
WIDEN = (
    HEAD
    + """
uniform sampler2D image;
void main() {
    vec2 n = vec2(textureSize(image, 0));
    float x = isf_FragNormCoord.x * n.x - 0.5;
    float f = fract(x);
    float f2 = f * f;
    float f3 = f2 * f;
    float w1 = (4.0 - 6.0 * f2 + 3.0 * f3) / 6.0;
    float w3 = f3 / 6.0;
    float low = (1.0 - f) * (1.0 - f) * (1.0 - f) / 6.0 + w1;
    float a = (x - f - 0.5 + w1 / low) / n.x;
    float b = (x - f + 1.5 + w3 / (1.0 - low)) / n.x;
    float y = isf_FragNormCoord.y;
    host_Color = mix(texture(image, vec2(b, y)), texture(image, vec2(a, y)), low);
}
"""
)

# The last enlargement makes straight alpha again.
_STRAIGHT = """
    c = clamp(c, 0.0, 1.0);
    host_Color = host_end(vec4(min(c.rgb / max(c.a, 1e-4), 1.0), c.a));
}
"""
HEIGHTEN = (
    _LAST
    + """
uniform sampler2D image;
void main() {
    ivec2 size = textureSize(image, 0);
    int across = int(isf_FragNormCoord.x * float(size.x));
    float y = isf_FragNormCoord.y * float(size.y) - 0.5;
    float f = y - floor(y);
    int row = int(floor(y));
    float f2 = f * f;
    float f3 = f2 * f;
    vec4 w = vec4(1.0 - 3.0 * (f - f2) - f3, 4.0 - 6.0 * f2 + 3.0 * f3, 0.0, f3) / 6.0;
    w.z = 1.0 - w.x - w.y - w.w;
    vec4 c = w.x * texelFetch(image, ivec2(across, max(row - 1, 0)), 0)
           + w.y * texelFetch(image, ivec2(across, max(row, 0)), 0)
           + w.z * texelFetch(image, ivec2(across, min(row + 1, size.y - 1)), 0)
           + w.w * texelFetch(image, ivec2(across, min(row + 2, size.y - 1)), 0);"""
    + _STRAIGHT
)
REDUCE = (
    _LAST
    + """
uniform sampler2D image;
void main() {
    vec4 c = texture(image, isf_FragNormCoord);"""
    + _STRAIGHT
)

# One picture faded over another, premultiplied: what is transparent brings no colour along.
MIX = (
    _LAST
    + """
uniform sampler2D image;
uniform sampler2D under;
uniform float host_mix;
uniform vec2 size_px;
vec4 at(sampler2D s) {
    vec2 p = isf_FragNormCoord * size_px;
    if (textureSize(s, 0) != ivec2(size_px)) return texture(s, isf_FragNormCoord);
    return texelFetch(s, ivec2(p), 0);
}
void main() {
    vec4 over = at(image), below = at(under);
    float share = mix(below.a, over.a, host_mix) > 0.0
        ? host_mix * over.a / mix(below.a, over.a, host_mix) : host_mix;
    host_Color = host_end(vec4(mix(below.rgb, over.rgb, share), mix(below.a, over.a, host_mix)));
}
"""
)

# A picture as it is, pixel by pixel; and rescaled.
SAME = (
    _LAST
    + """
uniform sampler2D image;
void main() {
    ivec2 p = ivec2(isf_FragNormCoord * vec2(textureSize(image, 0)));
    host_Color = host_end(texelFetch(image, p, 0));
}
"""
)
COPY = (
    _LAST
    + """
uniform sampler2D image;
void main() { host_Color = host_end(texture(image, isf_FragNormCoord)); }
"""
)

# A layer onto the canvas: one pixel larger all round, so that its edge can be antialiased.
PLACE_VERTEX = """#version 330
uniform vec4 area;
uniform vec2 size_px;
out vec2 isf_FragNormCoord;
void main() {
    vec2 corner = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
    isf_FragNormCoord = mix(-1.0 / size_px, 1.0 + 1.0 / size_px, corner);
    gl_Position = vec4(area.xy + (isf_FragNormCoord * 2.0 - 1.0) * area.zw, 0.0, 1.0);
}
"""
PLACE = (
    _LAST
    + """
uniform sampler2D image;
uniform vec2 size_px;
void main() {
    vec2 inside = (0.5 - abs(isf_FragNormCoord - 0.5)) * size_px;
    float cover = clamp(min(inside.x, inside.y) + 0.5, 0.0, 1.0);
    host_Color = host_end(texture(image, isf_FragNormCoord)) * cover;
}
"""
)

# The finished picture for shaders that read it back: display-referred, not dithered.
KEEP = (
    HEAD
    + SRGB
    + """
uniform sampler2D image;
void main() {
    vec4 c = texelFetch(image, ivec2(gl_FragCoord.xy), 0);
    host_Color = vec4(encode(clamp(c.rgb, 0.0, 1.0)), 1.0);
}
"""
)

# The canvas of a group as shaders see it: display-referred, straight alpha; or laid on another one.
SHOW = (
    HEAD
    + SRGB
    + f"""
uniform sampler2D image;
uniform float host_opacity;
uniform float host_most;
vec4 shown(vec3 light, float a) {{
    {STRAIGHT_IF}return vec4(encode(light), a);
    return vec4(light, 1.0) * a * host_opacity;
}}
void main() {{
    vec4 c = texelFetch(image, ivec2(isf_FragNormCoord * vec2(textureSize(image, 0))), 0);
    float a = clamp(c.a, 0.0, 1.0);
    host_Color = shown(clamp(c.rgb / max(a, 1e-4), 0.0, 1.0), a);
}}
"""
)
