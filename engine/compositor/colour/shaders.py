"""GLSL of finishing: grade, tone maps, looks, dither.

Every choice has a program of its own: without a GPU both sides of an `if` are worked out.

Sources: extended Reinhard (Reinhard et al., "Photographic tone reproduction for digital images",
2002, equation 4); Narkowicz, "ACES filmic tone mapping curve", 2016 (CC0); tetrahedral
interpolation (Kasson et al., "Performing color space conversions with three-dimensional linear
interpolation", 1995); interleaved gradient noise (Jimenez, "Next generation post processing in
Call of Duty: Advanced Warfare", 2014). The curve called ``agx`` is our own, after the idea of
Sobotka's AgX: log light of primaries drawn together, through a sigmoid.
"""

from __future__ import annotations

from typing import NamedTuple

from engine.compositor.colour.flash_shaders import MEASURE
from engine.compositor.gl.shaders import HEAD, SRGB

REINHARD_WHITE = 4.0
GREY = 0.18
AGX_INSET = 0.2
AGX_STOPS = -10.0, 6.5
AGX_SLOPE = 2.4

# What is there before it is graded, in linear light, the top row first: a pixel, and the mean of
# the four around a place.
_READ = """
vec3 light(ivec2 p) {
    return linear(texelFetch(image, ivec2(p.x, textureSize(image, 0).y - 1 - p.y), 0));
}
vec3 light_around(vec2 place) {
    vec2 size = vec2(textureSize(image, 0));
    vec2 p = floor(place * size + 0.5) / size;
    return linear(texture(image, vec2(p.x, 1.0 - p.y)));
}
"""
CANVAS = (
    """
uniform sampler2D image;
vec3 linear(vec4 c) { return c.rgb; }
"""
    + _READ
)
LAYER = (
    """
uniform sampler2D image;
vec3 linear(vec4 c) {
    c = scrub(c);
    return decode(max(c.rgb, 0.0)) * clamp(c.a, 0.0, 1.0);
}
"""
    + _READ
)
PLAIN = """
uniform float master;
vec3 grade(vec3 c) { return clamp(c * master, 0.0, 1.0); }
"""

_TONE = f"""
const float GREY = {GREY};
const float INSET = {AGX_INSET};
vec3 reinhard(vec3 c) {{ return c * (1.0 + c / {REINHARD_WHITE**2}) / (1.0 + c); }}
vec3 aces(vec3 c) {{ return (c * (2.51 * c + 0.03)) / (c * (2.43 * c + 0.59) + 0.14); }}
vec3 draw_together(vec3 c, float amount) {{
    return mix(c, vec3((c.r + c.g + c.b) / 3.0), amount);
}}
vec3 agx(vec3 c) {{
    const float span = {AGX_STOPS[1] - AGX_STOPS[0]};
    const float pivot = {-AGX_STOPS[0]} / span;
    c = draw_together(c, INSET);
    vec3 t = log2(max(c, 1e-9) / GREY) / span;
    t = clamp(t, -pivot, 1.0 - pivot) * {AGX_SLOPE};
    float middle = encode(vec3(GREY)).r;
    vec3 limit = mix(vec3(middle), vec3(1.0 - middle), greaterThan(t, vec3(0.0)));
    vec3 most = mix(vec3(pivot), vec3(1.0 - pivot), greaterThan(t, vec3(0.0))) * {AGX_SLOPE};
    vec3 scale = most * inversesqrt(most * most / (limit * limit) - 1.0);
    vec3 v = middle + t * inversesqrt(1.0 + t * t / (scale * scale));
    return draw_together(decode(clamp(v, 0.0, 1.0)), -INSET / (1.0 - INSET));
}}
"""

_LOOK = """
uniform sampler2D curves;
uniform sampler2D cube;
uniform int curves_size;
uniform int cube_size;
uniform vec3 curves_low;
uniform vec3 curves_scale;
uniform vec3 cube_low;
uniform vec3 cube_scale;
float entry(int i, int channel) {
    return texelFetch(curves, ivec2(i % 1024, i / 1024), 0)[channel];
}
vec3 bend(vec3 c) {
    vec3 x = clamp((c - curves_low) * curves_scale, 0.0, 1.0) * float(curves_size - 1);
    ivec3 i = min(ivec3(x), curves_size - 2);
    vec3 low = vec3(entry(i.r, 0), entry(i.g, 1), entry(i.b, 2));
    vec3 high = vec3(entry(i.r + 1, 0), entry(i.g + 1, 1), entry(i.b + 1, 2));
    return mix(low, high, x - vec3(i));
}
vec3 corner(ivec3 p) { return texelFetch(cube, ivec2(p.r + cube_size * p.g, p.b), 0).rgb; }
vec3 look_up(vec3 c) {
    vec3 x = clamp((c - cube_low) * cube_scale, 0.0, 1.0) * float(cube_size - 1);
    ivec3 i = min(ivec3(x), cube_size - 2);
    vec3 f = x - vec3(i);
    // from the lowest corner to the highest, along the largest part first
    float most = max(f.r, max(f.g, f.b));
    float least = min(f.r, min(f.g, f.b));
    float middle = f.r + f.g + f.b - most - least;
    ivec3 first = f.r >= f.g && f.r >= f.b ? ivec3(1, 0, 0)
                : f.g >= f.b ? ivec3(0, 1, 0) : ivec3(0, 0, 1);
    ivec3 last = f.b < f.r && f.b < f.g ? ivec3(0, 0, 1)
               : f.g < f.r ? ivec3(0, 1, 0) : ivec3(1, 0, 0);
    return corner(i) * (1.0 - most) + corner(i + first) * (most - middle)
         + corner(i + 1 - last) * (middle - least) + corner(i + 1) * least;
}
"""

