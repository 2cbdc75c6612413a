"""What a hand pulls a path by: lengths stay, the way is smooth at any rate, release, snapshots."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from engine.core.frame.sample import latents
from engine.core.modifiers.drag import OMEGA, turned
from engine.core.show.show import Show
from engine.core.show.snapshot import from_data, migrate, to_data
from engine.core.show.state import State
from tests.making import read_show, run

NAME, Z = "/layer/form/path", "/layer/form/generator/z"
STILL = """
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
[layers.path]
motion = "still"
speed = 0.0
pull_s = 0.5
"""
AWAY = tuple(np.random.default_rng(1).normal(size=64).round(4).tolist())


def z_at(show: Show, state: State, seconds: float) -> np.ndarray:
    return latents(show, state, seconds)[Z].astype(float)


def test_a_displacement_turns_and_keeps_lengths() -> None:
    random = np.random.default_rng(2)
    z, d = random.normal(size=(2, 5, 32))
    found = turned(z, d)
    assert np.allclose(np.linalg.norm(found, axis=1), np.linalg.norm(z, axis=1))
    cosines = (found * z).sum(1) / (z * z).sum(1)
    tangent = d - (d * z).sum(1, keepdims=True) / (z * z).sum(1, keepdims=True) * z
    angles = np.arctan(np.linalg.norm(tangent, axis=1) / np.linalg.norm(z, axis=1))
    assert np.allclose(np.arccos(cosines), angles)
    assert np.allclose(turned(z, -3.0 * z), z)  # nothing goes through the middle


def test_a_pulled_path_goes_there_smoothly_and_stays() -> None:
    show = read_show(STILL)
    before = z_at(show, run(show, 2), 2 / 120)
    state = run(show, 240, [(2, f"{NAME}/pull", AWAY)])
    goal = turned(before, np.array(AWAY))
    assert np.allclose(z_at(show, state, 2.0), goal, atol=1e-5)
    assert np.allclose(np.linalg.norm(goal), np.linalg.norm(before))
    on_way = run(show, 2, [(2, f"{NAME}/pull", AWAY)])
    steps = np.array([z_at(show, on_way, 2 / 120 + k / 1000) for k in range(1000)])
    speeds = np.linalg.norm(np.diff(steps, axis=0), axis=1)
    assert speeds[0] < 0.05 * speeds.max()
    assert np.argmax(speeds) == pytest.approx(1000 / OMEGA, abs=25)


@pytest.mark.parametrize("control_hz", ["30", "144", "1000"])
def test_the_way_is_the_same_at_any_rate(control_hz: str) -> None:
    """Change at 1 s and again at 1.5 s, on its way to the first."""
    found = []
    for hz in ("60", control_hz):
        show, rate = read_show(STILL, hz), int(hz)
        told = [(rate, f"{NAME}/pull", AWAY), (rate + rate // 2, f"{NAME}/pull", AWAY[::-1])]
        state = run(show, 2 * rate, told)
        pull = state.paths[0].memory.get("pull")
        assert pull is not None
        found.append(z_at(show, state, 2.0))
    assert np.abs(found[0] - found[1]).max() < 1e-6  # float32


def test_released_it_goes_back_and_leaves_no_trace() -> None:
    show = read_show(STILL)
    before = z_at(show, run(show, 2), 2 / 120)
    events = [(2, f"{NAME}/pull", AWAY), (120, f"{NAME}/release", 1.0)]
    later = [z_at(show, run(show, k, events), k / 120) for k in (120, 180, 240, 360, 3600)]
    square = before @ before
    away = [np.tan(np.arccos(min(z @ before / square, 1.0))) for z in later]
    assert all(a > b for a, b in pairwise(away))
    assert away[2] == pytest.approx(away[0] * 3 * np.exp(-2), rel=0.01)  # (1 + t/T) e^(-t/T)
    assert np.array_equal(later[-1], before)


def test_what_does_not_fit_changes_nothing() -> None:
    show = read_show(STILL)
    bad = [(3, f"{NAME}/pull", value) for value in (1.0, AWAY[:63], (*AWAY[:63], float("nan")))]
    assert run(show, 5, [*bad, (4, f"{NAME}/release", 1.0)]).paths[0].memory.get("pull") is None
    huge = run(show, 240, [(2, f"{NAME}/pull", tuple(1e300 * a for a in AWAY))])
    assert np.isfinite(z_at(show, huge, 2.0)).all()


def test_a_pull_survives_snapshots_and_edits() -> None:
    show = read_show(STILL)
    events = [(2, f"{NAME}/pull", AWAY), (10, f"{NAME}/pull", AWAY[::-1])]
    state = run(show, 14, events)
    back = from_data(show, to_data(show, state))
    assert np.array_equal(z_at(show, back, 0.2), z_at(show, state, 0.2))
    edited = read_show(STILL.replace("pull_s = 0.5", "pull_s = 0.7"))
    moved = z_at(edited, migrate(show, edited, state), 0.2)
    assert np.array_equal(moved, z_at(show, state, 0.2))
    smaller = read_show(STILL + "[layers.generator.config]\nlatent_size = 32\n")
    assert migrate(show, smaller, state).paths[0].memory.get("pull") is None
    data = to_data(show, state)
    data["paths"][NAME][5]["pull"][3] = -1.0
    with pytest.raises(ValueError, match="out of reason"):
        from_data(show, data)
