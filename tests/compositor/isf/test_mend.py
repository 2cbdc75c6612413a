"""What is mended where a compiler refused it, by what it draws."""

from __future__ import annotations

import moderngl
import pytest

from engine.compositor.gl.program import ShaderError
from engine.compositor.isf.mend import mended
from engine.compositor.isf.shader import compile_shader, release_shader

HEAD = """/*{"INPUTS": [
{"NAME": "iMouse", "TYPE": "point2D"}, {"NAME": "filter", "TYPE": "float", "DEFAULT": 1.0},
{"NAME": "mix", "TYPE": "float"}]}*/
"""
MENDED = {
    "a name that is a word by now": """float flat(float layout) { return layout; }
void main() { float a = 1.0, case = 2.0; gl_FragColor = vec4(flat(a) * case * filter); }""",
    "a name that was never allowed": "void main() { float long = 1.0; gl_FragColor = vec4(long); }",
    "what converters write twice": """const float PI = 3.14; // of one tab
float f(float x) { if (x > 0.0) { return x; } return PI; }
const float PI = 3.14;
float f(float x) { if (x > 0.0) { return x; } return PI; }
void main() { gl_FragColor = vec4(f(PI)); }""",
    "a constant that is none": """#define T TIME
const float a = filter * T, c = 1.0;
const float b = a + 1.0;
const int n = 2;
void main() { float f[n]; f[0] = b; gl_FragColor = vec4(f[0]); }""",
    "variables that hide functions": """#define HALF (0.5)
mat2 r(float a) { return mat2(a); }
float map(float x) { return mix(HALF, x, mix) + mix; }
void main() {
  vec4 r = vec4(r(1.0)[0].r);
  if (r.r > 0.0) return;
  float map = map(1.0), distance = distance(vec2(map), vec2(0.0));
  gl_FragColor = vec4(map(map) + distance(vec2(0.0), vec2(distance)));
}""",
    "a mouse of four numbers": """vec4 at(vec4 m) { return m; }
void main() { gl_FragColor = iMouse.z > 0.0 ? at(iMouse) : vec4(iMouse.xy, 0.0, 1.0); }""",
}


@pytest.mark.parametrize("body", MENDED.values(), ids=MENDED)
def test_it_compiles(ctx: moderngl.Context, body: str) -> None:
    release_shader(compile_shader(ctx, "a", HEAD + body))


def test_what_is_defined_twice_in_other_words_is_refused(ctx: moderngl.Context) -> None:
    body = "float f() { return 1.0; }\nfloat f() { return 2.0; }\nvoid main() { f(); }"
    with pytest.raises(ShaderError, match=r"^a\.fs:5: .*f"):
        compile_shader(ctx, "a", HEAD + body)


def test_every_line_stays_in_its_place() -> None:
    body = "int f() {\n  return 1;\n}\n#define A {\nint f() {\n  return 1;\n}\nint sample;"
    assert (
        mended(body, ())
        == "int f() {\n  return 1;\n}\n#define A {\n         \n           \n \nint sample_;"
    )


def test_words_of_the_language_keep_their_meaning() -> None:
    body = "flat in int a;\nvoid main() { switch (a) { case 1: break; default: uint b = 1u; } }"
    assert mended(body, ()) == body
