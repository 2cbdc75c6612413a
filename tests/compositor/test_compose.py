"""The compositor against formulas: passes, histories, blending, geometry, colour, errors."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import moderngl
import numpy as np
import pytest
from PIL import Image

from engine.compositor import stock
from engine.compositor.canvas.place import fit
from engine.compositor.compose import Compositor
from engine.compositor.gl.program import ShaderError, read_error
from engine.compositor.isf.check import check, describe
from engine.compositor.isf.shader import compile_shader
from engine.core.frame.plan import LayerPlan, Pass, Plan
from tests.compositor.srgb import decode, encode
from tests.places import GOLDEN, ROOT, SHADERS

OUT = ROOT / "out"
NAMES = sorted(path.stem for path in SHADERS.glob("*.fs"))

HEAD = '/*{"ISFVSN": "2", "INPUTS": [{"NAME": "inputImage", "TYPE": "image"}'
COLOUR = (
    '/*{"ISFVSN": "2", "INPUTS": [{"NAME": "c", "TYPE": "color"}]}*/\n'
    "void main() { gl_FragColor = c; }"
)


@pytest.fixture
def compositor(ctx: moderngl.Context) -> Iterator[Compositor]:
    made = Compositor(ctx, (64, 36))
    yield made
    made.close()


def pixels(ctx: moderngl.Context, older: Any, newer: Any = None, weight: float = 1.0) -> Any:
    """Generator pixels from uint8 arrays [shape=(H, W, 4)], row 0 at the top."""

    def texture(data: Any) -> moderngl.Texture:
        height, width, _ = data.shape
        return ctx.texture((width, height), 4, np.ascontiguousarray(data, np.uint8).tobytes())

    a = texture(older)
    b = a if newer is None else texture(newer)
    return SimpleNamespace(older=a, newer=b, weight=weight, numbers=(1, 2), is_flow=False)


def layer(**changes: Any) -> LayerPlan:
    plain = LayerPlan("a", None, None, (), "normal", 1.0, 64 / 36, 1.0, False)
    return plain._replace(**changes)


def colour(name: str, *rgba: float, **changes: Any) -> LayerPlan:
    return layer(id=name, source=Pass(f"{name}/source", "colour", {"c": rgba}), **changes)


def plan(
    *layers: LayerPlan, master: float = 1.0, step: int = 0, reads_picture: bool = False
) -> Plan:
    return Plan(step / 60, step * 2, layers, {}, master, np.zeros(0), reads_picture)


# Generator pixels


def test_generator_pixels_pass_an_empty_chain(
    ctx: moderngl.Context, compositor: Compositor
) -> None:
    y, x = np.mgrid[0:36, 0:64]
    data = np.stack([x * 4, y * 7, (x + y) * 2, np.full_like(x, 255)], axis=-1).astype(np.uint8)
    found = compositor.compose(plan(layer(generator="g")), {"g": pixels(ctx, data)}).read("rgb24")
    assert np.abs(found.astype(int) - data[..., :3]).max() <= 1


def test_enlarging_is_smooth_and_does_not_shift(ctx: moderngl.Context) -> None:
    made = Compositor(ctx, (640, 360))
    y, x = np.mgrid[0:96, 0:170]
    data = np.full((96, 170, 4), 255, np.uint8)
    data[..., 0] = np.rint(x * 255 / 169)
    data[..., 1] = np.rint(y * 255 / 95)
    found = made.compose(
        plan(layer(generator="g", aspect=640 / 360)), {"g": pixels(ctx, data)}
    ).read("rgb24")
    wanted = ((np.arange(640) + 0.5) / 640 * 170 - 0.5) * 255 / 169
    inside = slice(12, 628)
    assert np.abs(found[180, inside, 0] - wanted[inside]).max() <= 1.5
    assert found[0, 0, 1] < 2
    assert found[-1, 0, 1] > 253
    made.close()


def test_edges_ring_neither_below_black_nor_above_white(ctx: moderngl.Context) -> None:
    made = Compositor(ctx, (320, 180))
    data = np.zeros((30, 53, 4), np.uint8)
    data[..., 3] = 255
    data[:, 20:30, :3] = 255
    found = made.compose(plan(layer(generator="g", aspect=16 / 9)), {"g": pixels(ctx, data)})
    row = found.read("rgb24")[90, :, 0].astype(int)
    linear = found.read("linear16f")
    assert row[:100].max() <= 2  # black up to the edge, whatever the prefilter does
    assert linear.min() >= 0
    assert linear.max() <= 1
    assert (np.diff(row[100:150]) >= -2).all()
    made.close()


@pytest.mark.parametrize("weight", [0.0, 0.25, 1.0])
def test_two_generator_pictures_are_crossfaded(
    ctx: moderngl.Context, compositor: Compositor, weight: float
) -> None:
    a, b = np.full((9, 16, 4), 255, np.uint8), np.full((9, 16, 4), 255, np.uint8)
    a[..., :3], b[..., :3] = 40, 200
    found = compositor.compose(plan(layer(generator="g")), {"g": pixels(ctx, a, b, weight)})
    assert np.abs(found.read("rgb24").astype(int) - round(40 + 160 * weight)).max() <= 1


def test_transparent_pixels_do_not_bleed_their_colour(
    ctx: moderngl.Context, compositor: Compositor
) -> None:
    data = np.zeros((9, 16, 4), np.uint8)
    data[..., 0] = 255  # red where it is invisible
    data[:, 8:] = (0, 0, 255, 255)
    found = compositor.compose(plan(layer(generator="g")), {"g": pixels(ctx, data)}).read("rgb24")
    assert found[..., 0].max() <= 1
    assert found[18, 60, 2] == 255
    assert found[18, 3].max() <= 1


def test_a_generator_without_pixels_shows_nothing(compositor: Compositor) -> None:
    assert compositor.compose(plan(layer(generator="g")), {}).read("rgb24").max() == 0


# Geometry


@pytest.mark.parametrize(
    ("canvas_px", "aspect", "wanted"),
    [
        ((1920, 1080), 16 / 9, (1920, 1080)), ((1920, 1080), 1.0, (1080, 1080)),
        ((640, 360), 170 / 96, (638, 360)), ((640, 360), 1.777, (640, 360)),
        ((3840, 1080), 16 / 9, (1920, 1080)), ((360, 640), 1.0, (360, 360)),
    ],
)  # fmt: skip
def test_fit(canvas_px: tuple[int, int], aspect: float, wanted: tuple[int, int]) -> None:
    assert fit(canvas_px, aspect) == wanted


@pytest.mark.parametrize(("aspect", "scale"), [(1.0, 1.0), (1.0, 0.6), (2.5, 0.8), (0.5, 1.0)])
def test_a_circle_stays_a_circle_inside_its_area(
    ctx: moderngl.Context, aspect: float, scale: float
) -> None:
    made = Compositor(ctx, (160, 90))
    made.load(
        "disc",
        '/*{"ISFVSN":"2"}*/ void main() { vec2 p = (isf_FragNormCoord - 0.5) '
        "* RENDERSIZE / min(RENDERSIZE.x, RENDERSIZE.y); "
        "gl_FragColor = vec4(vec3(step(length(p), 0.4)), 1.0); }",
    )
    source = Pass("a/source", "disc", {})
    found = made.compose(plan(layer(source=source, aspect=aspect, scale=scale)), {}).read("rgb24")
    lit = found[..., 0] > 127
    rows, columns = np.flatnonzero(lit.any(1)), np.flatnonzero(lit.any(0))
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    shorter = min(min(160, 90 * aspect), min(90, 160 / aspect)) * scale
    assert abs(height - width) <= 2
    assert abs(width - 0.8 * shorter) <= 2
    assert abs(rows.mean() - 44.5) <= 0.5
    assert abs(columns.mean() - 79.5) <= 0.5
    made.close()


def test_outside_its_area_a_layer_is_transparent(compositor: Compositor) -> None:
    compositor.load("colour", COLOUR)
    under = colour("a", 0.0, 1.0, 0.0, 1.0)
    over = colour("b", 1.0, 0.0, 0.0, 1.0, aspect=1.0, scale=0.5)
    found = compositor.compose(plan(under, over), {}).read("rgb24")
    assert tuple(found[18, 32]) == (255, 0, 0)
    assert tuple(found[18, 2]) == (0, 255, 0)
    assert np.abs(found[:, :, 0].astype(int).sum() / 255 - 18 * 18) <= 8


# Blending, colour, output


def blend(mode: str, source: Any, under: Any) -> Any:
    """Composite premultiplied linear colours [shape=(4,)] by definition."""
    if mode == "add":
        return source + under
    if mode == "screen":
        return source + under * (1 - source)
    if mode == "multiply":
        return source * under + under * (1 - source[3])
    return source + under * (1 - source[3])


@pytest.mark.parametrize("mode", ["normal", "add", "screen", "multiply"])
@pytest.mark.parametrize("alpha", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("opacity", [1.0, 0.3])
def test_blending_in_linear_light(
    compositor: Compositor, mode: str, alpha: float, opacity: float
) -> None:
    compositor.load("colour", COLOUR)
    under, over = (0.2, 0.5, 0.7), (0.8, 0.3, 0.1)
    layers = colour("a", *under, 1.0), colour("b", *over, alpha, blend=mode, opacity=opacity)
    picture = compositor.compose(plan(*layers), {})
    a = alpha * opacity
    wanted = blend(mode, np.append(decode(over) * a, a), np.append(decode(under), 1.0))
    found = picture.read("linear16f")[10, 10].astype(float)
    assert np.abs(found - wanted).max() < 1.5e-3
    shown = picture.read("rgb24").reshape(-1, 3).mean(0)
    assert np.abs(shown - 255 * encode(np.clip(wanted[:3], 0, 1))).max() < 0.6


def test_reading_in_every_format(compositor: Compositor) -> None:
    compositor.load("colour", COLOUR)
    picture = compositor.compose(plan(colour("a", 0.25, 0.5, 0.75, 1.0), master=0.5), {})
    wanted = encode(decode([0.25, 0.5, 0.75]) * 0.5)
    deep = picture.read("rgb48")
    assert deep.shape == (36, 64, 3)
    assert deep.dtype == np.uint16
    assert np.abs(deep / 65535 - wanted).max() < 8e-4
    assert picture.read("rgba").shape == (36, 64, 4)
    assert (picture.read("rgba")[..., :3] == picture.read("rgb24")).all()
    assert picture.read("rgb24") is picture.read("rgb24")
    with pytest.raises(ValueError, match="rgb24, rgba"):
        picture.read("yuv")
    old = picture.read("rgb24").copy()
    compositor.compose(plan(), {})
    assert (picture.read("rgb24") == old).all()
    with pytest.raises(RuntimeError, match="before the next frame"):
        picture.read("linear16f")


def test_the_top_row_comes_first(compositor: Compositor) -> None:
    compositor.load(
        "up",
        '/*{"ISFVSN":"2"}*/ void main() { '
        "float x = gl_FragCoord.x / RENDERSIZE.x; "
        "gl_FragColor = vec4(isf_FragNormCoord.y, x, 0.0, 1.0); }",
    )
    picture = compositor.compose(plan(layer(source=Pass("a/source", "up", {}))), {})
    for found in (picture.read("rgb24"), picture.read("rgb48") / 257, picture.read("linear16f")):
        assert found[0, 0, 0] > found[-1, 0, 0]
        assert found[0, -1, 1] > found[0, 0, 1]


def test_black_and_white_are_exact_and_greys_are_dithered(compositor: Compositor) -> None:
    compositor.load("colour", COLOUR)
    for value in (0.0, 1.0):
        found = compositor.compose(plan(colour("a", value, value, value, 1.0)), {}).read("rgb24")
        assert (found == round(255 * value)).all()
    level = 100.5 / 255
    a = compositor.compose(plan(colour("a", level, level, level, 1.0)), {}).read("rgb24")
    assert set(np.unique(a)) == {100, 101}
    assert 0.4 < (a == 101).mean() < 0.6
    b = compositor.compose(plan(colour("a", level, level, level, 1.0), step=1), {}).read("rgb24")
    again = compositor.compose(plan(colour("a", level, level, level, 1.0)), {}).read("rgb24")
    assert (a != b).any()
    assert (a == again).all()
    dark = compositor.compose(plan(colour("a", *(0.3 / 255,) * 3, 1.0)), {}).read("rgb24")
    assert dark.max() == 0


def test_master_dims_in_linear_light_and_blacks_out(compositor: Compositor) -> None:
    compositor.load("colour", COLOUR)
    white = colour("a", 1.0, 1.0, 1.0, 1.0)
    dim = compositor.compose(plan(white, master=0.2), {}).read("rgb24").mean()
    assert abs(dim - 255 * encode(0.2)) < 0.6
    assert compositor.compose(plan(white, master=0.0), {}).read("rgb24").max() == 0


def test_a_layer_alone_takes_a_short_cut_to_the_same_picture(compositor: Compositor) -> None:
    compositor.load("up", '/*{"ISFVSN":"2"}*/ void main() { vec2 p = isf_FragNormCoord; '
                    "gl_FragColor = vec4(p, 0.4, 0.5 + 0.5 * p.x); }")  # fmt: skip
    compositor.load("colour", COLOUR)
    one = layer(source=Pass("a/source", "up", {}), opacity=0.8)
    nothing = colour("b", 1.0, 1.0, 1.0, 0.0)
    alone = compositor.compose(plan(one, master=0.7), {})
    found = [alone.read(format).astype(float) for format in ("rgb24", "rgb48", "linear16f")]
    both = compositor.compose(plan(one, nothing, master=0.7), {})
    wanted = [both.read(format).astype(float) for format in ("rgb24", "rgb48", "linear16f")]
    assert np.abs(found[0] - wanted[0]).max() <= 1
    assert np.abs(found[1] - wanted[1]).max() <= 80
    assert (found[2] == wanted[2]).all()


def test_no_two_layers_ever_share_a_surface(compositor: Compositor) -> None:
    compositor.load("colour", COLOUR)
    layers = [colour(n, *rgb, 1.0, blend="add") for n, rgb in zip("abc", np.eye(3), strict=True)]
    free = compositor._kit.pool._free
    for turn in range(12):
        shown = layers[: 1 + turn % 3]
        found = compositor.compose(plan(*shown), {}).read("rgb24")[9, 9]
        assert tuple(found) == tuple(255 * (np.arange(3) < len(shown)))
        surfaces = [id(surface) for listed in free.values() for surface in listed]
        assert len(surfaces) == len(set(surfaces)) <= 4


def test_nan_and_infinity_end_at_the_shader(compositor: Compositor) -> None:
    compositor.load(
        "bad",
        HEAD + "]}*/ void main() { vec2 p = isf_FragNormCoord; "
        "float z = p.x < 2.0 ? 0.0 : 1.0; "
        "gl_FragColor = p.x < 0.5 ? vec4(z / z, 1.0 / z, 0.5, 1.0) : vec4(1.0); }",
    )
    compositor.load("colour", COLOUR)
    chain = (Pass("b/bad", "bad", {}),)
    found = compositor.compose(
        plan(colour("a", 0.2, 0.2, 0.2, 1.0), colour("b", 1, 1, 1, 1, effects=chain)), {}
    )
    linear = found.read("linear16f")
    assert np.isfinite(linear).all()
    assert abs(float(linear[10, 10, 2]) - decode(0.5)) < 2e-3
    assert linear[10, 10, 0] == 0
    assert linear[10, 50, 0] == 1


# Passes and histories


def counter(passes: str, body: str) -> str:
    return f'/*{{"ISFVSN": "2", "PASSES": {passes}}}*/\nvoid main() {{ {body} }}'


STEP = '[{"TARGET": "m", "PERSISTENT": true}, {}]'
COUNT = "gl_FragColor = PASSINDEX == 0 ? IMG_THIS_PIXEL(m) + 0.125 : IMG_THIS_PIXEL(m);"


def stepped(name: str, **changes: Any) -> LayerPlan:
    return layer(source=Pass("a/source", name, {}), is_stepped=True, **changes)


def value(compositor: Compositor, shown: Plan) -> float:
    """Display value of the red middle, before dither."""
    linear = compositor.compose(shown, {}).read("linear16f")[18, 32]
    return float(encode(linear[0] / max(float(linear[3]), 1e-6)))


def test_a_pass_reads_its_own_past_and_later_passes_the_present(compositor: Compositor) -> None:
    compositor.load("count", counter(STEP, COUNT))
    for step in range(1, 5):
        compositor.step(plan(stepped("count"), step=step), {})
        assert abs(value(compositor, plan(stepped("count"), step=step)) - step / 8) < 2e-3


def test_the_last_pass_fills_both_its_target_and_the_output(compositor: Compositor) -> None:
    passes = '[{"TARGET": "m", "PERSISTENT": true, "WIDTH": "4", "HEIGHT": "2"}]'
    compositor.load("count", counter(passes, "gl_FragColor = IMG_THIS_PIXEL(m) + 0.125;"))
    for step in range(1, 4):
        compositor.step(plan(stepped("count")), {})
        assert abs(value(compositor, plan(stepped("count"))) - step / 8) < 2e-3


def test_what_joins_late_sows_its_buffers_as_what_begins_with_the_show(
    compositor: Compositor,
) -> None:
    body = "gl_FragColor = FRAMEINDEX == 0 ? vec4(0.5) : IMG_THIS_PIXEL(m) + 0.125;"
    compositor.load("sown", counter('[{"TARGET": "m", "PERSISTENT": true}]', body))
    late = layer(source=Pass("late/source", "sown", {}, step=900), is_stepped=True)
    for step in range(3):
        compositor.step(plan(late), {})
        assert abs(value(compositor, plan(late)) - 0.5 - step / 8) < 2e-3


def test_a_target_that_does_not_persist_starts_empty(compositor: Compositor) -> None:
    compositor.load(
        "count",
        counter(
            '[{"TARGET": "m"}, {"TARGET": "m"}, {}]',
            "gl_FragColor = IMG_THIS_PIXEL(m) + (PASSINDEX < 2 ? 0.25 : 0.0);",
        ),
    )
    shown = plan(layer(source=Pass("a/source", "count", {})))
    for _ in range(3):
        assert abs(value(compositor, shown) - 0.5) < 2e-3


def test_histories_depend_on_steps_only(ctx: moderngl.Context) -> None:
    results = []
    for composes in (0, 1, 3):
        made = Compositor(ctx, (64, 36))
        made.load("trails", (SHADERS / "trails.fs").read_text())
        y, x = np.mgrid[0:36, 0:64]
        for step in range(12):
            data = np.zeros((36, 64, 4), np.uint8)
            data[..., 3] = 255
            data[np.hypot(x - 10 - 3 * step, y - 18) < 6] = 255
            here = {"g": pixels(ctx, data)}
            item = Pass("a/trails", "trails", {"half_life": 0.3}, {}, step / 60, step)
            shown = plan(layer(generator="g", effects=(item,), is_stepped=True), step=step)
            made.step(shown, here)
            for _ in range(composes):
                made.compose(shown, here)
        results.append(made.compose(shown, here).read("rgb24"))
        made.close()
    assert results[0].max() > 200
    assert (results[0][:, 12] > 0).any()  # a trail is left behind
    assert (results[0] == results[1]).all()
    assert (results[0] == results[2]).all()


def test_a_history_survives_a_short_absence_and_a_resize(compositor: Compositor) -> None:
    compositor.load("count", counter(STEP, COUNT))
    compositor.step(plan(stepped("count")), {})
    compositor.step(plan(), {})
    compositor.step(plan(stepped("count")), {})
    whole_px = compositor.size_px
    compositor.resize((128, 72))
    compositor.step(plan(stepped("count")), {})
    picture = compositor.compose(plan(stepped("count")), {})
    assert picture.texture.size == (128, 72)
    assert picture.size_px == whole_px
    linear = picture.read("linear16f")[whole_px[1] // 2, whole_px[0] // 2]
    assert abs(float(encode(linear[0] / linear[3])) - 3 / 8) < 2e-3
    for _ in range(40):
        compositor.step(plan(), {})
    compositor.step(plan(stepped("count")), {})
    assert abs(value(compositor, plan(stepped("count"))) - 1 / 8) < 2e-3


def test_a_picture_that_was_drawn_smaller_is_read_at_its_size(compositor: Compositor) -> None:
    compositor.load(
        "ramp", '/*{"ISFVSN": "2"}*/\nvoid main() { gl_FragColor = vec4(isf_FragNormCoord, 0, 1); }'
    )
    shown = plan(layer(source=Pass("a/source", "ramp", {})))
    formats = ("rgb24", "rgba", "rgb48", "linear16f")
    whole = {f: compositor.compose(shown, {}).read(f) for f in formats}
    width, height = compositor.size_px
    compositor.resize((width // 2, height // 2))
    for name, expected in whole.items():
        found = compositor.compose(shown, {}).read(name)
        assert found.shape == expected.shape
        most = {"rgb48": 65535.0, "linear16f": 1.0}.get(name, 255.0)
        away = np.abs(found.astype(float) - expected.astype(float))[2:-2, 2:-2] / most
        assert away.max() < 0.03
    compositor.resize((width, height))
    assert (compositor.compose(shown, {}).read("rgb48") == whole["rgb48"]).all()


def test_size_expressions_follow_inputs(compositor: Compositor) -> None:
    compositor.load(
        "size",
        '/*{"ISFVSN": "2", "INPUTS": [{"NAME": "n", "TYPE": "float", "MAX": 9, '
        '"MIN": 0}], "PASSES": '
        '[{"TARGET": "t", "WIDTH": "$n", "HEIGHT": "99999"}, {}]}*/\n'
        "void main() { gl_FragColor = vec4(vec3(IMG_SIZE(t).x / 10.0), 1.0); }",
    )
    for n in (2.0, 7.0):
        shown = plan(layer(source=Pass("a/source", "size", {"n": n})))
        assert abs(value(compositor, shown) - n / 10) < 2e-3


def test_the_picture_can_be_read_back(compositor: Compositor) -> None:
    compositor.load("colour", COLOUR)
    compositor.load(
        "fade",
        '/*{"ISFVSN": "2", "INPUTS": [{"NAME": "was", "TYPE": "image"}]}*/\n'
        "void main() { gl_FragColor = vec4(IMG_THIS_PIXEL(was).rgb * 0.5 + 0.25, 1.0); }",
    )
    source = Pass("a/source", "fade", {}, {"was": "picture"})
    shown = plan(layer(source=source, is_stepped=True), reads_picture=True)
    wanted = 0.0
    for _ in range(4):
        compositor.step(shown, {})
        compositor.compose(shown, {})
        compositor.compose(shown, {})
        wanted = wanted * 0.5 + 0.25
        assert abs(value(compositor, shown) - wanted) < 4e-3


INVERT = (
    HEAD + "]}*/ void main() { gl_FragColor = vec4(1.0 - IMG_THIS_PIXEL(inputImage).rgb, 1.0); }"
)
GROW = (  # a quarter of the picture more with every step
    HEAD + '], "PASSES": [{"TARGET": "was", "PERSISTENT": true, "FLOAT": true}]}*/ void main() '
    "{ gl_FragColor = vec4(IMG_THIS_PIXEL(was).rgb + IMG_THIS_PIXEL(inputImage).rgb / 4.0, 1.0); }"
)


def over(*passes: Pass, is_stepped: bool = False) -> LayerPlan:
    """The master's effects, as a plan holds them."""
    return layer(id="/master", effects=passes, is_stepped=is_stepped)


