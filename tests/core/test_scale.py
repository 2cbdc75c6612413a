"""Scales of parameters: ends, order, inverse, and which curve a parameter has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.parameter import Kind, Parameter
from engine.core.scale import CURVES, position_of, value_at

RANGES = [(0.0, 1.0), (0.02, 20.0), (0.0, 3600.0), (-20.0, 20.0), (-1.0, 4.0), (-3.0, 0.0)]
POSITIONS = st.floats(0.0, 1.0)


@given(st.sampled_from(RANGES), st.sampled_from(CURVES), POSITIONS, POSITIONS)
def test_a_scale_rises_from_end_to_end_and_has_an_inverse(ends, curve, x, y):
    parameter = Parameter("/a", Kind.FLOAT, 0.0, *ends, curve=curve)
    assert (value_at(parameter, -1.0), value_at(parameter, 2.0)) == ends
    low, high = value_at(parameter, min(x, y)), value_at(parameter, max(x, y))
    assert ends[0] <= low <= high <= ends[1]
    assert position_of(parameter, value_at(parameter, x)) == pytest.approx(x, abs=1e-6)


def test_equal_steps_of_an_exponential_scale_are_equal_factors():
    rate = Parameter("/rate_hz", Kind.FLOAT, 1.0, 0.25, 64.0, unit="hz")
    assert [value_at(rate, k / 4) for k in range(5)] == pytest.approx([0.25, 1, 4, 16, 64])
    speed = Parameter("/speed", Kind.FLOAT, 0.0, -20.0, 20.0, unit="knots/s")
    assert value_at(speed, 0.5) == 0.0
    assert value_at(speed, 0.25) == -value_at(speed, 0.75) == pytest.approx(-0.613, abs=1e-3)


def test_each_name_of_a_choice_has_an_equal_share_and_its_place_leads_back_to_it():
    choice = Parameter("/c", Kind.CHOICE, 0.0, 0.0, 2.0, ("a", "b", "c"))
    assert [value_at(choice, x) for x in (0.0, 0.32, 0.34, 0.65, 0.67, 1.0)] == [0, 0, 1, 1, 2, 2]
    assert [value_at(choice, position_of(choice, k)) for k in (0.0, 1.0, 2.0)] == [0, 1, 2]


def test_switches_turn_in_the_middle_and_whole_numbers_are_whole():
    assert [value_at(Parameter("/b", Kind.BOOL), x) for x in (0.0, 0.49, 0.5, 1.0)] == [0, 0, 1, 1]
    assert value_at(Parameter("/i", Kind.INT, 0.0, 0.0, 9.0), 0.51) == 5.0


@pytest.mark.parametrize(
    ("unit", "low", "high", "curve"),
    [
        ("s", 0.0, 30.0, "exponential"),
        ("hz", 0.0, 60.0, "exponential"),
        ("", 0.25, 4.0, "exponential"),
        ("", 0.0, 4.0, "linear"),
        ("rad", -3.0, 3.0, "linear"),
        ("", 1.0, 4.0, "linear"),
    ],
)
def test_times_rates_and_wide_ranges_of_factors_are_exponential(unit, low, high, curve):
    assert Parameter("/a", Kind.FLOAT, low, low, high, unit=unit).curve == curve
    assert Parameter("/a", Kind.FLOAT, low, low, high, unit=unit, curve="linear").curve == "linear"
