"""Deadlines are absolute: late frames are drawn, whole periods skipped, long gaps given up."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.play import pacer
from engine.play.pacer import GAP_S, Due, Pacer, Stopwatch, due

FPS = Fraction(60)


class Clock:
    """A monotonic clock that only sleeping and the test move."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ns = 5_000_000_000
        self.slept_s: list[float] = []
        monkeypatch.setattr(pacer, "now_ns", lambda: self.ns)
        monkeypatch.setattr(pacer.time, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.ns += round(seconds * 1e9)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.mark.parametrize(
    ("late_s", "found"),
    [
        (-0.5, Due(7)),
        (0.0, Due(7)),
        (0.0166, Due(7)),
        (0.0168, Due(8, 1)),
        (0.5, Due(37, 30)),
        (1.0, Due(67, 60)),
        (1.001, Due(7, 0, 1.001)),
        (3600.0, Due(7, 0, 3600.0)),
    ],
)
def test_what_is_due(late_s: float, found: Due) -> None:
    assert due(late_s, FPS, 7) == found


@given(st.floats(0, GAP_S), st.sampled_from([24, 50, 60, 144]), st.integers(0, 10**6))
def test_the_frame_that_is_due_is_less_than_a_period_late(late_s: float, fps: int, n: int) -> None:
    found = due(late_s, Fraction(fps), n)
    still_late_s = late_s - found.skipped / fps
    assert found.index == n + found.skipped
    assert -1e-9 <= still_late_s < 1 / fps + 1e-9


def test_frames_on_time_are_never_skipped_and_do_not_drift(clock: Clock) -> None:
    p = Pacer(Fraction(60000, 1001))
    start = clock.ns
    for n in range(1000):
        assert p.wait() == Due(n)
        clock.ns += 9_000_000  # the work of a frame
    assert p.deadline_ns(60000) - start == 1001 * 10**9
    # the 999th frame was waited for until its own deadline, to the nanosecond or two
    assert abs(clock.ns - 9_000_000 - p.deadline_ns(999)) <= 2


def test_a_late_frame_is_drawn_at_once(clock: Clock) -> None:
    p = Pacer(FPS)
    p.wait()
    clock.ns += 25_000_000
    clock.slept_s.clear()
    assert p.wait() == Due(1)
    assert clock.slept_s == []
    clock.ns += 1_000_000
    assert p.wait() == Due(2)
    assert clock.ns == pytest.approx(p.deadline_ns(2), abs=2)


def test_whole_missed_periods_are_skipped_and_counted(clock: Clock) -> None:
    p = Pacer(FPS)
    p.wait()
    clock.ns += 100_000_000
    assert p.wait() == Due(6, 5)
    assert p.wait() == Due(7)


def test_after_a_long_gap_the_show_goes_on_where_it_was(clock: Clock) -> None:
    p = Pacer(FPS)
    for _ in range(10):
        p.wait()
    before = p.show_seconds(clock.ns)
    clock.ns += 7_000_000_000
    found = p.wait()
    assert (found.index, found.skipped) == (10, 0)
    assert found.jump_s == pytest.approx(7.0 - 1 / 60, abs=1e-6)
    assert float(p.show_seconds(clock.ns) - before) == pytest.approx(1 / 60, abs=1e-6)
    assert p.wait() == Due(11)


def test_show_time_of_an_arrival_is_exact(clock: Clock) -> None:
    p = Pacer(FPS)
    assert p.show_seconds(p.start_ns + 1) == Fraction(1, 10**9)
    assert p.show_seconds(p.start_ns - 10**9) == -1


def test_the_stopwatch_adds_up_by_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    thread, process = iter([0, 0, 3e6, 5e6, 6e6]), iter([0, 0, 50e6, 60e6, 90e6])
    monkeypatch.setattr(pacer.time, "thread_time_ns", lambda: next(thread))
    monkeypatch.setattr(pacer.time, "process_time_ns", lambda: next(process))
    watch = Stopwatch()
    watch.start()
    watch.lap("control")
    watch.lap("compose", True)
    watch.lap("control")
    assert watch.total_ms == {"control": 4.0, "compose": 10.0}


def test_frames_that_are_given_up_are_not_skipped(clock: Clock) -> None:
    p = Pacer(FPS)
    p.every = 3
    assert [p.wait() for _ in range(3)] == [Due(0), Due(3), Due(6)]
    clock.ns += round(4.5e9 / 60)  # late by one and a half periods
    assert p.wait() == Due(10, 1)
    assert p.wait() == Due(12)
    p.every = 1
    assert [p.wait().index for _ in range(2)] == [15, 16]