def test_the_master_draws_its_effects_over_all_layers(compositor: Compositor) -> None:
    compositor.load("colour", COLOUR)
    compositor.load("invert", INVERT)
    half = colour("b", 0.0, 1.0, 0.0, 1.0, scale=0.5)
    shown = plan(colour("a", 0.2, 0, 0, 1), half, master=0.5)
    plain = compositor.compose(replace(shown, master=1.0), {}).read("rgb24").astype(int)
    shown = replace(shown, master_chain=(over(Pass("/master/invert", "invert", {})),))
    picture = compositor.compose(shown, {})
    wanted = 255 * encode(decode((255 - plain) / 255) * 0.5)  # brightness comes last
    assert np.abs(picture.read("rgb24") - wanted).max() <= 2  # both are dithered
    linear = picture.read("linear16f")[..., :3].astype(float)
    assert np.abs(encode(linear) - (255 - plain) / 255).max() < 5e-3


@pytest.mark.parametrize("reads_picture", [False, True])
def test_the_masters_effects_remember_by_steps_only(
    compositor: Compositor, reads_picture: bool
) -> None:
    compositor.load("colour", COLOUR)
    compositor.load("grow", GROW)
    chain = over(Pass("/master/grow", "grow", {}), is_stepped=True)
    shown = replace(
        plan(colour("a", 0.4, 0, 0, 1), reads_picture=reads_picture), master_chain=(chain,)
    )
    for step in range(1, 4):
        compositor.step(shown, {})
        for frame in (shown, replace(shown), replace(shown)):  # drawn as the step left it
            assert abs(value(compositor, frame) - 0.1 * step) < 4e-3


