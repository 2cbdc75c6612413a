"""Beat lock: keys fall on beats through ramps, taps and a new beginning, and nothing jumps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.show.show import Show
from engine.core.show.snapshot import from_data, to_data
from engine.core.show.state import State, first_state
from engine.documents.show import load

HZ = 60
SHOW = """schema = 1
control_hz = 60
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
config = {{ latent_size = 32 }}
[layers.path]
motion = "keys"
{}
"""
Events = Callable[[int], Sequence[tuple[str, float]]]


def make(text: str) -> Show:
    return load.read(SHOW.format(text), "t.toml", str)[0]


def run(
    show: Show, ticks: int, events: Events, state: State | None = None
) -> tuple[np.ndarray, State]:
    """Phases and beats of every tick [shape=(ticks, 2)]."""
    state, rows = state or first_state(show), []
    for tick in range(state.tick + 1, state.tick + 1 + ticks):
        heard = [Event(tick, *event, "t", n) for n, event in enumerate(events(tick))]
        state = advance(show, state, tick, heard)
        rows.append((state.paths[0].phase, state.transport.beat))
    return np.array(rows), state


def nothing(_: int) -> Sequence[tuple[str, float]]:
    return ()


def off(rows: np.ndarray, beats: float) -> np.ndarray:
    """How far the phase is from where the beat wants it, in beats."""
    error = rows[:, 1] / beats - rows[:, 0]
    return (error - np.round(error)) * beats


def test_keys_fall_on_every_nth_beat() -> None:
    rows, _ = run(make("beats = 4\n"), 10 * HZ, nothing)
    assert np.abs(off(rows, 4.0)).max() < 1e-9
    assert rows[-1, 0] == pytest.approx(10 * 2 / 4, abs=0.01)


@pytest.mark.parametrize(("ratio", "beats"), [(2.0, 2.0), (0.5, 8.0)])
def test_double_and_half_time(ratio: float, beats: float) -> None:
    rows, _ = run(make(f"beats = 4\nbeat_ratio = {ratio}\n"), 10 * HZ, nothing)
    assert np.abs(off(rows, beats)).max() < 1e-9
    assert rows[-1, 0] == pytest.approx(20.0 / beats, abs=0.02)


def test_it_changes_to_double_time_without_a_step() -> None:
    rows, _ = run(
        make("beats = 4\n"),
        30 * HZ,
        lambda t: [("/layer/form/path/beat_ratio", 2.0)] if t == 350 else (),
    )
    assert np.diff(rows[:, 0]).max() <= 2 * 2.0 / 2.0 / HZ + 1e-12
    assert np.abs(off(rows, 2.0))[-HZ:].max() < 0.01


@settings(max_examples=6, deadline=None)
@given(st.floats(40, 110), st.floats(110, 200), st.integers(1, 8), st.integers(30, 450))
def test_tempo_ramps_change_nothing_but_the_speed(
    low: float, high: float, beats: int, ticks: int
) -> None:
    def ramp(tick: int) -> Sequence[tuple[str, float]]:
        return [("/transport/bpm", low + (high - low) * min(tick / ticks, 1.0))]

    rows, _ = run(make(f"beats = {beats}\n"), ticks + 120, ramp)
    assert np.abs(off(rows, beats)).max() < 1e-6
    steps = np.diff(rows[:, 0])
    assert steps.min() > 0.0
    assert np.abs(np.diff(steps)).max() <= (high - low) / 60 / HZ / beats / ticks * 1.5 + 1e-12


@settings(max_examples=4, deadline=None)
@given(
    st.lists(st.integers(15, 45), min_size=3, max_size=8), st.booleans(), st.sampled_from([1, 3, 8])
)
def test_taps_and_new_beginnings_are_made_good_without_a_jump(
    gaps: list[int], resync: bool, beats: int
) -> None:
    taps = set(np.cumsum([100, *gaps]).tolist())

    def hands(tick: int) -> Sequence[tuple[str, float]]:
        if resync and tick == 75:
            return [("/transport/resync", 1)]
        return [("/transport/tap", 1)] if tick in taps else ()

    rows, state = run(make(f"beats = {beats}\n"), 500, hands)
    fastest = 240.0 / 60 / HZ / beats  # no tap in that range is faster than 240 bpm
    steps = np.diff(rows[:, 0])
    assert steps.min() > 0.0
    assert steps.max() <= 2.0 * fastest + 1e-12
    ticks = round((beats + 8) * 60 / state.transport.bpm * HZ)
    rows, _ = run(make(f"beats = {beats}\n"), ticks, nothing, state)
    assert abs(off(rows, beats)[-1]) < 0.05


def test_a_large_error_waits_for_the_bar() -> None:
    show = make("beats = 8\nspeed = 0.0\n")
    state = run(show, 50, nothing)[1]  # unlocked: at rest
    rows, _ = run(
        show, 12 * HZ, lambda t: [("/layer/form/path/speed", 1.0)] if t == 50 else (), state
    )
    steps = np.diff(rows[:, 0]) * HZ * 8 / 2  # of the plain speed
    bar = int(np.searchsorted(rows[:, 1], 4.0))
    assert np.allclose(steps[2 : bar - 1], 1.0)
    assert steps[bar + 1] > 1.5
    assert abs(off(rows, 8.0)[-1]) < 0.01


def test_backwards_and_at_rest() -> None:
    rows, _ = run(make("beats = 4\nspeed = -1.0\n"), 10 * HZ, nothing)
    assert np.abs(off(-rows * [1, -1], 4.0)).max() < 1e-9
    assert rows[-1, 0] < -4.5
    rows, _ = run(make("beats = 4\nspeed = 0.0\n"), HZ, nothing)
    assert not rows[:, 0].any()


def test_a_lock_that_makes_good_replays() -> None:
    show = make("beats = 8\n")

    def late(tick: int) -> Sequence[tuple[str, float]]:
        return [("/transport/resync", 1)] if tick == 167 else ()

    whole, end = run(show, 450, late)
    half = run(show, 300, late)[1]
    rows, again = run(show, 150, late, from_data(show, to_data(show, half)))
    assert np.array_equal(rows, whole[300:])
    assert again.paths[0].memory.get("is_relocating") == end.paths[0].memory.get("is_relocating")
