"""The MIDI monitor: every message in words, with what a mapping calls its control."""

from __future__ import annotations

import json

import pytest

from engine.app import midi_monitor
from engine.app.midi_monitor import Monitor, describe
from engine.sources.midi.ports import missing_system_hint
from tests.sources.midi.rig import System


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (b"\xb0\x07\x40", "controller 7 at 64, channel 1"),
        (b"\xb0\x63\x01", "controller 99 at 1 (chooses or sets an NRPN or RPN), channel 1"),
        (b"\x91\x3c\x40", "note 60 (C4) at velocity 64, channel 2"),
        (b"\x91\x3c\x00", "note 60 (C4) released, channel 2"),
        (b"\xa0\x3c\x05", "pressure 5 on note 60 (C4), channel 1"),
        (b"\xc0\x05", "program 5, channel 1"),
        (b"\xd0\x05", "pressure 5, channel 1"),
        (b"\xe0\x00\x40", "pitch bend +0, channel 1"),
        (b"\xf0\x01\xf7", "SysEx of 3 bytes"),
        (b"\xf2\x01\x01", "song position: sixteenth 129"),
        (b"\xfa", "start"),
    ],
)
def test_a_message_is_said_in_words(message: bytes, words: str) -> None:
    assert describe(message) == words


def test_what_arrives_is_a_line_with_its_control() -> None:
    monitor = Monitor()
    assert monitor.read("Nano", b"\xb0\x07\x7f", 0) == [
        "Nano: controller 7 at 127, channel 1  →  midi/1/cc/7 = 1.000"
    ]
    assert monitor.read("Nano", b"\xf4\x05", 0) == [
        "Nano: not understood: status F4, which MIDI does not define: f4 05",
        "Nano: not understood: data without a status: f4 05",
    ]
    assert monitor.messages[0] == {
        "device": "Nano",
        "bytes": "b0 07 7f",
        "words": "controller 7 at 127, channel 1",
        "controls": {"midi/1/cc/7": 1.0},
    }


def test_a_clock_is_told_by_its_tempo_not_by_its_pulses() -> None:
    monitor, lines = Monitor(), []
    for n in range(97):
        lines += monitor.read("Nano", b"\xf8", n * 20_833_333)
    assert 8 <= len(lines) <= 20
    assert "120.0 bpm" in lines[-1]


def test_it_listens_for_as_long_as_it_should(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    system = System()
    system.ins = ["Nano", "Other"]
    monkeypatch.setattr(midi_monitor, "open_system", lambda: system)
    monkeypatch.setattr(midi_monitor, "silence_libraries", lambda: None)
    assert midi_monitor.run("nano", 0.1, False) == 0
    out = capsys.readouterr().out.splitlines()
    assert out == ["inputs: 'Nano', 'Other'", "outputs: none", "Nano: listening"]
    assert midi_monitor.run(None, 0.1, True) == 0
    document = json.loads(capsys.readouterr().out)
    assert document == {
        "system": "TEST", "inputs": ["Nano", "Other"], "outputs": [], "messages": []
    }  # fmt: skip


def test_without_midi_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise OSError(missing_system_hint())

    monkeypatch.setattr(midi_monitor, "open_system", none)
    monkeypatch.setattr(midi_monitor, "silence_libraries", lambda: None)
    with pytest.raises(OSError, match="MIDI system"):
        midi_monitor.run(None, 0.1, False)