def test_shaders_read_the_picture_with_the_masters_effects(compositor: Compositor) -> None:
    compositor.load("invert", INVERT)
    compositor.load(
        "was",
        '/*{"ISFVSN": "2", "INPUTS": [{"NAME": "was", "TYPE": "image"}]}*/\n'
        "void main() { gl_FragColor = vec4(IMG_THIS_PIXEL(was).rgb * 0.5, 1.0); }",
    )
    source = Pass("a/source", "was", {}, {"was": "picture"})
    shown = plan(layer(source=source, is_stepped=True), reads_picture=True)
    shown = replace(shown, master_chain=(over(Pass("/master/invert", "invert", {})),))
    wanted = 0.0
    for _ in range(4):
        compositor.step(shown, {})
        wanted = 1.0 - 0.5 * wanted
        assert abs(value(compositor, shown) - wanted) < 5e-3


def test_a_layer_reads_another_layers_source(compositor: Compositor) -> None:
    compositor.load("colour", COLOUR)
    compositor.load(
        "show",
        '/*{"ISFVSN": "2", "INPUTS": [{"NAME": "other", "TYPE": "image"}]}*/\n'
        "void main() { gl_FragColor = vec4(IMG_THIS_PIXEL(other).bgr, 1.0); }",
    )
    top = layer(id="b", source=Pass("b/source", "show", {}, {"other": "layer:a"}))
    found = compositor.compose(plan(colour("a", 1.0, 0.0, 0.0, 1.0), top), {}).read("rgb24")
    assert tuple(found[5, 5]) == (0, 0, 255)


