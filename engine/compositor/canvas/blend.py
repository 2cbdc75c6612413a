"""Ways of blending that need to see what is below: all that are no sums and products of light.

Sources: W3C, Compositing and Blending Level 1 (2024), sections 9 (simple alpha compositing), 10.1
(separable: overlay, dodge, burn, hard and soft light, difference, exclusion) and 10.2 (hue,
saturation, colour, luminosity). What W3C has no word for is as in picture programs (Adobe, PDF
Reference and "Photoshop blend modes"): subtract max(0, b - s), divide b / s, linear light
b + 2 s - 1, vivid light burn by 2 s or dodge by 2 s - 1, pin light the darker of b and 2 s or the
lighter of b and 2 s - 1.
"""

from __future__ import annotations

from typing import Any

import moderngl

from engine.compositor.gl.program import Program
from engine.compositor.gl.shaders import HEAD, SRGB
from engine.compositor.gl.surface import Surface
from engine.compositor.isf.passes import Kit
from engine.core.show.layer import BLENDS

FIXED = {
    "normal": (moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA),
    "add": (moderngl.ONE, moderngl.ONE),
    "screen": (moderngl.ONE, moderngl.ONE_MINUS_SRC_COLOR),
    "multiply": (moderngl.DST_COLOR, moderngl.ONE_MINUS_SRC_ALPHA),
}
"""What the graphics card blends by itself, in linear light."""
OVER_SOMETHING = ("multiply", "alpha_mask", "luma_mask", "displace")
"""Ways of blending that show nothing over nothing; there the others are copies."""
_NUMBER = {name: number for number, name in enumerate(BLENDS)}

_FORMULAS = """
float dodge(float b, float s) { return b <= 0.0 ? 0.0 : b >= 1.0 - s ? 1.0 : b / (1.0 - s); }
float burn(float b, float s) { return b >= 1.0 ? 1.0 : 1.0 - b >= s ? 0.0 : 1.0 - (1.0 - b) / s; }
float hard(float b, float s) { return s <= 0.5 ? 2.0 * b * s : 1.0 - 2.0 * (1.0 - b) * (1.0 - s); }
float soft(float b, float s) {
    float d = b <= 0.25 ? ((16.0 * b - 12.0) * b + 4.0) * b : sqrt(b);
    return s <= 0.5 ? b - (1.0 - 2.0 * s) * b * (1.0 - b) : b + (2.0 * s - 1.0) * (d - b);
}
float vivid(float b, float s) { return s <= 0.5 ? burn(b, 2.0 * s) : dodge(b, 2.0 * s - 1.0); }
float pin(float b, float s) { return s <= 0.5 ? min(b, 2.0 * s) : max(b, 2.0 * s - 1.0); }
float divide(float b, float s) { return b <= 0.0 ? 0.0 : b >= s ? 1.0 : b / s; }
float lum(vec3 c) { return dot(c, vec3(0.3, 0.59, 0.11)); }
float sat(vec3 c) { return max(c.r, max(c.g, c.b)) - min(c.r, min(c.g, c.b)); }
vec3 with_lum(vec3 c, float l) {
    c += l - lum(c);
    float low = min(c.r, min(c.g, c.b)), high = max(c.r, max(c.g, c.b));
    if (low < 0.0) c = l + (c - l) * l / (l - low);
    if (high > 1.0) c = l + (c - l) * (1.0 - l) / (high - l);
    return c;
}
vec3 with_sat(vec3 c, float s) {
    float low = min(c.r, min(c.g, c.b)), range = sat(c);
    return range > 0.0 ? (c - low) * s / range : vec3(0.0);
}
#define EACH(f) vec3(f(b.r, s.r), f(b.g, s.g), f(b.b, s.b))
#define EACH_TURNED(f) vec3(f(s.r, b.r), f(s.g, b.g), f(s.b, b.b))
vec3 blend(vec3 b, vec3 s) {
    switch (mode) {
        case SCREEN: return b + s - b * s;
        case SUBTRACT: return max(b - s, 0.0);
        case OVERLAY: return EACH_TURNED(hard);
        case SOFT_LIGHT: return EACH(soft);
        case HARD_LIGHT: return EACH(hard);
        case DODGE: return EACH(dodge);
        case BURN: return EACH(burn);
        case DIFFERENCE: return abs(b - s);
        case EXCLUSION: return b + s - 2.0 * b * s;
        case LIGHTEN: return max(b, s);
        case DARKEN: return min(b, s);
        case LINEAR_LIGHT: return clamp(b + 2.0 * s - 1.0, 0.0, 1.0);
        case VIVID_LIGHT: return EACH(vivid);
        case PIN_LIGHT: return EACH(pin);
        case DIVIDE: return EACH(divide);
        case HUE: return with_lum(with_sat(s, sat(b)), lum(b));
        case SATURATION: return with_lum(with_sat(b, sat(s)), lum(b));
        case COLOUR: return with_lum(s, lum(b));
        case LUMINOSITY: return with_lum(b, lum(s));
    }
    return s;
}
"""

