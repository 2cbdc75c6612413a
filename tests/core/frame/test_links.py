"""Groups, solo and mute, and what shaders see of layers that are not visible."""

from __future__ import annotations

import pytest

from engine.core.event import Value
from engine.core.frame.plan import Plan
from engine.core.frame.sample import sample
from engine.core.show.show import Show
from engine.documents.show import load
from engine.play.line import needed_layers
from tests.making import GLOW, run

PICTURE = """/*{"ISFVSN": "2", "INPUTS": [{"NAME": "image", "TYPE": "image"}]}*/
void main() { gl_FragColor = IMG_THIS_PIXEL(image); }"""

SHOW = """
[[layers]]
id = "form"
group = "scene"
[layers.generator]
kind = "cppn"
[[layers]]
id = "glow"
group = "scene"
[layers.source]
shader = "glow"
[[layers]]
id = "scene"
group = "all"
[[layers]]
id = "all"
[[layers]]
id = "over"
[layers.source]
shader = "glow"
"""


def read_show(text: str) -> Show:
    return load.read(
        f"schema = 1\n{text}", "test", lambda name: PICTURE if name == "picture" else GLOW
    )[0]


def at(text: str, **values: Value) -> Plan:
    show = read_show(text)
    events = [(1, f"/layer/{name.replace('__', '/')}", value) for name, value in values.items()]
    return sample(show, run(show, 2, events), 2 / 120)


def ids(plan: Plan) -> list[str]:
    return [layer.id for layer in plan.layers]


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({}, ["form", "glow", "scene", "all", "over"]),
        ({"over__mute": True}, ["form", "glow", "scene", "all"]),
        ({"scene__mute": True}, ["all", "over"]),
        ({"all__opacity": 0.0}, ["over"]),
        ({"over__solo": True}, ["over"]),
        ({"glow__solo": True}, ["glow", "scene", "all"]),
        ({"scene__solo": True}, ["form", "glow", "scene", "all"]),
        ({"glow__solo": True, "over__solo": True}, ["glow", "scene", "all", "over"]),
        ({"glow__solo": True, "glow__mute": True}, []),
    ],
)
def test_groups_solo_and_mute(values: dict[str, Value], wanted: list[str]) -> None:
    assert ids(at(SHOW, **values)) == wanted


def test_a_generator_rests_while_its_group_is_not_seen() -> None:
    assert set(at(SHOW).requests) == {"form"}
    assert not at(SHOW, scene__mute=True).requests
    assert not at(SHOW, over__solo=True).requests


def test_a_group_is_a_layer_with_others_on_its_canvas() -> None:
    plan = at(SHOW)
    form, glow, scene, around, _ = plan.layers
    assert (form.group, glow.group, scene.group, around.group) == ("scene", "scene", "all", "")
    assert (form.is_group, scene.is_group, around.is_group) == (False, True, True)
    assert form.rank < scene.rank < around.rank


SEEN = """
[[layers]]
id = "form"
opacity = 0.0
[layers.generator]
kind = "cppn"
[[layers]]
id = "made"
opacity = 0.0
[layers.source]
shader = "picture"
images = { image = "layer:form" }
[[layers]]
id = "inside"
group = "scene"
[layers.source]
shader = "picture"
images = { image = "result:made" }
[[layers]]
id = "scene"
opacity = 0.0
[[layers]]
id = "over"
[layers.source]
shader = "picture"
images = { image = "layer:scene" }
"""


def test_what_a_shader_sees_is_drawn_without_being_visible() -> None:
    plan = at(SEEN)
    assert ids(plan) == ["over"]
    assert {layer.id: layer.opacity for layer in plan.hidden} == {
        "scene": 0.0,
        "inside": 1.0,
        "made": 0.0,
    }
    assert set(plan.requests) == {"form"}
    assert needed_layers(plan, is_step=False) == ["form"]
    assert at(SEEN, over__mute=True).hidden == ()


def test_a_circle_is_refused_with_a_way_out() -> None:
    text = SEEN.replace("layer:form", "result:over")
    with pytest.raises(load.ShowError, match="made sees over sees scene sees inside sees made"):
        read_show(text)
    with pytest.raises(load.ShowError, match="'picture', which is the finished"):
        read_show(SHOW.replace('id = "all"', 'id = "all"\ngroup = "scene"'))


def test_a_group_has_no_pixels_of_its_own() -> None:
    text = SHOW.replace('id = "all"\n', 'id = "all"\nuses = "form"\n')
    with pytest.raises(load.ShowError, match="'all' is a group, because the layer"):
        read_show(text)
    with pytest.raises(load.ShowError, match="no layer 'none'; there are: form, glow"):
        read_show(SHOW.replace('group = "all"', 'group = "none"'))


def test_how_far_a_shader_looks_back() -> None:
    plan = at(SEEN.replace("layer:scene", "picture:7"))
    assert (plan.reads_picture, plan.picture_steps) == (True, 7)
    assert plan.layers[0].is_stepped
    assert (at(SHOW).reads_picture, at(SHOW).picture_steps) == (False, 1)
    with pytest.raises(load.ShowError, match="picture:1 to picture:16"):
        read_show(SEEN.replace("layer:scene", "picture:17"))