@pytest.mark.parametrize("mix", [1.0, 0.25])
@pytest.mark.parametrize("passes", ["[{}]", '[{"TARGET": "t"}]'])
def test_an_effect_is_crossfaded(compositor: Compositor, mix: float, passes: str) -> None:
    compositor.load("colour", COLOUR)
    compositor.load(
        "invert",
        HEAD + f'], "PASSES": {passes}}}*/ void main() {{ '
        "gl_FragColor = vec4(1.0 - IMG_THIS_PIXEL(inputImage).rgb, 1.0); }",
    )
    shown = plan(colour("a", 0.2, 0, 0, 1, effects=(Pass("a/invert", "invert", {}, mix=mix),)))
    assert abs(value(compositor, shown) - (0.2 + mix * 0.6)) < 2e-3


def test_uniforms_of_every_type(compositor: Compositor) -> None:
    compositor.load(
        "all",
        '/*{"ISFVSN":"2","INPUTS":[{"NAME":"b","TYPE":"bool"},{"NAME":"n",'
        '"TYPE":"long","VALUES":[4,8]},{"NAME":"p","TYPE":"point2D"},{"NAME":"c",'
        '"TYPE":"color","DEFAULT":[0,0,0.5]},{"NAME":"e","TYPE":"event"},'
        '{"NAME":"m","TYPE":"audio"}],"IMPORTED":{"pic":{"PATH":"a.png"}}}*/\n'
        "void main() { gl_FragColor = vec4((b ? 0.5 : 0.0) + (e ? 0.25 : 0.0), "
        "float(n) / 16.0, c.b * p.x, c.a) "
        "+ IMG_THIS_PIXEL(m) - vec4(0.5, 0.5, 0.5, 1.0) + IMG_THIS_PIXEL(pic); }",
    )
    values = {"b": 1.0, "n": 8, "p": (0.5, 0.0), "e": True}
    shown = plan(layer(source=Pass("a/source", "all", values)))
    linear = compositor.compose(shown, {}).read("linear16f")[9, 9].astype(float)
    assert np.abs(encode(linear[:3]) - (0.75, 0.5, 0.25)).max() < 2e-3


