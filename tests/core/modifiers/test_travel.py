"""A path travels to the latent of a cue by a geodesic, arrives exactly, and goes on from there."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.event import Event
from engine.core.frame.sample import latents
from engine.core.latent.geometry import length, slerp
from engine.core.latent.seeds import seed_key
from engine.core.modifiers.travel import turn
from engine.core.show.show import Show
from engine.core.show.snapshot import from_data, to_data
from engine.core.show.state import State
from tests.making import film, frames_at, latent, read_show, run

TEXT = """
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
[layers.path]
motion = "walk"
speed = 0.5
[[cues]]
id = "there"
time_s = 1.0
curve = "linear"
latents = { "/layer/form/path" = 7 }
[[cues]]
id = "cut"
latents = { "/layer/form/path" = 9 }
[[cues]]
id = "late"
travel = { time_s = 0.5, delay_s = 0.5, curve = "smooth" }
latents = { "/layer/form/path" = 9 }
[[cues]]
id = "home"
time_s = 0.5
latents = { "/layer/form/path" = "free" }
[[cues]]
id = "still"
set = { "/master/speed" = 0.0 }
"""


SHOW = read_show(TEXT)


@pytest.fixture
def show() -> Show:
    return SHOW


def z_of(show: Show, state: State, seconds: float | None = None) -> np.ndarray:
    at = state.tick / 120.0 if seconds is None else seconds
    return latents(show, state, at)["/layer/form/generator/z"].astype(np.float64)


def key(show: Show, seed: int) -> np.ndarray:
    return seed_key(seed, show.constants.paths[0].size)


def test_it_goes_the_great_circle_and_arrives_exactly(show: Show) -> None:
    start = run(show, 10, [])
    origin = z_of(show, start)
    state = run(show, 70, [(10, "/cue/there/go", True)])
    assert z_of(show, state) == pytest.approx(slerp(origin, key(show, 7), 0.5), abs=1e-5)
    state = run(show, 130, [(10, "/cue/there/go", True)])
    assert z_of(show, state) == pytest.approx(key(show, 7), abs=1e-6)


@pytest.mark.parametrize("hz", [24, 60, 144])
def test_it_is_there_at_any_frame_rate(show: Show, hz: int) -> None:
    goes = [Event(0, f"/cue/{cue}/go", True, "test", i) for i, cue in enumerate(("there", "still"))]
    _, plans = film(show, frames_at(Fraction(hz), 1.5), {0: goes})
    for plan in plans:
        if plan.seconds >= 1.0:
            assert latent(plan) == pytest.approx(key(show, 7), abs=1e-6)


def test_nothing_jumps_when_it_leaves_or_arrives(show: Show) -> None:
    goes = [(10, "/cue/there/go", True), (200, "/cue/late/go", True), (400, "/cue/home/go", True)]
    state, last, steps = run(show, 0, []), None, []
    for tick in range(1, 520):
        state = run(show, tick, [g for g in goes if g[0] == tick], state)
        z = z_of(show, state)
        steps.append(0.0 if last is None else length(z - last))
        last = z
    assert max(steps) < 0.2 * length(key(show, 7))
    assert "travel" not in state.paths[0].memory  # its own way again
    assert z_of(show, state) == pytest.approx(z_of(show, run(show, 519, [])), abs=1e-5)


def test_from_there_motion_and_hands_go_on(show: Show) -> None:
    state = run(show, 0, [(0, "/cue/cut/go", True)])
    assert z_of(show, state) == pytest.approx(key(show, 9), abs=1e-6)
    later = run(show, 240, [], state)
    assert length(z_of(show, later) - key(show, 9)) > 1.0
    steered = run(show, 240, [(100, "/master/steer_x", 1.0)], state)
    assert length(z_of(show, later) - z_of(show, steered)) > 1.0


def test_it_replays_from_a_snapshot_to_the_bit(show: Show) -> None:
    for tick in (3, 30, 75, 140):
        events = [(2, "/cue/there/go", True), (70, "/cue/late/go", True)]
        state = run(show, tick, events)
        again = from_data(show, json.loads(json.dumps(to_data(show, state))))
        one, two = (run(show, 200, [e for e in events if e[0] > tick], s) for s in (state, again))
        assert z_of(show, one, 1.7).tobytes() == z_of(show, two, 1.7).tobytes()


def test_a_frozen_show_waits(show: Show) -> None:
    events = [(0, "/cue/there/go", True), (60, "/master/freeze", 1.0), (160, "/master/freeze", 0.0)]
    half = z_of(show, run(show, 61, events))
    assert z_of(show, run(show, 150, events)) == pytest.approx(half, abs=1e-6)
    assert z_of(show, run(show, 220, events)) == pytest.approx(key(show, 7), abs=0.2)


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 1000))
def test_what_leads_there_is_a_rotation(a: int, b: int, c: int) -> None:
    path = SHOW.constants.paths[0]
    base, goal, z = (seed_key(seed, path.size) for seed in (a, b, c))
    assert turn(path, base, goal, base) == pytest.approx(goal)
    turned = turn(path, base, goal, z)
    assert length(turned) == pytest.approx(length(z) * length(goal) / length(base))
    assert turned @ goal == pytest.approx((z @ base) * (length(goal) / length(base)) ** 2)
