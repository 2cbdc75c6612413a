"""Plans: layers, uniforms, events that last one picture step, requests, and the step clock."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.event import Event
from engine.core.frame.now import unfrozen_at
from engine.core.frame.sample import latents, requests_at, sample, step_at
from engine.core.show.generator import Spec, asked_size, picture_size
from engine.core.show.layer import WRAP_S
from engine.documents.show import load
from tests.making import GLOW, film, frames_at, latent, line_of, read_show, run

FLASH = "/layer/form/effect/glow/flash"
LAYERS = """
size_px = [1600, 900]
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
size_px = 64
parameters = { truncation = 0.5 }
[[layers.effects]]
shader = "glow"
inputs = { tint = [0.1, 0.2, 0.3], centre = [0.25, 0.75], mode = 2, soft = false }

[[layers]]
id = "other"
uses = "form"
blend = "screen"
opacity = 0.5
aspect = 1.0
scale = 0.4

[[layers]]
id = "made"
blend = "add"
[layers.source]
shader = "glow"
"""


def uniforms(plan):
    return plan.layers[0].effects[0].uniforms


def test_a_plan_holds_every_visible_layer_bottom_first() -> None:
    show = read_show(LAYERS)
    plan = sample(show, run(show, 10), 10 / 120)
    assert [layer.id for layer in plan.layers] == ["form", "other", "made"]
    assert [layer.generator for layer in plan.layers] == ["form", "form", None]
    assert [layer.blend for layer in plan.layers] == ["normal", "screen", "add"]
    other = plan.layers[1]
    assert (other.opacity, other.aspect, other.scale) == (0.5, 1.0, 0.4)
    assert plan.layers[0].aspect == pytest.approx(16 / 9)
    assert plan.layers[2].source is not None
    assert plan.layers[2].source.key == "made/source"
    assert [layer.is_stepped for layer in plan.layers] == [True, False, True]
    assert (plan.tick, plan.seconds, plan.master) == (10, 10 / 120, 1.0)


def test_invisible_layers_and_bypassed_effects_are_left_out() -> None:
    show = read_show(LAYERS)
    events = [(1, "/layer/form/opacity", 0.0), (1, "/layer/made/opacity", 0.0)]
    plan = sample(show, run(show, 2, events), 2 / 120)
    assert [layer.id for layer in plan.layers] == ["other"]
    assert set(plan.requests) == {"form"}  # somebody still shows its pixels
    plan = sample(show, run(show, 2, [*events, (1, "/layer/other/opacity", 0)]), 2 / 120)
    assert (plan.layers, plan.requests) == ((), {})
    plan = sample(show, run(show, 2, [(1, "/layer/form/effect/glow/mix", 0.0)]), 2 / 120)
    assert plan.layers[0].effects == ()
    assert not plan.layers[0].is_stepped


def test_blackout_is_black_and_brightness_dims() -> None:
    show = read_show()
    assert sample(show, run(show, 1, [(1, "/master/blackout", True)]), 0.01).master == 0.0
    assert sample(show, run(show, 1, [(1, "/master/brightness", 0.25)]), 0.01).master == 0.25


def test_uniforms_have_the_types_that_shaders_declare() -> None:
    show = read_show(LAYERS)
    found = uniforms(sample(show, run(show, 1), 1 / 120))
    assert found == {
        "amount": 0.5, "tint": (0.1, 0.2, 0.3, 1.0), "centre": (0.25, 0.75), "mode": 9,
        "soft": False, "flash": False,
    }  # fmt: skip
    assert type(found["mode"]) is int
    assert type(found["soft"]) is bool


def test_requests_say_what_to_render() -> None:
    show = read_show(LAYERS)
    state = run(show, 30, [(2, "/master/truncation", 0.5)])
    request = sample(show, state, 0.25).requests["form"]
    assert request.parameters["truncation"] == 0.25
    assert request.size_px == picture_size(64, 16 / 9) == (86, 48)
    assert request.aspect == pytest.approx(16 / 9)
    assert request.seconds == 0.25
    z = request.latents["z"]
    assert (z.shape, z.dtype) == ((64,), np.float32)
    assert not np.array_equal(z, request.latents["z_b"])
    ahead = requests_at(show, state, 0.5, {"form"})["form"]
    assert np.array_equal(ahead.latents["z"], latent(sample(show, state, 0.5)))
    assert set(latents(show, state, 0.5)) == {f"/layer/form/generator/{p}" for p in ("z", "z_b")}


@given(st.integers(64, 512), st.floats(0.05, 20))
def test_pictures_have_even_sides_and_the_area_of_their_square(side: int, aspect: float) -> None:
    width, height = picture_size(side, aspect)
    assert width % 2 == height % 2 == 0
    assert min(width, height) >= 16
    if min(width, height) > 40:
        assert width / height == pytest.approx(aspect, rel=0.1)
        assert width * height == pytest.approx(side * side, rel=0.1)


@given(side=st.integers(16, 1024), aspect=st.floats(0.05, 20.0))
def test_a_picture_of_its_own_aspect_is_asked_for_whole(side: int, aspect: float) -> None:
    square, canvas = Spec("s", (), any_size=False, max_px=1024), (1280, 720)
    assert asked_size(square, side, aspect, canvas) == (side, side)
    wide = replace(square, aspect=3.5)
    width, height = asked_size(wide, side, aspect, canvas)
    assert (width - 1) ** 2 / 3.5 < side * side <= width * height
    free = replace(wide, any_size=True)
    assert asked_size(free, side, aspect, canvas) == picture_size(side, aspect)


@pytest.mark.parametrize(
    ("own", "aspect", "canvas", "size"),
    [
        (1.0, 1.0, (1920, 1080), (256, 256)),  # all that there is
        (1.0, 1.0, (320, 180), (180, 180)),  # no more than the layer shows
        (1.0, 1.0, (100, 400), (100, 100)),
        (1.0, 16 / 9, (320, 180), (256, 256)),  # stretched: enough for the longer side
        (1.0, 16 / 9, (160, 90), (160, 160)),
        (4.0, 4.0, (4096, 1024), (512, 128)),
        (4.0, 4.0, (256, 256), (256, 64)),
    ],
)
def test_a_networks_own_size_is_no_more_than_the_canvas_shows(
    own: float, aspect: float, canvas: tuple[int, int], size: tuple[int, int]
) -> None:
    spec = Spec("s", (), any_size=False, max_px=256, aspect=own)
    assert asked_size(spec, 0, aspect, canvas) == size


@pytest.mark.parametrize("control_hz", ["120", "100", "60", "59.94"])
@pytest.mark.parametrize("fps", [24, 60, 144])
def test_an_event_is_true_for_exactly_one_picture_step(control_hz: str, fps: int) -> None:
    show = read_show(control_hz=control_hz)
    fired = [5, 8, 31, 50]
    events = {tick: [Event(tick, FLASH, True, "t", tick)] for tick in fired}
    steps, plans = film(show, frames_at(fps, 1.0), events)
    lit = [p.layers[0].effects[0].step for p in steps if uniforms(p)["flash"]]
    rate = Fraction(show.control_hz)
    expected = [-(-tick * show.picture_hz // rate) for tick in fired]
    assert lit == sorted(set(expected))
    # a frame shows the events of all steps that no frame has seen, and of its own
    seen = -1
    for plan in plans:
        step = plan.layers[0].effects[0].step
        assert uniforms(plan)["flash"] == any(min(seen, step - 1) < each <= step for each in lit)
        seen = step


@pytest.mark.parametrize("fired", range(8, 16))
@pytest.mark.parametrize("frozen", [10, 11])
def test_an_event_beside_a_freeze_is_not_lost(fired: int, frozen: int) -> None:
    show = read_show()
    events = {t: [] for t in (fired, frozen, 14)}
    events[frozen].append(Event(frozen, "/master/freeze", 1, "a"))
    events[14].append(Event(14, "/master/freeze", 0, "a"))
    events[fired].append(Event(fired, FLASH, 1, "b"))
    steps, _ = film(show, frames_at(60, 1.0), events)
    assert [uniforms(p)["flash"] for p in steps].count(True) == 1


def test_a_release_fires_nothing() -> None:
    show = read_show()
    steps, _ = film(show, frames_at(60, 0.5), {5: [Event(5, FLASH, 0)]})
    assert not any(uniforms(p)["flash"] for p in steps)


@given(st.integers(0, 10**9), st.sampled_from([24, 30, 60, 144]))
def test_the_step_of_a_frame_is_found_by_its_exact_time(frame: int, fps: int) -> None:
    show = read_show()
    seconds = Fraction(frame, fps)
    tick = int(seconds * 120)
    state = run(show, 0)
    state = state._replace(tick=tick)
    assert step_at(show, state, float(seconds)) == seconds * 60 // 1


def test_motion_leaves_the_frozen_time_out() -> None:
    show = read_show()
    events = [(60, "/master/freeze", 1), (120, "/master/freeze", 0)]
    assert unfrozen_at(show, run(show, 90, events), 0.756) == 0.5
    assert unfrozen_at(show, run(show, 180, events), 1.504) == pytest.approx(1.004)
    assert step_at(show, run(show, 90, events), 0.756) == 30


def test_shader_time_wraps_and_steps_count() -> None:
    show = read_show()
    state = run(show, 0)._replace(tick=120 * (WRAP_S + 7))
    found = sample(show, state, WRAP_S + 7.0).layers[0].effects[0]
    assert found.seconds == pytest.approx(7.0)
    assert found.step == (WRAP_S + 7) * 60
    assert found.key == "form/glow"


def test_a_frame_on_a_step_is_that_steps_plan() -> None:
    line = line_of(read_show())
    steps = line.control(Fraction(1, 10), lambda tick: ())
    assert line.plan(Fraction(1, 10)) is steps[-1]
    assert line.plan(Fraction(1, 9)) is not steps[-1]
    line.control(Fraction(13, 120), lambda tick: ())
    assert line.plan(Fraction(1, 10)) is not steps[-1]  # the state went on


def test_a_plan_says_whether_somebody_reads_the_picture() -> None:
    shader = GLOW.replace('"image"}', '"image"}, {"NAME": "back", "TYPE": "image"}', 1)
    text = (
        'schema = 1\n[[layers]]\nid = "a"\n[layers.source]\nshader = "x"\n'
        'images = { back = "picture" }\n'
    )
    show = load.read(text, "t", lambda name: shader)[0]
    plan = sample(show, run(show, 0), 0.0)
    assert plan.reads_picture
    assert plan.layers[0].is_stepped
    plan = sample(show, run(show, 1, [(1, "/layer/a/opacity", 0.0)]), 0.01)
    assert not plan.reads_picture


def test_two_presses_within_a_step_are_one_event_and_in_two_steps_are_two() -> None:
    show = read_show()
    within = {t: [Event(t, FLASH, 1)] for t in (5, 6)}
    across = {t: [Event(t, FLASH, 1)] for t in (6, 7)}
    for events, lit in ((within, [3]), (across, [3, 4])):
        steps, _ = film(show, frames_at(24, 0.2), events)
        assert [p.layers[0].effects[0].step for p in steps if uniforms(p)["flash"]] == lit
