"""Image ports: generators that see other layers, each other and the picture, a step late."""

from __future__ import annotations

import os
import time
from fractions import Fraction
from pathlib import Path

import moderngl
import numpy as np
import pytest

from engine.compositor.compose import Compositor
from engine.compositor.previews import Previews, cover
from engine.core.frame.plan import Readback
from engine.core.show.generator import ImageInput, Request, View
from engine.core.show.show import Show
from engine.core.show.state import first_state
from engine.documents.show import load
from engine.generators.host.messages import decode_request, encode_request
from engine.generators.host.worker_host import open_worker
from engine.generators.registry import open_spec
from engine.play.line import Line, draw, load_shaders
from engine.play.pixels.bridge import Bridge
from engine.play.pixels.delay_line import DelayLine
from engine.play.pixels.film import FilmPixels
from engine.play.pixels.live import LivePixels
from tests.performing import lamp, until
from tests.stand_ins.echo_generator import STEP, Config

SLOPE = """/*{"ISFVSN": "2", "INPUTS": [
  {"NAME": "blue", "TYPE": "float", "DEFAULT": 0.0, "MIN": 0, "MAX": 1}]}*/
void main() { gl_FragColor = vec4(isf_FragNormCoord, blue, 1.0); }
"""
COUNT = """/*{"ISFVSN": "2", "PASSES": [{"TARGET": "sum", "PERSISTENT": true, "FLOAT": true}, {}]}*/
void main() {
    gl_FragColor = PASSINDEX == 0 ? IMG_THIS_PIXEL(sum) + vec4(8.0 / 255.0) : IMG_THIS_PIXEL(sum);
    gl_FragColor.a = 1.0;
}
"""
SHADERS = {"slope": SLOPE, "count": COUNT}
HEAD = "schema = 1\nsize_px = [64, 32]\npicture_hz = 30\n"
ECHO = """[[layers]]
id = "{0}"
[layers.generator]
kind = "echo"
images = {{ image = {1} }}
"""
SOURCE = '[[layers]]\nid = "{0}"\nopacity = {2}\n[layers.source]\nshader = "{1}"\n'


@pytest.fixture(autouse=True)
def _echo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(lamp(tmp_path)["PYTHONPATH"].split(os.pathsep)[0])


def read(text: str) -> Show:
    return load.read(HEAD + text, "test", SHADERS.__getitem__)[0]


def film(ctx: moderngl.Context, show: Show, fps: int, count: int) -> np.ndarray:
    """Frames as a film has them [shape=(N, H, W, 3)]."""
    compositor = Compositor(ctx, show.size_px, float(show.picture_hz))
    bridge = Bridge(ctx, crossfades=False)
    pixels = FilmPixels(bridge, show, "cpu")
    load_shaders(compositor, show)
    line = Line(show, first_state(show), -1, {})
    frames = []
    for number in range(count):
        steps = line.control(Fraction(number, fps), lambda _: ())
        picture = draw(compositor, pixels, steps, line.plan(Fraction(number, fps)))
        frames.append(picture.read("rgb24").copy())
    pixels.close()
    bridge.close()
    compositor.close()
    return np.stack(frames)


def middle(frames: np.ndarray) -> list[list[int]]:
    return frames[:, 16, 32].astype(int).tolist()


