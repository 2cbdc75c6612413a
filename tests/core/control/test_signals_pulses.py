"""Signals of one tick are seen by one frame each, at every rate, and by picture steps likewise."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.audio.features import ADDRESS, FEATURES
from engine.core.event import Event
from engine.play.film.playback import skip
from engine.play.line import Line
from tests.making import film, frames_at, line_of, read_show

OPACITY = "/layer/form/opacity"
FORM = """
[[layers]]
id = "form"
opacity = 0.0
[layers.source]
shader = "glow"
"""
ROUTE = """
[[routes]]
signal = "{}"
target = "/layer/form/opacity"
depth = 1.0
"""
FLASH = read_show(FORM + ROUTE.format("audio/onset"))
RATES = [24, 25, Fraction(30000, 1001), 30, 50, 60, 120, 240]


def sound(tick: int, **features: float) -> list[Event]:
    values = tuple(features.get(name, 0.0) for name in FEATURES)
    return [Event(tick, ADDRESS, values, "track", tick)]


def onsets(ticks: Iterable[int]) -> dict[int, list[Event]]:
    return {tick: sound(tick, onset=1.0) for tick in ticks}


def opacity(line: Line, plan: object) -> float:
    return float(plan.values[line.show.registry.index[OPACITY]])


def lit(fps: int | Fraction, events: dict, seconds: float = 2.0, show: object = FLASH) -> list[int]:
    """Frames that show the flash."""
    place = show.registry.index[OPACITY]
    _, plans = film(show, frames_at(fps, seconds), events)
    return [i for i, plan in enumerate(plans) if plan.values[place] > 0.0]


@pytest.mark.parametrize("fps", RATES)
def test_a_take_shows_the_same_onsets_at_every_film_rate(fps: int | Fraction) -> None:
    ticks = [0, 13, 27, 40, 61, 75, 98, 150, 200]
    # The first frame that is not before the onset's tick; two, where two frames see one tick.
    first = [-(-tick * Fraction(fps) // 120) for tick in ticks]
    seen = lit(fps, onsets(ticks))
    assert [i for i in seen if i - 1 not in seen] == first
    assert len(seen) == len(ticks) * max(1, fps // 120)


@given(
    st.sets(st.integers(0, 235)),
    st.sampled_from([24, 25, 30, 48, 60, 100]),
    st.fractions(0, Fraction(1, 24), max_denominator=5000),
)
def test_no_onset_is_lost_wherever_frames_lie(ticks: set[int], fps: int, offset: Fraction) -> None:
    times = [offset + Fraction(n, fps) for n in range(2 * fps)]
    place = FLASH.registry.index[OPACITY]
    _, plans = film(FLASH, times, onsets(ticks))
    last = -1
    for seconds, plan in zip(times, plans, strict=True):
        tick = int(seconds * 120)
        is_due = any(last < each <= tick for each in ticks)
        assert (plan.values[place] > 0.0) == is_due
        last = tick


def test_a_frame_sees_the_highest_of_what_it_missed() -> None:
    events = {3: sound(3, onset=0.25), 4: sound(4, onset=0.75), 5: sound(5, onset=0.5)}
    place = FLASH.registry.index[OPACITY]
    _, plans = film(FLASH, frames_at(20, 0.2), events)
    assert [plan.values[place] for plan in plans] == [0.0, 0.75, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("fps", [24, 30, 60])
def test_every_beat_is_seen(fps: int) -> None:
    show = read_show("[master]\nbpm = 133\n" + FORM + ROUTE.format("beat/pulse"))
    seen = lit(fps, {}, 10.0, show)
    assert len(seen) == len({-(-tick * fps // 120) for tick in beats(show, 1200)}) == 22


def beats(show: object, ticks: int) -> list[int]:
    line = line_of(show)
    found = []
    for tick in range(ticks + 1):
        line.tick(tick, ())
        if line.state.signals[show.beat[1]] > 0.0:
            found.append(tick)
    return found


def test_steps_see_every_onset_once_whatever_the_rate_of_frames() -> None:
    place, ticks = FLASH.registry.index[OPACITY], [5, 8, 31, 50]
    for fps in (24, 60, 144):
        steps, _ = film(FLASH, frames_at(fps, 1.0), onsets(ticks))
        assert [p.step for p in steps if p.values[place] > 0.0] == [3, 4, 16, 25]


def test_a_smooth_route_is_as_it_was_and_where_each_frame_is_a_tick_so_is_all() -> None:
    smooth = read_show(FORM + ROUTE.format("audio/onset") + "release_s = 0.05\n")
    events, place = onsets([5, 8, 31]), smooth.registry.index[OPACITY]
    _, fine = film(smooth, frames_at(120, 0.5), events)
    _, coarse = film(smooth, frames_at(24, 0.5), events)
    for plan, other in zip(fine[::5], coarse, strict=True):
        assert np.array_equal(plan.values, other.values)
    ticks = read_show(FORM + ROUTE.format("audio/onset"), control_hz="60")
    _, plans = film(ticks, frames_at(60, 1.0), events)
    assert [i for i, plan in enumerate(plans) if plan.values[place] > 0.0] == [5, 8, 31]


def test_a_film_that_begins_later_sees_what_the_whole_one_sees() -> None:
    events = onsets([96, 97, 98, 99, 101])

    def events_of(tick: int) -> list[Event]:
        return events.get(tick, [])

    whole = lit(24, events)
    for first in range(18, 22):
        begin, line = Fraction(first, 24), line_of(FLASH)
        skip(line, begin - Fraction(1, 24), events_of)
        line.control(begin - Fraction(1, 24), events_of)
        line.control(begin, events_of)
        assert (opacity(line, line.plan(begin)) > 0.0) == (first in whole)


def test_a_frozen_show_hears_no_onset_and_keeps_none_for_later() -> None:
    frozen = {10: [Event(10, "/master/freeze", 1)], 31: [Event(31, "/master/freeze", 0)]}
    events = {**onsets([15, 30]), **frozen}
    assert lit(24, events) == lit(60, events) == []


def test_an_onset_outlives_the_reload_of_a_show_that_orders_its_signals_otherwise() -> None:
    other = read_show('signals = ["a", "b"]\n' + FORM + ROUTE.format("audio/onset"))
    line = line_of(FLASH)
    line.shows = {"other": other}
    events = {**onsets([6]), 8: [Event(8, "/show/load", "other")]}
    line.control(Fraction(1, 24), lambda tick: events.get(tick, ()))
    line.control(Fraction(2, 24), lambda tick: events.get(tick, ()))
    assert line.show is other
    assert opacity(line, line.plan(Fraction(2, 24))) == 1.0
