"""Tasks: a worker does them beside its frames, and nobody ever waits for one."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from engine.core.show.generator import Request
from engine.generators.host.inline_host import InlineHost
from engine.generators.host.tasks import MOST_OPEN, Result, Task
from engine.generators.host.worker_host import WorkerHost, open_worker
from engine.generators.registry import open_spec
from tests.performing import until
from tests.stand_ins.slow_generator import Config

NAME = "tests.stand_ins.slow_generator"
KIND = "tests.stand_ins.count_task"


@pytest.fixture(scope="module")
def opened() -> Iterator[WorkerHost]:
    worker = open_worker(open_spec(NAME, Config()), "cpu", max_size_px=(16, 16), rate_cap_hz=1e9)
    yield worker
    worker.close()


@pytest.fixture
def host(opened: WorkerHost) -> Iterator[WorkerHost]:
    """One worker for all, rid of its tasks after each."""
    yield opened
    for number in list(opened._tasks._open):
        opened.send(Task("", number))


def request(seconds: float) -> Request:
    return Request(seconds, {"z": np.zeros(4, np.float32)}, {}, size_px=(9, 5))


def count(number: int, upto: int, act: str = "", size: int = 4) -> Task:
    return Task(KIND, number, {"x": np.ones(size, np.float32)}, {"upto": upto, "act": act})


def collect(host: WorkerHost, is_done: Callable[[list[Result]], bool]) -> list[Result]:
    found: list[Result] = []

    def tended() -> bool:
        host.tend(time.monotonic())
        found.extend(host.results())
        return is_done(found)

    until(tended, lambda: (host.stats(), found))
    return found


def is_over(found: list[Result]) -> bool:
    return bool(found) and found[-1].done


def test_a_task_is_done_slice_by_slice_by_the_generator_in_the_worker(host: WorkerHost) -> None:
    host.send(count(7, upto=5))
    found = collect(host, is_over)
    assert [r.options["n"] for r in found[:-1]] == [0, 1, 2, 3, 4]
    assert {r.number for r in found} == {7}
    assert found[-1].options == {"name": "slow"}
    assert found[-1].arrays["sum"].tolist() == [4.0]


def test_a_task_brings_the_request_that_it_is_about(host: WorkerHost) -> None:
    sent = Request(1.5, {"x": np.ones(3, np.float32)}, {"act": 0.25}, (9, 5), 1.8)
    host.send(replace(count(3, upto=0, act="request"), request=sent))
    (found,) = collect(host, is_over)
    assert found.options == {"request": repr(sent)}
    assert found.arrays["sum"].tolist() == [4.0]  # its own array of the same name is apart


def test_frames_go_on_while_an_endless_task_is_under_way(host: WorkerHost) -> None:
    before = host.stats().frames
    host.send(count(1, upto=10**9, act="endless"))
    collect(host, lambda found: len(found) > 3)
    for n in range(20):
        host.ask(request(n), time.monotonic())
        collect(host, lambda _, n=n: host.stats().frames > before + n)
    host.send(Task("", 1))
    host.send(count(2, upto=1))  # it goes on to the next, and nothing of the ended one comes
    assert {r.number for r in collect(host, is_over)} == {2}


def test_a_saturated_worker_does_a_slice_after_each_frame(host: WorkerHost) -> None:
    host.send(count(1, upto=3))
    found: list[Result] = []
    while not is_over(found):
        host.ask(request(len(found)), time.monotonic())
        host.tend(time.monotonic())
        found += host.results()
    assert len(found) == 4


def test_tasks_take_turns(host: WorkerHost) -> None:
    host.send(count(1, upto=10**9, act="endless"))
    collect(host, lambda found: len(found) > 1)
    host.send(count(2, upto=3))
    found = collect(host, is_over)
    assert found[-1].number == 2


def test_a_failing_task_ends_with_one_sentence_and_alone(host: WorkerHost) -> None:
    pid = host.stats().pid
    host.send(count(1, upto=9, act="fail"))
    found = collect(host, is_over)
    assert found[-1].error.startswith("RuntimeError: lost count (count_task.py:")
    host.send(Task("no_such", 2))
    assert "no errand of the kind 'no_such'" in collect(host, is_over)[-1].error
    host.send(count(3, upto=1))
    assert collect(host, is_over)[-1].error == ""
    assert host.stats().pid == pid


def test_a_lost_task_is_sent_once_more_and_then_given_up(host: WorkerHost) -> None:
    host.send(count(1, upto=10**9, act="endless"))
    collect(host, lambda found: len(found) > 3)
    os.kill(host.stats().pid, signal.SIGKILL)
    again = collect(host, lambda found: any(r.options.get("n") == 0 for r in found))
    assert not any(r.error for r in again)
    host.send(Task("", 1))
    host.send(count(2, upto=9, act="die"))
    assert collect(host, is_over)[-1].error == "the worker ended 2 times over it; it is given up"


def test_large_arrays_and_a_worker_that_does_not_listen_hold_nobody_up(host: WorkerHost) -> None:
    os.kill(host.stats().pid, signal.SIGSTOP)
    for number in range(MOST_OPEN):
        host.send(count(number, upto=0, size=1_000_000))
        host.tend(0.0)  # would never come back if it waited
    with pytest.raises(ValueError, match="at most 16 errands"):
        host.send(count(99, upto=0))
    with pytest.raises(ValueError, match="at most 16777216 bytes"):
        host.send(count(0, upto=0, size=5_000_000))
    os.kill(host.stats().pid, signal.SIGCONT)
    done = collect(host, lambda found: len(found) == MOST_OPEN)
    assert {float(r.arrays["sum"][0]) for r in done} == {1e6}


def test_a_film_does_no_tasks() -> None:
    host = InlineHost(open_spec(NAME, Config()), "cpu")
    with pytest.raises(ValueError, match="a film does no errands"):
        host.send(count(1, upto=1))
    assert host.results() == []
