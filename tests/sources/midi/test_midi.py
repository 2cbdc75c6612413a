"""The player's side of MIDI: what is configured, what is said, what costs nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.core.tempo.sync import Beat
from engine.sources.contract import Moved
from engine.sources.midi import midi
from engine.sources.midi.memory import create_memory
from engine.sources.midi.midi import Config, Midi


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Iterator[Midi]:
    """A source whose process is played by the test."""
    opened = midi.open(Config(clock_out=("Volca",)), lambda: 0)
    opened._memory = create_memory()
    memory = opened._memory
    yield opened
    memory.close()


@pytest.mark.parametrize(
    ("config", "why"),
    [
        (Config(cc14=(32,)), "cc14 has 32"),
        (Config(mpe=16), "mpe is 16"),
        (Config(clock_offset_ms=float("nan")), "clock_offset_ms is nan"),
    ],
)
def test_what_makes_no_sense_is_refused(config: Config, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        midi.open(config, lambda: 0)


@pytest.mark.parametrize(("asked", "begin"), [((), "no MIDI"), (("Nano",), "no device: this ")])
def test_without_a_midi_system_no_process_and_a_sentence_for_who_asked(
    monkeypatch: pytest.MonkeyPatch, asked: tuple[str, ...], begin: str
) -> None:
    monkeypatch.setattr(midi, "is_there", lambda: False)
    with midi.open(Config(devices=asked), lambda: 0) as source:
        assert source.state == "starting"
        for second in range(10):
            source.tend(float(second))
            assert source.state.startswith(begin)
            assert source.pid == 0
        assert source.poll(10) == source.moved(10) == source.devices() == []
        source.show("Nano", "midi/1/cc/7", 0.5)
        source.write("Nano", b"\xf8")


def test_what_moved_comes_in_order_bounded_and_apart_from_the_beat(source: Midi) -> None:
    assert source._memory is not None
    put = source._memory.moved.put
    for n in range(10):
        put((n, n / 10, 0.0, b"Nano", b"midi/1/cc/7"))
    put((20, 4.0, 120.0, b"Nano", b"/sync/1/3"))
    put((21, 3600.0, 1.0, b"Nano", b"/timecode"))
    assert source.moved(3) == [Moved(n, "Nano", "midi/1/cc/7", n / 10) for n in range(3)]
    assert source.poll(100) == [
        (20, "/transport/sync", (2.0, 120.0, 4.0, 1.0, 3.0)),
        (21, "/transport/timecode", (3600.0, 1.0)),
    ]
    assert [moved.arrival_ns for moved in source.moved(100)] == list(range(3, 10))


def test_the_beat_is_told_again_only_when_it_goes_another_way(source: Midi) -> None:
    assert source._memory is not None
    for n in range(100):
        source.keep_time(Beat(n * 500_000_000, float(n), 120.0, 120.0, 4.0))
    assert len(source._memory.shown.take(100)) == 1
    source.keep_time(Beat(100 * 500_000_000, 50.0, 120.0, 120.0, 4.0))
    source.keep_time(Beat(101 * 500_000_000, 51.0, 121.0, 121.0, 4.0))
    assert len(source._memory.shown.take(100)) == 2


def test_a_long_message_goes_in_pieces(source: Midi) -> None:
    assert source._memory is not None
    message = bytes([0xF0, *range(100), 0xF7])
    source.write("Nano", message)
    pieces = [record[4] for record in source._memory.shown.take(100)]
    assert [piece[:1] for piece in pieces] == [b"+", b"+", b"+", b"/"]
    assert b"".join(bytes.fromhex(piece[1:].decode()) for piece in pieces) == message


def test_a_refusal_is_said_once_and_counted(source: Midi) -> None:
    source._info = {"refused": {"data without a status": 3}}
    assert source.refused == 3
    assert source.refusals() == [("", "data without a status")]
    source._info = {"refused": {"data without a status": 3}}
    assert source.refusals() == []
