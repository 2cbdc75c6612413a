"""Perceived distances, tables of them, and what a speed or a place becomes by one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.path.arc_length import (
    PERCEIVED_WIDEST,
    WIDEST,
    SpeedEstimate,
    arcs,
    from_numbers,
    make_table,
    rate,
    to_numbers,
    update_estimate,
    warp,
)
from engine.core.path.perceived_change import distance, features, shrink

STEPS = st.lists(st.floats(0.1, 0.6), min_size=32, max_size=40)
FEW = settings(max_examples=25)


def picture(seed: int, shape: tuple[int, ...] = (36, 64, 3)) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, np.float32)


def test_a_distance_is_one() -> None:
    a, b, c = (features(picture(k)) for k in range(3))
    assert distance(a, a) == 0
    assert distance(a, b) == distance(b, a) > 0
    assert distance(a, c) <= distance(a, b) + distance(b, c)


def test_a_shift_of_brightness_counts_on_every_level_and_in_no_gradient() -> None:
    a = picture(1) * 0.5
    assert distance(features(a), features(a + 0.25)) == pytest.approx(4 * 0.25 / 3, rel=1e-4)


def test_pictures_are_averaged_and_seen_over_black() -> None:
    small = shrink(np.ones((64, 128, 4), np.float16) * np.float16(0.5))
    assert small.shape == (32, 64, 3)
    assert np.allclose(small, 0.25)
    assert features(np.zeros((1, 1, 3), np.float16)).size == 3


def test_the_speed_of_a_table_adds_up_to_its_steps() -> None:
    steps = np.random.default_rng(3).uniform(0.2, 1.0, 32).tolist()
    table = make_table(-1.0, 16.0, True, 0.0, steps)
    fine = (np.arange(200) + 0.5) / 200
    for cell in (0, 7, 31):
        speeds = [table.speed_at(-1.0 + (cell + x) / 16.0) for x in fine]
        assert np.mean(speeds) / 16.0 == pytest.approx(steps[cell], rel=1e-3)
    assert table.speed_at(-1.0 - 1e-9) == pytest.approx(table.speed_at(1.0 - 1e-9))
    assert make_table(-1.0, 16.0, False, 0.0, steps).speed_at(-1.1) is None


@FEW
@given(STEPS, st.floats(0.0, 1.0))
def test_a_loop_takes_as_long_as_without(steps: list[float], even: float) -> None:
    table = make_table(0.0, 16.0, True, 0.0, steps)
    places = (np.arange(len(steps) * 20) + 0.5) / 20 / 16
    seconds = [1.0 / rate(table.speed_at(u) or 0.0, table.mean, even) for u in places]
    assert np.mean(seconds) == pytest.approx(1.0, abs=2e-3)


def test_no_place_is_hurried_or_slowed_without_end() -> None:
    steps = [0.1] * 40
    steps[7], steps[20] = 50.0, 0.0
    table = make_table(0.0, 8.0, True, 0.8, steps)
    assert (table.steps[7], table.steps[20]) == pytest.approx((0.8, 0.0125))
    assert rate(0.0, 1.0, 1.0) == WIDEST
    assert rate(1e9, 1.0, 1.0) == 1 / WIDEST
    assert rate(1.0, 0.0, 1.0) == 1.0


@FEW
@given(STEPS, st.booleans(), st.floats(0.0, 4.0))
def test_a_table_survives_being_an_event(steps: list[float], closed: bool, mean: float) -> None:
    table = make_table(2.0, 16.0, closed, mean, steps)
    args = (table.start, table.per_knot, table.is_closed, table.mean, table.steps)
    again = from_numbers(to_numbers(*args))
    assert again is not None
    assert (again.steps, again.slopes, again.mean) == (table.steps, table.slopes, table.mean)


@pytest.mark.parametrize(
    "numbers",
    [(), (0.0,), (0.0, 16.0, 1.0, 0.0), (0.0, 0.0, 1.0, 0.0, 1.0), (0.0, 16.0, 1.0, 0.0, -1.0),
     (0.0, 16.0, 1.0, 0.0, 0.0), (1e12, 16.0, 1.0, 0.0, 1.0), (0.0, 16.0, 1.0, 0.0) + (1,) * 5000],
)  # fmt: skip
def test_what_is_no_table_is_none(numbers: tuple[float, ...]) -> None:
    assert from_numbers(numbers) is None


@FEW
@given(STEPS, st.floats(0.0, 1.0), st.integers(-3, 3))
def test_warped_knots_stay_and_the_way_between_goes_on(
    steps: list[float], even: float, knot: int
) -> None:
    table = make_table(0.0, 16.0, True, 0.0, steps[:32])
    assert warp(table, even, float(knot)) == knot
    places = [warp(table, even, knot + x) for x in np.linspace(0, 1, 101)]
    assert all(a < b for a, b in pairwise(places))
    assert places[-1] == knot + 1
    assert warp(table, 0.0, knot + 0.3) == knot + 0.3
    tiny = 1e-6
    left = (knot - warp(table, even, knot - tiny)) / tiny
    right = (warp(table, even, knot + tiny) - knot) / tiny
    assert left == pytest.approx(right, rel=1e-2)


def test_a_warp_evens_what_lies_within_a_knot() -> None:
    steps = (1.0 + 0.8 * np.sin(np.arange(32) * 2 * np.pi / 16)).tolist()
    table = make_table(0.0, 16.0, True, 0.0, steps)
    way = np.concatenate([[0.0], np.cumsum(steps)])

    def gone(even: float) -> np.ndarray:
        places = [warp(table, even, 0.1 + x) for x in np.linspace(0, 0.8, 60)]
        return np.diff(np.interp(np.array(places) * 16, np.arange(33), way))

    before, after = (np.std(gone(k)) / np.mean(gone(k)) for k in (0.0, 1.0))
    assert after < before / 5
    assert warp(None, 1.0, 0.3) == 0.3
    assert warp(make_table(5.0, 16.0, False, 0.0, steps), 1.0, 0.3) == 0.3


def test_the_way_is_longer_than_the_distances_where_it_bends() -> None:
    angles = np.arange(12) * 2 * np.pi / 12
    points = np.stack([np.cos(angles), np.sin(angles)], 1)
    apart = [np.linalg.norm(points - np.roll(points, -k, 0), axis=1).tolist() for k in (1, 2)]
    assert np.mean(apart[0]) < np.mean(arcs(*apart, True)) < 1.05 * 2 * np.pi / 12
    assert arcs([1.0, 1.0, 2.0], [2.0, 3.0], False) == (1.0, 1.0, 2.0)
    assert arcs([1.0], [], False) == (1.0,)
    assert arcs([1.0, 1.0], [0.0], False) == (1.0, 1.0)


def test_what_is_felt_follows_the_newest_steps_and_stays_within_reason() -> None:
    estimate = SpeedEstimate()
    for _ in range(50):
        estimate = update_estimate(estimate, 0.02, 0.01)
    assert estimate.perceived == pytest.approx((2.0, 2.0))
    assert update_estimate(estimate, 0.03, 0.01).perceived[0] == pytest.approx(2.0 + 0.7 * 1.5)
    high, mean = update_estimate(estimate, 9.0, 0.01).perceived
    assert high == pytest.approx(mean * PERCEIVED_WIDEST)
