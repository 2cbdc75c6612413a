"""The sphere's maps undo each other, keep lengths, and know what to do where they are singular."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.latent import geometry as g
from engine.core.rng import gaussian

seeds = st.integers(0, 10_000)
sizes = st.integers(2, 512)


def vector(seed: int, size: int, name: str = "v"):
    return np.array(gaussian(seed, name, 0, size))


@pytest.mark.parametrize(
    ("size", "radius"), [(64, 7.9688), (128, 11.2916), (256, 15.9844), (512, 22.6164)]
)
def test_the_shell_has_the_mean_length_of_the_chi_law(size: int, radius: float) -> None:
    assert g.shell_radius(size) == pytest.approx(radius, abs=1e-4)


def test_random_vectors_lie_on_the_shell() -> None:
    scores = [g.shell_score(vector(seed, 512)) for seed in range(200)]
    assert abs(np.mean(scores)) < 0.3
    assert 0.8 < np.std(scores) < 1.2


@given(seeds, sizes)
def test_log_and_exp_undo_each_other(seed: int, size: int) -> None:
    a = vector(seed, size)
    b = g.onto_shell(vector(seed, size, "w"), g.length(a))
    tangent = g.log_map(a, b)
    assert abs(tangent @ a) < 1e-9 * (1 + g.length(a) * g.length(tangent))
    assert np.allclose(g.exp_map(a, tangent), b, atol=1e-9)


@given(seeds, sizes, st.floats(0, 1))
def test_slerp_keeps_to_the_sphere_and_divides_the_angle(seed: int, size: int, t: float) -> None:
    a = g.onto_shell(vector(seed, size), 3.0)
    b = g.onto_shell(vector(seed, size, "w"), 3.0)
    z = g.slerp(a, b, t)
    assert abs(g.length(z) - 3.0) < 1e-12
    whole = math.acos(float(np.clip(a @ b / 9.0, -1.0, 1.0)))
    part = math.acos(float(np.clip(a @ z / 9.0, -1.0, 1.0)))
    assert abs(part - t * whole) < 1e-6


@given(seeds, st.floats(0, 1))
def test_slerp_carries_the_length_over(seed: int, t: float) -> None:
    a, b = g.onto_shell(vector(seed, 16), 2.0), g.onto_shell(vector(seed, 16, "w"), 8.0)
    assert math.isclose(g.length(g.slerp(a, b, t)), 2.0 ** (1 - t) * 8.0**t)


@pytest.mark.parametrize("t", [0.0, 0.25, 0.5, 1.0])
def test_opposite_points_have_a_way_of_full_length(t: float) -> None:
    a = vector(3, 32)
    z = g.slerp(a, -a, t)
    assert g.length(z) == pytest.approx(g.length(a))
    assert math.acos(float(np.clip(z @ a / (a @ a), -1, 1))) == pytest.approx(t * math.pi, abs=1e-7)
    assert np.array_equal(z, g.slerp(a, -a, t))


def test_a_vanishing_vector_has_a_place() -> None:
    assert g.onto_shell(np.zeros(4), 2.0).tolist() == [2.0, 0.0, 0.0, 0.0]
    assert g.slerp(np.zeros(4), np.ones(4), 0.5).tolist() == [0.5] * 4


@given(seeds, st.floats(-math.pi, math.pi))
def test_turning_away_turns_by_the_angle(seed: int, angle: float) -> None:
    a = vector(seed, 64)
    z = g.away(a, vector(seed, 64, "w"), angle)
    assert g.length(z) == pytest.approx(g.length(a))
    assert math.acos(float(np.clip(z @ a / (a @ a), -1, 1))) == pytest.approx(abs(angle), abs=1e-6)


def test_turning_along_oneself_turns_nothing() -> None:
    a = vector(1, 8)
    assert np.array_equal(g.away(a, 2.0 * a, 1.0), a)
