"""The spline engine: keys are met, nothing has corners or seams, and every space keeps its law."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.latent.geometry import Vector, length, shell_radius
from engine.core.latent.manifold import AFFINE, ROWS, SHELL, AffineChart, SimplexChart, manifold
from engine.core.latent.seeds import seed_key
from engine.core.latent.spline import SPLINES, at, pchip, slopes, spline
from engine.core.rng import gaussian
from tests.core.motions.test_walk import turns_deg

SIZE = 64
seeds = st.integers(0, 1000)


def inverted(count: int, seed: int = 0, rows: int = 0) -> list[Vector]:
    """Keys as photos give them: no two of one length."""
    found = []
    for k in range(count):
        factor = 0.4 + 1.4 * abs(math.sin(seed + 3.0 * k))
        key = factor * gaussian(seed, "key", k, SIZE * max(rows, 1))
        found.append(key.reshape(rows, SIZE) if rows else key)
    return found


@settings(max_examples=60)
@given(
    seeds,
    st.integers(1, 6),
    st.sampled_from(SPLINES),
    st.booleans(),
    st.floats(-1, 1),
    st.sampled_from([0, 3]),
    st.data(),
)
def test_every_spline_meets_its_keys_at_their_times(
    seed: int, count: int, kind: str, closed: bool, tension: float, rows: int, data: st.DataObject
) -> None:
    keys = inverted(count, seed, rows)
    spans = [data.draw(st.floats(0.1, 5.0)) for _ in range(count if closed else count - 1)]
    path = spline(ROWS if rows else SHELL, keys, is_closed=closed, kind=kind, tension=tension,
                  spans=spans)  # fmt: skip
    for turn in (0, 1, 3) if closed else (0,):
        for time, key in zip(np.cumsum([0.0, *spans]), keys, strict=False):
            found = at(path, float(time) + turn * sum(spans))
            assert np.linalg.norm(found - key) / shell_radius(SIZE) <= 1e-6


@pytest.mark.parametrize("kind", ["hermite", "catmull"])
def test_a_loop_of_unequal_keys_has_neither_corner_nor_seam(kind: str) -> None:
    keys = inverted(5)
    spans = (2.0, 1.0, 3.0, 1.5, 1.0)  # of a knot of 2 s: none shorter
    path = spline(SHELL, keys, kind=kind, spans=spans)
    z = np.array([at(path, n / 120) for n in range(round(sum(spans) * 120) + 60)])
    assert turns_deg(z).max() <= 6.0
    steps = np.linalg.norm(np.diff(z, axis=0), axis=1)
    assert np.abs(np.diff(steps)).max() < 0.1 * steps.mean()


def test_piecewise_slerp_has_corners_that_the_spline_has_not() -> None:
    keys = [seed_key(seed, 512) for seed in (3, 14, 15, 92, 65, 35)]
    found = {}
    for kind in ("slerp", "hermite"):
        path = spline(SHELL, keys, kind=kind)
        found[kind] = turns_deg(np.array([at(path, n / 120) for n in range(720)])).max()
    assert found["slerp"] > 80.0
    assert found["hermite"] <= 6.0


@given(seeds, st.floats(0, 5), st.sampled_from(["hermite", "catmull", "slerp"]))
def test_the_length_stays_between_those_of_the_keys(seed: int, time: float, kind: str) -> None:
    keys = inverted(5, seed)
    path = spline(SHELL, keys, kind=kind)
    ends = sorted(length(keys[(int(time % 5) + k) % 5]) for k in (0, 1))
    assert ends[0] * (1 - 1e-9) <= length(at(path, time)) <= ends[1] * (1 + 1e-9)


def test_rows_are_points_of_their_own() -> None:
    keys = inverted(5, 2, 3)
    rows = spline(ROWS, keys)
    for row in range(3):
        alone = spline(SHELL, [key[row] for key in keys])
        for time in np.linspace(0, 5, 23):
            assert np.allclose(at(rows, time)[row], at(alone, time), atol=1e-9)


def test_opposite_rows_have_a_way() -> None:
    key = inverted(1, 1, 2)[0]
    found = at(spline(ROWS, [key, -key], kind="slerp"), 0.5)
    assert np.isfinite(found).all()
    assert np.allclose(np.linalg.norm(found, axis=1), np.linalg.norm(key, axis=1))


def test_tension_stops_at_keys_and_ease_bends_only_the_time() -> None:
    keys = inverted(4)
    h = 1e-5
    slack, tight = (spline(SHELL, keys, tension=t) for t in (0.0, 1.0))
    speed = [length(at(path, 1 + h) - at(path, 1)) / h for path in (slack, tight)]
    assert speed[1] < 1e-3 * speed[0]
    eased = at(slack, 1.25, "smooth")
    assert np.allclose(eased, at(slack, 1.0 + 0.25**2 * 2.5))


def test_an_open_path_stays_at_its_ends() -> None:
    keys = inverted(3)
    path = spline(SHELL, keys, is_closed=False)
    assert np.allclose(at(path, -5.0), keys[0])
    assert np.allclose(at(path, 99.0), keys[2])


def test_keys_of_one_place_make_a_still() -> None:
    key = inverted(1)[0]
    for kind in SPLINES:
        assert np.allclose(at(spline(SHELL, [key, key.copy(), key.copy()], kind=kind), 1.4), key)


@given(seeds, st.floats(0, 4), st.sampled_from(SPLINES))
def test_weights_stay_weights(seed: int, time: float, kind: str) -> None:
    chart, rng = SimplexChart(), np.random.RandomState(seed)
    weights = rng.dirichlet([0.3] * 5, 4)
    weights[0] = np.eye(5)[seed % 5]  # a corner: one class alone
    assert np.allclose(chart.decode(chart.encode(weights)), weights)
    path = spline(manifold("simplex"), list(chart.encode(weights)), kind=kind)
    found = chart.decode(at(path, time))
    assert (found >= 0.0).all()
    assert found.sum() == pytest.approx(1.0)


def test_equal_weights_stand_for_no_direction() -> None:
    assert SimplexChart().decode(np.zeros(4)).tolist() == [0.25] * 4


def test_a_transform_turns_the_shorter_way_and_scales_evenly() -> None:
    chart = AffineChart()
    keys = chart.encode(np.array([[0.5, 3.0, 0.0, 0.0], [2.0, -3.0, 1.0, 0.5]]))
    assert np.allclose(chart.decode(keys), [[0.5, 3.0, 0.0, 0.0], [2.0, -3.0, 1.0, 0.5]])
    middle = chart.decode(at(spline(AFFINE, list(keys), kind="slerp"), 0.5))
    assert math.cos(middle[1]) == pytest.approx(-1.0)
    assert middle[0] == pytest.approx(1.0)
    assert middle[2:] == pytest.approx([0.5, 0.25])


@given(st.lists(st.integers(-500, 500), min_size=2, max_size=8), st.booleans(), st.floats(0, 1))
def test_scalars_never_overshoot(values: list[int], closed: bool, part: float) -> None:
    y = 0.01 * np.array([*values, values[0]] if closed else values)
    x = np.cumsum(1.0 + 0.5 * np.sin(np.arange(len(y))))
    m = slopes(x, y, closed)
    place = x[0] + part * (x[-1] - x[0])
    i = min(int(np.searchsorted(x, place, "right")) - 1, len(x) - 2)
    found = pchip(x, y, m, place)
    assert min(y[i : i + 2]) - 1e-9 <= found <= max(y[i : i + 2]) + 1e-9
    assert [pchip(x, y, m, float(a)) for a in x] == pytest.approx(y.tolist())
    if closed:
        assert m[0] == pytest.approx(m[-1])
