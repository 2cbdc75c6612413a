"""Surface shaders of MadMapper as ISF."""

from __future__ import annotations

from engine.core.isf.header import parse
from engine.core.isf.source import join
from engine.core.isf.surfaces import on_surface

FRAGMENT = """/*{"INPUTS": [{"NAME": "inputImage", "TYPE": "image"},
{"NAME": "pace", "TYPE": "float"}],
"GENERATORS": [{"NAME": "time_a", "TYPE": "time_base", "PARAMS": {"speed": "pace"}}]}*/
#include "MadCommon.glsl"
uniform vec4 modulationColor;
in vec2 mm_SurfaceCoord;
out vec4 out_color;
void main() { out_color = MM_SHADER_THIS_NORM_PIXEL() * modulationColor * rgb2hue(vec3(time_a)); }
"""
VERTEX = """in vec3 in_Vertex;
uniform mat4 modelViewProjectionMatrix;
void main() { gl_Position = modelViewProjectionMatrix * vec4(in_Vertex, 1.0); }
"""


def test_what_the_host_hands_over_becomes_macros_and_no_line_moves() -> None:
    header = parse(join(FRAGMENT, VERTEX, "a.vs"), "a.fs")
    defined = header.prelude.splitlines()
    assert "#define modulationColor vec4(1.0)" in defined
    assert "#define time_a (TIME * float(pace))" in defined
    assert any(each.startswith("#define in_Vertex vec3(vec2(") for each in defined)
    assert "rgb2hue(vec3 c)" in header.prelude
    assert "uniform" not in header.body + header.vertex
    assert header.body.split("\n")[5] == FRAGMENT.split("\n")[7]
    assert header.notes == ()


def test_a_material_gets_its_main_on_the_last_line() -> None:
    body, _, _ = on_surface("vec4 materialColorForPixel(vec2 p) { return vec4(1.0); }\n", "", {})
    assert body.endswith(
        "} void main() { gl_FragColor = materialColorForPixel(isf_FragNormCoord); }"
    )


def test_any_other_shader_stays_as_it_is() -> None:
    body = "uniform float opacity;\nvoid main() { gl_FragColor = vec4(opacity); }"
    assert on_surface(body, "", {"GENERATORS": 3}) == (body, "", "")
