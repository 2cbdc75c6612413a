"""Linear timecode, encoded by libltc where that is there, and by twenty lines of our own."""

from __future__ import annotations

import ctypes
import ctypes.util
import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.core.tempo.ltc import Heard, Ltc
from engine.core.tempo.timecode import RATES, Rate
from tests.core.tempo.test_timecode import code_of

RATE_HZ = 48_000


def bits_of(code: tuple[int, int, int, int], is_drop: bool) -> list[int]:
    hours, minutes, seconds, frames = code
    word = 0xBFFC << 64
    for value, first in ((frames, 0), (seconds, 16), (minutes, 32), (hours, 48)):
        word |= value % 10 << first | value // 10 << first + 8
    return [(word | is_drop << 10) >> n & 1 for n in range(80)]


def encoded(rate: Rate, start: int, count: int, speed: float = 1.0) -> NDArray[np.float32]:
    """Sound of so many frames, at a speed that may be negative."""
    step = 1 if speed > 0 else -1
    bits: list[int] = []
    for n in range(count):
        frame = bits_of(code_of((start + n * step) / rate.fps, rate), rate.is_drop)
        bits += frame if step > 0 else frame[::-1]
    half = RATE_HZ / float(rate.fps) / 160.0 / abs(speed)
    level, edges, levels = 1.0, [], []
    for n, bit in enumerate(bits):
        level = -level
        edges.append(2 * n * half)
        levels.append(level)
        if bit:
            level = -level
            edges.append((2 * n + 1) * half)
            levels.append(level)
    times = np.arange(math.ceil(len(bits) * 2 * half) + 64)
    square = np.array(levels)[np.searchsorted(edges, times, side="right") - 1]
    # Edges as slow as a recorder's: 40 µs.
    return np.convolve(square, [0.25, 0.5, 0.25], "same").astype(np.float32) * 0.5


def positions(
    sound: NDArray[np.float32], rate: Rate | None = None, block: int = 256
) -> list[Heard]:
    ltc = Ltc(RATE_HZ, rate)
    return [h for n in range(0, len(sound), block) for h in ltc.feed(sound[n : n + block])]


def check(found: list[Heard], rate: Rate, start: int, speed: float, least: int) -> None:
    assert len(found) >= least
    for sample, position in found:
        true = float(start / rate.fps) + sample / RATE_HZ * speed
        true += float(1 / rate.fps) if speed < 0 else 0.0  # it begins at the frame's end
        assert position.seconds == pytest.approx(true, abs=2e-4)


@pytest.mark.parametrize("speed", [1.0, -1.0, 0.9, 1.1, -0.95])
@pytest.mark.parametrize("name", ["24", "25", "29.97", "29.97df", "30"])
def test_every_rate_speed_and_direction(name: str, speed: float) -> None:
    rate, start = RATES[name], 17970  # over the tenth minute of 29.97
    found = positions(encoded(rate, start, 40, speed), rate)
    check(found, rate, start, speed, 36)
    assert found[-1].position.speed == pytest.approx(speed, abs=0.005)


@pytest.mark.parametrize("name", ["24", "25", "29.97", "29.97df", "30"])
def test_the_rate_is_found_out(name: str) -> None:
    rate = RATES[name]
    start = int(rate.base * 60 * 60 - 40)
    found = positions(encoded(rate, start, 90))
    for sample, position in found[45:]:
        assert position.seconds == pytest.approx(
            float(start / rate.fps) + sample / RATE_HZ, abs=2e-4
        )


def test_noise_and_low_level_are_survived() -> None:
    rate, rng = RATES["25"], np.random.default_rng(3)
    for gain, sd in ((1.0, 0.05), (0.02, 0.001), (1.9, 0.1)):
        sound = encoded(rate, 1000, 50) * np.float32(gain)
        noisy = sound + rng.normal(0.0, sd, len(sound)).astype(np.float32)
        check(positions(noisy), rate, 1000, 1.0, 44)


def test_a_dropout_costs_its_own_frames_and_a_wrong_bit_is_no_jump() -> None:
    rate = RATES["25"]
    sound = encoded(rate, 1000, 60)
    sound[20_000:24_000] = 0.0
    sound[50_000:50_020] *= -1.0
    check(positions(sound), rate, 1000, 1.0, 48)


