"""The analyser: what it hears in drums, silence, quiet and broken sound, and that it is causal."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.core.audio import features

RATE_HZ = 48_000
TOLERANCE_S = 0.03
Sound = NDArray[np.float32]
COLUMN = {name: i for i, name in enumerate(features.FEATURES)}


def kick(rng: np.random.Generator, rate_hz: int) -> NDArray[np.float64]:
    """A drum that falls from 170 to 50 Hz."""
    t = np.arange(rate_hz // 4) / rate_hz
    phase = 2 * np.pi * np.cumsum(50 + 120 * np.exp(-t / 0.03)) / rate_hz
    fade = np.minimum(1.0, (0.25 - t) / 0.05)
    return np.asarray(0.8 * rng.uniform(0.8, 1.0) * np.sin(phase) * np.exp(-t / 0.08) * fade)


def snare(rng: np.random.Generator, rate_hz: int) -> NDArray[np.float64]:
    """Noise over a 190 Hz tone."""
    t = np.arange(rate_hz // 5) / rate_hz
    noise = 0.3 * rng.standard_normal(len(t)) * np.exp(-t / 0.05)
    tone = 0.3 * np.sin(2 * np.pi * 190 * t) * np.exp(-t / 0.06)
    return np.asarray((noise + tone) * np.minimum(1.0, (0.2 - t) / 0.05))


def hat(rng: np.random.Generator, rate_hz: int) -> NDArray[np.float64]:
    """High-passed noise of 15 ms."""
    t = np.arange(rate_hz * 6 // 100) / rate_hz
    noise = np.diff(rng.standard_normal(len(t) + 2), 2)
    return np.asarray(0.12 * noise * np.exp(-t / 0.015))


Drum = Callable[[np.random.Generator, int], NDArray[np.float64]]
DRUMS: dict[str, Drum] = {"kick": kick, "snare": snare, "hat": hat}


def pattern(
    drums: tuple[str, ...], bed: str = "none", rate_hz: int = RATE_HZ, seed: int = 1
) -> tuple[Sound, dict[str, list[float]]]:
    """Forty hits at random distances of 0.25 to 0.6 s, with the time of each hit by drum."""
    rng = np.random.default_rng(seed)
    begins = np.round((1.0 + np.cumsum(rng.uniform(0.25, 0.6, 40))) * rate_hz).astype(int)
    out = np.zeros(begins[-1] + rate_hz)
    times: dict[str, list[float]] = {name: [] for name in drums}
    for i, begin in enumerate(begins):
        name = drums[i % len(drums)]
        sound = DRUMS[name](rng, rate_hz)
        out[begin : begin + len(sound)] += sound
        times[name].append(begin / rate_hz)
    t = np.arange(len(out)) / rate_hz
    if bed == "noise":
        out += 0.01 * rng.standard_normal(len(out))
    if bed == "chord":
        for hz in (220.0, 261.6, 349.2, 440.0):
            out += 0.05 * np.sin(2 * np.pi * hz * t + hz / 250 * np.sin(2 * np.pi * 5 * t))
    return out.astype(np.float32), times


def rows_of(sound: Sound, rate_hz: int = RATE_HZ) -> NDArray[np.float64]:
    """Analyse in one call (m, F)."""
    return np.array(features.analyse(features.start(rate_hz), sound)[1])


def times_where(rows: NDArray[np.float64], name: str, rate_hz: int = RATE_HZ) -> list[float]:
    """Times of the rows where a trigger is 1."""
    hop = features.start(rate_hz).bands.hop
    return [(int(k) + 1) * hop / rate_hz for k in np.flatnonzero(rows[:, COLUMN[name]])]


def all_of(times: dict[str, list[float]]) -> list[float]:
    """Every hit, whatever the drum."""
    return sorted(time_s for some in times.values() for time_s in some)


def score(found: list[float], true: list[float]) -> tuple[float, float]:
    """Recall and precision; a hit counts once, and only at or after its true time."""
    left = list(found)
    hits = 0
    for time_s in true:
        near = [f for f in left if 0.0 <= f - time_s <= TOLERANCE_S]
        if near:
            left.remove(near[0])
            hits += 1
    return hits / len(true), hits / max(len(found), 1)


@pytest.mark.parametrize("bed", ["none", "noise", "chord"])
@pytest.mark.parametrize("drums", [("kick",), ("snare",), ("hat",), ("kick", "snare", "hat")])
def test_onsets_of_drums(drums: tuple[str, ...], bed: str) -> None:
    sound, times = pattern(drums, bed)
    rows = rows_of(sound)
    recall, precision = score(times_where(rows, "onset"), all_of(times))
    assert recall >= 0.97
    assert precision >= 0.93  # the bed's own beginning is an onset too


@pytest.mark.parametrize("bed", ["none", "noise", "chord"])
def test_kicks_are_told_from_other_drums(bed: str) -> None:
    sound, times = pattern(("kick", "snare", "hat"), bed)
    recall, precision = score(times_where(rows_of(sound), "kick"), times["kick"])
    assert recall >= 0.9
    assert precision >= 0.8
    hats, _ = pattern(("hat",), bed)
    assert len(times_where(rows_of(hats), "kick")) <= 1


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 96_000])
def test_other_sample_rates_hear_the_same(rate_hz: int) -> None:
    sound, times = pattern(("kick", "snare"), rate_hz=rate_hz)
    rows = rows_of(sound, rate_hz)
    onsets = score(times_where(rows, "onset", rate_hz), all_of(times))
    kicks = score(times_where(rows, "kick", rate_hz), times["kick"])
    assert min(*onsets, *kicks) >= 0.9


def test_steady_noise_and_tones_have_few_onsets() -> None:
    rng = np.random.default_rng(5)
    t = np.arange(20 * RATE_HZ) / RATE_HZ
    for sound in (0.1 * rng.standard_normal(len(t)), 0.3 * np.sin(2 * np.pi * 440 * t)):
        rows = rows_of(sound.astype(np.float32))
        assert rows[:, COLUMN["onset"]].sum() <= 3


def test_silence_is_flagged_and_quiet() -> None:
    sound, _ = pattern(("kick", "snare", "hat"))
    tail_s = 3
    hiss = 1e-5 * np.random.default_rng(2).standard_normal(tail_s * RATE_HZ)
    rows = rows_of(np.concatenate([sound, hiss]).astype(np.float32))
    silent = rows[-round(2 * RATE_HZ / 256) :]
    assert (silent[:, COLUMN["silence"]] == 1.0).all()
    assert not silent[:, [COLUMN["onset"], COLUMN["kick"], COLUMN["flux"]]].any()
    assert (silent[-100:, :4] < 1e-3).all()
    first = rows_of(np.zeros(RATE_HZ, np.float32))
    assert first.tolist() == [[*features.SILENT[:7], 0.5, 1.0]] * len(first)
    assert (rows[round(1.5 * RATE_HZ / 256) : round(6 * RATE_HZ / 256), -1] == 0.0).all()


def test_gain_makes_quiet_and_loud_music_alike() -> None:
    sound, _ = pattern(("kick", "snare", "hat", "hat"), "chord")
    sound = sound / np.max(np.abs(sound))
    loud, quiet = (rows_of((sound * 10 ** (db / 20)).astype(np.float32)) for db in (-6, -40))
    after = slice(round(10 * RATE_HZ / 256), None)
    difference = np.abs(loud[after, :4] - quiet[after, :4])
    assert difference.mean(axis=0).max() < 0.05
    assert difference.max() < 0.2
    assert loud[after, :4].max(axis=0).min() > 0.8


def test_gain_follows_a_fall_but_waits_through_silence() -> None:
    t = np.arange(RATE_HZ * 40) / RATE_HZ
    tone = np.where(t < 5, 0.5, 0.025) * np.sin(2 * np.pi * 300 * t)
    level = rows_of(tone.astype(np.float32))[:, 0]
    at = [round(s * RATE_HZ / 256) for s in (4, 8, 39)]
    assert level[at[0]] > 0.98
    assert level[at[1]] < 0.4  # a quiet passage is shown as quiet
    assert level[at[2]] > 0.98  # and half a minute later as the music's own loudness
    paused = np.where((t > 5) & (t < 35), 0.0, 0.5) * np.sin(2 * np.pi * 300 * t)
    level = rows_of((0.5 * paused * np.where(t > 35, 0.1, 1)).astype(np.float32))[:, 0]
    assert level[round(36 * RATE_HZ / 256)] < 0.4


def test_bands_and_centroid_follow_the_pitch() -> None:
    t = np.arange(2 * RATE_HZ) / RATE_HZ
    last = []
    for hz, loudest in ((60.0, "low"), (700.0, "mid"), (6_000.0, "high")):
        sound = 0.3 * np.sin(2 * np.pi * hz * t) + 0.001 * np.sin(2 * np.pi * 997 * t)
        row = rows_of(sound.astype(np.float32))[-1]
        last.append(row[COLUMN["centroid"]])
        powers = {name: row[COLUMN[name]] for name in ("low", "mid", "high")}
        assert powers[loudest] > 0.95
    assert last[0] < 0.1 < last[1] < 0.6 < last[2]


def test_offset_is_not_sound() -> None:
    rows = rows_of(np.full(2 * RATE_HZ, 0.2, np.float32))
    assert (rows[-50:, COLUMN["silence"]] == 1.0).all()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 3000), max_size=12), st.sampled_from([8_000, 44_100, 48_000]))
def test_blocks_do_not_matter(sizes: list[int], rate_hz: int) -> None:
    sound, _ = pattern(("kick", "snare", "hat"), "noise", rate_hz=rate_hz)
    sound = sound[rate_hz : rate_hz + sum(sizes) + 700]
    _, whole = features.analyse(features.start(rate_hz), sound)
    state, rows, at = features.start(rate_hz), [], 0
    for size in [*sizes, len(sound) - sum(sizes)]:
        state, some = features.analyse(state, sound[at : at + size])
        rows += some
        at += size
    assert rows == whole
    assert state.hops == len(rows) == len(sound) // state.bands.hop


def test_it_is_causal() -> None:
    sound, _ = pattern(("kick", "snare", "hat"), "noise")
    changed = sound.copy()
    changed[5 * RATE_HZ :] = 0.0
    before = 5 * RATE_HZ // 256
    assert rows_of(sound)[:before].tolist() == rows_of(changed)[:before].tolist()


def test_state_is_a_value() -> None:
    sound, _ = pattern(("kick",))
    state, _ = features.analyse(features.start(RATE_HZ), sound[: 2 * RATE_HZ])
    first = features.analyse(state, sound[2 * RATE_HZ : 4 * RATE_HZ])[1]
    assert features.analyse(state, sound[2 * RATE_HZ : 4 * RATE_HZ])[1] == first


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_hostile_samples_give_finite_rows_and_do_no_lasting_harm(data: st.DataObject) -> None:
    nasty = st.floats(width=32) | st.sampled_from([math.nan, math.inf, -math.inf, 3.4e38, 1e-45])
    bad = np.array(data.draw(st.lists(nasty, min_size=1, max_size=50)), np.float32)
    block = np.resize(bad, data.draw(st.integers(1, 6000)))
    state, rows = features.analyse(features.start(RATE_HZ), block)
    drums, times = pattern(("snare",), seed=2)
    _, after = features.analyse(state, drums[: 4 * RATE_HZ])
    table = np.array([*rows, *after])
    assert np.isfinite(table).all()
    assert ((table >= 0.0) & (table <= 1.0)).all()
    assert sum(row[COLUMN["onset"]] for row in after) >= sum(t < 3.9 for t in times["snare"])


@pytest.mark.parametrize("rate_hz", [0, -48_000, 7_999, 500_000])
def test_impossible_rates_are_refused(rate_hz: int) -> None:
    with pytest.raises(ValueError, match="is not a sample rate that can be analysed"):
        features.start(rate_hz)
