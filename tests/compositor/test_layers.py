"""Groups: drawn on a canvas of their own and laid on the picture as one layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import moderngl
import numpy as np
import pytest

from engine.compositor.compose import Compositor
from engine.compositor.gl.context import collect, open_context
from engine.core.frame.plan import LayerPlan, Pass, Plan

COLOUR = (
    '/*{"ISFVSN": "2", "INPUTS": [{"NAME": "c", "TYPE": "color"}]}*/\n'
    "void main() { gl_FragColor = c; }"
)
SEES = (
    '/*{"ISFVSN": "2", "INPUTS": [{"NAME": "image", "TYPE": "image"}]}*/\n'
    "void main() { gl_FragColor = IMG_THIS_PIXEL(image); }"
)
TURNED = (
    '/*{"ISFVSN": "2", "INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]}*/\n'
    "void main() { vec4 c = IMG_THIS_PIXEL(inputImage); gl_FragColor = vec4(1.0 - c.rgb, c.a); }"
)
TRAIL = (
    '/*{"ISFVSN": "2", "INPUTS": [{"NAME": "inputImage", "TYPE": "image"}],\n'
    ' "PASSES": [{"TARGET": "sum", "PERSISTENT": true}]}*/\n'
    "void main() { gl_FragColor = vec4(IMG_THIS_PIXEL(sum).rgb + 0.25, 1.0); }"
)


@pytest.fixture(scope="module")
def compositor() -> Iterator[Compositor]:
    try:
        ctx: moderngl.Context = open_context()
    except OSError as error:
        pytest.skip(str(error))
    made = Compositor(ctx, (16, 9))
    for name, text in {"colour": COLOUR, "sees": SEES, "turned": TURNED, "trail": TRAIL}.items():
        made.load(name, text)
    yield made
    made.close()
    collect(ctx)
    ctx.release()


def layer(name: str, **changes: Any) -> LayerPlan:
    return LayerPlan(name, None, None, (), "normal", 1.0, 16 / 9, 1.0, False)._replace(**changes)


def colour(name: str, *rgba: float, **changes: Any) -> LayerPlan:
    return layer(name, source=Pass(f"{name}/source", "colour", {"c": rgba}), **changes)


def group(name: str, **changes: Any) -> LayerPlan:
    return layer(name, is_group=True, **{"rank": 1, **changes})


def plan(*layers: LayerPlan, **changes: Any) -> Plan:
    return Plan(0.0, 0, layers, {}, 1.0, np.zeros(0), **changes)


def middle(compositor: Compositor, found: Plan) -> Any:
    return compositor.compose(found, {}).read("linear16f")[4, 8].astype(float)


def test_a_group_fades_as_one(compositor: Compositor) -> None:
    """Half transparent, two opaque layers do not show through each other."""
    inside = colour("a", 1, 0, 0, 1, group="g"), colour("b", 0, 1, 0, 1, group="g")
    found = middle(compositor, plan(colour("u", 0, 0, 1, 1), *inside, group("g", opacity=0.5)))
    assert np.abs(found - (0.0, 0.5, 0.5, 1.0)).max() < 2e-3


def test_members_are_blended_inside_their_group(compositor: Compositor) -> None:
    inside = colour("a", 1, 0, 0, 0.5, group="g"), colour("b", 0, 1, 0, 1, group="g", blend="add")
    found = middle(compositor, plan(colour("u", 0, 0, 1, 1), *inside, group("g")))
    assert np.abs(found - (0.5, 1.0, 0.0, 1.0)).max() < 2e-3


def test_a_group_is_transparent_where_nothing_lies(compositor: Compositor) -> None:
    inside = colour("a", 1, 0, 0, 1, group="g", scale=0.5)
    picture = compositor.compose(plan(colour("u", 0, 0, 1, 1), inside, group("g")), {})
    found = picture.read("rgb24")
    assert tuple(found[4, 8]) == (255, 0, 0)
    assert tuple(found[0, 0]) == (0, 0, 255)


def test_effects_are_over_all_of_a_group_and_groups_lie_in_groups(compositor: Compositor) -> None:
    effect = (Pass("g/turned", "turned", {}),)
    inside = colour("a", 1, 0, 0, 1, group="g")
    layers = inside, group("g", effects=effect, group="h"), group("h", rank=2)
    assert np.abs(middle(compositor, plan(*layers)) - (0, 1, 1, 1)).max() < 2e-3


def test_a_group_with_a_history_steps(compositor: Compositor) -> None:
    effect = (Pass("g/trail", "trail", {}),)
    layers = colour("a", 1, 0, 0, 1, group="g"), group("g", effects=effect, is_stepped=True)
    for wanted in (0.25, 0.5, 0.75):
        compositor.step(plan(*layers), {})
        for _ in range(2):  # frames between two steps change nothing
            shown = compositor.compose(plan(*layers), {}).read("rgb24")[4, 8]
            assert abs(int(shown[0]) - 255 * wanted) <= 1


@pytest.mark.parametrize("of", ["layer:g", "result:g"])
def test_a_shader_sees_a_group_that_is_hidden(compositor: Compositor, of: str) -> None:
    effect = (Pass("g/turned", "turned", {}),)
    hidden = (
        colour("a", 1, 0, 0, 1, group="g"),
        group("g", effects=effect, opacity=0.0),
    )
    seen = layer("s", source=Pass("s/source", "sees", {}, {"image": of}))
    wanted = (1, 0, 0, 1) if of == "layer:g" else (0, 1, 1, 1)
    assert np.abs(middle(compositor, plan(seen, hidden=hidden)) - wanted).max() < 2e-3
    assert middle(compositor, plan(hidden=hidden)).max() == 0.0
