"""MadMapper's dialect: shaders for the surface on which a picture lies; here it fills the picture.

What its host hands over becomes a macro with the value for a plain, textured surface; its times
run on with `TIME`. The functions of its include files that surfaces use are written anew here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from engine.core.isf.lenient_json import Json

_KNOWN = re.compile(r"\b(?:MM_SHADER_\w+|mm_SurfaceCoord|in_TexCoord0|materialColorForPixel)\b")
_CORNER = "vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1))"
_ONE = ("opacity", "mmLineWidth", "mmLineLength", "mmStartStroke", "mmEndStroke")
_GIVEN = {
    "mm_SurfaceCoord": "isf_FragNormCoord", "in_TexCoord0": _CORNER, "in_TexCoord1": _CORNER,
    "in_Vertex": f"{_CORNER} * 2.0 - 1.0", "in_Normal": "vec3(0.0, 0.0, 1.0)",
    "modulationColor": "vec4(1.0)", "textureColor": "vec4(1.0)", "ignoreAlpha": "0.0",
    "textureMatrix": "mat4(1.0)", "modelViewMatrix": "mat4(1.0)", "normalMatrix": "mat3(1.0)",
    "modelViewProjectionMatrix": "mat4(1.0)", "texturedEnabled": "true", "mmTexturedLine": "true",
    **dict.fromkeys(_ONE, "1.0"),
}  # fmt: skip
_REST = {"vec3": ", 0.0", "vec4": ", 0.0, 1.0"}
_DECLARED = re.compile(rf"\b(?:in|out|uniform)\s+(\w+)\s+({'|'.join(_GIVEN)})\s*;")
_INCLUDE = re.compile(r'^[ \t]*#include\s*"(MadCommon|MadNoise)\.glsl".*$', re.MULTILINE)
_MACROS = """#define MM_SHADER_THIS_NORM_PIXEL() IMG_THIS_NORM_PIXEL(inputImage)
#define MM_SHADER_NORM_PIXEL(p) IMG_NORM_PIXEL(inputImage, p)"""
_MAIN = " void main() { gl_FragColor = materialColorForPixel(isf_FragNormCoord); }"
_LIBRARY = {
    "MadCommon": """#define PI 3.14159265358979
#define saturate(x) clamp(x, 0.0, 1.0)
#define lerp(x, y, t) mix(x, y, t)
float luma(vec3 c) { return dot(c, vec3(0.2126, 0.7152, 0.0722)); }
float luminance(vec3 c) { return dot(c, vec3(0.299, 0.587, 0.114)); }
vec3 rgb2hsv(vec3 c) {
    float most = max(c.r, max(c.g, c.b)), span = most - min(c.r, min(c.g, c.b));
    float hue = span <= 0.0 ? 0.0 : most == c.r ? mod((c.g - c.b) / span, 6.0)
        : most == c.g ? (c.b - c.r) / span + 2.0 : (c.r - c.g) / span + 4.0;
    return vec3(hue / 6.0, most > 0.0 ? span / most : 0.0, most);
}
float rgb2hue(vec3 c) { return rgb2hsv(c).x; }
vec3 hsv2rgb(vec3 c) {
    vec3 p = abs(mod(c.x * 6.0 + vec3(0.0, 4.0, 2.0), 6.0) - 3.0) - 1.0;
    return c.z * mix(vec3(1.0), clamp(p, 0.0, 1.0), c.y);
}
vec3 applyContrastSaturationBrightness(vec3 c, float contrast, float saturation, float light) {
    c = mix(vec3(luma(c * light)), c * light, saturation);
    return mix(vec3(0.5), c, contrast);
}""",
    "MadNoise": """float vnoise(vec3 p) {
    vec3 i = floor(p), f = fract(p);
    f = f * f * (3.0 - 2.0 * f);
    vec4 n = i.x + i.y * 57.0 + i.z * 113.0 + vec4(0.0, 57.0, 113.0, 170.0);
    vec4 c = mix(fract(sin(n) * 43758.5453), fract(sin(n + 1.0) * 43758.5453), f.x);
    return mix(mix(c.x, c.y, f.y), mix(c.z, c.w, f.y), f.z);
}
float vnoise(vec2 p) { return vnoise(vec3(p, 0.0)); }
float noise(vec3 p) { return 2.0 * vnoise(p) - 1.0; }
float noise(vec2 p) { return noise(vec3(p, 0.0)); }
float fBm(vec3 p, int octaves, float lacunarity, float gain) {
    float sum = 0.0, part = 0.5;
    for (int i = 0; i < octaves; i++, p *= lacunarity, part *= gain) sum += part * noise(p);
    return sum;
}
float fBm(vec2 p, int n, float lacunarity, float gain) {
    return fBm(vec3(p, 0.0), n, lacunarity, gain);
}
float fBm(vec3 p) { return fBm(p, 4, 2.0, 0.5); }
float fBm(vec2 p) { return fBm(vec3(p, 0.0)); }""",
}


def on_surface(body: str, vertex: str, table: Mapping[str, Json]) -> tuple[str, str, str]:
    """Body, vertex shader and prelude of a shader; as they are if it is none of MadMapper's."""
    if not _KNOWN.search(body + vertex):
        return body, vertex, ""
    text = f"{body}\n{vertex}"
    given = {
        name: f"{kind}({_GIVEN[name]}{_REST.get(kind, '')})"
        if name == "in_Vertex"
        else _GIVEN[name]
        for kind, name in _DECLARED.findall(text)
    }
    prelude = (
        _MACROS,
        *(f"#define {name} {value}" for name, value in given.items()),
        *_times(table),
        *(_LIBRARY[name] for name in dict.fromkeys(_INCLUDE.findall(text))),
    )
    body, vertex = (_INCLUDE.sub("", _DECLARED.sub("", each)) for each in (body, vertex))
    is_material = "materialColorForPixel" in body and not re.search(r"\bvoid\s+main\b", body)
    return body.rstrip() + _MAIN * is_material, vertex, "\n".join(prelude)


def _times(table: Mapping[str, Json]) -> Iterator[str]:
    listed = table.get("GENERATORS")
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and each.get("TYPE") == "time_base":
            given = each.get("PARAMS")
            speed = given.get("speed", 1.0) if isinstance(given, dict) else 1.0
            if re.fullmatch(r"\w+", str(each.get("NAME"))) and re.fullmatch(r"[\w.]+", str(speed)):
                yield f"#define {each['NAME']} (TIME * float({speed}))"
