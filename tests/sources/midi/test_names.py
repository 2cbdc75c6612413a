"""Names of controls, and the messages that show a value on them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sources.midi.controls import Interpreter, Reading
from engine.sources.midi.names import encode, note_name

NAMES = st.one_of(
    st.builds("midi/{}/{}/{}".format, st.integers(1, 16), st.sampled_from(["note", "pressure"]),
              st.integers(0, 127)),
    st.builds("midi/{}/cc/{}".format, st.integers(1, 16), st.integers(0, 95).filter(
        lambda n: n not in (6, 38, 7, 39))),
    st.builds("midi/{}/{}".format, st.integers(1, 16),
              st.sampled_from(["bend", "pressure", "program"])),
    st.builds("midi/{}/cc14/7".format, st.integers(1, 16)),
    st.builds("midi/{}/nrpn/{}".format, st.integers(1, 16), st.integers(0, 16382)),
)  # fmt: skip


@given(NAMES, st.floats(-1.0, 1.0))
def test_what_is_shown_reads_back(control: str, value: float) -> None:
    interpreter = Interpreter(Reading(cc14=(7,)))
    messages = encode(control, value)
    assert messages is not None
    found = [each for message in messages for each in interpreter.read(message)]
    assert found[-1][0] == control
    expected = value if control.endswith("bend") else max(value, 0.0)
    fine = control.split("/")[2] in ("bend", "cc14", "nrpn")
    assert abs(found[-1][1] - expected) <= (1 / 8191 if fine else 0.5 / 127 + 1e-9)


@pytest.mark.parametrize(
    "control",
    ["", "midi", "midi/0/cc/1", "midi/17/cc/1", "midi/1/cc", "midi/1/cc/128", "midi/1/cc14/32",
     "midi/1/bend/3", "midi/x/cc/1", "midi/1/knob/3", "gamepad/1/axis/left_x", "midi/mpe/1/bend",
     "midi/1/cc/²"],
)  # fmt: skip
def test_what_no_message_can_show_is_said(control: str) -> None:
    assert encode(control, 0.5) is None


def test_values_beyond_are_the_ends_and_no_number_is_nothing() -> None:
    assert encode("midi/1/cc/1", 7.0) == [b"\xb0\x01\x7f"]
    assert encode("midi/1/bend", -7.0) == [b"\xe0\x00\x00"]
    assert encode("midi/1/cc/1", float("nan")) is None


def test_notes_are_named() -> None:
    assert [note_name(n) for n in (0, 60, 61, 127)] == ["C-1", "C4", "C#4", "G9"]
