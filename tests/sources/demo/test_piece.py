"""The built-in piece, judged by numbers: its form, its loudness, its drums, its ends."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.core.audio.features import FEATURES
from engine.sources.audio import file
from engine.sources.demo import instruments
from engine.sources.demo import piece as music

RATE_HZ = 48_000
COLUMN = {name: i for i, name in enumerate(FEATURES)}
SECTIONS = {name: number * music.SECTION for number, name in enumerate(music.SECTIONS)}  # beats


@pytest.fixture(scope="module")
def piece() -> NDArray[np.float32]:
    return music.compose()


@pytest.fixture(scope="module")
def heard(piece: NDArray[np.float32]) -> file.Features:
    return file.features_ahead(file.Track(piece, RATE_HZ))


def span_s(name: str) -> tuple[float, float]:
    begins = [*SECTIONS.values(), music.BEATS]
    place = list(SECTIONS).index(name)
    return begins[place] * music.BEAT_S, begins[place + 1] * music.BEAT_S


def section(piece: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    first, last = (round(s * RATE_HZ) for s in span_s(name))
    return piece[first:last]


def rows_of(heard: file.Features, name: str) -> NDArray[np.float64]:
    first, last = span_s(name)
    times_s = np.arange(1, len(heard.rows) + 1) * heard.hop / heard.rate_hz
    return heard.rows[(times_s > first) & (times_s <= last)]


def share(sound: NDArray[np.float32], low_hz: float, high_hz: float) -> float:
    """Part of the power between two frequencies."""
    mono = sound.mean(axis=1)
    power = np.abs(np.fft.rfft(mono)) ** 2
    hz = np.fft.rfftfreq(len(mono), 1 / RATE_HZ)
    return float(power[(hz >= low_hz) & (hz < high_hz)].sum() / power.sum())


def loudness_db(sound: NDArray[np.float32]) -> float:
    return 10 * np.log10(float(np.mean(np.square(sound))))


def test_it_is_a_clean_file(piece: NDArray[np.float32]) -> None:
    assert piece.shape == (200 * RATE_HZ, 2)
    assert piece.dtype == np.float32
    assert np.isfinite(piece).all()
    assert 0.5 < np.abs(piece).max() <= 10 ** (-1 / 20)
    assert np.abs(piece.mean(axis=0)).max() < 1e-4


def test_its_ends_meet_in_silence(piece: NDArray[np.float32]) -> None:
    assert np.abs(piece[:48]).max() < 1e-4
    assert np.abs(piece[-48:]).max() < 1e-4


def test_the_same_seed_plays_the_same_and_another_plays_otherwise() -> None:
    first = music.compose(seed=1, rate_hz=8_000)
    assert np.array_equal(first, music.compose(seed=1, rate_hz=8_000))
    assert not np.array_equal(first, music.compose(seed=2, rate_hz=8_000))


def test_five_sections_sound_different(piece: NDArray[np.float32], heard: file.Features) -> None:
    parts = {name: section(piece, name) for name in SECTIONS}
    loud = {name: loudness_db(part) for name, part in parts.items()}
    assert all(-30.0 < db < -8.0 for db in loud.values())
    assert max(loud["earth"], loud["strata"]) < loud["painted"] - 1.5
    onsets = {name: rows_of(heard, name)[:, COLUMN["onset"]].sum() for name in parts}
    assert onsets["earth"] <= 12  # it swells
    assert 40 <= onsets["strata"] <= 90
    assert 18 <= onsets["strike"] <= 30
    assert onsets["painted"] >= 150
    kicks = {name: rows_of(heard, name)[:, COLUMN["kick"]].sum() for name in parts}
    assert kicks["earth"] == 0
    assert 18 <= kicks["strike"] <= 26
    assert 45 <= kicks["painted"] <= 65
    assert share(parts["strike"], 20, 150) > 0.7
    assert share(parts["painted"], 6_000, 20_000) > 2 * share(parts["earth"], 6_000, 20_000)


def test_every_section_has_loud_and_quiet_places(heard: file.Features) -> None:
    """What pictures are driven by: the level differs from half second to half second."""
    for name in SECTIONS:
        level = rows_of(heard, name)[:, COLUMN["level"]]
        halves = level[: len(level) // 93 * 93].reshape(-1, 93).mean(axis=1)  # hops of 5.3 ms
        assert halves.std() > 0.1, name


def test_strike_is_much_silence(piece: NDArray[np.float32]) -> None:
    mono = section(piece, "strike").mean(axis=1)
    blocks = np.sqrt(np.mean(np.square(mono.reshape(-1, 2400)), axis=1))
    assert (blocks < 0.1 * blocks.max()).mean() > 0.35


def test_two_minds_speak_from_two_sides(piece: NDArray[np.float32]) -> None:
    left, right = section(piece, "minds").T
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.5
    assert abs(loudness_db(left) - loudness_db(right)) < 6.0


def test_all_features_move(heard: file.Features) -> None:
    spread = np.percentile(heard.rows[:, :4], 95, axis=0) - np.percentile(
        heard.rows[:, :4], 5, axis=0
    )
    assert (spread > 0.3).all()
    assert heard.rows[:, COLUMN["centroid"]].std() > 0.03


@pytest.mark.parametrize("note", [38, 50, 62, 74, 83])
def test_strings_are_in_tune(note: int) -> None:
    rng = np.random.default_rng(0)
    string = instruments.pluck(note, 2.0, RATE_HZ, rng)
    size = 1 << 19
    spectrum = np.abs(np.fft.rfft(string * np.hanning(len(string)), size))
    true = instruments.hz(note)
    near = slice(round(true * 0.94 * size / RATE_HZ), round(true * 1.06 * size / RATE_HZ))
    found = (near.start + int(np.argmax(spectrum[near]))) * RATE_HZ / size
    assert abs(1200 * np.log2(found / true)) < 6.0


def test_the_room_is_a_convolution() -> None:
    rng = np.random.default_rng(0)
    response = rng.standard_normal((700, 2)).astype(np.float32)
    dry = rng.standard_normal(9_000).astype(np.float32)
    wet = instruments.reverberate(dry, response)
    for side in range(2):
        true = np.convolve(dry, response[:, side])[: len(dry)]
        assert np.allclose(wet[:, side], true, atol=1e-3)