def test_a_jump_is_followed_after_a_frame() -> None:
    rate = RATES["25"]
    sound = np.concatenate([encoded(rate, 1000, 20)[:-64], encoded(rate, 90_000, 20)])
    found = positions(sound)
    assert {round(h.position.seconds) for h in found} == {40, 41, 3600, 3601}
    assert len(found) >= 36


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=20))
def test_however_it_is_cut_the_same_is_heard(cuts: list[int]) -> None:
    sound = encoded(RATES["25"], 1000, 12)
    whole = positions(sound)
    ltc, found, at = Ltc(RATE_HZ), [], 0
    for cut in [*cuts, len(sound)]:
        found += ltc.feed(sound[at : at + cut])
        at += cut
    assert found == whole[: len(found)]
    assert len(found) == len(whole) or at < len(sound)


@given(st.lists(st.floats(-2.0, 2.0, width=32), max_size=2000))
def test_any_sound_is_survived(samples: list[float]) -> None:
    assert Ltc(RATE_HZ).feed(np.array([*samples, math.nan, 1.0] * 3, np.float32)) == []


class Smpte(ctypes.Structure):
    """``SMPTETimecode`` of ltc.h."""

    _fields_ = (
        ("zone", ctypes.c_char * 6),
        *((name, ctypes.c_ubyte) for name in ("years", "months", "days", "hours", "mins")),
        ("secs", ctypes.c_ubyte),
        ("frame", ctypes.c_ubyte),
    )


def by_libltc(rate: Rate, start: int, count: int, speed: float) -> NDArray[np.float32]:
    """Sound of so many frames as the reference library makes it."""
    name = ctypes.util.find_library("ltc")
    if name is None:
        pytest.skip("libltc is not installed (apt-get install libltc11)")
    library = ctypes.CDLL(name)
    library.ltc_encoder_create.restype = ctypes.c_void_p
    library.ltc_encoder_create.argtypes = [
        ctypes.c_double,
        ctypes.c_double,
        ctypes.c_int,
        ctypes.c_int,
    ]
    library.ltc_encoder_encode_byte.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_double]
    library.ltc_encoder_set_timecode.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    library.ltc_encoder_copy_buffer.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    library.ltc_encoder_free.argtypes = [ctypes.c_void_p]
    standard = {24: 3, 25: 1, 30: 0}[rate.base]
    fps = float(rate.fps) if rate.is_drop or rate.fps.denominator == 1 else 30.0 / 1.001
    encoder = library.ltc_encoder_create(RATE_HZ, fps, standard, 0)
    step = 1 if speed > 0 else -1
    sound = []
    for n in range(count):
        hours, minutes, seconds, frames = code_of(Fraction(start + n * step) / rate.fps, rate)
        code = Smpte(b"+0000", 0, 0, 0, hours, minutes, seconds, frames)
        library.ltc_encoder_set_timecode(encoder, ctypes.byref(code))
        for byte in range(10)[::step]:
            assert library.ltc_encoder_encode_byte(encoder, byte, 1.0 / speed) == 0
            buffer = (ctypes.c_ubyte * 8192)()
            size = library.ltc_encoder_copy_buffer(encoder, buffer)
            sound.append(np.frombuffer(buffer, np.uint8, size).astype(np.float32) / 128.0 - 1.0)
    library.ltc_encoder_free(encoder)
    return np.concatenate(sound)


@pytest.mark.parametrize("speed", [1.0, -1.0, 0.9, 1.1])
@pytest.mark.parametrize("name", ["24", "25", "29.97df", "30"])
def test_the_sound_of_libltc_is_read(name: str, speed: float) -> None:
    rate = RATES[name]
    found = positions(by_libltc(rate, 17970, 50, speed), rate)
    assert len(found) >= 46
    steps = [round((b.position.seconds - a.position.seconds) * float(rate.fps), 3)
             for a, b in pairwise(found)]  # fmt: skip
    assert set(steps) == {math.copysign(1.0, speed)}
    assert found[-1].position.seconds == pytest.approx(
        float((17970 + math.copysign(49, speed) + (speed > 0)) / rate.fps), abs=1.1 / 24
    )
    assert found[-1].position.speed == pytest.approx(speed, abs=0.01)
