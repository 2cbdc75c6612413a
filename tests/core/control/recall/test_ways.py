"""Each kind of value goes its own way, and is at its goal exactly when its time is over."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.control.recall.ways import (
    EXPONENTIAL,
    from_oklab,
    mix_colours,
    mix_numbers,
    to_oklab,
)
from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.frame.values import effective
from engine.core.show.show import Show
from engine.core.show.snapshot import from_data, to_data
from engine.core.show.state import State, first_state
from tests.making import base, film, frames_at, read_show, run

TEXT = """
[[cues]]
id = "typed"
time_s = 1.0
curve = "linear"
numbers = { way = "exponential", time_s = 0.5, delay_s = 0.25 }
colours = { way = "oklab" }
choices = { at = "half" }
[cues.set]
"/master/speed" = 4.0
"/layer/form/effect/glow/tint" = [1.0, 1.0, 0.0, 0.5]
"/layer/form/effect/glow/mode" = "c"
[[cues]]
id = "plain"
time_s = 1.0
delay_s = 0.25
curve = "linear"
set = { "/layer/form/effect/glow/tint" = [1.0, 1.0, 0.0, 0.5], "/master/speed" = 4.0 }
[[cues]]
id = "beat"
set = { "/layer/form/effect/glow/mode" = "c" }
choices = { at = "beat", delay_s = 0.1 }
[[cues]]
id = "bar"
quantise = "2 bars"
set = { "/master/speed" = 2.0 }
"""
TINT = "/layer/form/effect/glow/tint"
MODE = "/layer/form/effect/glow/mode"
unit = st.floats(0.0, 1.0)
colour = st.tuples(unit, unit, unit)


@pytest.fixture(scope="module")
def show() -> Show:
    return read_show(TEXT)


def value(show: Show, state: State, address: str, seconds: float) -> float:
    return float(effective(show, state, seconds)[show.registry.index[address]])


def test_oklab_is_ottossons() -> None:
    """His published pairs are of linear XYZ; these are of sRGB, by his own page's tool."""
    assert to_oklab((1.0, 1.0, 1.0)) == pytest.approx((1.0, 0.0, 0.0), abs=1e-4)
    assert to_oklab((1.0, 0.0, 0.0)) == pytest.approx((0.6280, 0.2249, 0.1258), abs=1e-4)
    assert to_oklab((0.0, 1.0, 0.0)) == pytest.approx((0.8664, -0.2339, 0.1795), abs=1e-4)
    assert to_oklab((0.0, 0.0, 1.0)) == pytest.approx((0.4520, -0.0324, -0.3115), abs=1e-4)


@given(colour)
def test_oklab_goes_there_and_back(rgb: tuple[float, float, float]) -> None:
    assert from_oklab(to_oklab(rgb)) == pytest.approx(rgb, abs=2e-5)


@given(colour, colour, unit)
def test_a_mixture_is_straight_in_oklab(
    a: tuple[float, float, float], b: tuple[float, float, float], share: float
) -> None:
    assert mix_colours(a, b, 0.0) == a
    assert mix_colours(a, b, 1.0) == b
    straight = [p + (q - p) * share for p, q in zip(to_oklab(a), to_oklab(b), strict=True)]
    assert mix_colours(a, b, share) == pytest.approx(from_oklab(tuple(straight)), abs=2e-5)


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3), st.floats(0.01, 0.99))
def test_equal_ratios_are_equal_steps(a: float, b: float, share: float) -> None:
    found = mix_numbers(a, b, share, True)
    assert math.log(found) == pytest.approx(math.log(a) + share * math.log(b / a), abs=1e-9)
    assert mix_numbers(-a, b, share, True) == -a + (b + a) * share  # no ratio: straight


@pytest.mark.parametrize("hz", [24, 60, 144])
def test_a_recall_ends_exactly_at_its_goals(show: Show, hz: int) -> None:
    """At any frame rate, each kind at its own time."""
    events = {0: [Event(0, "/cue/typed/go", True, "test", 0)]}
    _, plans = film(show, frames_at(Fraction(hz), 1.5), events)
    index = show.registry.index
    for plan in plans:
        if plan.seconds >= 0.75:
            assert plan.values[index["/master/speed"]] == 4.0
        if plan.seconds >= 1.0:
            assert [plan.values[index[f"{TINT}/{c}"]] for c in "rgba"] == [1.0, 1.0, 0.0, 0.5]
        if plan.seconds <= 0.25:
            assert plan.values[index["/master/speed"]] == 1.0
        assert plan.values[index[MODE]] == (1.0 if plan.seconds < 0.5 else 2.0)


def test_on_the_way_each_kind_is_where_its_formula_says(show: Show) -> None:
    state = run(show, 60, [(0, "/cue/typed/go", True)])
    assert value(show, state, "/master/speed", 0.5) == pytest.approx(2.0)  # half of two octaves
    middle = mix_colours((1.0, 1.0, 1.0), (1.0, 1.0, 0.0), 0.5)
    assert [value(show, state, f"{TINT}/{c}", 0.5) for c in "rgb"] == list(middle)
    assert value(show, state, f"{TINT}/a", 0.5) == 0.75
    assert state.ramps[0].way == EXPONENTIAL


def test_a_cue_without_ways_goes_as_it_always_did(show: Show) -> None:
    state = run(show, 90, [(0, "/cue/plain/go", True)])
    assert value(show, state, "/master/speed", 0.75) == 1.0 + 3.0 * 0.5
    assert value(show, state, f"{TINT}/b", 0.75) == 0.5
    assert {r.way for r in state.ramps} == {"linear"}


def test_choices_wait_for_the_beat(show: Show) -> None:
    """At 120 bpm a beat is 60 ticks: the first one after the delay, that of tick 120."""
    state = run(show, 119, [(55, "/cue/beat/go", True)])
    assert base(show, state, MODE) == 1.0
    assert base(show, run(show, 120, state=state), MODE) == 2.0


def test_two_bars_are_eight_beats(show: Show) -> None:
    state = run(show, 479, [(10, "/cue/bar/go", True)])
    assert base(show, state, "/master/speed") == 1.0
    assert base(show, run(show, 480, state=state), "/master/speed") == 2.0


def test_a_way_survives_a_snapshot_to_the_bit(show: Show) -> None:
    state = run(show, 40, [(0, "/cue/typed/go", True)])
    again = from_data(show, json.loads(json.dumps(to_data(show, state))))
    assert again.ramps == state.ramps
    for tick in range(41, 140):
        state, again = advance(show, state, tick), advance(show, again, tick)
    assert state.base.tobytes() == again.base.tobytes()


def test_ramps_of_older_snapshots_go_straight(show: Show) -> None:
    data = to_data(show, run(show, 40, [(0, "/cue/plain/go", True)]))
    for key in ("lists", "fader"):
        del data[key]
    data["ramps"] = [each[:6] for each in data["ramps"]]
    assert {r.way for r in from_data(show, data).ramps} == {"linear"}


@pytest.mark.parametrize(
    "ramp", [["/master/speed", 1, 2, 0, 1.0, "linear", "oklab", [[0, 0, 0], [1, 1, 1], 3]]]
)
def test_a_damaged_way_is_refused(show: Show, ramp: list[object]) -> None:
    data = to_data(show, first_state(show))
    data["ramps"] = [ramp]
    with pytest.raises(ValueError, match="not a state snapshot"):
        from_data(show, data)
