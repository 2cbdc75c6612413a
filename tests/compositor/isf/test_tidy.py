"""GLSL as people write it for other compilers, by what it draws here."""

from __future__ import annotations

import moderngl
import numpy as np
import pytest

from engine.compositor.compose import Compositor
from engine.compositor.gl.program import ShaderError
from engine.compositor.isf.tidy import with_new_meanings
from engine.core.frame.plan import LayerPlan, Pass, Plan

HEAD = '/*{"INPUTS": [{"NAME": "k", "TYPE": "float", "DEFAULT": 1.0}]}*/\n'
GREEN = {
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
    with pytest.raises(ShaderError, match=r"^a\.fs:6: "):
        compositor.load("a", HEAD + body)
    compositor.close()


def test_a_macro_that_is_new_stays_as_it_is() -> None:
    body = "#define A 1\n#ifdef B\n#define C 2\n#endif"
    assert with_new_meanings(body, 1, "#define gl_FragColor x") == body
