"""GLSL as people write it for other compilers, by what it draws here."""

from __future__ import annotations

import moderngl
import numpy as np
import pytest

from engine.compositor.compose import Compositor
from engine.compositor.gl.program import ShaderError
from engine.compositor.isf.tidy import with_new_meanings
from engine.core.frame.plan import LayerPlan, Pass, Plan

HEAD = """/*{"INPUTS": [
{"NAME": "k", "TYPE": "float", "DEFAULT": 1.0}, {"NAME": "t", "TYPE": "image"}]}*/
"""
HERE = "distance(p, isf_FragNormCoord) < 0.01 ? vec4(0, k, 0, 1) : vec4(1, 0, 0, 1)"
GREEN = {
    "a place from the start": f"""vec2 p = gl_FragCoord.xy / RENDERSIZE;
void main() {{ gl_FragColor = {HERE}; }}""",
    "a texture's place": f"void main() {{ vec2 p = gl_TexCoord[0].st; gl_FragColor = {HERE}; }}",
    "the place by its other name": f"""void main() {{
    vec2 p = isf_fragCoord / RENDERSIZE;
    gl_FragColor = {HERE};
}}""",
    "a pixel by its other name": """void main() {
    bool same = IMG_NORM_THIS_PIXEL(t) == IMG_THIS_PIXEL(t);
    gl_FragColor = vec4(0, same ? k : 0.0, 0, 1);
}""",
    "a rectangle's pixels": """vec4 at(sampler2DRect s, vec2 p) { return texture2DRect(s, p); }
void main() {
    bool same = at(t, gl_FragCoord.xy) == IMG_PIXEL(t, gl_FragCoord.xy);
    gl_FragColor = vec4(0, same ? k : 0.0, 0, 1);
}""",
    "an extension asked for": """#extension GL_EXT_gpu_shader4 : require
# version 150
void main() { gl_FragColor = vec4(0, k, 0, 1); }""",
    "blanks of a web page": "void main() {\u00a0gl_FragColor\u2003= vec4(0, k, 0, 1);\u200b}",
    "a drawing in a comment": """void main() {
    gl_FragColor = vec4(1, 0, 0, 1); // \\_/ \\
    gl_FragColor = vec4(0, k, 0, 1);
}""",
    "a blank after a backslash": """#define G(x) \\ \n vec4(0, x, 0, 1)
void main() { gl_FragColor = G(k); }""",
    "several uniforms again": """/* both */ uniform float k, other;
void main() { gl_FragColor = vec4(0, k, other, 1); }""",
    "an output of its own": "out vec4 c;\nvoid main() { c = vec4(0, k, 0, 1); }",
    "one at a place": "layout(location = 0) out vec4 c;\nvoid main() { c = vec4(0, k, 0, 1); }",
    "data": "void main() { gl_FragData[0] = vec4(0, k, 0, 1); }",
    "a macro again": "#define G 0.0\n#define G k\nvoid main() { gl_FragColor = vec4(0, G, 0, 1); }",
    "ours again": "#define texture2D texture\nvoid main() { gl_FragColor = vec4(0, k, 0, 1); }",
    "an input again": "uniform highp float k;\nvoid main() { gl_FragColor = vec4(0, k, 0, 1); }",
    "a place written to": """void main() {
    gl_FragCoord.x = 0.0;
    gl_FragColor = vec4(gl_FragCoord.x, k, 0, 1);
}""",
    "the sandbox's place": """varying vec2 surfacePosition;
void main() { gl_FragColor = vec4(0, step(length(surfacePosition), 2.0) * k, 0, 1); }""",
}


@pytest.mark.parametrize("body", GREEN.values(), ids=GREEN)
def test_what_other_compilers_let_pass_is_drawn(ctx: moderngl.Context, body: str) -> None:
    compositor = Compositor(ctx, (16, 16))
    compositor.load("a", HEAD + body)
    layer = LayerPlan("a", None, Pass("a/source", "a", {}), (), "normal", 1.0, 1.0, 1.0, False)
    picture = compositor.compose(Plan(0.0, 0, (layer,), {}, 1.0, np.zeros(0)), {})
    assert (np.array(picture.read("rgb24")) == (0, 255, 0)).all()
    compositor.close()


def test_lines_keep_their_numbers_after_a_macro_is_defined_again(ctx: moderngl.Context) -> None:
    compositor = Compositor(ctx, (16, 16))
    body = "#define G 0.0\n\n#define G k\nvoid main() {\n  gl_FragColor = vec4(nothing);\n}"
    with pytest.raises(ShaderError, match=r"^a\.fs:7: "):
        compositor.load("a", HEAD + body)
    compositor.close()


def test_a_macro_that_is_new_stays_as_it_is() -> None:
    body = "#define A 1\n#ifdef B\n#define C 2\n#endif"
    assert with_new_meanings(body, 1, "#define gl_FragColor x") == body
