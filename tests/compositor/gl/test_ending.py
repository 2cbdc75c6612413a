"""Whatever draws a layer lays it on the canvas in its last pass: against float64, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import moderngl
import numpy as np
import pytest

from engine.compositor.compose import Compositor
from engine.compositor.gl.program import Program
from engine.core.colour.grade import Grade
from engine.core.frame.plan import LayerPlan, Pass, Plan
from engine.core.show.placing import Placing
from tests.compositor.srgb import decode, encode

SIZE = (64, 36)
INPUT = '"INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]'
PICTURE = """
vec4 picture() {
    vec2 p = isf_FragNormCoord;
    return vec4(p, 1.2 * p.x * p.y, 0.3 + 0.7 * p.x);
}
"""
SHADERS = {
    "plain": '/*{"ISFVSN": "2"}*/' + PICTURE + "void main() { gl_FragColor = picture(); }",
    "sees": '/*{"ISFVSN": "2", "INPUTS": [{"NAME": "image", "TYPE": "image"}]}*/'
    "void main() { gl_FragColor = IMG_THIS_PIXEL(image); }",
    "same": f'/*{{"ISFVSN": "2", {INPUT}}}*/'
    "void main() { gl_FragColor = IMG_THIS_PIXEL(inputImage); }",
    "target": '/*{"ISFVSN": "2", "PASSES": [{"TARGET": "a"}, {"TARGET": "b"}]}*/'
    + PICTURE
    + "void main() { gl_FragColor = PASSINDEX == 0 ? picture() : IMG_THIS_PIXEL(a); }",
    "small": '/*{"ISFVSN": "2", "PASSES": [{"TARGET": "a", "WIDTH": "$WIDTH / 2", '
    '"HEIGHT": "$HEIGHT / 2"}]}*/' + PICTURE + "void main() { gl_FragColor = picture(); }",
    "trail": '/*{"ISFVSN": "2", "PASSES": [{"TARGET": "a", "PERSISTENT": true}]}*/'
    "void main() { gl_FragColor = vec4(IMG_THIS_PIXEL(a).rgb + 0.125, 1.0); }",
}
BLENDS = ("normal", "add", "screen", "multiply")


@pytest.fixture(scope="module")
def compositor(ctx: moderngl.Context) -> Iterator[Compositor]:
    made = Compositor(ctx, SIZE)
    for name, text in SHADERS.items():
        made.load(name, text)
    yield made
    made.close()


def layer(name: str, shader: str = "", *effects: str, **changes: Any) -> LayerPlan:
    source = Pass(f"{name}/source", shader, {}) if shader else None
    chain = tuple(Pass(f"{name}/{n}", each, {}) for n, each in enumerate(effects))
    plain = LayerPlan(name, None, source, chain, "normal", 1.0, 16 / 9, 1.0, False)
    return plain._replace(**changes)


def plan(*layers: LayerPlan, hidden: tuple[LayerPlan, ...] = ()) -> Plan:
    return Plan(0.0, 0, layers, {}, 1.0, np.zeros(0), hidden=hidden)


def waves(size: tuple[int, int]) -> Any:
    """A picture in bytes, display-referred with straight alpha; row 0 at the top."""
    x, y = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]))
    sides = [np.cos(5 * x + 2 * y), np.cos(4 * y - 3 * x), np.cos(7 * x), np.cos(3 * x * y + 1)]
    return np.round(127.5 + 120 * np.stack(sides, -1)).astype(np.uint8)


def generated(ctx: moderngl.Context, data: Any, number: int = 0) -> Any:
    texture = ctx.texture((data.shape[1], data.shape[0]), 4, data.tobytes())
    return SimpleNamespace(
        older=texture, newer=texture, weight=1.0, numbers=(number, number), is_flow=False
    )


def shown(light: Any) -> Any:
    """Premultiplied light as a display shows it over black, in code values."""
    return 255 * encode(np.clip(light[..., :3], 0, 1))


def drawn(compositor: Compositor, found: Plan, pixels: Any = None) -> Any:
    """Light, premultiplied, row 0 at the top."""
    return compositor.compose(found, pixels or {}).read("linear16f").astype(float)


KINDS: dict[str, tuple[tuple[LayerPlan, ...], int]] = {
    # what is drawn at the canvas's size, beside the layer below: how many passes
    "source": ((layer("s", "plain"),), 1),
    "effect": ((layer("s", "plain", "same"),), 2),
    "faded": ((layer("s", "plain", "same")._replace(
        effects=(Pass("s/0", "same", {}, mix=0.5),)),), 3),
    "target": ((layer("s", "target"),), 2),
    "small target": ((layer("s", "small"),), 1),
    "generator": ((layer("s", generator="g"),), 2),
    "generator, enlarged": ((layer("s", generator="small"),), 1),
    "generator, effect": ((layer("s", "", "same", generator="g"),), 3),
    "group": ((layer("a", "plain", group="s"), layer("s", is_group=True)), 2),
    "group, effect": ((layer("a", "plain", group="s"), layer("s", "", "same", is_group=True)), 3),
}  # fmt: skip


@pytest.mark.parametrize("blend", BLENDS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_is_blended_by_its_last_pass(
    compositor: Compositor, ctx: moderngl.Context, kind: str, blend: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The same picture as through a surface of its own, in as few passes as it can be."""
    layers, passes = KINDS[kind]
    layers = (*layers[:-1], layers[-1]._replace(blend=blend, opacity=0.7))
    pixels = {"g": generated(ctx, waves(SIZE)), "small": generated(ctx, waves((40, 22)))}
    under = layer("u", "plain", placing=None)
    sees = layer("o", opacity=0.0)._replace(
        source=Pass("o/source", "sees", {}, {"image": f"result:{layers[-1].id}"})
    )
    apart = drawn(compositor, plan(under, *layers, hidden=(sees,)), pixels)
    sizes, draw = [], Program.draw

    def counted(program: Program, target: Any, *rest: Any, **named: Any) -> None:
        sizes.append(target.size)
        draw(program, target, *rest, **named)

    monkeypatch.setattr(Program, "draw", counted)
    compositor.compose(plan(under, *layers), pixels)
    assert sizes.count(SIZE) == 1 + passes + 1  # the layer below, this one, the finished picture
    monkeypatch.setattr(Program, "draw", draw)
    found = drawn(compositor, plan(under, *layers), pixels)
    assert np.ptp(found[..., :3]) > 0.2
    assert np.abs(shown(found) - shown(apart)).max() <= (1.0 if "group" in kind else 0.2)
    if kind in ("source", "generator", "group"):
        assert np.abs(shown(found) - shown(wanted(kind, blend))).max() <= 1.0