# Errors


def test_a_broken_shader_keeps_the_last_good_one_and_names_the_line(compositor: Compositor) -> None:
    compositor.load("colour", COLOUR)
    shown = plan(colour("a", 1.0, 0.5, 0.0, 1.0))
    before = compositor.compose(shown, {}).read("rgb24")
    bad = (
        '/*{\n"ISFVSN": "2",\n"INPUTS": [{"NAME": "c", "TYPE": "color"}]\n}*/\n\n'
        "void main() {\n  float ok = 1.0;\n  gl_FragColor = nothing;\n}\n"
    )
    with pytest.raises(ShaderError, match=r"colour\.fs:8: .*nothing") as caught:
        compositor.load("colour", bad)
    assert caught.value.line == 8
    with pytest.raises(ShaderError, match=r"colour\.fs:3: in the header"):
        compositor.load("colour", '/*{\n"ISFVSN": "2",\nwrong}*/')
    assert (compositor.compose(shown, {}).read("rgb24") == before).all()


def test_what_was_staged_is_not_compiled_again(
    compositor: Compositor, monkeypatch: pytest.MonkeyPatch
) -> None:
    compositor.load("colour", COLOUR)
    shown = plan(colour("a", 1.0, 0.5, 0.0, 1.0))
    before = compositor.compose(shown, {}).read("rgb24")
    compositor.stage("colour", COLOUR.replace("= c;", "= c.bgra;"))
    assert (compositor.compose(shown, {}).read("rgb24") == before).all()
    compositor.stage("colour", COLOUR.replace("= c;", "= c.grba;"))  # saved again meanwhile
    monkeypatch.setattr(stock, "compile_shader", lambda *_: pytest.fail("compiled again"))
    compositor.load("colour", COLOUR.replace("= c;", "= c.grba;"))
    assert (compositor.compose(shown, {}).read("rgb24") == before[..., [1, 0, 2]]).all()


