"""The MIDI byte parser: any bytes in any pieces, running status, real-time bytes, SysEx."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sources.midi.decode import MOST_SYSEX_BYTES, Parser
from engine.sources.midi.midi import decode

DATA = st.integers(0, 127)
REAL_TIME = st.sampled_from([b"\xf8", b"\xfa", b"\xfb", b"\xfc", b"\xfe", b"\xff"])
CHANNEL = st.one_of(
    st.builds(
        lambda status, a, b: bytes([status, a, b]),
        st.integers(0x80, 0xEF).filter(lambda status: status & 0xE0 != 0xC0),
        DATA,
        DATA,
    ),
    st.builds(lambda status, a: bytes([status, a]), st.integers(0xC0, 0xDF), DATA),
)
COMMON = st.one_of(
    st.builds(lambda a: bytes([0xF1, a]), DATA),
    st.builds(lambda a, b: bytes([0xF2, a, b]), DATA, DATA),
    st.just(b"\xf6"),
    st.lists(DATA, max_size=20).map(lambda data: bytes([0xF0, *data, 0xF7])),
)


def running(messages: list[bytes]) -> bytes:
    """Bytes of messages as a cable carries them: a status that stays the same is left out."""
    out, status = b"", 0
    for message in messages:
        out += message[1:] if message[0] == status else message
        status = message[0] if message[0] < 0xF0 else 0
    return out


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=8))
def test_any_bytes_in_any_pieces_say_the_same(data: bytes, cuts: list[int]) -> None:
    whole, pieces = Parser(), Parser()
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    found = [m for a, b in itertools.pairwise(places) for m in pieces.feed(data[a:b])]
    assert found == whole.feed(data) == decode(data)
    assert pieces.refused == whole.refused
    for message in found:
        assert message[0] >= 0x80
        assert all(byte < 0x80 for byte in message[1:]) or message[-1] == 0xF7


@given(st.lists(st.one_of(CHANNEL, COMMON), max_size=30))
def test_running_status_is_understood(messages: list[bytes]) -> None:
    parser = Parser()
    assert parser.feed(running(messages)) == messages
    assert not parser.refused


@given(st.lists(st.one_of(CHANNEL, COMMON), max_size=10), st.data())
def test_real_time_bytes_stand_anywhere_and_change_nothing(
    messages: list[bytes], data: st.DataObject
) -> None:
    plain = running(messages)
    mixed, put = b"", []
    for byte in plain:
        if data.draw(st.booleans()):
            put.append(data.draw(REAL_TIME))
            mixed += put[-1]
        mixed += bytes([byte])
    found = Parser().feed(mixed)
    assert [m for m in found if m[0] < 0xF8] == messages
    assert [m for m in found if m[0] >= 0xF8] == put


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x01\x02\x03", "data without a status"),
        (b"\xf7", "the end of a SysEx without its beginning"),
        (b"\xf0\x01\x02\x90", "a SysEx that was cut off"),
        (b"\xb0\x01\x90", "a message that was cut off"),
        (b"\xf4", "status F4, which MIDI does not define"),
        (b"\xfd", "status FD, which MIDI does not define"),
    ],
)
def test_what_is_no_message_is_counted_and_the_next_one_heard(data: bytes, why: str) -> None:
    parser = Parser()
    assert parser.feed(data) == []
    assert dict(parser.refused) == {why: 1}
    assert parser.feed(b"\xb2\x07\x40") == [b"\xb2\x07\x40"]


def test_an_endless_sysex_ends_in_bounded_memory() -> None:
    parser = Parser()
    assert parser.feed(b"\xf0" + bytes(MOST_SYSEX_BYTES)) == []
    assert not parser.refused
    for _ in range(100):
        assert parser.feed(bytes(1000)) == []
    assert sum(parser.refused.values()) == 1
    assert len(parser._data) <= MOST_SYSEX_BYTES
    assert parser.feed(b"\xf8\xf7\x90\x3c\x40") == [b"\xf8", b"\x90\x3c\x40"]
    assert sum(parser.refused.values()) == 1


def test_no_running_status_after_a_system_message() -> None:
    parser = Parser()
    assert parser.feed(b"\x90\x3c\x40\xf6\x3d\x40") == [b"\x90\x3c\x40", b"\xf6"]
    assert dict(parser.refused) == {"data without a status": 1}
