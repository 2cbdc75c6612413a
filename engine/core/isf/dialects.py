"""Other dialects of shaders, written out as ISF: Shadertoy's `mainImage`, glslViewer's uniforms.

A text keeps its lines and their numbers. What it calls by another name becomes a macro over what
ISF gives; uniforms of its own become inputs; the first picture that it reads is `inputImage`, so
that it is an effect.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container

from engine.core.isf.source import bare as without_comments

_OURS = 1_500_000  # line numbers beyond any file's: an error there is not the author's
_HEADER = re.compile(r"/\*[*!\s\u00a0\ufeff]*\{")
_POINT, _DOWN = "mouse_point", "mouse_down"
_MOUSE = f"({_POINT} * RENDERSIZE)"
_RATE = "(1.0 / max(TIMEDELTA, 0.001))"
_MACROS = {
    "iResolution": "vec3(RENDERSIZE, 1.0)", "iTime": "TIME", "iGlobalTime": "TIME",
    "iTimeDelta": "TIMEDELTA", "iFrame": "FRAMEINDEX", "iFrameRate": _RATE,
    "iDate": "(DATE - vec4(0.0, 1.0, 0.0, 0.0))", "iSampleRate": "44100.0",
    "iMouse": f"vec4({_MOUSE}, ({_DOWN} ? 1.0 : -1.0) * {_MOUSE})",
    "iChannelTime": "float[4](TIME, TIME, TIME, TIME)",
    "u_time": "TIME", "u_delta": "TIMEDELTA", "u_frame": "FRAMEINDEX", "u_fps": _RATE,
    "u_resolution": "RENDERSIZE", "u_date": "DATE", "u_mouse": _MOUSE,
    "v_texcoord": "isf_FragNormCoord",
}  # fmt: skip
_IMAGE = re.compile(r"\b(iChannel[0-3]|u_tex\d{1,2})\b")
_BUFFERS = re.compile(
    r"\b(?:DOUBLE_BUFFER_\d+|BUFFER_\d+|u_(?:double)?[bB]uffer\d+|POSTPROCESSING)"
)
_KNOWN = re.compile(
    rf"\b(?:void\s+mainImage\s*\(|{'|'.join(_MACROS)}|iChannelResolution)|{_IMAGE.pattern}"
)
_PRECISION = r"(?:(?:lowp|mediump|highp)\s+)?"
_UNIFORM = re.compile(rf"\buniform\s+{_PRECISION}(\w+)\s+([^;{{}}]{{1,400}});")
_NAMED = re.compile(r"(\w+)\s*(?:\[\s*\d+\s*\])?\s*(?:=\s*(\w+\s*\([^()]*\)|[^,()]*))?(?:,|$)")
_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)")
_VARYING = re.compile(rf"\b(?:varying|in)\s+{_PRECISION}vec2\s+v_texcoord\s*;")
_DECLARED = r"(?:#[ \t]*define[ \t]+|\b(?:[iu]?vec[234]|float|u?int|bool)\b[^;(){}=]{0,400}\b)%s\b"
_OUT = re.compile(rf"^[ \t]*out\s+{_PRECISION}vec4\s+(\w+)\s*;", re.M)
_TYPES = {
    "float": "float", "int": "long", "bool": "bool", "vec2": "point2D", "vec3": "color",
    "vec4": "color", "sampler2D": "image",
}  # fmt: skip


def as_isf(text: str) -> str:
    """Write a shader of another dialect as ISF; any other text comes back as it is.

    Raises
    ------
    ValueError
        ``LINE: what is wrong``: it needs what has no counterpart.

    References
    ----------
    Shadertoy, "How to" (inputs of an image shader); glslViewer, README (uniforms).
    """
    bare = without_comments(text)
    if _HEADER.search(text) or not _KNOWN.search(bare) or not re.search(r"\bvoid\s+main", bare):
        return text
    if buffers := _BUFFERS.search(bare):
        line = bare.count("\n", 0, buffers.start()) + 1
        raise ValueError(
            f"{line}: {buffers[0]}: buffers of glslViewer are not known here; write each as a PASS "
            "with a TARGET in an ISF header"
        )
    inputs, macros = _own_uniforms(bare)
    images = sorted(set(_IMAGE.findall(bare)))
    for place, image in enumerate(images):
        if place == 0:
            macros[image] = "inputImage"
        inputs.append({"NAME": "inputImage" if place == 0 else image, "TYPE": "image"})
    macros |= {f"{each}Resolution": f"IMG_SIZE({each})" for each in images if each[0] == "u"}
    used = set(re.findall(r"\w+", bare))
    if used & {"iMouse", "u_mouse"}:
        inputs.append({"NAME": _POINT, "TYPE": "point2D", "DEFAULT": [0, 0],
                       "MIN": [0, 0], "MAX": [1, 1]})  # fmt: skip
    if "iMouse" in used:
        inputs.append({"NAME": _DOWN, "TYPE": "bool", "DEFAULT": False})
    macros |= {name: to for name, to in _MACROS.items() if name in used}
    if "iChannelResolution" in used:
        sizes = (f"vec3(IMG_SIZE({c}), 1.0)" if c in images else "vec3(0.0)" for c in _CHANNELS)
        macros["iChannelResolution"] = f"vec3[4]({', '.join(sizes)})"
    body = _OUT.sub(_lines, _UNIFORM.sub(_lines, _VARYING.sub(_lines, text)))
    for found in _OUT.finditer(bare):
        macros[found[1]] = "gl_FragColor"
    header = {"ISFVSN": "2", "CATEGORIES": ["Shadertoy" if "mainImage" in used else "glslViewer"]}
    return "\n".join((
        f"/*{json.dumps({**header, 'INPUTS': inputs})}*/",
        f"#line {_OURS}",
        *(f"#define {name} {to}" for name, to in macros.items()),
        "#line 1",
        body,
        "" if re.search(r"\bvoid\s+main\s*\(", bare) else _MAIN,
    ))  # fmt: skip


_CHANNELS = tuple(f"iChannel{each}" for each in range(4))
# What Shadertoy draws is opaque, whatever it writes.
_MAIN = f"""#line {_OURS}
void main() {{
    vec4 host_image = vec4(0.0);
    mainImage(host_image, gl_FragCoord.xy);
    gl_FragColor = vec4(host_image.rgb, 1.0);
}}
"""


def lacking(bare: str, names: Container[str]) -> list[str]:
    """Macros for names of Shadertoy that a shader with an ISF header uses and nobody declares."""
    used = set(re.findall(r"\bi[A-Z]\w+", bare))
    sizes = (f"vec3(IMG_SIZE({c}), 1.0)" if c in names else "vec3(0.0)" for c in _CHANNELS)
    macros = {**_MACROS, "iMouse": "vec4(0.0)"}
    macros["iChannelResolution"] = f"vec3[4]({', '.join(sizes)})"
    return [
        f"#define {name} {to}"
        for name, to in macros.items()
        if name in used and name not in names and not re.search(_DECLARED % name, bare)
    ]


def _own_uniforms(bare: str) -> tuple[list[dict[str, object]], dict[str, str]]:
    """Inputs for uniforms that no dialect knows, and macros for those of three components."""
    inputs: list[dict[str, object]] = []
    macros: dict[str, str] = {}
    for found in _UNIFORM.finditer(bare):
        kind, listed = found.groups()
        for name, first in _NAMED.findall(" ".join(listed.split())):
            known = name.removesuffix("Resolution") if name.startswith("u_tex") else name
            if known in _MACROS or _IMAGE.fullmatch(known) or known == "iChannelResolution":
                continue
            if kind not in _TYPES:
                line = bare.count("\n", 0, found.start(1)) + 1
                raise ValueError(f"{line}: a uniform of type {kind} ({name}) can be no input")
            own = f"{name}_rgb" if kind == "vec3" else name
            if kind == "vec3":
                macros[name] = f"{own}.rgb"
            entry: dict[str, object] = {"NAME": own, "TYPE": _TYPES[kind]}
            if numbers := [
                float(each) for each in _NUMBER.findall(first.partition("(")[2] or first)
            ]:
                entry["DEFAULT"] = numbers if kind.startswith("vec") else numbers[0]
            inputs.append(entry)
    return inputs, macros


def _lines(found: re.Match[str]) -> str:
    """What is left of a declaration that goes: its line ends."""
    return "\n" * found[0].count("\n")
