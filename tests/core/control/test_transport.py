"""The beat clock by itself: bars, phrases, and what hands do."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.core.control.test_arbiter import HZ, SHOW, play


def pulse_ticks(states, name: str) -> list[int]:
    place = SHOW.signal_of[name]
    return [state.tick for state in states if state.signals[place] > 0.0]


def test_bars_and_phrases_begin_where_their_beats_do() -> None:
    states = play(40 * 60, {})  # 40 beats
    assert pulse_ticks(states, "beat/pulse") == list(range(60, 2400, 60))
    assert pulse_ticks(states, "bar/pulse") == list(range(240, 2400, 240))
    assert pulse_ticks(states, "phrase/pulse") == [960, 1920]
    at = states[300]
    signal = {name: at.signals[place] for name, place in SHOW.signal_of.items()}
    assert signal["beat/phase"] == pytest.approx(0.0)
    assert signal["bar/phase"] == pytest.approx(1 / 4)
    assert signal["phrase/phase"] == pytest.approx(5 / 16)


def test_three_beats_in_a_bar() -> None:
    told = {0: [("osc", "/transport/beats_per_bar", 3), ("osc", "/transport/bars_per_phrase", 2)]}
    states = play(800, told)
    assert pulse_ticks(states, "bar/pulse") == [180, 360, 540, 720]
    assert pulse_ticks(states, "phrase/pulse") == [360, 720]


def test_resync_on_the_bar_begins_the_phrase_there() -> None:
    states = play(1000, {500: [("keys", "/transport/resync_bar", 1)]})
    assert states[719].transport.beat == pytest.approx(719 / 60)
    assert states[720].transport.beat == pytest.approx(0.0)
    assert pulse_ticks(states, "beat/pulse")[-5:] == [720, 780, 840, 900, 960]
    assert 720 in pulse_ticks(states, "phrase/pulse")


def test_resync_begins_at_once() -> None:
    states = play(600, {500: [("keys", "/transport/resync", 1)]})
    assert states[500].transport.beat == 0.0
    assert {500} <= set(pulse_ticks(states, "phrase/pulse"))


@pytest.mark.parametrize(("what", "bpm"), [("double", 240.0), ("halve", 60.0)])
def test_double_and_halve_keep_the_beats_where_they_are(what: str, bpm: float) -> None:
    states = play(1200, {90: [("keys", f"/transport/{what}", 1)]})
    assert states[-1].transport.tempo == bpm
    beats = [tick for tick in pulse_ticks(states, "beat/pulse") if tick > 700]
    step = round(60 / bpm * HZ)
    assert {tick % step for tick in beats} <= {0, 1}  # a rounding error is one tick at most
    assert all(a.transport.beat < b.transport.beat for a, b in pairwise(states))


def test_double_beyond_the_range_changes_nothing() -> None:
    told = {n: [("keys", "/transport/double", 1)] for n in (10, 20, 30)}
    assert play(100, told)[-1].transport.tempo == 240.0


def test_a_nudge_is_faster_while_it_is_held() -> None:
    told = {0: [("keys", "/transport/nudge", -0.5)], 120: [("keys", "/transport/nudge", 0.0)]}
    states = play(240, told)
    assert states[-1].transport.beat == pytest.approx(239 / 60 - 0.1)
    assert states[-1].transport.tempo == 120.0


def test_the_offset_is_reached_by_and_by() -> None:
    states = play(600, {60: [("keys", "/transport/offset_ms", 100.0)]})
    assert states[-1].transport.beat == pytest.approx(599 / 60 + 0.2)
    steps = {round((b.transport.beat - a.transport.beat) * 60, 6) for a, b in
             pairwise(states)}  # fmt: skip
    assert max(steps) <= 1.25
