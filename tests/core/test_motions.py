"""Motions beside the walk: the law everywhere, exact loops, no corners, and one that collapses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine.core.latent import seeds
from engine.core.latent.geometry import Vector, length, shell_radius, shell_score
from engine.core.latent.opensimplex import simplex, tables
from engine.core.motions import walk
from engine.core.motions.closed import circle, fourier, ring
from engine.core.motions.drift import drift
from engine.core.motions.orbit import orbit_around
from engine.core.path.phase import fold
from tests.core.motions.test_walk import smirnov_p, turns_deg

SIZE = 512
MOTIONS: dict[str, Callable[[float], Vector]] = {
    "drift": lambda u: drift(1, "m", u, SIZE),
    "drift in a loop": lambda u: drift(1, "m", u, SIZE, 6.0),
    "a long loop": lambda u: drift(2, "m", u, SIZE, 64.0),
    "loop": lambda u: fourier(1, "m", u, SIZE, 6.0),
    "octaves": lambda u: walk.walk_octaves(1, "m", u, SIZE, 6, 3),
}


@pytest.mark.parametrize("name", MOTIONS)
def test_every_place_is_normal_and_on_the_shell(name: str) -> None:
    found = [MOTIONS[name](0.37 * n) for n in range(20)]
    assert min(smirnov_p(z) for z in found) > 1e-3
    assert max(abs(shell_score(z)) for z in found) < 4.5
    # Components are independent: none of two places' correlations is out of reason.
    assert abs(found[0] @ found[19]) / SIZE < 0.9


@pytest.mark.parametrize("name", ["drift", "drift in a loop", "loop"])
def test_nothing_has_corners(name: str) -> None:
    z = np.array([MOTIONS[name](n / 120) for n in range(8 * 120)])
    assert turns_deg(z).max() <= 6.0
    steps = np.linalg.norm(np.diff(z, axis=0), axis=1)
    assert steps.std() / steps.mean() < 0.12


@pytest.mark.parametrize("name", ["drift in a loop", "loop", "octaves"])
def test_loops_close_exactly(name: str) -> None:
    for phase in (-7.25, 0.0, 3.5, 5.96875):
        z = MOTIONS[name](phase)
        assert np.array_equal(z, MOTIONS[name](phase + 6.0))
        assert not np.allclose(z, MOTIONS[name](phase + 3.0))


def test_a_loop_may_have_any_period() -> None:
    assert np.allclose(fourier(1, "p", 0.3, 16, 4.7), fourier(1, "p", 5.0, 16, 4.7))


def test_drift_is_a_pure_function_that_never_repeats() -> None:
    far, near = drift(3, "m", -1e5, SIZE), drift(3, "m", 1e5, SIZE)
    drift(3, "m", 2.0, SIZE)
    assert np.array_equal(far, drift(3, "m", -1e5, SIZE))
    assert abs(far @ near) / SIZE < 0.25


def test_opensimplex_is_that_of_other_tools() -> None:
    # From the public-domain reference, seed 5.
    known = {(0.3, 0.7): 0.37751138783697485, (1.9, -2.4): 0.3967493982145749,
             (100.25, 3.1): 0.15992115099872548, (0.1, 0.2): 0.28038714071265863}  # fmt: skip
    for (x, y), value in known.items():
        found = simplex(tables(5, 1), np.array([x]), np.array([y]))
        assert found[0] == pytest.approx(value, abs=1e-12)


def test_the_circle_of_other_tools_collapses_and_the_ring_does_not() -> None:
    phases = np.arange(240) * (6.28 / 240)
    circles = [length(circle(1, u, SIZE, 6.28)) / shell_radius(SIZE) for u in phases]
    assert min(circles) < 0.1
    assert max(circles) < 0.5
    z = np.array([ring(1, "r", u, SIZE, 6.28) for u in phases])
    assert np.allclose(np.linalg.norm(z, axis=1), shell_radius(SIZE))
    assert np.array_equal(ring(1, "r", 0.5, SIZE, 8.0), ring(1, "r", 8.5, SIZE, 8.0))


def test_an_orbit_around_a_point_stays_at_its_angle() -> None:
    centre = 1.3 * seeds.seed_key(5, SIZE)
    for phase in np.linspace(0, 1, 7):
        z = orbit_around(centre, 1, "o", phase, 0.3)
        assert length(z) == pytest.approx(length(centre))
        assert z @ centre / length(centre) ** 2 == pytest.approx(np.sqrt(1 - 0.09))
    assert np.array_equal(orbit_around(centre, 1, "o", 0.2, 0.0), centre)


@pytest.mark.parametrize("soft", [0.0, 0.25])
def test_ping_pong_goes_there_and_back(soft: float) -> None:
    places = np.array([fold(u, 3.0, "pingpong", soft) for u in np.linspace(-6, 6, 2401)])
    assert places.min() == 0.0
    assert places.max() == pytest.approx(3.0)
    assert fold(3.0, 3.0, "pingpong", soft) == pytest.approx(3.0)
    steps = np.abs(np.diff(places)) / 0.005
    assert steps.max() < 1.1
    bends = np.abs(np.diff(np.diff(places))) / 0.005
    assert (bends.max() < 0.05) == (soft > 0.0)


def test_once_stays_at_the_end_and_loop_begins_again() -> None:
    assert [fold(u, 3.0, "once") for u in (-1.0, 2.0, 7.0)] == [0.0, 2.0, 3.0]
    assert fold(7.0, 3.0, "loop") == 1.0
