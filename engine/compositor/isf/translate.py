"""Translation of ISF's dialect of GLSL to GLSL 3.30 core, keeping the author's line numbers.

The author's text is left as it is: what ISF adds comes as functions in a prelude, and `main` is
called by ours, which cleans the result. Our own lines are numbered from `OUR_LINES` on.
"""

from __future__ import annotations

import re
import sys

from engine.compositor.gl.program import OUR_LINES
from engine.core.isf.header import Header

_GLSL_TYPES = {
    "event": "bool", "bool": "bool", "long": "int", "float": "float", "point2D": "vec2",
    "color": "vec4", "image": "sampler2D", "audio": "sampler2D", "audioFFT": "sampler2D",
}  # fmt: skip
# Functions and not macros: they take sampler parameters, a third argument and integer vectors.
_PRELUDE = (
    f"\n#line {OUR_LINES}"
    + """
#define gl_FragColor isf_FragColor
#define gl_FragCoord isf_FragCoord
#define vv_FragNormCoord isf_FragNormCoord
#define varying in
#define texture2D texture
#define texture2DRect texture
#define textureCube texture
#define texture2DLod textureLod
#define texture2DLodEXT textureLod
#define texture2DProj textureProj
in vec2 isf_FragNormCoord;
out vec4 host_Color;
vec4 isf_FragColor;
vec4 isf_FragCoord;
uniform int FRAMEINDEX;
uniform vec2 RENDERSIZE;
uniform float TIME;
uniform float TIMEDELTA;
uniform vec4 DATE;
vec4 IMG_NORM_PIXEL(sampler2D s, vec2 p) { return texture(s, p); }
vec4 IMG_NORM_PIXEL(sampler2D s, vec2 p, float bias) { return texture(s, p, bias); }
vec2 IMG_SIZE(sampler2D s) { return vec2(textureSize(s, 0)); }
vec4 IMG_PIXEL(sampler2D s, vec2 p) { return texture(s, p / vec2(textureSize(s, 0))); }
vec4 IMG_PIXEL(sampler2D s, vec2 p, float b) { return texture(s, p / vec2(textureSize(s, 0)), b); }
vec4 IMG_THIS_PIXEL(sampler2D s) { return texture(s, isf_FragNormCoord); }
vec4 IMG_THIS_NORM_PIXEL(sampler2D s) { return texture(s, isf_FragNormCoord); }
"""
)
# NaN and infinity end here: one of them in a history would never leave it again.
_EPILOGUE = """
#undef main
#line %(line)d
void main() {
    isf_FragCoord = vec4(isf_FragNormCoord * RENDERSIZE, 0.0, 1.0);
    isf_FragColor = vec4(0.0);
    isf_main();
    vec4 host_c = isf_FragColor;
    %(scrub)s
    host_Color = host_c;
}
"""
_SCRUB = "host_c = mix(host_c, vec4(0.0), bvec4(uvec4(isnan(host_c)) | uvec4(isinf(host_c))));"

_DECLARED_AGAIN = re.compile(
    r"^[ \t]*(?:uniform|varying|in)\s+\w+\s+(?:RENDERSIZE|TIME|TIMEDELTA|DATE|PASSINDEX|FRAMEINDEX"
    r"|isf_FragNormCoord|vv_FragNormCoord|isf_FragCoord)\s*;",
    re.MULTILINE,
)
_RESERVED = (
    "smooth|sample|buffer|filter|active|common|input|output|half|fixed|partition|superp|noise|patch"
    "|coherent|shared|resource|subroutine|precise|cast|template|this|packed|using|sizeof|union"
)
_RESERVED_NAME = re.compile(rf"\b({_RESERVED})\b(?!\s+(?:in|out)\b)")


def translate(header: Header, rung: int = 0, is_raw: bool = False, index: int | None = None) -> str:
    """Fragment shader for a header and its body.

    Parameters
    ----------
    rung
        How far to go for a stubborn file: 0 as it is; 1 with names that are reserved words
        renamed; 2 as 1 and in GLSL 4.50.
    is_raw
        Leave NaN and infinity in the result (to find out whether there are any).
    index
        The one pass that this text is for, or None for all.
    """
    body = _clean(header.body)
    if rung:
        body = _RESERVED_NAME.sub(r"\1_", body)
    extensions = re.findall(r"^[ \t]*#extension.*$", body, re.MULTILINE)
    body = re.sub(r"^[ \t]*#(?:extension|version).*$", "", body, flags=re.MULTILINE)
    end = _EPILOGUE % {"line": OUR_LINES, "scrub": "" if is_raw else _SCRUB}
    return "\n".join(
        (
            _version(rung),
            *extensions,
            _PRELUDE,
            "uniform int PASSINDEX;" if index is None else f"const int PASSINDEX = {index};",
            *_declarations(header, rung),
            "#define main isf_main",
            f"#line {header.body_line}",
            body + end,
        )
    )


def uniform_name(name: str, rung: int) -> str:
    """What an input is called in the translated text."""
    return _RESERVED_NAME.sub(r"\1_", name) if rung else name


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


def _clean(body: str) -> str:
    """Drop declarations that the prelude makes; escape `#include`, which moderngl would expand."""
    body = _DECLARED_AGAIN.sub("", body)
    return re.sub(r"^[ \t]*#include\b", "#error include is not part of ISF:", body, flags=re.M)


def _declarations(header: Header, rung: int) -> list[str]:
    lines = []
    for item in header.inputs:
        name = uniform_name(item.name, rung)
        lines.append(f"uniform {_GLSL_TYPES[item.type]} {name};")
        if _GLSL_TYPES[item.type] == "sampler2D":
            lines += _image_names(name)
    targets = dict.fromkeys(item.target for item in header.passes if item.target)
    for own in (*targets, *(name for name, _ in header.imported)):
        name = uniform_name(own, rung)
        lines += [f"uniform sampler2D {name};", *_image_names(name)]
    return lines


def _image_names(name: str) -> list[str]:
    return [
        f"#define _{name}_imgRect vec4(0.0, 0.0, 1.0, 1.0)",
        f"#define _{name}_imgSize vec2(textureSize({name}, 0))",
        f"#define _{name}_flip false",
    ]
