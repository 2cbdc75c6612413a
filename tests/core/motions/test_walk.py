"""The motions, against the figures of the literature: law, norm, turns, loops and keyframes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.latent import geometry
from engine.core.latent.geometry import Vector, length, shell_radius, shell_score
from engine.core.latent.seeds import seed_latent
from engine.core.motions import walk
from engine.core.motions.orbit import orbit
from engine.core.rng import gaussian
from tests.making import loop_of

SIZE = 512
FPS = 60
KEYS = (3, 14, 15, 92, 65, 35)


def points(at: Callable[[float], Vector], count: int, step: float) -> np.ndarray:
    return np.array([at(n * step) for n in range(count)])


def turns_deg(z: np.ndarray) -> np.ndarray:
    """Angles between successive velocities."""
    v = np.diff(z, axis=0)
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    return np.degrees(np.arccos(np.clip((v[1:] * v[:-1]).sum(axis=1), -1, 1)))


def smirnov_p(sample: np.ndarray) -> float:
    """Probability of a sample that differs from N(0, 1) as much (Kolmogorov's series)."""
    x = np.sort(sample)
    cdf = np.array([0.5 * (1 + math.erf(v / math.sqrt(2))) for v in x])
    n = len(x)
    ranks = np.arange(n)
    d = max(np.max((ranks + 1) / n - cdf), np.max(cdf - ranks / n))
    t = (math.sqrt(n) + 0.12 + 0.11 / math.sqrt(n)) * d
    return 2 * sum((-1) ** (k - 1) * math.exp(-2 * k * k * t * t) for k in range(1, 50))


def test_the_walk_is_normal_everywhere() -> None:
    found = [smirnov_p(walk.walk(1, "law", 0.37 * n, SIZE)) for n in range(20)]
    assert min(found) > 1e-3


def test_the_law_test_would_see_a_collapse() -> None:
    a, b = gaussian(1, "a", 0, SIZE), gaussian(1, "b", 0, SIZE)
    assert smirnov_p(0.5 * a + 0.5 * b) < 1e-3


def test_the_walk_keeps_its_norm() -> None:
    # 600 s at a knot each 2 s: 300 independent knots
    z = points(lambda u: walk.walk(2, "norm", u, SIZE), 1200, 0.25)
    norms = np.linalg.norm(z, axis=1)
    assert 0.98 < norms.mean() / shell_radius(SIZE) < 1.02
    assert max(abs(shell_score(v)) for v in z) < 4.5
    short = points(lambda u: walk.walk(2, "norm", u, SIZE), 12 * FPS, 0.5 / FPS)
    assert max(abs(shell_score(v)) for v in short) <= 3.0


def test_the_walk_has_no_corners() -> None:
    z = points(lambda u: walk.walk(3, "turn", u, SIZE), 20 * FPS, 0.5 / FPS)  # a knot each 2 s
    assert turns_deg(z).max() <= 6.0


def test_the_turn_test_would_see_a_corner() -> None:
    knots = [np.array(gaussian(3, "corner", k, SIZE)) for k in range(4)]
    z = [(1 - t) * knots[k] + t * knots[k + 1] for k in range(3) for t in np.arange(120) / 120]
    assert turns_deg(np.array(z)).max() > 80.0


def test_the_walk_moves_evenly() -> None:
    z = points(lambda u: walk.walk(3, "pace", u, SIZE), 20 * FPS, 0.5 / FPS)
    steps = np.linalg.norm(np.diff(z, axis=0), axis=1)
    assert steps.std() / steps.mean() < 0.05


@given(st.integers(4, 40), st.floats(-1e4, 1e4), st.integers(-5, 5))
def test_a_walk_with_a_period_closes_exactly(period: int, phase: float, turns: int) -> None:
    phase = round(phase * 64) / 64  # so that adding the period rounds nothing
    a = walk.walk(4, "loop", phase, 16, period)
    assert np.array_equal(a, walk.walk(4, "loop", phase + turns * period, 16, period))


def test_a_loop_has_no_corner_at_its_seam() -> None:
    period = 6
    z = points(lambda u: walk.walk(4, "seam", u, SIZE, period), (period * 2 + 1) * 120, 1 / 120)
    around = z[period * 120 - 30 : period * 120 + 30]
    assert turns_deg(around).max() <= 6.0


def test_neighbours_on_the_walk_do_not_repeat() -> None:
    far = [walk.walk(5, "far", u, SIZE) for u in (-1e6, 0.5, 7.5, 1e6)]
    cosines = [
        abs(a @ b) / (length(a) * length(b)) for i, a in enumerate(far) for b in far[i + 1 :]
    ]
    assert max(cosines) < 0.25


@given(st.floats(0, 100))
def test_the_spline_stays_on_the_shell(phase: float) -> None:
    z = loop_of(KEYS, phase, 128)
    assert abs(length(z) / shell_radius(128) - 1.0) <= 1e-9


def test_the_spline_meets_its_keys() -> None:
    radius = shell_radius(128)
    for number, seed in enumerate(KEYS):
        key = seed_latent(seed, 128)
        key = key * (radius / length(key))
        for turn in (0, 1, 7):
            z = loop_of(KEYS, number + turn * len(KEYS), 128)
            assert length(z - key) / radius <= 1e-6


def test_the_spline_has_no_corners_and_closes() -> None:
    z = points(lambda u: loop_of(KEYS, u, 128), len(KEYS) * 120 + 3, 1 / 120)  # 2 s a segment
    assert turns_deg(z).max() <= 6.0
    assert np.allclose(z[:3], z[len(KEYS) * 120 :], atol=1e-9)


@pytest.mark.parametrize("key", range(len(KEYS)))
def test_the_spline_is_c1_at_its_keys(key: int) -> None:
    h = 1e-6
    at, before, after = (loop_of(KEYS, key + d, 128) for d in (0.0, -h, h))
    left, right = (at - before) / h, (after - at) / h
    assert length(left - right) / length(left) < 1e-3


def test_one_key_stands_still_and_two_go_there_and_back() -> None:
    assert np.array_equal(loop_of((7,), 0.3, 32), loop_of((7,), 99.9, 32))
    there, back = loop_of((7, 8), 0.25, 32), loop_of((7, 8), 1.75, 32)
    assert np.allclose(there, back)
    assert not np.allclose(there, loop_of((7, 8), 0.75, 32))


@settings(max_examples=30)
@given(st.floats(0.01, 1), st.floats(0, 10))
def test_an_orbit_is_an_exact_circle(radius: float, phase: float) -> None:
    z = orbit(1, "o", phase, 64, radius)
    assert abs(length(z) / shell_radius(64) - 1.0) <= 1e-12
    assert np.allclose(z, orbit(1, "o", phase + 1.0, 64, radius), atol=1e-9)


def test_wandering_round_a_centre_keeps_the_law() -> None:
    centre = np.array(gaussian(1, "centre", 0, SIZE))
    for radius in (0.0, 0.3, 0.8, 1.0):
        z = geometry.around(centre, walk.walk(6, "w", 0.4, SIZE), radius)
        assert smirnov_p(z) > 1e-3
    assert np.array_equal(geometry.around(centre, walk.walk(6, "w", 0.4, SIZE), 0.0), centre)


def test_seeds_are_those_of_other_tools() -> None:
    assert seed_latent(42, 64)[0] == pytest.approx(0.49671415, abs=1e-8)
    assert np.array_equal(seed_latent(42, 8), np.random.RandomState(42).randn(1, 8)[0])


@given(st.integers(-(2**70), 2**70), st.integers(1, 64))
def test_randomness_is_keyed(index: int, size: int) -> None:
    a = gaussian(1, "k", index, size)
    assert np.array_equal(a, gaussian(1, "k", index, size))
    assert not np.array_equal(a, gaussian(1, "k", index + 1, size))
    assert not np.array_equal(a, gaussian(2, "k", index, size))
    assert not np.array_equal(a, gaussian(1, "l", index, size))
