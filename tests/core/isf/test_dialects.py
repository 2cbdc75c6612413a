"""Shaders of other dialects become ISF with their own line numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.isf.dialects import as_isf
from engine.core.isf.header import parse

TOY = """// of Shadertoy
void mainImage(out vec4 c, in vec2 p) {
    c = texture(iChannel1, p / iResolution.xy) * iTime + iMouse.x;
}
"""
VIEWER = """#ifdef GL_ES
precision mediump float;
#endif
uniform vec2 u_resolution; uniform float u_time;
uniform float amount = 0.25, more;
uniform vec3 u_tint = vec3(1.0, 0.5, 0.0);
uniform sampler2D u_tex0;
uniform vec2 u_tex0Resolution;
varying vec2 v_texcoord;
out vec4 colour;
void main() { colour = vec4(u_tint * amount * more * u_time, 1.0) * texture2D(u_tex0, v_texcoord); }
"""


def lines(text: str) -> list[str]:
    """Lines of the author, as the compiler counts them."""
    return text[text.index("#line 1\n") + 8 :].split("\n")


def test_a_shadertoy_text_becomes_an_effect() -> None:
    header = parse(TOY, "toy.fs")
    assert header.kind == "filter"
    assert [(i.name, i.type) for i in header.inputs] == [
        ("inputImage", "image"), ("mouse_point", "point2D"), ("mouse_down", "bool"),
    ]  # fmt: skip
    assert "#define iChannel1 inputImage" in header.body
    assert "mainImage(host_image" in header.body


def test_uniforms_of_ones_own_become_inputs() -> None:
    header = parse(VIEWER, "viewer.fs")
    found = {i.name: (i.type, i.default) for i in header.inputs}
    assert found == {
        "amount": ("float", 0.25),
        "more": ("float", 0.5),
        "u_tint_rgb": ("color", (1.0, 0.5, 0.0, 1.0)),
        "inputImage": ("image", 0.0),
    }
    assert "uniform" not in header.body
    assert "#define colour gl_FragColor" in header.body
    assert header.body.count("void main") == 1


@pytest.mark.parametrize("text", [TOY, VIEWER])
def test_every_line_keeps_its_number(text: str) -> None:
    before, after = text.split("\n"), lines(as_isf(text))
    assert len(after) >= len(before)
    kept = [
        n for n, line in enumerate(before) if "uniform" not in line and "out vec4 c" not in line
    ]
    assert [after[n] for n in kept if "varying" not in before[n]] == [
        before[n] for n in kept if "varying" not in before[n]
    ]


@pytest.mark.parametrize(
    "text",
    [
        "void main() { gl_FragColor = vec4(1.0); }",
        "// iTime\nvoid main() { gl_FragColor = vec4(1.0); }",
        '/*{"ISFVSN": "2"}*/ void main() { float iTime = 1.0; gl_FragColor = vec4(iTime); }',
        "float iTime;",
    ],
)
def test_what_is_of_no_dialect_stays_as_it_is(text: str) -> None:
    assert as_isf(text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\nuniform float u_time;\n#ifdef BUFFER_0\n#endif\nvoid main() {}", "a.fs:3: BUFFER_0: "),
        ("uniform mat4 m;\nvoid main() { float t = u_time; }", "a.fs:1: a uniform of type mat4"),
    ],
)
def test_what_has_no_counterpart_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(text, "a.fs")


@given(st.text(st.sampled_from("uniform float vec2 u_time;=(),/*\n{}[0]void main")))
def test_any_text_is_read_or_refused(text: str) -> None:
    said = "1: "
    try:
        as_isf(text + " u_time void main")
    except ValueError as error:
        said = str(error)
    assert said.partition(":")[0].isdigit()


def test_names_of_shadertoy_that_nobody_declares_are_known_under_a_header_too() -> None:
    head = '/*{"INPUTS": [{"NAME": "iChannel0", "TYPE": "image"}]}*/\n'
    body = "#define iFrame 3\nvec3 iResolution = vec3(1.0);\nvoid f(float a, vec4 iDate) {}\n"
    used = "void main() { iTime + iFrame + iResolution + iMouse.z + iDate; iChannelResolution; }"
    defined = parse(head + body + used, "a.fs").prelude.split("\n")
    assert defined[1:] == [
        "#define iTime TIME",
        "#define iMouse vec4(0.0)",
        "#define iChannelResolution vec3[4](vec3(IMG_SIZE(iChannel0), 1.0)"
        ", vec3(0.0), vec3(0.0), vec3(0.0))",
    ]
