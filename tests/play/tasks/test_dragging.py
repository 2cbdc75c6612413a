"""Dragging the picture: the feature follows the hand; mouse, OSC, worker, take and film."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.core.frame.sample import requests_at
from engine.core.frame.values import effective
from engine.core.modifiers.drag import turned
from engine.core.show.generator import Request
from engine.core.show.show import Show
from engine.generators.host.tasks import Task
from engine.generators.kinds import cppn, stylegan2
from engine.generators.tasks import drag as errand_drag
from engine.generators.tasks import point_tracking
from engine.models.random_networks import make_stylegan2
from engine.play.live.keyboard import Keyboard
from engine.play.tasks.dragging import Dragging, under
from engine.play.tasks.tasks import TaskQueue
from tests import stylegan_files as files
from tests.making import read_show, run
from tests.performing import play, replay, same_rows, until
from tests.play.live.test_player import send

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)
FORM = """
drag = "grab"
size_px = [160, 90]
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
size_px = 64
[layers.path]
motion = "still"
speed = 0.0
seed = 5
"""
SMALL = """
[[layers]]
id = "small"
aspect = 1.0
scale = 0.5
[layers.generator]
kind = "cppn"
"""
GRAB: dict[str, Any] = {"port": "z"}
FRAME = Request(0.0, {}, size_px=(96, 96))


def hold(generator: Any, x: float, y: float, seed: int = 1, **options: Any) -> errand_drag.Drag:
    port = next(p for p in generator.spec.ports if p.name == options.get("port", "z"))
    z = np.random.default_rng(seed).normal(size=port.shape).astype(np.float32)
    arrays = {"coordinates": z, "pull": np.zeros_like(z)}
    return errand_drag.Drag(
        generator, Task("drag", 1, arrays, {**GRAB, "x": x, "y": y} | options, FRAME)
    )


def aim(dragged: errand_drag.Drag, x: float, y: float, seed: int = 1, **options: Any) -> None:
    z = np.random.default_rng(seed).normal(size=dragged._port.shape).astype(np.float32)
    dragged.receive(Task("drag", 1, {"coordinates": z}, {**GRAB, "x": x, "y": y} | options, FRAME))


def test_a_feature_of_the_cppn_follows_the_hand() -> None:
    """What is shown around the goal afterwards is what was shown around the point before."""
    generator = cppn.build(cppn.Config())
    followed = []
    for seed in range(3):
        dragged = hold(generator, 0.5, 0.5, seed)
        z = dragged._z
        next(dragged)
        aim(dragged, 0.6, 0.56, seed)
        left = [float(next(dragged).options["left_px"]) for _ in range(30)]
        found = next(dragged)
        n = point_tracking.turned(z, torch.from_numpy(found.arrays["pull"])[None])
        assert float(n.norm()) == pytest.approx(float(z.norm()), rel=1e-5)
        before, after = (
            generator.features({"z": each[0]}, dragged._request, 64)[0] for each in (z, n)
        )
        was = before[:, 30:34, 30:34]
        gone, here = (p[:, 32:36, 36:40] for p in (before, after))
        followed.append(float((here - was).abs().mean() / (gone - was).abs().mean()))
        assert left[0] > 3.5
        assert left[-1] < 1.5
    assert np.median(followed) < 0.5, followed


def test_a_hand_that_holds_still_holds_the_feature_while_the_path_goes_on() -> None:
    generator = cppn.build(cppn.Config())
    size = generator.spec.ports[0].shape
    z, way = np.random.default_rng(3).normal(size=(2, *size)).astype(np.float32)
    held = errand_drag.Drag(
        generator,
        Task("drag", 1, {"coordinates": z, "pull": 0 * z}, {**GRAB, "x": 0.5, "y": 0.5}, FRAME),
    )
    idle = torch.zeros(1, *size)
    free = point_tracking.begin_tracking(idle, (0.5, 0.5))
    for k in range(30):
        moved = z + 0.0015 * k * way
        held.receive(Task("drag", 1, {"coordinates": moved}, {**GRAB, "x": 0.5, "y": 0.5}, FRAME))
        left = float(next(held).options["left_px"])
        free = point_tracking.step(
            lambda n: generator.features({"z": n[0]}, held._request, 64)[0],
            torch.from_numpy(moved)[None],
            replace(free, displacement=idle, momentum=idle),
            (0.5, 0.5),
        )
    away = 32 * float(np.hypot(free.point[0] - 0.5, free.point[1] - 0.5))
    assert left < 0.7
    assert away > 2.0


@pytest.mark.parametrize("space", ["z", "w+"])
def test_a_feature_of_a_stylegan_follows(space: str, tmp_path: Path) -> None:
    net = make_stylegan2(64, base=256, most=16, dims=(24, 0, 24), mapping_layers=2)
    path = files.save(tmp_path / "m.safetensors", "stylegan2", *net)
    config = stylegan2.Config(str(path), **({} if space == "z" else {"space": space}))
    generator = stylegan2.build(config)
    name = generator.spec.ports[0].name
    first, last = [], []
    for seed in range(3):
        dragged = hold(generator, 0.45, 0.5, seed, port=name)
        next(dragged)
        aim(dragged, 0.55, 0.5, seed, port=name)
        left = [float(next(dragged).options["left_px"]) for _ in range(15)]
        first.append(left[0])
        last.append(min(left))
    assert np.mean(last) < 0.6 * np.mean(first)


def test_the_two_ways_of_turning_are_one() -> None:
    z, d = np.random.default_rng(1).normal(size=(2, 3, 24))
    ours = point_tracking.turned(torch.from_numpy(z), torch.from_numpy(d)).numpy()
    assert np.allclose(ours, turned(z, d), atol=1e-12)


def test_what_has_no_features_says_so() -> None:
    class Deaf:
        spec = cppn.spec(cppn.Config())

    with pytest.raises(ValueError, match="cppn has nothing that can be dragged by 'z'"):
        errand_drag.start(Deaf(), Task("drag", 1, {}, GRAB))


def values(show: Show) -> list[float]:
    return list(effective(show, run(show, 1), 1 / 120))


def test_a_hand_meets_what_lies_uppermost_below_it() -> None:
    show = read_show(FORM + SMALL)
    now = values(show)
    middle, corner = under(show, now, 0.5, 0.5), under(show, now, 0.05, 0.95)
    assert middle is not None
    assert corner is not None
    assert (middle.layer, corner.layer) == ("small", "form")
    assert (middle.place, corner.place) == (2, 0)
    assert corner.inside(0.25, 1.0) == (0.25, 0.0)
    half = 0.5 * 90 / 160
    assert middle.box == pytest.approx((0.5 - half / 2, 0.25, half, 0.5))
    assert middle.inside(0.5, 0.75) == pytest.approx((0.5, 0.0))
    now[show.registry.index["/layer/small/opacity"]] = 0.0
    hidden = under(show, now, 0.5, 0.5)
    assert hidden is not None
    assert hidden.layer == "form"
    now[show.registry.index["/layer/form/opacity"]] = 0.0
    assert under(show, now, 0.5, 0.5) is None


def test_the_mouse_moves_the_hand_and_the_right_button_lets_go() -> None:
    show = read_show(FORM)
    keyboard, state = Keyboard(), run(show, 1)
    pressed = keyboard.read(
        show, state, [("/window/pointer", (0.3, 0.6)), ("/window/button", "left")], 0.0
    )
    assert pressed.events == [("/grab/x", 0.3), ("/grab/y", 0.6), ("/grab/down", 1.0)]
    moved = keyboard.read(
        show, state, [("/window/pointer", (0.4, 0.6)), ("/window/drag", (0.1, 0.0))], 0.1
    )
    assert ("/grab/x", 0.4) in moved.events
    assert not any(address.startswith("/master") for address, _ in moved.events)
    lifted = keyboard.read(show, state, [("/window/button_up", "left")], 0.2)
    assert ("/grab/down", 0.0) in lifted.events
    right = keyboard.read(show, state, [("/window/button", "right")], 0.3)
    assert right.events == [(f"/layer/form/{p}/release", True) for p in ("path", "path_b")]


class Host:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[Task] = []

    def send(self, task: Task) -> None:
        self.sent.append(task)

    def results(self) -> list[Any]:
        return []


def test_nobody_is_sent_a_second_letter_before_the_first_is_answered() -> None:
    show, host = read_show(FORM), Host()
    said: list[str] = []
    grabbing = Dragging(said.append)
    tasks = TaskQueue(lambda _: host, said.append, [grabbing])  # type: ignore[arg-type, return-value]
    state = run(show, 2, [(1, "/grab", (0.25, 0.75)), (2, "/grab/down", 1.0)])
    for _ in range(3):
        grabbing.tend(show, state, tasks, 0.0)
    (task,) = host.sent
    asked = requests_at(show, state, 2 / 120, {"form"})["form"]
    assert np.array_equal(task.arrays["coordinates"], asked.latents["z"])
    assert (task.options["x"], task.options["y"]) == (0.25, 0.25)
    assert task.request is not None
    assert task.request.parameters == asked.parameters
    grabbing.tend(show, run(show, 3, [(3, "/grab/down", 0.0)], state), tasks, 0.0)
    assert [each.kind for each in host.sent] == ["drag", ""]


def test_a_drag_is_in_the_take_and_the_take_needs_no_gradients(tmp_path: Path) -> None:
    show = tmp_path / "grab.toml"
    show.write_text(f"schema = 1\n{FORM}", encoding="utf-8")
    with play(tmp_path / "live", show) as playing:
        port = until(playing.ready, "the first picture")["ports"]["osc"]
        send(port, "/grab", 0.5, 0.5)
        playing.records('"/grab"')
        send(port, "/grab/down", 1)
        playing.records('"/layer/form/path/pull"')
        send(port, "/grab", 0.6, 0.45)
        playing.records('"/layer/form/path/pull"', count=4)
        send(port, "/grab/down", 0)
        playing.records('"/grab/down", 0')
        playing.end()
    plan = playing.plan()
    z = plan["/layer/form/generator/z"]
    assert np.linalg.norm(z[-1] - z[0]) > 0.02
    assert np.linalg.norm(z[-1]) == pytest.approx(np.linalg.norm(z[0]), rel=1e-5)
    report = playing.stats()["errands"]["grab"]
    assert report["steps"] >= 3
    assert json.dumps(report)
    again = replay(tmp_path / "live")
    same_rows(plan, again, min(len(plan["tick"]), len(again["tick"])))
