"""How long a process had its chance: told by the system, by its beats, or by the clock alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.system import liveness
from engine.system.liveness import Stillness, Vitals, look
from tests.performing import until

STEP_S = 0.125  # exact in binary


def passing(
    monkeypatch: pytest.MonkeyPatch, vitals: Iterator[Vitals | None], beats: Iterator[int] | None
) -> Stillness:
    """Let ten seconds and a look pass over a process that is looked at so."""
    monkeypatch.setattr(liveness, "look", lambda _: next(vitals))
    still = Stillness()
    for n in range(82):
        still.tend(n * STEP_S, 1, None if beats is None else next(beats))
    return still


def states(cpu_s: float, **more: bool) -> Iterator[Vitals]:
    """A process that gets `cpu_s` a step."""
    total = 0.0
    while True:
        total += cpu_s
        yield Vitals(total, more.get("is_wanting", True), more.get("is_stopped", False))


def the_same(value: int | None) -> Iterator[int]:
    while True:
        yield value  # type: ignore[misc]


def counting() -> Iterator[int]:
    yield from range(1, 1000)


@pytest.mark.parametrize(
    ("cpu_s", "is_wanting", "seconds"),
    [
        (0.0, True, 0.0),  # starved: it never had its chance
        (STEP_S / 8, True, 10.0 / 8),  # it gets an eighth of a core
        (STEP_S, True, 10.0),  # an endless loop
        (4 * STEP_S, True, 10.0),  # on four cores: a second is a second
        (0.0, False, 10.125),  # it sleeps, and nobody keeps it from waking
    ],
)
def test_a_process_had_its_chance_while_it_ran_or_slept(
    monkeypatch: pytest.MonkeyPatch, cpu_s: float, is_wanting: bool, seconds: float
) -> None:
    still = passing(monkeypatch, states(cpu_s, is_wanting=is_wanting), None)
    assert still.seconds == seconds
    assert still.stopped_s == 0.0


def test_one_that_is_stopped_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    still = passing(monkeypatch, states(0.0, is_wanting=False, is_stopped=True), None)
    assert still.stopped_s == still.seconds == 10.125
    monkeypatch.setattr(liveness, "look", lambda _: Vitals(0.0, False, False))
    still.tend(100.0, 1)
    assert still.stopped_s == 0.0


@pytest.mark.parametrize(
    ("beats", "seconds"), [(None, 10.125), (counting(), 10.125), (the_same(0), 1.0125)]
)
def test_where_nobody_tells_its_own_beat_does(
    monkeypatch: pytest.MonkeyPatch, beats: Iterator[int] | None, seconds: float
) -> None:
    assert passing(monkeypatch, the_same(None), beats).seconds == pytest.approx(seconds)  # type: ignore[arg-type]


def test_who_slept_between_two_looks_blames_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "look", lambda _: Vitals(0.0, False, False))
    still = Stillness()
    still.tend(0.0, 1)
    for hours in range(1, 6):
        still.tend(3600.0 * hours, 1)
    assert still.seconds == pytest.approx(1.0)
    still.reset()
    assert still.tend(1e6, 1) == 0.0


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="only Linux tells")
@pytest.mark.parametrize(
    ("code", "stops", "fits"),
    [
        ("while True: pass", False, lambda v: v.is_wanting and v.cpu_s > 0),
        ("import time; time.sleep(1e6)", False, lambda v: not (v.is_wanting or v.is_stopped)),
        ("while True: pass", True, lambda v: v.is_stopped and not v.is_wanting),
    ],
)
def test_the_system_tells_running_sleeping_and_stopped(
    code: str, stops: bool, fits: object
) -> None:
    child = subprocess.Popen([sys.executable, "-c", code])
    try:
        if stops:
            os.kill(child.pid, signal.SIGSTOP)
        until(lambda: fits(look(child.pid)), lambda: look(child.pid))  # type: ignore[operator]
    finally:
        child.kill()
        child.wait()
    assert look(child.pid) is None