_GRADE = """
uniform float master;
uniform float opacity;
uniform mat3 balance;
uniform float contrast;
uniform float saturation;
uniform float lut_mix;
vec3 grade(vec3 c) {
    c = mix(c, vec3(0.0), bvec3(uvec3(isnan(c)) | uvec3(isinf(c))));
    c = max(balance * (c * opacity), 0.0);
#ifdef CONTRAST
    c = GREY * exp2(contrast * log2(max(c, 1e-9) / GREY));
#endif
    c = max(mix(vec3(dot(c, vec3(0.2126, 0.7152, 0.0722))), c, saturation), 0.0);
    c = clamp(TONE_MAP(c), 0.0, 1.0);
#if defined(CURVES) || defined(CUBE)
    vec3 v = encode(c);
    vec3 looked = v;
#ifdef CURVES
    looked = bend(looked);
#endif
#ifdef CUBE
    looked = look_up(looked);
#endif
    c = decode(clamp(mix(v, looked, lut_mix), 0.0, 1.0));
#endif
    return clamp(c * master, 0.0, 1.0);
}
"""

# Exact black and white are not dithered, and less than a third of a step stays black.
_DITHER = """
uniform float levels;
uniform float phase;
uniform sampler2D blue_noise;
uniform ivec2 shift;
vec4 dither(vec3 v) {
#ifdef BLUE
    ivec2 place = (ivec2(gl_FragCoord.xy) + shift) & (textureSize(blue_noise, 0) - 1);
    float noise = texelFetch(blue_noise, place, 0).r - 0.5;
#else
    vec2 q = gl_FragCoord.xy + phase;
    float noise = fract(52.9829189 * fract(dot(q, vec2(0.06711056, 0.00583715)))) - 0.5;
#endif
    vec3 room = clamp(min(v, 1.0 - v) * levels, 0.0, 1.0);
#ifdef STEPPED
    return vec4(floor(v * levels + noise * room + 0.5) / levels, 1.0);
#else
    return vec4(v + noise * room / levels, 1.0);
#endif
}
"""


_MAIN = (
    "void main() { host_Color = dither(encode(grade(light(ivec2(gl_FragCoord.xy))))); }\n",
    """
uniform sampler2D shown;
uniform sampler2D before;
void main() {
    ivec2 p = ivec2(gl_FragCoord.xy);
    float gain = texture(shown, gl_FragCoord.xy / vec2(textureSize(before, 0))).a;
    vec3 c = mix(decode(texelFetch(before, p, 0).rgb), grade(light(p)), gain);
    host_Color = dither(encode(c));
}
""",
)


class Finishing(NamedTuple):
    """What a program that finishes has to do: nothing is computed that is not asked for."""

    part: str  # ``whole``; with the flash limiter ``measure``, then ``free`` and ``limited``
    is_layer: bool  # instead of the canvas
    is_graded: bool
    is_blue: bool
    is_stepped: bool
    has_contrast: bool = False
    tone_map: int = 0
    has_curves: bool = False
    has_cube: bool = False

    def text(self) -> str:
        """Text of the fragment shader."""
        names = {
            "BLUE": self.is_blue, "STEPPED": self.is_stepped, "CONTRAST": self.has_contrast,
            "CURVES": self.has_curves, "CUBE": self.has_cube,
        }  # fmt: skip
        version, rest = HEAD.split("\n", 1)
        defines = "".join(f"#define {name}\n" for name, is_asked in names.items() if is_asked)
        tone_map = ("", "reinhard", "aces", "agx")[self.tone_map]
        return (
            f"{version}\n{defines}#define TONE_MAP {tone_map}\n{rest}{SRGB}"
            + (LAYER if self.is_layer else CANVAS)
            + (_TONE + _LOOK + _GRADE if self.is_graded else PLAIN)
            + (MEASURE if self.part == "measure" else _DITHER + _MAIN[self.part == "limited"])
        )
