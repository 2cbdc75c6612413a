"""Cues on timecode: passing, locating, jumping back, free-wheeling, and what replays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.show.snapshot import from_data, to_data
from engine.core.show.state import State, first_state
from engine.core.tempo.sync import TIMECODE
from tests.making import read_show

HZ = 120
TEXT = """
master = { timecode_rate = "25" }
[[cues]]
id = "one"
timecode = "00:00:10:00"
set = { "/master/brightness" = 0.25 }
[[cues]]
id = "three"
timecode = "00:00:30:00"
set = { "/master/speed" = 3.0 }
[[cues]]
id = "two"
timecode = "00:00:20:12"
time_s = 4.0
curve = "linear"
set = { "/master/brightness" = 1.0 }
"""
SHOW = read_show(TEXT)
NAMES = {i: cue.id for i, cue in enumerate(SHOW.cues)}
BRIGHTNESS = SHOW.master.brightness


def play(parts: list[tuple[int, float | None, float]]) -> tuple[State, list[tuple[int, str]]]:
    """Go on by so many ticks each, at a timecode (None: nobody tells it) and a speed."""
    state, begun, last = first_state(SHOW), [], -1
    for ticks, start, speed in parts:
        for n in range(ticks):
            events = []
            if start is not None and n % 5 == 0:
                value = (start + n / HZ * speed, speed)
                events = [Event(0, TIMECODE, value, "sound")]
            state = advance(SHOW, state, state.tick + 1, events)
            if state.cue != last or (state.cue >= 0 and state.cue_tick == state.tick):
                last = state.cue
                begun.append((state.tick, NAMES[state.cue]))
    return state, begun


def test_a_cue_begins_on_the_tick_that_its_timecode_has_passed() -> None:
    _, begun = play([(1300, 9.5, 1.0)])
    assert begun == [(60, "one")]
    _, begun = play([(1400, 9.5, 1.0)])
    assert begun == [(60, "one"), (round((20.48 - 9.5) * HZ + 0.5), "two")]


def test_a_jump_forwards_is_as_if_it_had_been_played() -> None:
    state, begun = play([(120, 5.0, 1.0), (60, 22.0, 1.0)])
    assert [name for _, name in begun] == ["two"]  # the newest of those of one tick
    played, _ = play([(round(17.5 * HZ), 5.0, 1.0)])
    for show_state in (state, played):
        (ramp,) = show_state.ramps
        since = (show_state.tick - ramp.start) / HZ
        assert since == pytest.approx(22.5 - 20.48, abs=1.5 / HZ)


def test_a_jump_backwards_begins_what_was_there() -> None:
    state, begun = play([(600, 21.0, 1.0), (120, 12.0, 1.0)])
    assert [name for _, name in begun] == ["two", "one"]
    assert state.base[BRIGHTNESS] == 0.25
    _, begun = play([(240, 25.0, 1.0), (240, 22.0, 1.0)])  # within a cue nothing begins again
    assert [name for _, name in begun] == ["two"]


def test_backwards_each_cue_gives_way_to_the_one_before() -> None:
    _, begun = play([(1000, 31.0, -1.0)])
    assert [name for _, name in begun] == ["three", "two"]
    _, begun = play([(1500, 21.0, -1.0)])
    assert [name for _, name in begun] == ["two", "one"]


def test_late_messages_begin_nothing_twice() -> None:
    state = first_state(SHOW)
    begun = []
    for tick in range(600):
        late = 0.1 if tick % 20 < 10 else 0.0
        events = [Event(0, TIMECODE, (9.0 + tick / HZ - late, 1.0), "sound")] * (tick % 5 == 0)
        state = advance(SHOW, state, tick, events)
        begun += [tick] * (state.cue_tick == tick and state.cue >= 0)
    assert len(begun) == 1


def test_a_lost_timecode_runs_on_for_a_while_and_then_stands() -> None:
    _, begun = play([(60, 8.0, 1.0), (600, None, 1.0)])
    assert [name for _, name in begun] == ["one"]
    _, begun = play([(60, 7.0, 1.0), (600, None, 1.0)])
    assert begun == []


def test_a_second_sender_waits_while_the_first_is_heard() -> None:
    state = first_state(SHOW)
    for tick in range(300):
        events = [Event(0, TIMECODE, (1.0 + tick / HZ, 1.0), "midi")]
        events += [Event(0, TIMECODE, (40.0, 1.0), "sound")] * (tick > 10)
        state = advance(SHOW, state, tick, events)
    assert (state.cue, state.chased.source) == (-1, "midi")


@given(
    st.dictionaries(
        st.integers(0, 60), st.tuples(st.floats(0.0, 60.0), st.floats(-4.0, 4.0)), max_size=10
    ),
    st.integers(0, 60),
)
def test_any_timecode_goes_on_from_a_snapshot_to_the_bit(told, cut: int) -> None:
    state, kept = first_state(SHOW), None
    for tick in range(80):
        events = [Event(0, TIMECODE, told[tick], "sound")] if tick in told else []
        state = advance(SHOW, state, tick, events)
        if kept is not None:
            kept = advance(SHOW, kept, tick, events)
        if tick == cut:
            kept = from_data(SHOW, to_data(SHOW, state))
    assert kept.chased == state.chased
    assert to_data(SHOW, kept) == to_data(SHOW, state)


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ('timecode = "10:00:00"', "no timecode; write hours:minutes:seconds:frames"),
        ('timecode = "00:00:10:25"', "no timecode at 25 frames"),
    ],
)
def test_a_wrong_timecode_is_refused_with_its_place(key: str, why: str) -> None:
    with pytest.raises(ValueError, match=rf"cues\[0\].timecode: .*{why}"):
        read_show(f'[[cues]]\nid = "a"\n{key}\n')
    with pytest.raises(ValueError, match=r"timecode_rate is '26'; use 23\.976, 24"):
        read_show('master = { timecode_rate = "26" }\n[[cues]]\nid = "a"\n')
