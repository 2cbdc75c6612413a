"""Translation of ISF's dialect of GLSL to GLSL 3.30 core, keeping the author's line numbers.

The author's text is left as it is: what ISF adds comes as functions in a prelude, and `main` is
called by ours, which cleans the result. Our own lines are numbered from `OUR_LINES` on.
"""

from __future__ import annotations

import re
import sys

from engine.compositor.gl.program import OUR_LINES, VERTEX
from engine.compositor.gl.shaders import ENDING
from engine.compositor.isf.mend import mended, uniform_name
from engine.compositor.isf.tidy import tidied, with_new_meanings, with_own_output
from engine.core.isf.header import Header
from engine.core.isf.source import SURFACE, unfed
from engine.core.isf.turns import PREFIX, shifted, turning

_GLSL_TYPES = {
    "event": "bool", "bool": "bool", "long": "int", "float": "float", "point2D": "vec2",
    "color": "vec4", "image": "sampler2D", "audio": "sampler2D", "audioFFT": "sampler2D",
    "cube": "samplerCube",
}  # fmt: skip
_LINE = f"\n#line {OUR_LINES}"
# Ours stand above the author's names, which may be those of functions that they call.
_FRAGMENT = (
    """
#define gl_FragColor isf_FragColor
#define varying in
in vec2 isf_FragNormCoord;
out vec4 host_Color;
vec4 isf_FragColor = vec4(0.0);
vec4 IMG_NORM_PIXEL(sampler2D s, vec2 p, float bias) { return texture(s, p, bias); }
vec4 IMG_PIXEL(sampler2D s, vec2 p, float b) { return texture(s, p / vec2(textureSize(s, 0)), b); }
vec4 host_clean(vec4 host_x) {
    return mix(host_x, vec4(0.0), bvec4(uvec4(isnan(host_x)) | uvec4(isinf(host_x))));
}
"""
    + ENDING
)
# Functions and not macros: they take sampler parameters, a third argument and integer vectors.
_SHARED = """
#define vv_FragNormCoord isf_FragNormCoord
#define IMG_NORM_THIS_PIXEL IMG_THIS_NORM_PIXEL
#define texture2D texture
#define texture2DRect IMG_PIXEL
#define sampler2DRect sampler2D
#define textureCube texture
#define texelFetch2D texelFetch
#define textureSize2D textureSize
#define texture2DLod textureLod
#define texture2DLodEXT textureLod
#define texture2DProj textureProj
#define texture2DGradEXT textureGrad
#define texture2DGradARB textureGrad
#define textureCubeLod textureLod
#define textureCubeLodEXT textureLod
uniform int FRAMEINDEX;
uniform vec2 RENDERSIZE;
uniform float TIME;
uniform float TIMEDELTA;
uniform vec4 DATE;
vec4 IMG_NORM_PIXEL(sampler2D s, vec2 p) { return texture(s, p); }
vec2 IMG_SIZE(sampler2D s) { return vec2(textureSize(s, 0)); }
vec4 IMG_PIXEL(sampler2D s, vec2 p) { return texture(s, p / vec2(textureSize(s, 0))); }
vec4 IMG_NORM_PIXEL(samplerCube s, vec3 p) { return texture(s, p); }
vec2 IMG_SIZE(samplerCube s) { return vec2(textureSize(s, 0)); }
vec4 IMG_THIS_PIXEL(sampler2D s) { return texture(s, isf_FragNormCoord); }
vec4 IMG_THIS_NORM_PIXEL(sampler2D s) { return texture(s, isf_FragNormCoord); }
"""
# Variables, set before the author's own: those may begin with a value that is made of these.
_COORDINATES = """
vec4 isf_FragCoord = %s;
vec4 isf_TexCoord[1] = vec4[1](vec4(isf_FragNormCoord, 0.0, 1.0));
#define gl_FragCoord isf_FragCoord
#define gl_TexCoord isf_TexCoord
#define isf_fragCoord isf_FragCoord.xy
"""
# The corners of a quad: what an author computes at a corner must hold between corners.
_VERTEX = """
#define varying out
#define attribute in
#define vv_vertShaderInit isf_vertShaderInit
out vec2 isf_FragNormCoord;
void isf_vertShaderInit() {
    isf_FragNormCoord = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
    gl_Position = vec4(isf_FragNormCoord * 2.0 - 1.0, 0.0, 1.0);
}
"""
_VERTEX_END = """
#undef main
#line %(line)d
void main() {
    isf_vertShaderInit();
%(start)s
    isf_main();
}
"""
# NaN and infinity end here: one of them in a history would never leave it again.
_EPILOGUE = """
#undef main
#line %(line)d
void main() {
    isf_main();
    vec4 host_c = isf_FragColor;
    %(scrub)s
    host_Color = host_end(host_c);
}
"""
_SCRUB = "host_c = host_clean(host_c);"
# What is not FLOAT holds what a picture can hold: so do the buffers for which authors wrote.
_BOUND = "if (%s) host_c = mix(clamp(host_c, 0.0, 1.0), host_c, isnan(host_c));"

_SURFACE = "(isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0)"
_PLACE = "vec4(isf_FragNormCoord * RENDERSIZE, 0.0, 1.0)"
_EXTENSION = re.compile(r"^[ \t]*#[ \t]*extension[ \t]+(\w+)(?![ \t]*:[ \t]*disable)", re.MULTILINE)
_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(?:extension|version)\b.*$", re.MULTILINE)


