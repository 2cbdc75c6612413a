"""The beat of a sound: drums that we place, silence, noise, and rows of anything."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.core.audio import features
from engine.core.audio.beat import BeatTracker
from engine.core.audio.features import FEATURES, SILENT
from engine.core.tempo.sync import Known, Rank, Sync

RATE_HZ = 48_000
HOP_S = 256 / RATE_HZ


def drums(bpm: float, seconds: float, swing: float = 0.0, sd_s: float = 0.0) -> NDArray[np.float32]:
    """Kick and snare in turn, hats in eighths."""
    rng, times = np.random.default_rng(5), np.arange(RATE_HZ // 8) / RATE_HZ
    kick = 0.8 * np.sin(2 * np.pi * 55 * times) * np.exp(-18 * times)
    snare = rng.normal(0.0, 0.25, len(times)) * np.exp(-30 * times)
    hat = np.diff(rng.normal(0.0, 0.1, len(times)), append=0.0) * np.exp(-90 * times)
    sound = rng.normal(0.0, 0.003, round((seconds + 1) * RATE_HZ))
    for n in range(int(seconds * bpm / 60)):
        for part, at in ((snare if n % 2 else kick, n), (hat, n), (hat, n + 0.5 + swing)):
            start = round((at * 60 / bpm + 0.1 + rng.normal(0.0, sd_s)) * RATE_HZ)
            sound[start : start + len(part)] += part
    return sound[: round(seconds * RATE_HZ)].astype(np.float32)


@lru_cache(maxsize=1)
def rows(bpm: float, seconds: float = 14.0, swing: float = 0.0, sd_s: float = 0.0) -> list:
    return features.analyse(features.start(RATE_HZ), drums(bpm, seconds, swing, sd_s))[1]


def heard(given: list) -> list[tuple[float, Sync]]:
    """What is told, with its time."""
    tracker = BeatTracker()
    found = ((n, tracker.feed(row)) for n, row in enumerate(given, 1))
    return [(n * HOP_S, sync) for n, sync in found if sync is not None]


@pytest.mark.parametrize(
    ("bpm", "swing", "sd_s"),
    [(110.0, 0.0, 0.008), (120.0, 0.16, 0.0), (128.0, 0.0, 0.0), (174.0, 0.0, 0.0)],
)
def test_the_beat_of_drums_is_found(bpm: float, swing: float, sd_s: float) -> None:
    told = [each for each in heard(rows(bpm, 14.0, swing, sd_s)) if each[0] > 6.0]
    assert len(told) > 50
    assert {(sync.rank, sync.known) for _, sync in told} == {(Rank.AUDIO, Known.BEAT)}
    right = [abs(sync.bpm / bpm - 1.0) < 0.04 for _, sync in told]
    assert np.mean(right) > 0.95
    off_s = [(sync.beat - (t - 0.1) * bpm / 60 + 0.5) % 1.0 - 0.5 for t, sync in told]
    assert np.mean(np.abs(np.array(off_s) * 60 / bpm) < 0.04) > 0.95


def test_silence_and_noise_have_no_beat() -> None:
    assert heard([SILENT] * 3000) == []
    noise = np.random.default_rng(2).normal(0.0, 0.1, 12 * RATE_HZ).astype(np.float32)
    told = heard(features.analyse(features.start(RATE_HZ), noise)[1])
    assert len(told) < 40  # of 140 that drums would give


@given(st.lists(st.tuples(*[st.floats(0.0, 1.0)] * len(FEATURES)), max_size=60))
def test_any_rows_are_survived(given: list) -> None:
    for _, sync in heard(given):
        assert 55.0 < sync.bpm < 210.0
        assert 0.0 <= sync.beat < 1.0
