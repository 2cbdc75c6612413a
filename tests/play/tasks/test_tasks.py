"""What tasks bring becomes events; what goes wrong is said, and nothing else happens."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.core.show.state import State
from engine.generators.host.tasks import Result, Task
from engine.play.event_queue import EventQueue
from engine.play.tasks.tasks import Change, TaskQueue


class Fake:
    """A host whose results are laid in by the test."""

    def __init__(self) -> None:
        self.sent: list[Task] = []
        self.back: list[Result] = []

    def send(self, task: Task) -> None:
        if task.kind == "heavy":
            raise ValueError("too large")
        self.sent.append(task)

    def results(self) -> list[Result]:
        found, self.back = self.back, []
        return found


class Desk:
    def __init__(self) -> None:
        self.hosts: dict[str, Any] = {"form": Fake()}
        self.said: list[str] = []
        self.tasks = TaskQueue(self.hosts.get, self.said.append)
        self.queue = EventQueue()
        self.heard: list[Result] = []

    def on_result(self, result: Result) -> Iterable[Change]:
        self.heard.append(result)
        x = result.arrays.get("x")
        return [] if x is None else [("/layer/form/path/table", tuple(x.tolist()))]

    def tend(self, tick: int) -> list[Any]:
        state: Any = type("S", (State,), {})  # only its tick is looked at
        state.tick = tick
        show: Any = SimpleNamespace(layers=[SimpleNamespace(id=name) for name in ("form", "other")])
        self.tasks.tend(show, state, 0.0, self.queue)
        return [(e.address, e.value, e.source) for e in self.queue.events_of(tick + 1)]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_results_become_events_of_the_next_tick(desk: Desk) -> None:
    number = desk.tasks.start("form", Task("probe"), desk.on_result)
    x = {"x": np.array([1, 2], np.float32)}
    desk.hosts["form"].back = [
        Result(x, number=number, done=False), Result(x, number=99), Result(x, number=number),
    ]  # fmt: skip
    assert desk.tend(7) == [("/layer/form/path/table", (1.0, 2.0), "errand")] * 2
    assert not desk.tasks.is_open(number)
    assert desk.tasks.report() == {"open": 0, "done": 1, "failed": 0}


def test_an_error_is_said_and_heeded(desk: Desk) -> None:
    number = desk.tasks.start("form", Task("probe"), desk.on_result)
    desk.hosts["form"].back = [Result(number=number, error="lost count")]
    assert desk.tend(0) == []
    assert desk.said == ["layer form: probe: lost count"]
    assert [r.error for r in desk.heard] == ["lost count"]
    assert desk.tasks.start("form", Task("heavy"), desk.on_result) == 0
    assert desk.said[1:] == ["layer form: heavy: too large"]
    assert desk.tasks.start("none", Task("probe"), desk.on_result) == 0


def test_an_errand_ends_with_the_generator_that_did_it(desk: Desk) -> None:
    number = desk.tasks.start("form", Task("probe"), desk.on_result)
    desk.hosts["form"] = Fake()
    desk.tend(0)
    assert desk.said == ["layer form: probe: the generator was replaced meanwhile"]
    assert desk.tasks.start("form", Task("probe", number), desk.on_result) != number


def test_an_errand_can_be_replaced_and_ended(desk: Desk) -> None:
    number = desk.tasks.start("form", Task("probe"), desk.on_result)
    assert desk.tasks.start("form", Task("probe", number, {}, {"a": 1}), desk.on_result) == number
    desk.tasks.cancel(number)
    desk.tasks.cancel(number)
    assert [(e.kind, e.number) for e in desk.hosts["form"].sent] == [
        ("probe", number), ("probe", number), ("", number),
    ]  # fmt: skip
    desk.hosts["form"].back = [Result(number=number, error="too late")]
    assert desk.tend(0) == []
    assert desk.said == []


def test_an_errand_goes_on_when_its_layer_gets_the_generator_of_another(desk: Desk) -> None:
    """After a latent crossfade two layers of one generator have changed places."""
    desk.hosts["other"] = Fake()
    first = desk.hosts["form"]
    number = desk.tasks.start("form", Task("drag"), desk.on_result)
    desk.hosts |= {"form": desk.hosts["other"], "other": first}
    first.back = [Result({"x": np.array([3.0], np.float32)}, number=number, done=False)]
    assert desk.tend(7) == [("/layer/form/path/table", (3.0,), "errand")]
    assert desk.tasks.is_open(number)
    again = desk.tasks.start("form", Task("drag", number), desk.on_result)
    assert again != number
    assert [task.kind for task in first.sent] == ["drag", ""]  # it is over there
    assert [task.kind for task in desk.hosts["form"].sent] == ["drag"]