def translate(header: Header, rung: int = 0, is_raw: bool = False, index: int | None = None) -> str:
    """Fragment shader for a header and its body.

    Parameters
    ----------
    rung
        How far to go for a stubborn file: 0 as it is; 1 mended, see
        `engine.compositor.isf.mend`; 2 as 1 and in GLSL 4.50.
    is_raw
        Leave NaN and infinity in the result (to find out whether there are any).
    index
        The one pass that this text is for, or None for all.
    """
    # Where the author moves the coordinates, the pixels stay where they are.
    place = "gl_FragCoord" if header.vertex else _PLACE
    bound = _bound(header, index)
    words = {"line": OUR_LINES, "scrub": bound if is_raw else f"{bound} {_SCRUB}"}
    text = (header.body, header.body_line, _EPILOGUE % words)
    return _translated(header, rung, index, _FRAGMENT + _SHARED + _COORDINATES % place, text)


def _bound(header: Header, index: int | None) -> str:
    bound = [bool(each.target) and not each.is_float for each in header.passes]
    if index is not None or all(bound) or not any(bound):
        return _BOUND % "true" if bound[index or 0] else ""
    return _BOUND % " || ".join(f"PASSINDEX == {i}" for i, is_bound in enumerate(bound) if is_bound)


def translate_vertex(header: Header, rung: int = 0, index: int | None = None) -> str:
    """Vertex shader of a header, see `translate`; ours where it has none."""
    missing = [(v, uniform_name(v.name, rung)) for v in unfed(header.body, 1, header.vertex)]
    outs = [f"out {v.type} {name}{f'[{v.size}]' if v.size else ''};" for v, name in missing]
    start = [
        f"    {name} = {_SURFACE if v.name == SURFACE else f'{v.type}(0)'};"
        for v, name in missing
        if not v.size
    ]
    if header.vertex:
        end = _VERTEX_END % {"line": OUR_LINES, "start": "\n".join(start)}
        prelude = _VERTEX + _SHARED + "\n".join(outs)
        return _translated(header, rung, index, prelude, (header.vertex, 1, end))
    if not missing:
        return VERTEX
    head, main, rest = VERTEX.partition("void main() {\n")
    first, corner, rest = rest.partition(";\n")
    uniform = "uniform vec2 RENDERSIZE;"
    return "\n".join(
        [head.rstrip(), uniform, *outs, main.rstrip(), first + corner.rstrip(), *start, rest]
    )


def _translated(
    header: Header, rung: int, index: int | None, prelude: str, text: tuple[str, int, str]
) -> str:
    """Put an author's text, which begins at a line, between our prelude and our end."""
    brought = [each.name for each in header.imported]
    own = [item.name for item in header.inputs] + [p.target for p in header.passes if p.target]
    rates = turning(header.inputs, header.body)
    body = tidied(shifted(text[0], rates), [*own, *brought])
    line, end = text[1], text[2]
    if rung:
        body = mended(body, own)
    # A compiler that lacks an extension warns of it, and refuses what needs it where that stands.
    extensions = [f"#extension {name} : enable" for name in _EXTENSION.findall(body)]
    body = _DIRECTIVE.sub("", body)
    macros: list[str] = []
    if prelude.startswith(_FRAGMENT):
        macros, body = with_own_output(body)
    return "\n".join(
        (
            _version(rung),
            *extensions,
            _LINE + prelude,
            "uniform int PASSINDEX;" if index is None else f"const int PASSINDEX = {index};",
            *_declarations(header, rung),
            *(f"uniform float {PREFIX}{name};" for name in rates),
            *macros,
            header.prelude,
            "#define main isf_main",
            f"#line {line}",
            with_new_meanings(body, line, prelude) + end,
        )
    )


def _version(rung: int) -> str:
    if sys.platform == "darwin":  # macOS stops at 4.10 and has neither extension
        return "#version 410"
    else:
        number = 450 if rung == 2 else 330
        return (
            f"#version {number}\n"
            "#extension GL_ARB_shading_language_420pack : enable\n"
            "#extension GL_ARB_gpu_shader5 : enable"
        )


def _declarations(header: Header, rung: int) -> list[str]:
    lines = []
    for item in header.inputs:
        name = uniform_name(item.name, rung)
        lines.append(f"uniform {_GLSL_TYPES[item.type]} {name};")
        if _GLSL_TYPES[item.type] == "sampler2D":
            lines += _image_names(name)
    targets = dict.fromkeys(item.target for item in header.passes if item.target)
    for own in (*targets, *(each.name for each in header.imported if not each.is_cube)):
        name = uniform_name(own, rung)
        lines += [f"uniform sampler2D {name};", *_image_names(name)]
    cubes = (uniform_name(each.name, rung) for each in header.imported if each.is_cube)
    return lines + [f"uniform samplerCube {name};" for name in cubes]


def _image_names(name: str) -> list[str]:
    return [
        f"#define _{name}_imgRect vec4(0.0, 0.0, 1.0, 1.0)",
        f"#define _{name}_imgSize vec2(textureSize({name}, 0))",
        f"#define _{name}_flip false",
    ]
