"""Generators that OpenGL draws: at the canvas's size, for the moment itself, and only if new."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import moderngl
import numpy as np
import pytest

from engine.compositor.compose import Compositor
from engine.compositor.frames.drawing import Drawer
from engine.core.frame.sample import sample
from engine.generators import registry
from engine.generators.drawing import Drawing, DrawnPass
from engine.play.pixels import live
from engine.play.pixels.bridge import Bridge
from engine.play.pixels.drawn import DrawnPixels
from tests.making import read_show, run

TEXT = """
size_px = [96, 48]
[[layers]]
id = "a"
[layers.generator]
kind = "cppn"
config = { latent_size = 32, network_seed = SEED }
[layers.path]
speed = 1.0
[[layers]]
id = "b"
[layers.generator]
kind = "flat"
"""
SHOW, EDITED = (read_show(TEXT.replace("SEED", seed)) for seed in ("1", "2"))


@pytest.fixture
def compositor(ctx: moderngl.Context) -> Iterator[Compositor]:
    made = Compositor(ctx, (96, 48))
    yield made
    made.close()


@pytest.fixture
def drawn(ctx: moderngl.Context, compositor: Compositor) -> Iterator[DrawnPixels]:
    made = DrawnPixels(ctx, compositor)
    yield made
    made.close()


def requests(show: Any, seconds: float) -> Any:
    return sample(show, run(show, 2), seconds).requests


def read(texture: Any) -> Any:
    return np.frombuffer(texture.read(), np.float16).reshape(texture.size[1], texture.size[0], 4)


def test_a_layer_is_drawn_at_its_size_on_the_canvas_and_again_only_if_it_is_new(
    drawn: DrawnPixels, compositor: Compositor, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawings = []
    draw = Drawer.draw
    monkeypatch.setattr(Drawer, "draw", lambda *given: (drawings.append(given[3]), draw(*given))[1])
    drawn.follow(SHOW)
    assert drawn.draws("a")
    assert not drawn.draws("b")
    assert drawn.pixels("b", requests(SHOW, 0.1)) is None
    assert drawn.pixels("a", {}) is None
    pictures = []
    for seconds in (0.1, 0.1, 0.1, 0.4):
        pixels = drawn.pixels("a", requests(SHOW, seconds))
        assert pixels is not None
        assert (pixels.weight, pixels.newer) == (1.0, pixels.older)
        pictures.append(read(pixels.newer).copy())
    assert drawings == [(96, 48), (96, 48)]
    assert np.array_equal(pictures[0], pictures[2])
    assert np.abs(pictures[3] - pictures[0]).max() > 0.05
    compositor.resize((48, 24))  # the governor draws it smaller
    pixels = drawn.pixels("a", requests(SHOW, 0.4))
    assert pixels is not None
    assert pixels.newer.size == (48, 24)


def test_an_edited_show_is_another_picture_and_a_layer_that_is_gone_is_let_go(
    drawn: DrawnPixels,
) -> None:
    drawn.follow(SHOW)
    before = drawn.pixels("a", requests(SHOW, 0.1))
    assert before is not None
    picture = read(before.newer).copy()
    drawn.follow(EDITED)
    after = drawn.pixels("a", requests(EDITED, 0.1))
    assert after is not None
    assert np.abs(read(after.newer) - picture).max() > 0.1
    drawn.follow(read_show('[[layers]]\nid = "b"\n[layers.generator]\nkind = "flat"\n'))
    assert not drawn.draws("a")


def test_a_shader_that_does_not_compile_leaves_it_to_the_process(
    drawn: DrawnPixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Drawing((DrawnPass("light", "#version 330\nvoid main() { nothing; }"),), lambda _: 0)  # type: ignore[arg-type,return-value]
    monkeypatch.setattr(registry, "drawing", lambda kind, _: broken if kind == "cppn" else None)
    drawn.follow(SHOW)
    assert not drawn.draws("a")
    assert len(drawn.news) == 1
    assert drawn.news[0].startswith("layer a: its process draws it")


@pytest.mark.parametrize(("is_software", "device", "is_drawn"), [
    (False, "auto", True), (True, "auto", False), (False, "cpu", False),
])  # fmt: skip
def test_a_performance_draws_on_a_gpu_only_and_its_worker_rests(
    ctx: moderngl.Context, compositor: Compositor, monkeypatch: pytest.MonkeyPatch,
    is_software: bool, device: str, is_drawn: bool,
) -> None:  # fmt: skip
    monkeypatch.setattr(live, "is_software", lambda _: is_software)
    monkeypatch.setattr(live.LivePixels, "open", lambda *_: None)
    bridge = Bridge(ctx)
    pixels = live.LivePixels(bridge, device)
    pixels.draw_on(ctx, compositor)
    state = run(SHOW, 2)
    plan = sample(SHOW, state, 0.1)
    pixels.ask(SHOW, state, plan, 0.1)
    assert ("a" in pixels.of(plan, ["a", "b"])) == is_drawn
    assert ("a" in pixels.missing(plan)) != is_drawn
    pixels.close()
    bridge.close()
