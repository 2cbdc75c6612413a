"""What a buffer holds, by what is drawn from it."""

from __future__ import annotations

import json

import moderngl
import numpy as np
import pytest

from engine.compositor.compose import Compositor
from engine.core.frame.plan import LayerPlan, Pass, Plan

BODY = """void main() {
    if (PASSINDEX == 0) { gl_FragColor = vec4(4.0, -1.0, 0.5, 2.0); return; }
    vec4 c = IMG_THIS_PIXEL(t);
    bool is_whole = c.r == 4.0 && c.g == -1.0 && c.a == 2.0;
    bool is_bound = c == vec4(1.0, 0.0, 0.5, 1.0);
    gl_FragColor = vec4(is_whole, is_bound, 0.0, 1.0);
}
"""


@pytest.mark.parametrize("spare", [0, 9], ids=["a program for each pass", "one for all"])
@pytest.mark.parametrize(
    ("is_float", "colour"), [(False, (0, 255, 0)), (True, (255, 0, 0))], ids=["picture", "float"]
)
def test_a_buffer_holds_what_a_picture_holds_unless_it_is_float(
    ctx: moderngl.Context, is_float: bool, colour: tuple[int, int, int], spare: int
) -> None:
    passes = [{"TARGET": "t", "FLOAT": is_float}, *[{} for _ in range(spare)], {}]
    compositor = Compositor(ctx, (16, 16))
    compositor.load("a", f"/*{json.dumps({'PASSES': passes})}*/\n{BODY}")
    layer = LayerPlan("a", None, Pass("a/source", "a", {}), (), "normal", 1.0, 1.0, 1.0, False)
    picture = compositor.compose(Plan(0.0, 0, (layer,), {}, 1.0, np.zeros(0)), {})
    assert (np.array(picture.read("rgb24")) == colour).all()
    compositor.close()