def test_a_shader_that_never_loaded_is_passed_by(compositor: Compositor) -> None:
    compositor.load("colour", COLOUR)
    shown = plan(colour("a", 1.0, 0.0, 0.0, 1.0, effects=(Pass("a/x", "missing", {}),)))
    assert tuple(compositor.compose(shown, {}).read("rgb24")[3, 3]) == (255, 0, 0)


@pytest.mark.parametrize(
    ("log", "line"),
    [
        ("0:7(16): error: `d' undeclared", 7),
        ('0(7) : error C1503: undefined variable "d"', 7),
        ("ERROR: 0:7: Use of undeclared identifier 'd'", 7),
        ("0:1500003(1): error: ours", 0),
        ("something else", 0),
    ],
)
def test_errors_of_every_compiler_are_understood(log: str, line: int) -> None:
    error = read_error("a.fs", f"GLSL Compiler failed\n\nfragment_shader\n====\n{log}\n")
    assert error.line == line
    assert str(error).startswith("a.fs:7: " if line else "a.fs: ")


def test_reserved_words_and_old_dialect_compile(ctx: moderngl.Context) -> None:
    text = HEAD + (
        ', {"NAME": "sample", "TYPE": "float"}]}*/\n#version 120\nuniform vec2 RENDERSIZE;\n'
        "varying vec2 isf_FragNormCoord;\nvec4 get(sampler2D image, vec2 p) "
        "{ return IMG_NORM_PIXEL(image, p, 0.5); }\nvoid main(void) { int filter = 1; "
        "gl_FragColor = texture2D(inputImage, vv_FragNormCoord) * sample * float(filter) "
        "+ get(inputImage, isf_FragNormCoord) + IMG_PIXEL(inputImage, gl_FragCoord.xy) "
        "+ vec4(_inputImage_imgRect.z + IMG_SIZE(inputImage).x) "
        "+ IMG_THIS_NORM_PIXEL(inputImage); }"
    )
    shader = compile_shader(ctx, "old", text)
    assert shader.names["sample"] == "sample_"
    with pytest.raises(ShaderError, match="include"):
        compile_shader(ctx, "inc", HEAD + ']}*/\n#include "x"\nvoid main() {}')