# Both are read as light, premultiplied, but for a layer as it comes: display-referred, straight.
_BLEND = (
    HEAD
    + SRGB
    + "".join(f"#define {name.upper()} {number}\n" for name, number in _NUMBER.items())
    + """
#define REACH 0.2  // of the canvas, from the darkest to the brightest
uniform sampler2D below;
uniform sampler2D image;
const int mode = MODE;
const bool is_straight = STRAIGHT;
const bool is_display = DISPLAY;
uniform float opacity;
// Exact, unlike elsewhere: differences of near values make errors large. Beyond white the curve
// goes on as a line, so that what is brighter comes back as it was.
vec3 to_display(vec3 c) {
    vec3 low = clamp(c, 0.0, 1.0), high = 1.055 * pow(low, vec3(1.0 / 2.4)) - 0.055;
    vec3 beyond = 0.4395833 * max(c - 1.0, 0.0);
    return mix(low * 12.92, high, greaterThan(low, vec3(0.0031308))) + beyond;
}
vec3 to_light(vec3 c) {
    vec3 low = clamp(c, 0.0, 1.0), high = pow((low + 0.055) / 1.055, vec3(2.4));
    vec3 beyond = 2.274882 * max(c - 1.0, 0.0);
    return mix(low / 12.92, high, greaterThan(low, vec3(0.04045))) + beyond;
}
"""
    + _FORMULAS
    + """
vec4 layer() {
    vec4 c = scrub(texelFetch(image, ivec2(gl_FragCoord.xy), 0));
    c = vec4(max(c.rgb, 0.0), clamp(c.a, 0.0, 1.0));
    if (!is_straight) c.rgb /= max(c.a, 1e-5);
    if (is_straight != is_display) c.rgb = is_straight ? to_light(c.rgb) : to_display(c.rgb);
    return c;
}
void main() {
    vec4 s = layer();
    vec4 under = texelFetch(below, ivec2(gl_FragCoord.xy), 0);
    if (mode == ALPHA_MASK || mode == LUMA_MASK) {
        float light = mode == ALPHA_MASK ? 1.0 : dot(min(s.rgb, 1.0), vec3(0.2126, 0.7152, 0.0722));
        host_Color = under * mix(1.0, s.a * light, opacity);
        return;
    }
    s.a *= opacity;
    if (s.a <= 0.0) {
        host_Color = under;
        return;
    }
    if (mode == DISPLACE) {
        vec2 way = (is_display ? s.rg : to_display(s.rg.xyy).rg) - 0.5;
        vec2 place = gl_FragCoord.xy / vec2(textureSize(below, 0));
        host_Color = texture(below, place - REACH * s.a * clamp(way, -0.5, 0.5));
        return;
    }
    float a = min(under.a, 1.0);
    vec3 b = under.rgb / max(a, 1e-5);
    if (is_display) b = to_display(b);
    float whole = s.a + a - s.a * a;
    vec3 sum;
    if (mode == MULTIPLY) {
        whole = a;
        sum = a * b * (s.a * min(s.rgb, 1.0) + 1.0 - s.a);
    } else if (mode == ADD) {
        whole = min(s.a + a, 1.0);
        sum = s.a * s.rgb + a * b;
    } else {
        vec3 mixed = mode == NORMAL ? s.rgb : blend(clamp(b, 0.0, 1.0), min(s.rgb, 1.0));
        sum = (1.0 - a) * s.a * s.rgb + (1.0 - s.a) * a * b + s.a * a * mixed;
    }
    if (is_display) sum = whole * to_light(sum / max(whole, 1e-5));
    host_Color = vec4(sum, whole);
}
"""
)


class Blender:
    """Owns the programs, one for each way: without a GPU every branch of a program is paid for."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._programs: dict[tuple[str, bool, bool], Program] = {}

    def draw(
        self, canvas: Surface, image: Surface, how: tuple[str, bool, float], is_straight: bool
    ) -> Surface:
        """Blend an image over the whole of a canvas; give the canvas back, return the new one.

        Parameters
        ----------
        canvas
            Linear light, premultiplied.
        image
            Of the canvas's size: display-referred with straight alpha, or as the canvas is.
        how
            One of `BLENDS`, whether in display-referred values, and the opacity.
        is_straight
            Which of both the image is.
        """
        mode, is_display, opacity = how
        program = self._made(mode, is_display, is_straight)
        target = self._kit.pool.take(canvas.size_px)
        program.bind("below", canvas.texture)
        program.bind("image", image.texture)
        program.send("opacity", opacity)
        program.draw(target.fbo)
        self._kit.pool.give(canvas)
        return target

    def release(self) -> None:
        """Give the GL objects back."""
        for program in self._programs.values():
            program.release()

    def _made(self, *way: Any) -> Program:
        program = self._programs.get(way)
        if program is None:
            names = zip(("MODE", "DISPLAY", "STRAIGHT"), (_NUMBER[way[0]], *way[1:]), strict=True)
            head = "".join(f"#define {name} {str(value).lower()}\n" for name, value in names)
            text = _BLEND.replace("\n", f"\n{head}", 1)  # after #version
            program = self._programs[way] = Program(self._kit.ctx, text)
        return program