def wanted(kind: str, blend: str) -> Any:
    """Composite in float64 of what lies below and a layer at 0.7."""
    x, y = np.meshgrid((np.arange(64) + 0.5) / 64, (35.5 - np.arange(36)) / 36)
    plain = np.stack([x, y, 1.2 * x * y, 0.3 + 0.7 * x], -1)
    over = waves(SIZE) / 255 if kind == "generator" else plain.copy()
    most = 1.0 if kind == "group" or blend in ("screen", "multiply") else 64.0
    alpha, light = over[..., 3:] * 0.7, np.minimum(decode(over[..., :3]), most)
    below, source = decode(plain[..., :3]) * plain[..., 3:], light * alpha
    return {
        "normal": source + below * (1 - alpha),
        "add": source + below,
        "screen": source + below * (1 - source),
        "multiply": source * below + below * (1 - alpha),
    }[blend]


@pytest.mark.parametrize("aspect", [1.0, 2.5, 34 / 36, 33 / 36])
@pytest.mark.parametrize("name", ["plain", "target"])
def test_a_layer_of_another_aspect_is_blended_where_it_lies(
    compositor: Compositor, aspect: float, name: str
) -> None:
    """Pixel on pixel, or between pixels where an odd number is left over."""
    over, under = layer("s", name, aspect=aspect, opacity=0.7), layer("u", "plain")
    sees = layer("o", opacity=0.0)._replace(
        source=Pass("o/source", "sees", {}, {"image": "result:s"})
    )
    apart = drawn(compositor, plan(under, over, hidden=(sees,)))
    assert np.abs(drawn(compositor, plan(under, over)) - apart).max() <= 2**-10
    assert np.abs(apart - drawn(compositor, plan(under))).max() > 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_that_is_moved_is_drawn_as_light_at_once(
    compositor: Compositor, ctx: moderngl.Context, kind: str
) -> None:
    layers, _ = KINDS[kind]
    layers = (*layers[:-1], layers[-1]._replace(placing=Placing(rotation=20.0), scale=0.8))
    pixels = {"g": generated(ctx, waves(SIZE)), "small": generated(ctx, waves((40, 22)))}
    sees = layer("o", opacity=0.0)._replace(
        source=Pass("o/source", "sees", {}, {"image": f"result:{layers[-1].id}"})
    )
    apart = drawn(compositor, plan(*layers, hidden=(sees,)), pixels)
    found = drawn(compositor, plan(*layers), pixels)
    assert np.ptp(found[..., :3]) > 0.2
    assert np.abs(shown(found) - shown(apart)).max() <= 1.0