@pytest.mark.parametrize("delay", [1, 2, 5])
def test_a_generator_that_sees_itself_grows_once_a_delay(ctx: moderngl.Context, delay: int) -> None:
    show = read(ECHO.format("a", f'{{ of = "layer:a", delay_steps = {delay} }}'))
    found = middle(film(ctx, show, 30, 16))
    for step, (red, green, blue) in enumerate(found):
        assert abs(red - STEP * (step // delay)) <= 1
        assert (green, blue) == (0, 255)


def test_two_generators_see_each_other_whatever_their_order(ctx: moderngl.Context) -> None:
    show = read(ECHO.format("a", '"layer:b"') + ECHO.format("b", '"layer:a"'))
    found = [red for red, _, _ in middle(film(ctx, show, 30, 12))]
    assert found == pytest.approx([STEP * n for n in range(12)], abs=1)


def test_a_generator_sees_the_finished_picture(ctx: moderngl.Context) -> None:
    found = [red for red, _, _ in middle(film(ctx, read(ECHO.format("a", '"picture"')), 30, 12))]
    assert found == pytest.approx([STEP * n for n in range(12)], abs=2)


@pytest.mark.parametrize("fps", [24, 60, 120])
def test_what_is_seen_does_not_depend_on_the_frames(ctx: moderngl.Context, fps: int) -> None:
    show = read(ECHO.format("a", '"layer:b"') + ECHO.format("b", '"layer:a"'))
    found = [red for red, _, _ in middle(film(ctx, show, fps, fps // 2))]
    assert found == pytest.approx([STEP * (n * 30 // fps) for n in range(fps // 2)], abs=1)


@pytest.mark.parametrize("opacity", [0, 1])
def test_a_layer_is_seen_a_step_late_hidden_or_not(ctx: moderngl.Context, opacity: int) -> None:
    show = read(SOURCE.format("s", "count", opacity) + ECHO.format("a", '"layer:s"'))
    found = film(ctx, show, 30, 10)
    reds = [red for red, _, _ in middle(found)]
    # what `count` shows at step n is n + 1 additions; it is seen at n + 1, redder by one
    assert reds[1:] == pytest.approx([STEP * (n + 1) for n in range(1, 10)], abs=1)
    assert (found[-1, 16, 2] > 0).all() == bool(opacity)  # beside the square is the layer itself


def test_two_films_are_equal(ctx: moderngl.Context) -> None:
    show = read(SOURCE.format("s", "slope", 0) + ECHO.format("a", '"layer:s"'))
    one, other = (film(ctx, show, 30, 6) for _ in range(2))
    assert one.tobytes() == other.tobytes()
    assert one.std() > 10


def test_the_port_sees_the_middle_the_right_way_up_over_black(ctx: moderngl.Context) -> None:
    show = read(SOURCE.format("s", "slope", 0) + ECHO.format("a", '"layer:s"'))
    line = Line(show, first_state(show), -1, {})
    (plan,) = line.control(Fraction(0), lambda _: ())
    compositor = Compositor(ctx, show.size_px, 30.0)
    load_shaders(compositor, show)
    compositor.step(plan, {})
    assert list(compositor.readbacks(is_waiting=False)) == []  # of this frame: not read yet
    compositor.compose(plan, {})
    (readback,) = compositor.readbacks(is_waiting=False)
    compositor.close()
    assert (readback.view, readback.step) == (View("layer:s", (16, 16)), 0)
    at = (np.arange(16) + 0.5) / 16
    red, green = np.meshgrid(0.25 + 0.5 * at, 1 - at)
    np.testing.assert_allclose(readback.pixels[..., 0] / 255, red, atol=2 / 255)
    np.testing.assert_allclose(readback.pixels[..., 1] / 255, green, atol=2 / 255)


def test_where_every_size_is_drawn_the_port_sees_all_of_its_area(ctx: moderngl.Context) -> None:
    echo = ECHO.format("a", '"layer:s"') + "size_px = 64\nfilm_px = 64\n"
    echo += "config = { side_px = 64, any_size = true }\n"
    show = read(SOURCE.format("s", "slope", 0) + echo)
    line = Line(show, first_state(show), -1, {})
    (plan,) = line.control(Fraction(0), lambda _: ())
    assert plan.views == (View("layer:s", (90, 46)),)
    frame = film(ctx, show, 30, 4)[-1].astype(int)
    assert frame[16, 60, 0] - frame[16, 4, 0] > 200  # from edge to edge


def test_a_large_picture_is_averaged_and_clear_is_black(ctx: moderngl.Context) -> None:
    texture = ctx.texture((64, 64), 4, dtype="f2")
    board = np.indices((64, 64)).sum(0) % 2
    rgba = np.stack([board, board, board, np.ones((64, 64))], -1).astype(np.float16)
    rgba[:, 32:, 3] = 0.0
    texture.write(rgba.tobytes())
    views = Previews(ctx)
    views.draw(View("picture", (8, 8)), 3, 0, texture, 1.0)
    (readback,) = views.take(None)
    assert np.abs(readback.pixels[:, :4].astype(int) - 128).max() <= 1
    assert readback.pixels[:, 5:].max() == 0
    views.release()
    texture.release()


def test_what_nobody_takes_is_drawn_over(ctx: moderngl.Context) -> None:
    texture = ctx.texture((4, 4), 4, data=bytes([9, 9, 9, 255] * 16))
    views = Previews(ctx)
    for step in range(50):
        views.draw(View("picture", (8, 8)), step, step, texture, 1.0)
    assert [g.step for g in views.take(None)] == [46, 47, 48, 49]
    views.release()
    texture.release()


@pytest.mark.parametrize("aspect", [0.2, 1.0, 16 / 9, 7.0])
def test_a_small_layer_just_covers_the_port(aspect: float) -> None:
    width, height = cover((128, 96), aspect)
    assert width >= 128
    assert height >= 96
    assert width == 128 or height == 96


def test_a_sighting_is_the_newest_that_is_old_enough() -> None:
    view, delay_line = View("picture", (1, 1)), DelayLine()
    near, far = ImageInput("near", view, 1), ImageInput("far", view, 4)
    assert delay_line.pictures([near, far], 0) == {}
    for step in (0, 1, 2, 3, 5, 6, 7, 8, 9, 10):  # live, a step may be lost
        delay_line.take([Readback(view, step, np.full((1, 1, 3), step, np.uint8))])
        found = delay_line.pictures([near, far], step)
        there = {0, 1, 2, 3, 5, 6, 7, 8, 9, 10}
        for name, delay in (("near", 1), ("far", 4)):
            wanted = max((s for s in there if s <= step - delay), default=None)
            assert (int(found[name].max()) if name in found else None) == wanted
    assert len(delay_line._kept[view]) <= 6


def test_pictures_go_through_the_record() -> None:
    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    request = Request(1.5, {"z": np.ones(3, np.float32)}, pictures={"image": picture})
    data = np.frombuffer(b"".join(encode_request(request)), np.uint8)
    again = decode_request(data)
    assert list(again.latents) == ["z"]
    assert again.pictures["image"].dtype == np.uint8
    np.testing.assert_array_equal(again.pictures["image"], picture)
    with pytest.raises(ValueError, match="latents and pictures"):
        encode_request(Request(0.0, {}, pictures={"image": np.zeros((700, 700, 3), np.uint8)}))


def test_a_worker_sees_what_it_is_sent() -> None:
    picture = np.random.default_rng(1).integers(0, 200, (16, 16, 3), np.uint8)
    host = open_worker(
        open_spec("tests.stand_ins.echo_generator", Config()),
        "cpu",
        max_size_px=(16, 16),
        rate_cap_hz=100.0,
    )
    try:
        request = Request(0.0, {}, size_px=(16, 16), pictures={"image": picture})
        host.ask(request, time.monotonic())

        def view() -> object:
            host.tend(time.monotonic())
            return host.newest()

        frame = until(view, "a frame")
    finally:
        host.close()
    wanted = picture.astype(int) + np.array([STEP, 0, 0])
    np.testing.assert_allclose(frame.pixels[..., :3] * 255, wanted, atol=0.6)


def test_live_workers_feed_each_other(ctx: moderngl.Context) -> None:
    """Red grows only if pictures go from GL to a worker, back to GL, and to the other one."""
    show = read(ECHO.format("a", '"layer:b"') + ECHO.format("b", '"layer:a"'))
    compositor, bridge = Compositor(ctx, show.size_px, 30.0), Bridge(ctx)
    pixels = LivePixels(bridge, "cpu")
    line = Line(show, first_state(show), -1, {})
    frame = 0

    def grown() -> bool:
        nonlocal frame
        seconds = Fraction(frame, 60)
        frame += 1
        steps = line.control(seconds, lambda _: ())
        plan = line.plan(seconds)
        pixels.ask(show, line.state, plan, time.monotonic())
        picture = draw(compositor, pixels, steps[-4:], plan)
        return int(picture.read("rgb24")[16, 32, 0]) > 4 * STEP

    try:
        until(grown, "feedback through two workers")
        assert pixels.complaints() == []
    finally:
        pixels.close()
        bridge.close()
        compositor.close()


LAYER = '[[layers]]\nid = "a"\n[layers.generator]\nkind = "echo"\n'
BROKEN = {
    'images = { image = "layer:c" }': ("layers[0].generator.images.image", "'layer:c'", "layer:a"),
    'images = { image = "sketch" }': ("layers[0].generator.images.image", "picture, layer:a"),
    'images = { eye = "picture" }': ("'eye' is no image port of echo", "there are: image"),
    'images = { z = "picture" }': ("'z' is no image port of echo", "there are: image"),
    'images = { image = { of = "picture", delay_steps = 0 } }': (
        "images.image.delay_steps",
        "0 is outside 1 to 600",
    ),
    'images = { image = { of = "picture", delay_steps = 601 } }': ("1 to 600",),
    'images = { image = { of = "picture", late = 2 } }': ("unknown key 'late'", "of, delay_steps"),
    "images = { image = { delay_steps = 2 } }": ("the key 'of' is missing",),
    "images = { image = 3 }": ("images", "str", "int"),
    'config = { side_px = 600 }\nimages = { image = "picture" }': (
        "1.1 MB together",
        "0.9 MB",
        "smaller pictures",
    ),
    'config = { side_px = 400 }\nimages = { image = { of = "picture", delay_steps = 600 } }': (
        "delay_steps",
        "288.0 MB",
        "shorter delay",
    ),
}


@pytest.mark.parametrize("text", BROKEN)
def test_what_a_port_cannot_see_is_said_with_place_and_cure(text: str) -> None:
    with pytest.raises(load.ShowError) as error:
        read(LAYER + text)
    for word in ("test: ", *BROKEN[text]):
        assert word in str(error.value)
    assert "\n" not in str(error.value)


def test_a_generator_without_eyes_says_so() -> None:
    with pytest.raises(load.ShowError, match="there are: none: it sees no pictures"):
        read(LAYER.replace("echo", "cppn") + 'images = { image = "picture" }')
