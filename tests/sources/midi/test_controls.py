"""What messages move: plain controls, pairs of 14 bits, parameters, notes that are let go."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sources.midi.controls import Interpreter, Pair, Reading
from engine.sources.midi.decode import Parser


def read(data: bytes, reading: Reading | None = None) -> list[tuple[str, float]]:
    """Controls that some bytes move."""
    interpreter = Interpreter(reading)
    return [each for message in Parser().feed(data) for each in interpreter.read(message)]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"\xb0\x07\x7f", ("midi/1/cc/7", 1.0)),
        (b"\xbf\x00\x00", ("midi/16/cc/0", 0.0)),
        (b"\x90\x3c\x7f", ("midi/1/note/60", 1.0)),
        (b"\x90\x3c\x00", ("midi/1/note/60", 0.0)),
        (b"\x80\x3c\x7f", ("midi/1/note/60", 0.0)),
        (b"\xe1\x00\x40", ("midi/2/bend", 0.0)),
        (b"\xe1\x7f\x7f", ("midi/2/bend", 1.0)),
        (b"\xe1\x00\x00", ("midi/2/bend", -1.0)),
        (b"\xd0\x7f", ("midi/1/pressure", 1.0)),
        (b"\xa0\x3c\x7f", ("midi/1/pressure/60", 1.0)),
        (b"\xc4\x7f", ("midi/5/program", 1.0)),
    ],
)
def test_each_kind_of_message_has_a_name_and_its_whole_range(
    message: bytes, expected: tuple[str, float]
) -> None:
    assert read(message) == [expected]


@given(st.binary(max_size=200), st.booleans(), st.integers(0, 15))
def test_whatever_arrives_is_named_and_within_its_range(data: bytes, nrpn: bool, mpe: int) -> None:
    interpreter = Interpreter(Reading((1, 6), nrpn, mpe))
    held = set()
    for message in Parser().feed(data):
        for control, value in interpreter.read(message):
            assert control.startswith("midi/")
            assert (-1.0 if control.endswith("bend") else 0.0) <= value <= 1.0
            if "/note/" in control or control.endswith("velocity"):
                (held.add if value else held.discard)(control)
    assert {control for control, _ in interpreter.release()} == held
    assert interpreter.release() == []


def test_messages_of_the_system_move_nothing() -> None:
    assert read(b"\xf8\xfa\xf2\x01\x02\xf1\x03\xf0\x7f\xf7\xf6\xfe") == []


def test_two_plain_controllers_are_never_taken_for_a_pair() -> None:
    assert read(b"\xb0\x07\x40\xb0\x27\x01") == [
        ("midi/1/cc/7", 64 / 127),
        ("midi/1/cc/39", 1 / 127),
    ]


def test_a_declared_pair_has_14_bits() -> None:
    found = read(b"\xb0\x07\x40\xb0\x27\x01\xb0\x07\x7f\xb0\x27\x7f", Reading(cc14=(7,)))
    assert {control for control, _ in found} == {"midi/1/cc14/7"}
    assert [value for _, value in found] == [
        64 / 127,
        (64 << 7 | 1) / 16383,
        127 * 128 / 16383,
        1.0,
    ]


@given(st.lists(st.integers(0, 16383), min_size=2, max_size=40))
def test_a_pair_never_leaves_the_way_between_two_values(values: list[int]) -> None:
    pair = Pair()
    pair.set_coarse(values[0] >> 7)
    assert pair.set_fine(values[0] & 127) == values[0] / 16383
    for before, after in itertools.pairwise(values):
        between = pair.set_coarse(after >> 7)
        assert min(before, after) / 16383 <= between <= max(before, after) / 16383
        assert pair.set_fine(after & 127) == after / 16383


def test_a_pair_without_its_fine_half_has_the_whole_range() -> None:
    pair = Pair()
    assert pair.set_fine(5) is None
    assert [pair.set_coarse(value) for value in (127, 0, 64)] == [1.0, 0.0, 64 / 127]


def test_parameters_are_chosen_set_and_stepped() -> None:
    choose = b"\xb0\x63\x01\xb0\x62\x02"
    assert read(choose + b"\xb0\x06\x40") == [("midi/1/nrpn/130", 64 / 127)]
    assert read(choose + b"\xb0\x06\x40\xb0\x26\x01")[-1] == ("midi/1/nrpn/130", 8193 / 16383)
    assert read(choose + b"\xb0\x06\x40\xb0\x60\x00")[-1] == ("midi/1/nrpn/130", 65 / 127)
    assert read(choose + b"\xb0\x61\x00") == [("midi/1/nrpn/130", 0.0)]
    assert read(b"\xb0\x65\x00\xb0\x64\x01\xb0\x06\x7f") == [("midi/1/rpn/1", 1.0)]
    assert read(choose + b"\xb1\x06\x40") == [("midi/2/cc/6", 64 / 127)]


def test_without_a_chosen_parameter_data_entry_is_a_plain_controller() -> None:
    assert read(b"\xb0\x06\x40") == [("midi/1/cc/6", 64 / 127)]
    assert read(b"\xb0\x63\x7f\xb0\x62\x7f\xb0\x06\x40") == [("midi/1/cc/6", 64 / 127)]


def test_nrpn_can_be_left_to_plain_knobs() -> None:
    found = read(b"\xb0\x63\x01\xb0\x62\x02\xb0\x06\x40", Reading(nrpn=False))
    assert [control for control, _ in found] == ["midi/1/cc/99", "midi/1/cc/98", "midi/1/cc/6"]


def test_notes_are_let_go_by_all_notes_off_and_by_a_lost_device() -> None:
    interpreter = Interpreter()
    for message in (b"\x90\x3c\x40", b"\x90\x3d\x40", b"\x91\x3c\x40", b"\x90\x3d\x00"):
        interpreter.read(message)
    assert interpreter.read(b"\xb0\x7b\x00")[0] == ("midi/1/note/60", 0.0)
    assert interpreter.release() == [("midi/2/note/60", 0.0)]
