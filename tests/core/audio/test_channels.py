"""Which channels are heard: their mean, or what is left where they cancel each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.audio import channels, features
from engine.core.audio.channels import ChannelChoice
from tests.core.audio.test_features import COLUMN, RATE_HZ, pattern, rows_of

DRUMS, TIMES = pattern(("kick", "snare"))
NOISE = (0.05 * np.random.default_rng(3).standard_normal(len(DRUMS))).astype(np.float32)


def test_channels_are_mixed_by_their_mean() -> None:
    pair = np.array([[1.0, 0.0], [0.5, -0.5]], np.float32)
    assert channels.mix(pair).tolist() == [0.5, 0.0]
    assert channels.differ(pair).tolist() == [0.5, 0.5]
    assert channels.mix(pair[:, :1]).tolist() == [1.0, 0.5]
    assert channels.differ(pair[:, :1]).tolist() == [0.0, 0.0]
    assert channels.mix(np.ones((3, 6))).tolist() == [1.0] * 3
    assert channels.mix([1.0, 2.0]).dtype == np.float32


@pytest.mark.parametrize("share", [-1.0, -0.8])
def test_what_stands_upside_down_in_the_other_channel_is_heard(share: float) -> None:
    """Case field/07: a balanced line in a stereo socket was silence."""
    pair = np.stack([DRUMS, DRUMS * np.float32(share)], 1)
    alone, found = rows_of(DRUMS), rows_of(pair)
    for name in ("onset", "kick"):
        hits, wanted = (np.flatnonzero(rows[:, COLUMN[name]]) for rows in (found, alone))
        assert len(wanted) >= 20
        assert np.abs(hits[:, None] - wanted).min(0).max() <= 2, name  # hops
        assert len(hits) <= len(wanted) + 1
    assert found[:, COLUMN["level"]].mean() == pytest.approx(alone[:, COLUMN["level"]].mean(), 0.1)


@pytest.mark.parametrize("side", [0.0, 0.3, 1.0])
def test_ordinary_stereo_is_its_mean_to_the_bit(side: float) -> None:
    wide = NOISE * np.float32(side)
    pair = np.stack([DRUMS + wide, DRUMS + wide[::-1]], 1)
    assert np.array_equal(rows_of(pair), rows_of(channels.mix(pair)))
    left = np.stack([DRUMS, np.zeros_like(DRUMS)], 1)
    assert np.array_equal(rows_of(left), rows_of(channels.mix(left)))


@settings(max_examples=20)
@given(st.lists(st.integers(1, 20_000), min_size=1, max_size=8))
def test_however_it_is_cut_it_is_the_same(lengths: list[int]) -> None:
    swaps = np.sign(np.sin(np.arange(len(DRUMS)) / RATE_HZ * 2.0)).astype(np.float32)
    pair = np.stack([DRUMS, DRUMS * swaps], 1)[: 6 * RATE_HZ]
    whole = rows_of(pair)
    state, rows, at = features.start(RATE_HZ), [], 0
    for length in (*lengths, len(pair)):
        state, some = features.analyse(state, pair[at : at + length])
        rows += some
        at += length
    assert np.array_equal(np.array(rows), whole[: len(rows)])
    assert len(rows) == len(whole)


def test_an_ear_hears_one_channel_louder() -> None:
    pcm = np.array([[0.1, 0.2, 0.3]], np.float32)
    assert ChannelChoice(channel=3).apply(pcm).tolist() == pytest.approx([0.3])
    assert ChannelChoice(channel=1, gain_db=20.0).apply(pcm).tolist() == pytest.approx([1.0])
    assert ChannelChoice().apply(pcm).tolist() == pytest.approx([0.2])
    assert ChannelChoice().apply(pcm[:, :2]).shape == (1, 2)
    for wrong in ({"channel": 65}, {"channel": -1}, {"gain_db": 61.0}, {"gain_db": float("nan")}):
        with pytest.raises(ValueError, match="sound: "):
            ChannelChoice(**wrong)