# The shaders that we ship


@pytest.mark.parametrize("name", NAMES)
def test_every_shader_compiles_and_draws(ctx: moderngl.Context, name: str) -> None:
    most = (math.inf, itertools.count().__next__)
    described = describe(ctx, name, (SHADERS / f"{name}.fs").read_text())
    report, _ = check(ctx, described, ((160, 90), {}), most)
    assert report["error"] is None
    assert report["compiled"]
    assert report["drew"]
    assert not report["nan"]
    assert report["flat"] == (name == "solid")
    assert report["kind"] in ("generator", "filter", "transition")
    assert report["cpu_ms"] > 0


def soft_forms(width: int, height: int) -> Any:
    """Soft coloured forms on black [shape=(H, W, 4)], row 0 at the bottom."""
    y, x = np.mgrid[0:height, 0:width]
    u, v = (x + 0.5 - width / 2) / height, (y + 0.5) / height - 0.5
    form = np.exp(-((np.hypot(u, v) - 0.25) ** 2) / 0.01)
    rgb = [form * (0.5 + 0.5 * np.cos(6 * u + 5 * v + shift)) for shift in (0.0, 1.1, 2.3)]
    return np.stack([*rgb, np.ones_like(u)], axis=-1).astype(np.float16).astype(np.float32)


def chain(
    ctx: moderngl.Context, name: str, size_px: tuple[int, int], steps: int = 6, **uniforms: Any
) -> Any:
    """Linear picture of one shader over the test picture, after some steps."""
    made = Compositor(ctx, size_px)
    header = made.load(name, (SHADERS / f"{name}.fs").read_text())
    data = np.rint(np.clip(soft_forms(320, 180)[::-1], 0, 1) * 255)
    for step in range(steps):
        here = {"g": pixels(ctx, np.roll(data, 6 * step, axis=1))}
        item = Pass(f"a/{name}", name, uniforms, {}, 100 + step / 60, step)
        one = layer(aspect=16 / 9, is_stepped=True, generator="g", effects=(item,))
        if header.kind == "generator":
            one = one._replace(generator=None, effects=(), source=item)
        made.step(plan(one, step=step), here)
    found = made.compose(plan(one, step=steps - 1), here).read("rgb48")
    made.close()
    return found


@pytest.mark.parametrize(
    "name",
    [
        "relief",
        "breathe",
        "trails",
        "grade",
        "grain",
        "strike",
        "wall",
        "ink",
        "flow",
        "soften",
        "brush",
    ],
)
def test_black_stays_black(ctx: moderngl.Context, name: str) -> None:
    made = Compositor(ctx, (64, 36))
    made.load(name, (SHADERS / f"{name}.fs").read_text())
    black = np.zeros((9, 16, 4), np.uint8)
    black[..., 3] = 255
    item = Pass("a/x", name, {"amount": 1.0}, {}, 1234.5, 9)
    shown = plan(layer(generator="g", effects=(item,), is_stepped=True))
    here = {"g": pixels(ctx, black)}
    made.step(shown, here)
    made.step(shown, here)
    assert made.compose(shown, here).read("rgb24").max() == 0
    made.close()


def test_strike_at_rest_is_the_picture_itself(ctx: moderngl.Context) -> None:
    with_it = chain(ctx, "strike", (320, 180), steps=1, amount=0.0)
    thrown = chain(ctx, "strike", (320, 180), steps=1, amount=1.0)
    plain = chain(ctx, "soften", (320, 180), steps=1, bloom=0.0, focus=0.0)
    assert np.abs(with_it.astype(int) - plain).max() < 200
    assert np.abs(thrown.astype(int) - plain).mean() > 1000


@pytest.mark.parametrize(
    ("name", "at_rest"),
    [("echo", {"amount": 0.0}), ("brush", {"length": 0.0, "crisp": 0.0, "relief": 0.0})],
)
def test_an_effect_at_rest_is_the_picture_itself(
    ctx: moderngl.Context, name: str, at_rest: dict[str, float]
) -> None:
    plain = chain(ctx, "soften", (320, 180), steps=1, bloom=0.0, focus=0.0).astype(int)
    assert np.abs(chain(ctx, name, (320, 180), steps=1, **at_rest) - plain).max() < 200
    assert np.abs(chain(ctx, name, (320, 180), steps=1) - plain).mean() > 100


@pytest.mark.parametrize("right", [False, True])
def test_split_shows_one_side_of_a_line(ctx: moderngl.Context, right: bool) -> None:
    size = (320, 180)
    plain = chain(ctx, "soften", size, steps=1, bloom=0.0, focus=0.0).astype(int)
    half = chain(ctx, "split", size, steps=1, at=0.5, line=2.0, right=right).astype(int)
    here, there = (slice(170, 320), slice(0, 150)) if right else (slice(0, 150), slice(170, 320))
    assert np.abs(half[:, here] - plain[:, here]).max() < 200
    assert half[:, there].max() == 0
    assert half[:, 159:161].min() > 65000
    whole = chain(ctx, "split", size, steps=1, at=0.0 if right else 1.0, right=right).astype(int)
    assert np.abs(whole - plain).max() < 200


