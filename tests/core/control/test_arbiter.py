"""The arbiter of the beat: laws under any sequence of what sources say."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.control.oscillators import beat_at
from engine.core.control.transport import ALIVE_S, MOST_SLEW, NUDGE
from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.show.snapshot import from_data, to_data
from engine.core.show.state import State, first_state
from engine.core.tempo.sync import SYNC, TIMECODE, Known, Rank, Sync
from tests.making import read_show

SHOW = read_show("")
HZ = 120
Told = Mapping[int, Sequence[tuple[str, str, object]]]
"""Tick → (sender, address, value)."""


def play(ticks: int, told: Told, state: State | None = None) -> list[State]:
    """Every state of so many further ticks."""
    found = [] if state is None else [state]
    state = state or first_state(SHOW)
    for tick in range(state.tick + 1, state.tick + 1 + ticks):
        events = [Event(tick, a, v, who, n) for n, (who, a, v) in enumerate(told.get(tick, ()))]
        state = advance(SHOW, state, tick, events)
        found.append(state)
    return found


def clock(
    rank: int, bpm: float, ticks: range, *, beat: float = 0.0, known: int = Known.PHRASE
) -> dict[int, list[tuple[str, str, object]]]:
    """A source with a beat of its own, that speaks on some ticks."""
    return {
        tick: [(f"s{rank}", SYNC, Sync(rank, bpm, beat + tick / HZ * bpm / 60, True, known).value)]
        for tick in ticks
    }


def both(*many: Told) -> dict[int, list[tuple[str, str, object]]]:
    keys = sorted(set().union(*many))
    return {key: [each for one in many for each in one.get(key, ())] for key in keys}


def off(state: State, bpm: float, beat: float, grid: float = 16.0) -> float:
    """How far the beat is from that of a source."""
    return math.remainder(state.transport.beat - beat - state.tick / HZ * bpm / 60, grid)


SYNCS = st.builds(
    Sync,
    st.integers(0, 3),
    st.floats(0.0, 999.0),
    st.floats(-1e6, 1e6),
    st.booleans(),
    st.integers(0, 3),
).map(lambda sync: sync.value)
EVENTS = st.one_of(
    st.tuples(st.just(SYNC), SYNCS),
    st.tuples(st.just(TIMECODE), st.tuples(st.floats(0, 36000), st.floats(-16, 16))),
    st.tuples(st.just("/transport/nudge"), st.floats(-1, 1)),
    st.tuples(st.just("/transport/bpm"), st.floats(20, 300)),
    st.tuples(st.just("/transport/offset_ms"), st.floats(-500, 500)),
    st.tuples(st.just("/transport/beats_per_bar"), st.integers(1, 32)),
    st.sampled_from(["/transport/double", "/transport/halve"]).map(lambda a: (a, 1)),
)
TOLD = st.dictionaries(
    st.integers(0, 100),
    st.lists(st.tuples(st.sampled_from(["a", "b"]), EVENTS).map(lambda e: (e[0], *e[1]))),
)


@given(TOLD)
def test_whatever_sources_say_the_beat_runs_forwards_and_never_faster_than_allowed(told) -> None:
    states = play(110, told)
    for before, now in itertools.pairwise(states):
        gone = now.transport.beat - before.transport.beat - now.transport.jump
        tempo = before.transport.tempo / 60.0 / HZ
        slack = 1e-9 * max(now.transport.beat, 1.0)
        assert gone >= tempo * (1.0 - MOST_SLEW - NUDGE) - slack
        assert gone <= tempo * (1.0 + MOST_SLEW + NUDGE) + slack
        assert 0.0 <= now.transport.jump < 32 * 64
        if now.transport.jump:  # only a source that is somewhere else
            assert any(address in (SYNC, TIMECODE) for _, address, _ in told[now.tick])


@given(TOLD, st.integers(0, 109))
def test_a_performance_goes_on_from_a_snapshot_to_the_bit(told, cut: int) -> None:
    states = play(110, told)
    again = from_data(SHOW, to_data(SHOW, states[cut]))
    rest = play(109 - cut, told, again)
    assert rest[-1].transport == states[-1].transport
    assert rest[-1].signals.tolist() == states[-1].signals.tolist()


@given(TOLD, st.floats(0.0, 1.0, exclude_max=True))
def test_between_ticks_the_beat_goes_where_the_next_tick_is(told, part: float) -> None:
    """So pictures at any rate see one and the same beat."""
    for before, now in itertools.pairwise(play(110, told)):
        start, end = before.transport.beat, now.transport.beat - now.transport.jump
        seen = beat_at(before, part / HZ)
        assert seen == pytest.approx(start + part * (end - start), abs=1e-9 * max(end, 1.0))


def test_a_source_is_reached_without_a_jump_and_kept() -> None:
    states = play(1200, clock(Rank.MIDI, 128.0, range(0, 1200, 3), beat=0.4))
    assert all(state.transport.jump == 0.0 for state in states)
    assert states[-1].transport.tempo == 128.0
    assert abs(off(states[-1], 128.0, 0.4)) < 1e-9
    assert states[300].signals[SHOW.beat[2]] == pytest.approx(
        (states[300].transport.beat / 4) % 1.0
    )


def test_a_song_that_starts_elsewhere_is_joined_at_once_and_forwards() -> None:
    states = play(600, clock(Rank.MIDI, 120.0, range(240, 600, 3), beat=7.0))
    jumps = [state for state in states if state.transport.jump]
    assert [state.tick for state in jumps] == [240]
    assert off(jumps[0], 120.0, 7.0) == pytest.approx(0.0, abs=1e-9)
    assert jumps[0].transport.beat == pytest.approx(11.0)


def test_the_best_source_that_is_alive_leads() -> None:
    late = round(ALIVE_S * HZ)
    told = both(
        clock(Rank.MIDI, 120.0, range(0, 1500, 6)),
        clock(Rank.LINK, 126.0, range(300, 600, 6)),
        clock(Rank.AUDIO, 90.0, range(0, 1500, 6), known=Known.BEAT),
    )
    tempos = {state.tick: state.transport.tempo for state in play(1500, told)}
    assert tempos[299] == 120.0
    assert {tempos[tick] for tick in range(301, 594 + late)} == {126.0}  # free-wheeling, too
    assert tempos[620 + late] == 120.0


def test_a_second_sender_of_the_same_rank_waits() -> None:
    first = clock(Rank.MIDI, 120.0, range(0, 600, 6))
    second = {t: [("other", a, v) for _, a, v in told] for t, told in
              clock(Rank.MIDI, 100.0, range(1, 600, 6)).items()}  # fmt: skip
    assert {state.transport.tempo for state in play(600, both(first, second))} == {120.0}


def test_taps_wait_while_a_source_leads() -> None:
    taps = {tick: [("keys", "/transport/tap", 1)] for tick in range(60, 400, 40)}
    led = play(400, both(clock(Rank.MIDI, 120.0, range(0, 400, 3)), taps))
    assert {state.transport.tempo for state in led} == {120.0}
    assert play(400, taps)[-1].transport.tempo == pytest.approx(180.0)


def test_a_source_leaves_its_tempo_behind() -> None:
    states = play(2400, clock(Rank.LINK, 140.0, range(0, 600, 6)))
    assert states[-1].transport.tempo == 140.0
    assert states[-1].transport.beat == pytest.approx(2399 / HZ * 140 / 60, abs=1e-6)


def test_a_tempo_without_a_beat_leaves_the_beat_to_the_hand() -> None:
    told = clock(Rank.MIDI, 90.0, range(0, 600, 6), beat=0.3, known=Known.TEMPO)
    states = play(600, told)
    assert states[-1].transport.tempo == 90.0
    assert {state.transport.extra for state in states} == {0.0}


def test_a_tempo_set_by_hand_stands_against_link_until_its_peers_know() -> None:
    told = both(
        clock(Rank.LINK, 120.0, range(0, 340, 6)),
        {300: [("osc", "/transport/bpm", 132.0)]},
    )
    assert {s.transport.tempo for s in play(336, told) if s.tick >= 300} == {132.0}
    other = both(
        clock(Rank.MIDI, 120.0, range(0, 340, 6)), {300: [("osc", "/transport/bpm", 132.0)]}
    )
    assert play(336, other)[-1].transport.tempo == 120.0


def test_timecode_puts_the_beat_where_the_song_is() -> None:
    told = {t: [("mtc", TIMECODE, (60.0 + t / HZ, 1.0))] for t in range(0, 600, 10)}
    states = play(600, told)
    assert off(states[-1], 120.0, 120.0) == pytest.approx(0.0, abs=1e-9)
    # another tempo: the beat goes on from where it is
    told = both(told, {300: [("osc", "/transport/bpm", 130.0)]})
    assert [s.tick for s in play(600, told) if s.transport.jump] == [
        s.tick for s in states if s.transport.jump
    ]


def test_timecode_backwards_leaves_the_beat_alone() -> None:
    told = {t: [("mtc", TIMECODE, (60.0 - t / HZ, -1.0))] for t in range(0, 600, 10)}
    assert play(600, told)[-1].transport == play(600, {})[-1].transport._replace(
        lead=play(600, told)[-1].transport.lead
    )


def test_double_and_halve_hold_against_a_source() -> None:
    told = clock(Rank.AUDIO, 140.0, range(0, 1200, 6), known=Known.BEAT)
    states = play(1200, both(told, {400: [("keys", "/transport/halve", 1)]}))
    assert states[-1].transport.tempo == 70.0
    assert all(state.transport.jump == 0.0 for state in states)
    phase = math.remainder(states[-1].transport.beat - (1199 / HZ * 140 / 60) / 2, 0.5)
    assert phase == pytest.approx(0.0, abs=1e-6)


def test_a_hand_that_resynchronises_is_right_until_the_song_begins_anew() -> None:
    told = both(
        clock(Rank.MIDI, 120.0, range(0, 600, 6)),
        {300: [("keys", "/transport/resync", 1)]},
        clock(Rank.MIDI, 120.0, range(600, 1200, 6), beat=-10.0),
    )
    states = play(1200, told)
    assert states[599].transport.beat == pytest.approx(299 / HZ * 2)
    assert off(states[1199], 120.0, -10.0) == pytest.approx(0.0, abs=1e-9)


def test_a_nudge_stays_against_a_source() -> None:
    told = both(
        clock(Rank.MIDI, 120.0, range(0, 900, 6)),
        {300: [("keys", "/transport/nudge", 1.0)], 420: [("keys", "/transport/nudge", 0.0)]},
    )
    assert off(play(900, told)[-1], 120.0, 0.0) == pytest.approx(0.2, abs=1e-6)


def test_the_offset_draws_the_beat_earlier() -> None:
    told = both(
        clock(Rank.LINK, 120.0, range(0, 900, 6), known=Known.BAR),
        {300: [("keys", "/transport/offset_ms", 50.0)]},
    )
    states = play(900, told)
    assert off(states[-1], 120.0, 0.0) == pytest.approx(0.1, abs=1e-9)
    assert all(state.transport.jump == 0.0 for state in states)


def test_a_cue_that_waits_for_a_bar_waits_for_the_next_one_of_a_new_beginning() -> None:
    show = read_show(
        '[[cues]]\nid = "a"\nquantise = "2 bars"\n[[cues]]\nid = "b"\nquantise = "beat"\n'
    )
    state = first_state(show)
    begun = []
    for tick in range(1200):
        events = [Event(0, f"/cue/{name}/go", 1) for name in "ab" if tick == 70]
        events += [
            Event(0, SYNC, value, who, n)
            for n, (who, _, value) in enumerate(
                clock(Rank.MIDI, 120.0, range(100, 1200, 6), beat=5.2).get(tick, ())
            )
        ]
        state = advance(show, state, tick, events)
        begun += [(tick, show.cues[state.cue].id)] * (state.cue >= 0 and state.cue_tick == tick)
    (beat, _), (bars, _) = begun
    assert state.transport.beat == pytest.approx(5.2 + 1199 / 60 + 16 * 0, abs=16.1)
    assert (5.2 + beat / 60) % 1.0 == pytest.approx(0.0, abs=0.02)
    assert (5.2 + bars / 60) % 8.0 == pytest.approx(0.0, abs=0.02)
