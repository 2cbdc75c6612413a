"""What shaders see of the sound, against formulas."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.core.audio.textures import BINS, MOST_COLUMNS, SAMPLES, reach, spectrum, waveform

RATE_HZ = 48_000


def tone(hz: float, count: int, amplitude: float = 1.0) -> NDArray[np.float64]:
    return amplitude * np.sin(2 * np.pi * hz * np.arange(count)[:, None] / RATE_HZ)


@pytest.mark.parametrize("columns", [0, 1, 64, 300, MOST_COLUMNS])
def test_silence_is_the_middle_and_black(columns: int) -> None:
    wave = waveform(np.zeros((reach(False, columns), 2)), columns)
    light = spectrum(np.zeros((reach(True, columns), 2)), columns)
    assert wave.shape == (2, columns or SAMPLES)
    assert light.shape == (2, columns or BINS)
    assert (wave == 0.5).all()
    assert (light == 0.0).all()


def test_a_wave_is_seen_sample_for_sample_or_as_means() -> None:
    samples = tone(1000.0, SAMPLES, 0.5)
    whole = waveform(samples)
    assert np.abs(whole[0] - (0.5 + 0.5 * samples[:, 0])).max() < 2e-5
    means = waveform(samples, 100)[0]
    edges = np.arange(101) * SAMPLES // 100
    right = [whole[0][a:b].mean() for a, b in itertools.pairwise(edges)]
    assert np.abs(means - right).max() < 1e-6
    assert waveform(samples, 1)[0, 0] == pytest.approx(0.75, abs=1e-3)  # the peak


def test_a_tone_lights_its_own_column_and_levels_are_as_documented() -> None:
    size = reach(True, 64)
    low = spectrum(tone(100.0, size), 64)[0]
    assert low.argmax() == 0
    assert low[0] > 0.7
    assert low[8:].max() < 0.1
    at_bin = RATE_HZ / size * 200
    for decibels, light in ((0.0, 1.0), (-40.0, 0.24), (-80.0, 0.0)):
        found = spectrum(tone(at_bin, size, 10 ** (decibels / 20)))[0]
        assert found[200] == pytest.approx(light, abs=0.02)
        assert found.argmax() == 200 or light == 0.0


def test_samples_of_a_take_look_as_they_did() -> None:
    rng = np.random.default_rng(3)
    live = rng.uniform(-1.2, 1.2, (reach(True, 0), 2)).astype(np.float32)
    live[5] = np.nan
    taken = np.rint(np.clip(np.nan_to_num(live), -1, 1) * 32767).astype("<i2") / 32767.0
    assert np.array_equal(spectrum(live), spectrum(taken))
    assert np.array_equal(waveform(live), waveform(taken))