def test_a_brush_makes_edges_crisp(ctx: moderngl.Context) -> None:
    """The steepest slope of an edge between two greys, enlarged twenty times."""
    made = Compositor(ctx, (640, 360))
    made.load("brush", (SHADERS / "brush.fs").read_text())
    edge = np.full((18, 32, 4), 255, np.uint8)
    edge[..., :3] = np.where(np.arange(32) < 16, 80, 160)[None, :, None]
    steep = []
    for crisp in (0.0, 1.0):
        values = {"crisp": crisp, "relief": 0.0, "size": 0.03, "length": 0.0}
        item = Pass("a/brush", "brush", values, {}, 0.0, 0)
        shown = plan(layer(generator="g", effects=(item,), is_stepped=True))
        here = {"g": pixels(ctx, edge)}
        made.step(shown, here)
        row = made.compose(shown, here).read("rgb24")[180, :, 0].astype(int)
        steep.append(np.abs(np.diff(row)).max())
    made.close()
    assert steep[1] > 1.5 * steep[0]


def test_every_second_line_of_ink_is_another_colour(ctx: moderngl.Context) -> None:
    both = chain(ctx, "ink", (320, 180), 1, every=2, colour=0.0, fill=0.0, weight=6.0)
    plain = chain(ctx, "ink", (320, 180), 1, every=0, colour=0.0, fill=0.0, weight=6.0)
    red, green, _ = np.moveaxis(both.astype(np.int64), 2, 0)
    is_accent = (red > 2 * green) & (red > 10_000)
    is_plain = (np.abs(red - green) < 0.2 * red) & (red > 10_000)
    assert is_accent.mean() > 0.01
    assert is_plain.mean() > 0.01
    assert not (plain[..., 0] > 2 * plain[..., 1].astype(np.int64) + 1000).any()


def test_a_scar_stays_until_it_heals(ctx: moderngl.Context) -> None:
    """Outlines of the picture that was there when it was marked, over later ones."""
    made = Compositor(ctx, (160, 90))
    made.load("scar", (SHADERS / "scar.fs").read_text())
    box = np.full((90, 160, 4), 255, np.uint8)
    box[..., :3] = 0
    dark = box.copy()
    box[30:60, 50:110, :3] = 200
    light = []
    for step, (picture, events) in enumerate(
        [(box, {}), (box, {"mark": True}), (dark, {}), (dark, {"heal": True})]
    ):
        values = {"mark": False, "heal": False, **events}
        item = Pass("a/scar", "scar", values, {}, step / 60, step)
        shown = plan(layer(generator="g", effects=(item,), is_stepped=True), step=step)
        here = {"g": pixels(ctx, picture)}
        made.step(shown, here)
        light.append(made.compose(shown, here).read("rgb24").astype(int))
    made.close()
    assert np.abs(light[1] - light[0]).max() > 60
    row = light[2][45, :, 0]
    assert row[45:56].max() > 60  # the box's left side
    assert row[70:90].max() == 0  # neither its inside
    assert light[3].max() == 0


@pytest.mark.parametrize(
    ("name", "uniforms"),
    [("trails", {"half_life": 1.0, "zoom": 0.6, "turn": 0.1}), ("flow", {"speed": 0.2})],
)
def test_feedback_agrees_at_a_third_of_the_size(
    ctx: moderngl.Context, name: str, uniforms: dict[str, float]
) -> None:
    small = chain(ctx, name, (320, 180), steps=12, **uniforms).astype(np.float64)
    large = chain(ctx, name, (960, 540), steps=12, **uniforms).astype(np.float64)
    shrunk = large.reshape(180, 3, 320, 3, 3).mean((1, 3))
    assert small.mean() > 1000
    assert np.abs(small - shrunk).mean() / 257 < 0.5


@pytest.mark.parametrize(
    ("name", "uniforms"),
    [("relief", {}), ("breathe", {}), ("trails", {}), ("ink", {}), ("wall", {}), ("brush", {})],
)
def test_golden_pictures(ctx: moderngl.Context, name: str, uniforms: dict[str, float]) -> None:
    if "llvmpipe" not in ctx.info["GL_RENDERER"]:
        pytest.skip("golden pictures belong to llvmpipe")
    found = np.rint(chain(ctx, name, (160, 90), **uniforms) / 257).astype(np.uint8)
    path = GOLDEN / f"{name}.png"
    wanted = np.asarray(Image.open(path).convert("RGB")).astype(int)
    away = np.abs(found.astype(int) - wanted)
    if away.max() > 2:
        OUT.mkdir(exist_ok=True)
        Image.fromarray(found).save(OUT / f"{name}-found.png")
        Image.fromarray(np.minimum(away * 20, 255).astype(np.uint8)).save(OUT / f"{name}-diff.png")
    assert away.max() <= 2, f"look at {OUT / name}-found.png and -diff.png"


def test_a_step_and_a_frame_of_the_same_moment_are_two_plans(compositor: Compositor) -> None:
    """They are told apart without a look at their arrays, which have no one truth."""
    compositor.load("colour", COLOUR)
    step, frame = (
        replace(plan(colour("a", 1, 0, 0, 1), reads_picture=True), values=np.zeros(2))
        for _ in range(2)
    )
    compositor.step(step, {})
    assert compositor.compose(frame, {}).read("rgb24")[0, 0, 0] == 255
