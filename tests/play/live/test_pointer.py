"""Painting: the brush from hand and OSC to a shader's inputs, strokes without gaps, and again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import moderngl
import numpy as np
import pytest
from PIL import Image

from engine.compositor.compose import Compositor
from engine.core.event import Event, Value
from engine.core.frame.sample import sample
from engine.core.show.show import Show
from engine.core.show.snapshot import from_data, to_data
from engine.core.show.state import first_state
from engine.documents.assets import assets_dir
from engine.documents.show import load
from engine.play.line import Line, draw, load_shaders
from engine.play.live.keyboard import Keyboard
from engine.play.pixels.bridge import Bridge
from engine.play.pixels.film import FilmPixels
from tests.making import line_of, read_show, run
from tests.performing import lamp, play, succeed
from tests.play.live.test_player import send

HEAD = """
schema = 1
size_px = [160, 90]
picture_hz = {0}
drag = "paint"
[[layers]]
id = "sheet"
[layers.source]
shader = "paper"
[layers.source.inputs]
pen = "/brush"
down = "/brush/down"
press = "/brush/down"
erase = "/brush/erase"
islands = 0.0
rough = 0.0
height = 0.5
"""
PAPER = (assets_dir("shaders") / "paper.fs").read_text("utf-8")
Acts = Mapping[int, Sequence[tuple[str, Value]]]
DOWN, UP = ("/brush/down", 1.0), ("/brush/down", 0.0)


def sheet(picture_hz: int = 60, more: str = "") -> Show:
    return load.read(HEAD.format(picture_hz) + more, "test", lambda _: PAPER)[0]


def paint(
    ctx: moderngl.Context, show: Show, acts: Acts, seconds: float = 0.5, fps: int = 60
) -> np.ndarray:
    """The last frame [shape=(90, 160, 3)] after acts by tick."""
    events = {k: [Event(k, a, v, "t", i) for i, (a, v) in enumerate(x)] for k, x in acts.items()}
    compositor = Compositor(ctx, show.size_px, float(show.picture_hz))
    bridge = Bridge(ctx, crossfades=False)
    pixels = FilmPixels(bridge, show, "cpu")
    load_shaders(compositor, show)
    line = Line(show, first_state(show), -1, {})
    for number in range(round(seconds * fps) + 1):
        at = Fraction(number, fps)
        steps = line.control(at, lambda k: events.get(k, ()))
        picture = draw(compositor, pixels, steps, line.plan(at))
    found = picture.read("rgb24").copy()
    compositor.close()
    return found


def is_land(frame: np.ndarray, x: float, y: float) -> bool:
    """Whether a place (of the canvas, from below) is land: there is little blue in it."""
    red, _, blue = frame[int((1 - y) * 90), int(x * 160)].astype(int)
    return bool(blue < red + 40)


def test_open_sea_is_sea(ctx: moderngl.Context) -> None:
    frame = paint(ctx, sheet(), {})
    assert not any(is_land(frame, x / 10, 0.5) for x in range(1, 10))


@pytest.mark.parametrize("picture_hz", [15, 30, 60])
def test_a_stroke_over_the_canvas_in_an_instant_has_no_gap(
    ctx: moderngl.Context, picture_hz: int
) -> None:
    acts: Acts = {
        20: [("/brush", (0.1, 0.5)), DOWN],
        33: [("/brush", (0.9, 0.5))],
        34: [UP],
    }
    frame = paint(ctx, sheet(picture_hz), acts)
    assert all(is_land(frame, x / 100, 0.5) for x in range(10, 91, 2))
    assert not is_land(frame, 0.5, 0.7)
    assert not is_land(frame, 0.5, 0.3)


def test_lifting_the_brush_leaves_a_gap_however_briefly(ctx: moderngl.Context) -> None:
    acts: Acts = {
        20: [("/brush", (0.2, 0.5)), DOWN],
        41: [UP, ("/brush", (0.8, 0.5)), DOWN],  # between two steps
        50: [UP],
    }
    frame = paint(ctx, sheet(30), acts)
    assert is_land(frame, 0.2, 0.5)
    assert is_land(frame, 0.8, 0.5)
    assert not is_land(frame, 0.5, 0.5)


def test_a_tap_between_two_steps_leaves_its_dot(ctx: moderngl.Context) -> None:
    acts: Acts = {21: [("/brush", (0.3, 0.6)), DOWN, UP]}
    frame = paint(ctx, sheet(30), acts)
    assert is_land(frame, 0.3, 0.6)
    assert not is_land(frame, 0.5, 0.5)


def test_the_last_motion_before_lifting_is_painted(ctx: moderngl.Context) -> None:
    acts: Acts = {20: [("/brush", (0.3, 0.5)), DOWN], 26: [("/brush", (0.7, 0.5)), UP]}
    frame = paint(ctx, sheet(60), acts)
    assert is_land(frame, 0.68, 0.5)


def test_the_eraser_and_the_clear_sheet(ctx: moderngl.Context) -> None:
    stroke: dict[int, list[tuple[str, Value]]] = {
        10: [("/brush", (0.1, 0.5)), DOWN],
        14: [("/brush", (0.9, 0.5))],
        18: [UP],
    }
    erase = {30: [("/brush", (0.5, 0.5)), ("/brush/erase", 1.0), DOWN], 40: [UP]}
    frame = paint(ctx, sheet(), {**stroke, **erase})
    assert is_land(frame, 0.2, 0.5)
    assert not is_land(frame, 0.5, 0.5)
    clear: Acts = {30: [("/layer/sheet/source/clear", True)]}
    assert not is_land(paint(ctx, sheet(), {**stroke, **clear}), 0.2, 0.5)


def test_a_painting_sinks_when_it_is_left_alone(ctx: moderngl.Context) -> None:
    more = "fade = 0.2\nrest = 0.5\n"
    acts: Acts = {10: [("/brush", (0.5, 0.5)), DOWN], 14: [UP]}
    assert is_land(paint(ctx, sheet(30, more), acts, 0.5, 30), 0.5, 0.5)
    assert not is_land(paint(ctx, sheet(30, more), acts, 3.0, 30), 0.5, 0.5)


def test_the_painting_does_not_depend_on_the_rate_of_frames(ctx: moderngl.Context) -> None:
    acts: Acts = {t: [("/brush", (0.1 + t / 60, 0.5 + 0.3 * np.sin(t / 5)))] for t in range(1, 40)}
    acts = {**acts, 1: [("/brush", (0.1, 0.5)), DOWN], 41: [UP]}
    frames = [paint(ctx, sheet(), acts, 0.5, fps) for fps in (12, 30, 60, 120)]
    for frame in frames[1:]:
        np.testing.assert_array_equal(frame, frames[0])


def test_a_painting_has_the_same_place_at_every_size(ctx: moderngl.Context) -> None:
    from engine.play.line import resized

    acts: Acts = {10: [("/brush", (0.2, 0.3)), DOWN], 20: [("/brush", (0.8, 0.7))], 30: [UP]}
    small = paint(ctx, sheet(), acts).astype(int)
    large = paint(ctx, resized(sheet(), (480, 270)), acts).astype(int)
    assert np.abs(large.reshape(90, 3, 160, 3, 3).mean((1, 3)) - small).mean() < 6


def test_the_islands_move_and_come_round(ctx: moderngl.Context) -> None:
    awake: Acts = {0: [("/layer/sheet/source/islands", 1.0)]}
    show = sheet(2, "drift = 60\n")  # once round in a minute
    first, later, again = (paint(ctx, show, awake, s, 1).astype(int) for s in (1, 20, 61))
    assert np.abs(later - first).mean() > 20
    assert np.abs(again - first).mean() < 1


def test_an_input_follows_the_brush_and_has_no_address_of_its_own() -> None:
    show = sheet()
    assert "/layer/sheet/source/pen/x" not in show.registry.index
    assert "/layer/sheet/source/height" in show.registry.index
    state = run(show, 9, [(8, "/brush", (0.25, 0.75)), (8, "/brush/down", 1.0)])
    source = sample(show, state, 9 / 120).layers[0].source
    assert source is not None
    assert source.uniforms["pen"] == (0.25, 0.75)
    assert (source.uniforms["down"], source.uniforms["erase"]) == (True, False)


def test_touching_down_is_an_event_of_one_step_and_survives_a_snapshot() -> None:
    show = sheet(60)
    line = line_of(show)
    acts = {21: [Event(21, "/brush/down", 1.0)], 22: [Event(22, "/brush/down", 1.0)]}
    pressed = []
    for frame in range(30):
        for plan in line.control(Fraction(frame, 60), lambda k: acts.get(k, ())):
            assert plan.layers[0].source is not None
            pressed += [plan.step] if plan.layers[0].source.uniforms["press"] else []
    assert pressed == [11]  # the first step that is not before tick 21
    again = from_data(show, json.loads(json.dumps(to_data(show, line.state))))
    assert again.fired == line.state.fired != {}


def test_shows_without_a_brush_have_no_brush() -> None:
    assert not [a for a in read_show().registry.index if a.startswith("/brush")]


def paths(*items: tuple[str, Value], keyboard: Keyboard, show: Show) -> list[tuple[str, Value]]:
    return keyboard.read(show, first_state(show), items, 0.0).events


def pointer(x: float, y: float) -> tuple[str, Value]:
    return "/window/pointer", (x, y)


def test_dragging_paints_where_the_show_says_so() -> None:
    show, keyboard = sheet(), Keyboard()

    def read(*items: tuple[str, Value]) -> list[tuple[str, Value]]:
        return paths(*items, keyboard=keyboard, show=show)

    assert read(pointer(0.1, 0.2), ("/window/drag", (0.1, 0.1))) == []
    pressed = read(pointer(0.3, 0.4), ("/window/button", "left"), pointer(0.35, 0.4))
    assert pressed == [("/brush/x", 0.3), ("/brush/y", 0.4), ("/brush/erase", 0.0), DOWN]
    # where it went on the frame of the press is told on the next one, so that no piece is lost
    assert read() == [("/brush/x", 0.35), ("/brush/y", 0.4)]
    moved = read(("/window/drag", (0.2, 0.2)), pointer(0.5, 0.6))
    assert moved == [("/brush/x", 0.5), ("/brush/y", 0.6)]
    lifted = read(pointer(0.7, 0.6), ("/window/button_up", "left"), pointer(0.9, 0.9))
    assert lifted == [("/brush/x", 0.7), ("/brush/y", 0.6), UP]
    assert read(pointer(0.9, 0.9)) == []


def test_the_right_button_erases_and_the_first_button_holds_the_brush() -> None:
    show, keyboard = sheet(), Keyboard()
    pressed = paths(("/window/button", "right"), keyboard=keyboard, show=show)
    assert pressed[-2:] == [("/brush/erase", 1.0), DOWN]
    assert len(paths(keyboard=keyboard, show=show)) == 2
    others = [("/window/button", "left"), ("/window/button_up", "left"), ("/window/focus", True)]
    assert paths(*others, keyboard=keyboard, show=show) == []
    assert paths(("/window/focus", False), keyboard=keyboard, show=show) == [UP]


def test_dragging_steers_where_the_show_says_nothing() -> None:
    show, keyboard = read_show(), Keyboard()
    items = [("/window/button", "left"), pointer(0.5, 0.5), ("/window/drag", (0.1, 0.0))]
    found = paths(*items, keyboard=keyboard, show=show)
    assert [address for address, _ in found] == ["/master/steer_x", "/master/steer_y"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ('pen = "/brsh"', ("inputs.pen", "'/brsh'", "near are: /brush")),
        ('pen = "/brush/x"', ("inputs.pen", "/brush/x holds 1", "takes 2")),
        ('down = "/brush/x"', ("inputs.down", "of kind float", "takes 1 of kind bool")),
        ('height = "/master/jump"', ("inputs.height", "of kind trigger", "float or int")),
        ('drift = "/brush/x"', ("inputs.drift", "type long follows no address")),
        ('pen = "/layer/later/opacity"', ("inputs.pen", "before this layer")),
    ],
)
def test_an_input_that_cannot_follow_says_why(given: str, words: tuple[str, ...]) -> None:
    name = given.split(" ")[0]
    lines = [line for line in HEAD.format(60).splitlines() if not line.startswith(f"{name} =")]
    with pytest.raises(load.ShowError) as error:
        load.read("\n".join([*lines, given]), "test", lambda _: PAPER)
    for word in ("test: layers[0].", *words):
        assert word in str(error.value)


def test_only_the_two_ways_to_drag() -> None:
    with pytest.raises(load.ShowError, match="drag: 'draw' is not allowed; allowed are"):
        load.read(HEAD.format(60).replace('"paint"', '"draw"'), "test", lambda _: PAPER)


def test_a_painted_take_is_painted_again(tmp_path: Path) -> None:
    """OSC paints live; a generator sees it; a film of the take shows the stroke."""
    text = HEAD.format(30).replace("[[layers]]", "[[layers]]\nopacity = 0.0", 1) + (
        '[[layers]]\nid = "echo"\n[layers.generator]\nkind = "echo"\n'
        'images = { image = "layer:sheet" }\n'
    )
    show = tmp_path / "painted.toml"
    show.write_text(text)
    with play(tmp_path / "live", show) as playing:
        port = playing.ready()["ports"]["osc"]
        for x, text in ((0.375, "0.375"), (0.625, "0.625")):
            send(port, "/brush", x, 0.5)
            send(port, "/brush/down", 1)
            playing.records(text)
        send(port, "/brush/down", 0)
        playing.records('"/brush/down", 0')
        assert playing.end() == 0
    take = tmp_path / "live" / "take"
    succeed("export", take, tmp_path / "film-%05d.png", env=lamp(tmp_path))
    last = sorted(tmp_path.glob("film-*.png"))[-1]
    with Image.open(last) as picture:
        frame = np.asarray(picture.convert("RGB"))
    assert all(is_land(frame, x, 0.5) for x in (0.4, 0.5, 0.6))
    assert not is_land(frame, 0.5, 0.8)
