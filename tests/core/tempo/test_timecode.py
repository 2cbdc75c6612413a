"""Timecode: drop-frame maths, and MIDI timecode at every rate in both directions."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.tempo.sync import Position
from engine.core.tempo.timecode import (
    QUARTER_FRAME,
    RATES,
    SYSEX,
    Mtc,
    Rate,
    parse,
    seconds_of,
)


def code_of(seconds: Fraction, rate: Rate) -> tuple[int, int, int, int]:
    """Code of the frame that is on at a time, by counting the other way."""
    count, base = (seconds * rate.fps).__floor__(), rate.base
    if rate.is_drop:
        left_out, per_minute = base // 15, base * 60 - base // 15
        tens, rest = divmod(count, per_minute * 10 + left_out)
        minutes = max(rest - left_out, 0) // per_minute
        count += left_out * (9 * tens + minutes)
    whole, frames = divmod(count, base)
    return whole // 3600, whole // 60 % 60, whole % 60, frames


OF_MIDI = ("24", "25", "29.97df", "30")


@pytest.mark.parametrize(
    ("code", "frames"),
    [
        ("00:00:59;29", 1799),
        ("00:01:00;02", 1800),
        ("00:01:00;00", 1800),  # no such number: the next one
        ("00:10:00;00", 17982),
        ("01:00:00;00", 107892),
    ],
)
def test_drop_frame_numbers(code: str, frames: int) -> None:
    assert parse(code, RATES["29.97"]) == frames / RATES["29.97"].fps


@given(st.sampled_from(sorted(RATES)), st.integers(0, 24 * 3600 * 23))
def test_a_code_and_its_time_are_one(name: str, frame: int) -> None:
    rate = RATES[name]
    assert seconds_of(code_of(frame / rate.fps, rate), rate) == frame / rate.fps


@pytest.mark.parametrize("text", ["", "1:2:3:4", "00:60:00:00", "00:00:00:25", "10:00:00"])
def test_what_is_no_timecode_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="timecode"):
        parse(text, RATES["25"])


def quarters(code: tuple[int, int, int, int], kind: int) -> list[int]:
    hours, minutes, seconds, frames = code
    parts = (frames, seconds, minutes, hours | kind << 5)
    return [n << 4 | (parts[n // 2] >> 4 * (n % 2) & 15) for n in range(8)]


def run(rate: Rate, kind: int, start: int, speed: float) -> list[tuple[Position, float]]:
    """Positions that are told, each with the true one."""
    mtc, found = Mtc(), []
    direction = 1 if speed > 0 else -1
    for group in range(12):
        frame = start + 2 * group * direction
        pieces = quarters(code_of(frame / rate.fps, rate), kind)
        for step in range(8):
            piece = step if direction > 0 else 7 - step
            true = float((frame + Fraction(piece, 4)) / rate.fps)
            arrival = round(1e9 + 1e9 * (true - float(start / rate.fps)) / speed)
            told = mtc.feed(QUARTER_FRAME, (pieces[piece],), arrival)
            if told is not None:
                found.append((told, true))
    return found


@pytest.mark.parametrize("speed", [1.0, -1.0, 0.9, 1.1])
@pytest.mark.parametrize("name", OF_MIDI)
def test_quarter_frames_at_every_rate(name: str, speed: float) -> None:
    rate = RATES[name]
    found = run(rate, OF_MIDI.index(name), 17970, speed)  # over the tenth minute
    assert len(found) >= 11
    for told, true in found:
        assert told.seconds == pytest.approx(true, abs=1e-9)
    assert found[-1][0].speed == pytest.approx(speed, abs=0.01)


def test_a_full_frame_locates_and_stands() -> None:
    data = (0x7F, 0x7F, 1, 1, 1 | 1 << 5, 2, 3, 4)
    assert Mtc().feed(SYSEX, data, 0) == Position(3723.16, 0.0)
    assert Mtc().feed(SYSEX, (*data, 0xF7), 0) == Position(3723.16, 0.0)


@given(st.lists(st.tuples(st.integers(0, 255), st.lists(st.integers(0, 255)).map(tuple))))
def test_any_bytes_are_survived(messages: list[tuple[int, tuple[int, ...]]]) -> None:
    mtc = Mtc()
    for number, message in enumerate(messages):
        told = mtc.feed(*message, number * 10_000_000)
        assert told is None or told.seconds >= 0.0