def test_a_buffer_that_remembers_is_its_own_result(
    compositor: Compositor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One pass on a step and none to copy it; what is kept is not drawn over meanwhile."""
    steps, sizes, draw = plan(layer("t", "trail", is_stepped=True), layer("s", "plain")), [], 0.0

    def counted(program: Program, target: Any, *rest: Any, **named: Any) -> None:
        sizes.append(target.size)
        before(program, target, *rest, **named)

    before = Program.draw
    for number in range(1, 5):
        sizes.clear()
        monkeypatch.setattr(Program, "draw", counted)
        compositor.step(steps, {})
        monkeypatch.setattr(Program, "draw", before)
        assert sizes == [SIZE]
        for _ in range(2):
            draw = drawn(compositor, plan(layer("t", "trail", is_stepped=True)))[18, 32, 0]
            assert abs(draw - decode(np.array(number / 8))) < 2e-3


def test_a_picture_that_comes_again_is_not_enlarged_again(
    compositor: Compositor, ctx: moderngl.Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen a second time it is kept, until another one comes; the picture stays the same."""
    counts, before = [], Program.draw

    def counted(program: Program, target: Any, *rest: Any, **named: Any) -> None:
        counts.append(target.size)
        before(program, target, *rest, **named)

    monkeypatch.setattr(Program, "draw", counted)
    layers = layer("u", "plain"), layer("s", generator="g", opacity=0.7)
    frames = []
    for number in (1, 1, 1, 1, 2):
        counts.clear()
        pixels = {"g": generated(ctx, waves(SIZE) // number, number)}
        pixels["g"].newer = pixels["g"].older = kept.setdefault(number, pixels["g"].newer)
        frames.append((drawn(compositor, plan(*layers), pixels), len(counts)))
    first, again = frames[0], frames[2]
    assert [count for _, count in frames] == [4, 5, 3, 3, 4]
    assert np.abs(first[0] - again[0]).max() <= 2**-10
    assert np.abs(frames[4][0] - again[0]).max() > 0.1


def test_a_group_in_which_nothing_is_seen_costs_nothing(
    compositor: Compositor, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, sizes, draw = drawn(compositor, plan(layer("u", "plain"))), [], Program.draw

    def counted(program: Program, target: Any, *rest: Any, **named: Any) -> None:
        sizes.append(target.size)
        draw(program, target, *rest, **named)

    monkeypatch.setattr(Program, "draw", counted)
    compositor.compose(plan(layer("u", "plain"), layer("s", is_group=True)), {})
    assert len(sizes) == 2  # the layer below, the finished picture
    found = drawn(compositor, plan(layer("u", "plain"), layer("s", is_group=True)))
    assert (found == wanted).all()


def test_what_is_kept_of_a_picture_is_not_taken_for_light(
    compositor: Compositor, ctx: moderngl.Context
) -> None:
    """A still that has been shown as it is, and then begins to move."""
    pixels = {"g": generated(ctx, waves(SIZE), 7)}
    still, moved = layer("m", generator="g"), layer("m", generator="g", scale=0.8)
    wanted = drawn(compositor, plan(moved._replace(id="n")), pixels)
    for _ in range(3):
        drawn(compositor, plan(still), pixels)
    for _ in range(3):
        assert np.abs(drawn(compositor, plan(moved), pixels) - wanted).max() <= 2**-10


kept: dict[int, Any] = {}


def test_far_beyond_white_is_not_dark(compositor: Compositor) -> None:
    """The fit of the curve falls beyond 4: what is brighter is as bright as that."""
    text = '/*{"ISFVSN": "2"}*/ void main() { gl_FragColor = vec4(vec3(9.0), 1.0); }'
    compositor.load("bright", text)
    for layers in ((layer("s", "bright"), layer("t", "bright", opacity=0.5)),
                   (layer("t", "bright", scale=0.9),)):  # fmt: skip
        assert drawn(compositor, plan(*layers))[18, 32, 0] > 4.0
    under = layer("s", "same"), layer("t", "bright", blend="lighten")
    assert drawn(compositor, plan(*under))[18, 32, 0] > 4.0  # in a pass of its own
    alone = replace(plan(layer("s", "bright")), grade=Grade(exposure=-1.0))
    assert compositor.compose(alone, {}).read("rgb24")[18, 32].min() == 255
