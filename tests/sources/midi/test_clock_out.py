"""MIDI clock out: pulses on time, starts where the song is, jumps; our own reader understands."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from engine.core.tempo.midi_clock import MidiClock
from engine.sources.midi.clock_out import CLOCK, CONTINUE, START, STOP, ClockOut, Line

SECOND = 1_000_000_000


def run(out: ClockOut, start_ns: int, end_ns: int, late_ns: int = 0) -> list[tuple[int, bytes]]:
    """Ask when it says so (or a little later), as the process does."""
    sent, now = [], start_ns
    while now <= end_ns:
        messages, again = out.due(now)
        sent += [(now, message) for message in messages]
        assert again is not None
        assert again > now
        now = again + late_ns
    return sent


def test_a_song_from_its_beginning() -> None:
    out = ClockOut()
    out.follow(Line(0, 0.0, 120.0, True))
    sent = run(out, 0, SECOND)
    assert sent[0] == (0, START)
    clocks = [at for at, message in sent if message == CLOCK]
    assert len(clocks) == 49
    assert [round(at / SECOND * 48, 3) for at in clocks] == list(range(49))
    assert {message for _, message in sent} == {START, CLOCK}


def test_in_the_middle_it_says_where_and_continues_on_that_sixteenth() -> None:
    out = ClockOut()
    out.follow(Line(0, 10.1, 60.0, True))
    sent = run(out, 0, SECOND)
    assert sent[0][1] == STOP
    assert sent[1][1] == b"\xf2\x29\x00"  # 41 sixteenths: beat 10.25
    place = next(i for i, (_, message) in enumerate(sent) if message == CONTINUE)
    assert abs(sent[place][0] - 0.15 * SECOND) < 1000
    assert sent[place + 1] == (sent[place][0], CLOCK)


@given(
    st.lists(st.tuples(st.floats(60.0, 180.0), st.floats(-0.02, 0.02)), min_size=1, max_size=20),
    st.integers(0, 3_000_000),
)
def test_a_tempo_that_slews_never_sends_a_pulse_twice(
    lines: list[tuple[float, float]], late_ns: int
) -> None:
    out, beat, sent = ClockOut(), 0.0, []
    for n, (bpm, off) in enumerate(lines):
        at = n * SECOND // 4
        out.follow(Line(at, beat + off if n else 0.0, bpm, True))
        sent += run(out, at, at + SECOND // 4 - 1, late_ns)
        beat += bpm / 240.0
    messages = [message for _, message in sent]
    assert messages.count(START) == 1
    assert STOP not in messages
    assert CONTINUE not in messages
    assert abs(messages.count(CLOCK) - beat * 24) <= 3


def test_a_jump_is_a_stop_and_a_continue_elsewhere() -> None:
    out = ClockOut()
    out.follow(Line(0, 0.0, 120.0, True))
    run(out, 0, SECOND)
    out.follow(Line(SECOND, 16.0, 120.0, True))
    sent = [message for _, message in run(out, SECOND, 2 * SECOND) if message != CLOCK]
    assert sent == [STOP, b"\xf2\x40\x00", CONTINUE]


def test_while_it_stands_the_tempo_is_still_told() -> None:
    out = ClockOut()
    out.follow(Line(0, 0.0, 120.0, True))
    run(out, 0, SECOND)
    out.follow(Line(SECOND, 2.0, 60.0, False))
    sent = run(out, SECOND, 2 * SECOND)
    assert sent[0][1] == STOP
    clocks = [at for at, message in sent if message == CLOCK]
    assert all(abs(b - a - SECOND / 24) < 1000 for a, b in pairwise(clocks))


def test_a_process_that_slept_does_not_make_up_with_a_burst() -> None:
    out = ClockOut()
    out.follow(Line(0, 0.0, 120.0, True))
    run(out, 0, SECOND)
    messages, _ = out.due(10 * SECOND)
    assert messages.count(CLOCK) <= 1
    assert messages[0] == STOP


def test_nothing_is_due_without_a_usable_tempo() -> None:
    out = ClockOut()
    assert out.due(0) == ([], None)
    out.follow(Line(0, float("nan"), 120.0, True))
    assert out.due(0) == ([], None)


def test_our_own_reader_understands_it() -> None:
    out, reader = ClockOut(), MidiClock()
    out.follow(Line(0, 7.3, 128.0, True))
    sync, at = None, 0
    for at_ns, message in run(out, 0, 4 * SECOND):
        told = reader.feed(message[0], tuple(message[1:]), at_ns)
        sync, at = (told, at_ns) if told is not None else (sync, at)
    assert sync is not None
    assert abs(sync.bpm - 128.0) < 0.05
    assert abs(sync.beat - (7.3 + at / SECOND * 128.0 / 60.0)) < 0.01
