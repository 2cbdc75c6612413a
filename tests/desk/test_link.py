"""Frames between the player and the control process: whole, in order, bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.desk.link import HEAD, MAX_FRAME_BYTES, document, frame, split

FRAMES = st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=50)), max_size=8)


@given(FRAMES, st.integers(1, 40))
def test_frames_come_out_as_they_went_in_however_they_are_cut(frames, step) -> None:
    stream = b"".join(frame(*each) for each in frames)
    received, found = bytearray(), []
    for at in range(0, len(stream), step):
        received += stream[at : at + step]
        found += split(received)
    assert found == frames
    assert not received


def test_a_frame_that_is_too_long_to_be_one_is_refused() -> None:
    with pytest.raises(ValueError, match="bytes"):
        split(bytearray(HEAD.pack(MAX_FRAME_BYTES + 1, 0)))
    assert split(bytearray(document({"a": 1}))) == [(0, b'{"a":1}')]
