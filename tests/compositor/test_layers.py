"""Layers: in groups, laid by their own last pass, and drawn smaller than they are seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import moderngl
import numpy as np
import pytest

from engine.compositor.compose import Compositor
from engine.compositor.layers import frame_of
from engine.core.frame.plan import LayerPlan, Pass, Plan
from engine.core.show.lettering import Lettering, picture_name
from engine.core.show.placing import Placing
from tests.places import SHADERS

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
def compositor(ctx: moderngl.Context) -> Iterator[Compositor]:
    made = Compositor(ctx, (16, 9))
    for name, text in {"colour": COLOUR, "sees": SEES, "turned": TURNED, "trail": TRAIL}.items():
        made.load(name, text)
    yield made
    made.close()


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


SMOOTH = (
    '/*{"ISFVSN": "2"}*/ void main() { vec2 p = isf_FragNormCoord; '
    "gl_FragColor = vec4(p, 1.3 * p.x * p.y - 0.1, 0.2 + p.x); }"
)


@pytest.mark.parametrize("blend", ["normal", "add", "screen", "multiply"])
@pytest.mark.parametrize("effects", [0, 1, 2])
def test_a_pass_that_lays_itself_on_the_canvas_looks_as_if_it_had_not(
    compositor: Compositor, blend: str, effects: int
) -> None:
    """To the bit: so nothing is seen when a layer begins to move."""
    compositor.load("smooth", SMOOTH)
    chain = tuple(Pass(f"s/{n}", "turned", {}) for n in range(effects))
    source = Pass("s/source", "smooth", {})
    over = layer("s", source=source, effects=chain, blend=blend, opacity=0.7)
    under = layer("u", source=Pass("u/source", "smooth", {}))
    sees = layer("o", source=Pass("o/source", "sees", {}, {"image": "result:s"}), opacity=0.0)
    laid = compositor.compose(plan(under, over), {}).read("linear16f")
    apart = compositor.compose(plan(under, over, hidden=(sees,)), {}).read("linear16f")
    assert np.ptp(laid[..., :3].astype(float)) > 0.2
    assert np.abs(laid.astype(float) - apart.astype(float)).max() <= 2**-11


def test_an_effect_is_mixed_premultiplied(compositor: Compositor) -> None:
    """Half way from transparent green to opaque blue is half transparent blue."""
    text = (
        '/*{"ISFVSN": "2", "INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]}*/\n'
        "void main() { gl_FragColor = vec4(0.0, 0.0, 1.0, 1.0); }"
    )
    compositor.load("blue", text)
    effect = (Pass("a/blue", "blue", {}, mix=0.5),)
    found = middle(compositor, plan(colour("a", 0, 1, 0, 0, effects=effect)))
    assert np.abs(found - (0, 0, 0.5, 0.5)).max() < 2e-3
    effect = (Pass("a/blue", "blue", {}, mix=0.25),)
    found = middle(compositor, plan(colour("a", 1, 0, 0, 1, effects=effect)))
    light = (np.array([0.75, 0.0, 0.25]) + 0.055) / 1.055
    assert np.abs(found[[0, 2]] - light[[0, 2]] ** 2.4).max() < 3e-3
    assert found[3] == 1.0


def test_a_shader_sees_the_picture_of_some_steps_ago(compositor: Compositor) -> None:
    """Three steps back, and as far as there is one in the first steps."""
    seen = []
    for step in range(6):
        layers = (
            colour("a", step / 8, 0, 0, 1),
            layer(
                "b",
                source=Pass("b/source", "sees", {}, {"image": "picture:3"}),
                blend="screen",
                is_stepped=True,
                placing=Placing(crop_left=0.5),
            ),
        )
        now = plan(*layers, reads_picture=True, picture_steps=3)
        compositor.step(now, {})
        kept = compositor._layers.draw(layers[1], frame_of(now, {}, True))
        assert kept is not None
        data = np.frombuffer(kept.fbo.read(components=4, dtype="f2"), np.float16)
        seen.append(float(data.reshape(9, 16, 4)[4, 2, 0]))
    assert np.abs(np.array(seen[3:]) - (0.0, 1 / 8, 2 / 8)).max() < 2e-3


SIZE = (96, 54)
STRIPES = """/*{"ISFVSN": "2"}*/
void main() { gl_FragColor = vec4(vec3(mod(floor(gl_FragCoord.x), 2.0)), 1.0); }
"""
WORDS = Lettering("HI", "", 0.6, 1.2, 0.0, 0.0, "centre", "middle", SIZE)


@pytest.fixture
def detailed(compositor: Compositor) -> Iterator[Compositor]:
    made = compositor.beside(SIZE)
    made.load("stripes", STRIPES)
    made.load("lettering", (SHADERS / "lettering.fs").read_text())
    yield made
    made.close()


def stripes(render_scale: float = 1.0) -> LayerPlan:
    source = Pass("ground/source", "stripes", {})
    return LayerPlan(
        "ground", None, source, (), "normal", 1.0, SIZE[0] / SIZE[1], 1.0, False,
        render_scale=render_scale,
    )  # fmt: skip


def words() -> LayerPlan:
    source = Pass("title/text", "lettering", {"reveal": 1.0}, {"letters": picture_name("title")})
    return LayerPlan(
        "title", None, source, (), "normal", 1.0, SIZE[0] / SIZE[1], 1.0, False, is_sharp=True
    )  # fmt: skip


def drawn(compositor: Compositor, *layers: LayerPlan) -> np.ndarray:
    letters = tuple((picture_name(x.id), WORDS) for x in layers if x.is_sharp)
    plan = Plan(0.0, 0, layers, {}, 1.0, np.zeros(0), letterings=letters)
    return compositor.compose(plan, {}).read("rgb24").astype(int)


def grain(picture: np.ndarray) -> float:
    """How much neighbours differ along a row, where no letter is."""
    return float(np.abs(np.diff(picture[2, :, 0])).mean())


def test_a_layer_is_drawn_at_a_part_of_its_size_and_enlarged(detailed: Compositor) -> None:
    """Stripes of one pixel are stripes of two in half as many pixels."""
    assert grain(drawn(detailed, stripes())) > 250
    assert grain(drawn(detailed, stripes(0.5))) < 140
    assert detailed.size_px == SIZE


def test_letters_stay_sharp_where_the_rest_is_drawn_smaller(detailed: Compositor) -> None:
    whole = drawn(detailed, words())
    ground = drawn(detailed, stripes(), words())
    detailed.resize((48, 27))
    assert (drawn(detailed, words()) == whole).all()  # to the bit
    assert detailed.size_px == SIZE
    found = drawn(detailed, stripes(), words())
    assert grain(found) < 140 < 250 < grain(ground)
    solid = whole[..., 0] == 255
    assert solid.sum() > 20
    assert (found[solid] == 255).all()


def test_without_letters_the_whole_picture_is_drawn_smaller(detailed: Compositor) -> None:
    detailed.resize((48, 27))
    drawn(detailed, stripes())
    assert detailed.size_px == (48, 27)
    drawn(detailed, stripes(), words())
    assert detailed.size_px == SIZE
    detailed.resize((24, 14))
    drawn(detailed, words())
    assert detailed.size_px == (48, 28)  # twice the detail, and no more
    detailed.resize(SIZE)
    assert grain(drawn(detailed, stripes(), words())) > 250
