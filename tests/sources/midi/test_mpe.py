"""MPE: zones as they are announced, fingers as voices."""

from __future__ import annotations

from engine.sources.midi.controls import Interpreter, Reading

ANNOUNCE = (b"\xb0\x65\x00", b"\xb0\x64\x06", b"\xb0\x06\x05")  # RPN 6 on channel 1: five members


def announced() -> Interpreter:
    interpreter = Interpreter()
    for message in ANNOUNCE:
        assert interpreter.read(message) == []
    return interpreter


def test_a_finger_is_the_lowest_free_voice_whatever_its_channel() -> None:
    interpreter = announced()
    first = dict(interpreter.read(b"\x93\x3c\x7f"))
    assert first["midi/mpe/1/note"] == 60 / 127
    assert first["midi/mpe/1/velocity"] == 1.0
    assert list(first)[-1] == "midi/mpe/1/velocity"  # the rest is there when it begins
    assert "midi/mpe/2/velocity" in dict(interpreter.read(b"\x91\x40\x7f"))
    assert interpreter.read(b"\x83\x3c\x00") == [("midi/mpe/1/velocity", 0.0)]
    assert "midi/mpe/1/velocity" in dict(interpreter.read(b"\x94\x41\x7f"))


def test_what_a_finger_does_is_its_own() -> None:
    interpreter = announced()
    interpreter.read(b"\x91\x3c\x7f")
    interpreter.read(b"\x92\x3d\x7f")
    assert interpreter.read(b"\xe2\x7f\x7f") == [("midi/mpe/2/bend", 1.0)]
    assert interpreter.read(b"\xd1\x7f") == [("midi/mpe/1/pressure", 1.0)]
    assert interpreter.read(b"\xb1\x4a\x7f") == [("midi/mpe/1/timbre", 1.0)]
    assert interpreter.read(b"\xb1\x07\x7f") == [("midi/2/cc/7", 1.0)]


def test_what_comes_before_a_note_belongs_to_it() -> None:
    interpreter = announced()
    assert interpreter.read(b"\xe1\x00\x00") == []
    assert dict(interpreter.read(b"\x91\x3c\x7f"))["midi/mpe/1/bend"] == -1.0


def test_the_master_channel_and_those_beyond_the_zone_are_plain() -> None:
    interpreter = announced()
    assert interpreter.read(b"\x90\x3c\x7f") == [("midi/1/note/60", 1.0)]
    assert interpreter.read(b"\x96\x3c\x7f") == [("midi/7/note/60", 1.0)]


def test_a_zone_takes_channels_from_the_other_and_can_be_ended() -> None:
    interpreter = announced()
    upper = (b"\xbf\x65\x00", b"\xbf\x64\x06", b"\xbf\x06\x0c")  # twelve members below channel 16
    for message in upper:
        interpreter.read(message)
    assert dict(interpreter.read(b"\x93\x3c\x7f"))["midi/mpe/1/velocity"] == 1.0
    assert interpreter.read(b"\xbf\x06\x00") == [("midi/mpe/1/velocity", 0.0)]
    assert interpreter.read(b"\x93\x3c\x7f") == [("midi/4/note/60", 1.0)]


def test_a_zone_that_is_not_announced_is_declared() -> None:
    found = dict(Interpreter(Reading(mpe=15)).read(b"\x9f\x3c\x7f"))
    assert found["midi/mpe/1/velocity"] == 1.0


def test_more_fingers_than_voices_are_left_alone() -> None:
    interpreter = Interpreter(Reading(mpe=15))
    for note in range(15):
        assert interpreter.read(bytes([0x91, note, 100]))
    assert interpreter.read(b"\x91\x40\x64") == []
    assert interpreter.read(b"\x81\x40\x64") == []
