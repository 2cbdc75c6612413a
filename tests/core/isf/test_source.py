"""The text of a shader: two files in one, and what one of them takes from the other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.core.isf.header import parse
from engine.core.isf.source import join, split, varyings

BODY = "\nvoid main() { gl_FragColor = vec4(1.0); }\n"


def test_two_files_of_a_shader_are_one_text() -> None:
    text = join("/*{}*/\r\nvarying vec2 a;\nvoid main() {}\n", "void main() {}\n", "b c.vs")
    found = parse(text, "b c.fs")
    assert (found.vertex, found.vertex_name) == ("void main() {}\n", "b c.vs")
    assert "vertex shader" not in found.body
    assert split("void main() {}") == ("void main() {}", "", "")


@given(st.text(max_size=200))
def test_any_code_is_looked_through_for_what_a_vertex_shader_gives(code: str) -> None:
    assert len(varyings(code)) <= len(code)


def test_what_a_vertex_shader_gives_is_found_where_it_is_used() -> None:
    code = """varying vec2 a, b[5]; // varying vec2 c;
/* varying vec2 d;
*/ in highp vec4 e;
varying vec2 isf_FragNormCoord;
varying float unused;
vec4 f(in vec2 g) { return e * a.x * b[0].x; }"""
    found = [(v.type, v.name, v.size, v.line) for v in varyings(code, 10)]
    assert found == [("vec2", "a", "", 10), ("vec2", "b", "5", 10), ("vec4", "e", "", 12)]
