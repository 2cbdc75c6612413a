"""Smoothing is exact in continuous time: one long step equals any number of short ones."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.control.recall.ways import ramp_value
from engine.core.control.routes import enter_routes
from engine.core.curves import CURVES, filter_euro, shape, spring
from engine.core.event import Event
from engine.core.frame.now import steer_at
from engine.core.frame.values import effective
from engine.core.show.constants import Entry
from engine.core.show.state import Ramp, RouteState
from tests.making import base, film, frames_at, line_of, read_show, run

RATES = (30, 60, 120, 144)
values = st.floats(-100, 100)
times = st.floats(1e-4, 10)


def follow(value: float, goal: float, seconds: float, attack_s: float, release_s: float) -> float:
    """Let a route of these times follow its goal."""
    entry = Entry(0, 0, "replace", 1.0, -1, (attack_s, release_s), (0, 0.0, 1.0, None))
    found = [0.0]
    enter_routes([entry], [RouteState(value, goal)], found, None, seconds)
    return found[0]


@given(values, values, times, times, st.sampled_from(RATES))
def test_followers_agree(value: float, goal: float, attack: float, release: float, hz: int) -> None:
    stepped = value
    for _ in range(hz):
        stepped = follow(stepped, goal, 1 / hz, attack, release)
    assert stepped == pytest.approx(follow(value, goal, 1.0, attack, release), abs=1e-9)


@given(values, values, values, st.floats(0.5, 60), st.sampled_from(RATES))
def test_springs_agree(x: float, v: float, goal: float, omega: float, hz: int) -> None:
    at, speed = x, v
    for _ in range(hz):
        at, speed = spring(at, speed, goal, 1 / hz, omega)
    there, velocity = spring(x, v, goal, 1.0, omega)
    assert at == pytest.approx(there, abs=1e-9)
    assert speed == pytest.approx(velocity, abs=1e-7)


@given(values, values, st.floats(0, 50), st.floats(0, 1), st.sampled_from(RATES))
def test_one_euro_filters_agree_while_the_speed_holds(
    value: float, raw: float, speed: float, beta: float, hz: int
) -> None:
    stepped = value
    for _ in range(hz):
        stepped = filter_euro(stepped, raw, speed, 1 / hz, 1.0, beta)
    assert stepped == pytest.approx(filter_euro(value, raw, speed, 1.0, 1.0, beta), abs=1e-9)


def test_a_spring_is_half_way_after_its_time() -> None:
    at, _ = spring(0.0, 0.0, 1.0, 1.678 / 6.0, 6.0)
    assert at == pytest.approx(0.5, abs=1e-3)


@given(values, values, times)
def test_a_follower_never_crosses_its_goal(value: float, goal: float, seconds: float) -> None:
    found = follow(value, goal, seconds, 0.1, 0.3)
    assert min(value, goal) - 1e-9 <= found <= max(value, goal) + 1e-9


def test_without_a_time_a_follower_is_there_at_once() -> None:
    assert follow(0.0, 1.0, 0.0, 0.0, 5.0) == 1.0
    assert follow(1.0, 0.0, 0.0, 5.0, 0.0) == 0.0


ROUNDING = 1e-12


@given(st.sampled_from(sorted(CURVES)), st.floats(0, 1), st.floats(0, 1))
def test_curves_are_monotone_from_end_to_end(name: str, a: float, b: float) -> None:
    low, high = sorted((shape(name, min(a, b)), shape(name, max(a, b))))
    ends = sorted((shape(name, 0.0), shape(name, 1.0)))
    assert ends == pytest.approx([0.0, 1.0])
    assert -ROUNDING <= low <= high <= 1.0 + ROUNDING
    rising = shape(name, max(a, b)) >= shape(name, min(a, b)) - ROUNDING
    assert rising or name == "invert"


@pytest.mark.parametrize("name", CURVES)
def test_curves_clamp(name: str) -> None:
    assert shape(name, -3.0) == shape(name, 0.0)
    assert shape(name, 7.0) == shape(name, 1.0)


def test_the_logarithmic_curve_undoes_the_exponential_one() -> None:
    for n in range(11):
        assert shape("logarithmic", shape("exponential", n / 10)) == pytest.approx(n / 10)


@given(values, values, st.sampled_from(sorted(set(CURVES) - {"invert", "step"})))
def test_a_ramp_begins_and_ends_where_it_should(origin: float, goal: float, curve: str) -> None:
    ramp = Ramp(0, origin, goal, 120, 2.0, curve)
    assert ramp_value(ramp, 0.5, 120.0) == pytest.approx(origin)
    assert ramp_value(ramp, 1.0, 120.0) == pytest.approx(origin)
    assert ramp_value(ramp, 3.0, 120.0) == goal
    assert ramp_value(ramp, 9.0, 120.0) == goal


SMOOTH = """
signals = ["hand"]
[[routes]]
signal = "hand"
target = "/layer/form/effect/glow/amount"
depth = 0.5
attack_s = 0.15
release_s = 0.6
[[routes]]
signal = "hand"
target = "/master/steer_x"
depth = 2.0
"""


@pytest.mark.parametrize("control_hz", [60, 120, 240])
def test_a_show_moves_alike_at_every_control_rate(control_hz: int) -> None:
    # what a hand does at whole twentieths of a second falls on a tick at each of these rates
    found = {}
    for hz in (20, control_hz):
        show = read_show(SMOOTH, str(hz))
        hand = [(hz // 20 * k, "/signal/hand", v) for k, v in ((1, 1.0), (9, 0.2), (17, 0.9))]
        state = run(show, 2 * hz, hand)
        place = show.registry.index["/layer/form/effect/glow/amount"]
        found[hz] = (effective(show, state, 2.0)[place], state.steer[0][0], state.steer[0][1])
    assert found[control_hz] == pytest.approx(found[20], abs=1e-9)


@pytest.mark.parametrize("fps", [24, 30, 60, 144])
def test_frames_between_ticks_agree_with_ticks(fps: int) -> None:
    show = read_show(SMOOTH)
    events = {12: run_events(12, 1.0), 61: run_events(61, 0.1)}
    _, plans = film(show, frames_at(fps, 2.0), events)
    fine = {p.seconds: p for p in film(show, frames_at(1440, 2.0), events)[1]}
    for plan in plans:
        assert plan.values.tobytes() == fine[plan.seconds].values.tobytes()


def run_events(tick: int, value: float):

    return [Event(tick, "/signal/hand", value, "test", 0)]


def test_values_have_no_steps_at_ticks() -> None:
    """A follower sampled a thousand times a tick moves by tiny steps only, also over a tick."""
    show = read_show(SMOOTH)
    place = show.registry.index["/layer/form/effect/glow/amount"]
    events = {6: run_events(6, 1.0)}
    times = [Fraction(n, 12000) for n in range(600, 1800)]
    found = [plan.values[place] for plan in film(show, times, events)[1]]
    steps = [b - a for a, b in pairwise(found)]
    assert max(steps) <= 0.5 / 0.15 / 12000 * 1.001
    assert min(steps) >= -1e-12
    assert found[-1] > 0.6


def test_steering_has_no_steps_when_its_stiffness_moves() -> None:
    text = '[[lfos]]\nid = "o"\nrate_hz = 1.0\n[[routes]]\nsignal = "lfo/o"\n'
    text += 'target = "/master/steer_omega"\ndepth = 20.0\n'
    show = read_show(text)

    events = {3: [Event(3, "/master/steer_x", 3.0, "test", 0)]}
    times = [Fraction(n, 6000) for n in range(1, 3000)]
    found = []

    line = line_of(show)
    for seconds in times:
        line.control(seconds, lambda tick: events.get(tick, ()))
        dt = float(seconds) - line.state.tick / 120
        found.append(steer_at(line.state, max(dt, 0.0))[0])
    steps = [abs(b - a) for a, b in pairwise(found)]
    # the fastest that a spring of that stiffness gets: omega / e of the way per second
    assert max(steps) < 3.0 * 26.0 / math.e / 6000 * 1.05
    assert base(show, line.state, "/master/steer_x") == 3.0
