"""MIDI clock: tempo from jittered arrivals, song position from start, stop and SPP."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.tempo.midi_clock import CLOCK, CONTINUE, SONG_POSITION, START, STOP, MidiClock
from engine.core.tempo.sync import Known, Sync

PERIOD_NS = 60e9 / (128.0 * 24)


def clocks(clock: MidiClock, arrivals: list[int]) -> list[Sync]:
    return [said for each in arrivals if (said := clock.feed(CLOCK, (), each))]


def grid(count: int, period_ns: float = PERIOD_NS, sd_ns: float = 0.0, seed: int = 1) -> list[int]:
    noise = np.random.default_rng(seed).normal(0.0, sd_ns, count)
    return [round(1e9 + n * period_ns + late) for n, late in enumerate(noise)]


def test_a_start_says_where_the_song_is() -> None:
    clock = MidiClock()
    assert clock.feed(START, (), 0) is None
    said = clocks(clock, grid(97))
    assert said[0].beat == 0.0
    assert said[-1].bpm == pytest.approx(128.0, abs=1e-3)
    assert said[-1].beat == pytest.approx(4.0, abs=1e-6)
    assert all(each.known == Known.PHRASE and each.is_playing for each in said)


def test_a_stream_that_is_joined_in_the_middle_gives_the_tempo_only() -> None:
    said = clocks(MidiClock(), grid(60))
    assert said
    assert said[-1].bpm == pytest.approx(128.0, abs=1e-3)
    assert {each.known for each in said} == {Known.TEMPO}


def test_stop_keeps_the_tempo_and_continue_the_place() -> None:
    clock, arrivals = MidiClock(), grid(300)
    clock.feed(START, (), 0)
    clocks(clock, arrivals[:49])
    stopped = clock.feed(STOP, (), arrivals[48])
    assert stopped is not None
    assert (stopped.is_playing, stopped.known) == (False, Known.TEMPO)
    standing = clocks(clock, arrivals[49:100])
    assert {each.known for each in standing} == {Known.TEMPO}
    clock.feed(SONG_POSITION, (16, 1), arrivals[99])  # 144 sixteenths: beat 36
    clock.feed(CONTINUE, (), arrivals[99])
    assert clocks(clock, arrivals[100:])[0].beat == pytest.approx(36.0, abs=1e-6)


def test_jitter_of_a_millisecond_is_hardly_heard_in_the_tempo() -> None:
    """The line through four beats: sd of the tempo, and of the beat, against single clocks."""
    tempos, beats = [], []
    for seed in range(40):
        clock = MidiClock()
        clock.feed(START, (), 0)
        arrivals = grid(193, sd_ns=1e6, seed=seed)
        said = clocks(clock, arrivals)[-1]
        tempos.append(said.bpm)
        true = (arrivals[192] - 1e9) / PERIOD_NS / 24.0
        beats.append((said.beat - true) * 60.0 / 128.0)
    assert np.std(tempos) < 0.05  # a single interval would say ± 8
    assert np.std(beats) < 0.5e-3  # seconds
    assert abs(np.mean(tempos) - 128.0) < 0.05


def test_another_tempo_is_followed_within_a_beat() -> None:
    clock, arrivals = MidiClock(), grid(200)
    clocks(clock, arrivals)
    slower = [round(arrivals[-1] + (n + 1) * PERIOD_NS * 128 / 100) for n in range(30)]
    assert clocks(clock, slower)[-1].bpm == pytest.approx(100.0, abs=1.0)
    later = [round(slower[-1] + (n + 1) * PERIOD_NS * 128 / 100) for n in range(96)]
    assert clocks(clock, later)[-1].bpm == pytest.approx(100.0, abs=0.01)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 255),
            st.lists(st.integers(0, 127), max_size=3).map(tuple),
            st.integers(0, 2**62),
        )
    )
)
def test_any_bytes_at_any_time_are_survived(
    messages: list[tuple[int, tuple[int, ...], int]],
) -> None:
    clock = MidiClock()
    for message in messages:
        said = clock.feed(*message)
        assert said is None or (0.0 <= said.bpm <= 400.0 and said.beat >= 0.0)
