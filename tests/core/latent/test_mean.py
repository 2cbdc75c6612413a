"""The mean on a sphere: where the pulls of all points cancel, and on the shell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.latent.geometry import length, log_map, onto_shell, slerp
from engine.core.latent.mean import frechet_mean


def points(seed: int, count: int, size: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, size))


@settings(max_examples=40)
@given(st.integers(0, 9999), st.integers(1, 9), st.sampled_from([16, 64, 512]))
def test_the_pulls_of_all_points_cancel(seed: int, count: int, size: int) -> None:
    x = points(seed, count, size)
    w = np.random.default_rng(seed + 1).random(count) + 1e-6
    mean = frechet_mean(x, w)
    units = [onto_shell(p, length(mean)) for p in x]
    pull = sum(a * log_map(mean, p) for a, p in zip(w / w.sum(), units, strict=True))
    assert length(pull) / length(mean) <= 1e-10  # of 6 points after 8 plain iterations: 1.5e-6
    assert min(map(length, x)) * (1 - 1e-12) <= length(mean) <= max(map(length, x)) * (1 + 1e-12)


@given(st.integers(0, 9999), st.floats(0.0, 1.0))
def test_of_two_points_it_is_the_great_circle(seed: int, t: float) -> None:
    a, b = points(seed, 2, 32)
    assert frechet_mean(np.stack([a, b]), np.array([1 - t, t])) == pytest.approx(slerp(a, b, t))


def test_rows_have_means_of_their_own() -> None:
    x, w = np.stack([points(k, 5, 12) for k in range(3)]), np.arange(1.0, 6.0)
    x[1, 1:] = x[1, 0]  # one is there before the others
    each = [frechet_mean(rows, w) for rows in x]
    assert frechet_mean(x, w) == pytest.approx(np.stack(each), abs=1e-12)


def test_a_point_with_all_the_weight_is_the_mean_also_beside_its_opposite() -> None:
    a, b = points(1, 2, 8)
    assert frechet_mean(np.stack([a, b, -a, a]), np.array([2.0, 0, 0, 1])) == pytest.approx(a)


def test_no_arrangement_of_points_breaks_it() -> None:
    a, b = points(2, 2, 3)
    for x in ([a, -a], [a, a, -a, -a], [a, b, -a, -b], list(points(3, 20, 2))):
        mean = frechet_mean(np.stack(x), np.ones(len(x)))
        assert np.isfinite(mean).all()
        assert length(mean) > 0.1
