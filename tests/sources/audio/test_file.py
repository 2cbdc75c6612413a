"""Sound files: what is read, what is refused, and on which ticks their features land."""

from __future__ import annotations

import struct
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from engine.core.audio import features
from engine.core.audio.channels import ChannelChoice
from engine.core.audio.features import FEATURES
from engine.sources.audio import file as track
from tests.performing import save_wav

CLICK_S = 1.0


def click_track(rate_hz: int = 48_000, channels: int = 2) -> np.ndarray:
    """Two seconds of near silence with one loud burst that begins at 1.000 s."""
    rng = np.random.default_rng(3)
    pcm = (1e-4 * rng.standard_normal((2 * rate_hz, channels))).astype(np.float32)
    begin = round(CLICK_S * rate_hz)
    pcm[begin : begin + rate_hz // 50] += 0.5 * rng.standard_normal((rate_hz // 50, 1))
    return np.clip(pcm, -1.0, 1.0)


def encode(path: Path, codec: str, rate_hz: int = 48_000) -> Path:
    """Write the click track through one of FFmpeg's encoders."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate_hz, layout="stereo")
        pcm = np.ascontiguousarray(click_track(rate_hz).T)
        frame = av.AudioFrame.from_ndarray(pcm, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, 0, Fraction(1, rate_hz)
        resampler = av.AudioResampler(
            format=stream.codec_context.format.name,
            layout="stereo",
            rate=rate_hz,
            frame_size=stream.codec_context.frame_size or None,
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


def onset_of(pcm: np.ndarray, rate_hz: int) -> float:
    """Time of the first loud sample, in seconds."""
    return float(np.argmax(np.abs(pcm).max(axis=1) > 0.1)) / rate_hz


def test_wav_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    pcm = click_track()
    save_wav(tmp_path / "a.wav", pcm, 48_000)
    read = track.load(tmp_path / "a.wav")
    assert read.rate_hz == 48_000
    assert read.pcm.shape == pcm.shape
    assert np.max(np.abs(read.pcm - pcm)) <= 1.0 / 32768 + 1e-7
    save_wav(tmp_path / "b.wav", read.pcm, 48_000)
    again = track.load(tmp_path / "b.wav").pcm
    assert np.array_equal(again, read.pcm)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.flac", "flac"), ("a.mp3", "libmp3lame"), ("a.m4a", "aac"), ("a.ogg", "libopus")],
)
def test_every_codec_keeps_time(tmp_path: Path, name: str, codec: str) -> None:
    read = track.load(encode(tmp_path / name, codec))
    assert read.rate_hz == 48_000
    assert read.pcm.shape[1] == 2
    assert abs(read.duration_s - 2.0) < 0.05
    assert abs(onset_of(read.pcm, 48_000) - CLICK_S) < 0.003


def test_rate_and_channels(tmp_path: Path) -> None:
    save_wav(tmp_path / "mono.wav", click_track(44_100, 1)[:, 0], 44_100)
    own = track.load(tmp_path / "mono.wav")
    assert (own.rate_hz, own.pcm.shape[1]) == (44_100, 1)
    resampled = track.load(tmp_path / "mono.wav", 48_000)
    assert resampled.rate_hz == 48_000
    assert abs(len(resampled.pcm) - 96_000) <= 2
    assert abs(onset_of(resampled.pcm, 48_000) - CLICK_S) < 0.002
    save_wav(tmp_path / "six.wav", click_track(48_000, 6), 48_000)
    assert track.load(tmp_path / "six.wav").pcm.shape[1] == 2


def test_bad_files_are_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "noise.wav").write_bytes(np.random.default_rng(0).bytes(5000))
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "text.mp3").write_text("not music")
    (tmp_path / "folder.wav").mkdir()
    with wave.open(str(tmp_path / "nothing.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48_000)
    save_wav(tmp_path / "good.wav", click_track(), 48_000)
    (tmp_path / "list.wav").write_text(f"ffconcat version 1.0\nfile {tmp_path}/good.wav\n")
    names = ("noise", "empty", "nothing", "folder", "missing", "list")
    for path in [tmp_path / "text.mp3", *(tmp_path / f"{n}.wav" for n in names)]:
        with pytest.raises(ValueError, match=path.name) as caught:
            track.load(path)
        assert "\n" not in str(caught.value)
        assert "Errno" not in str(caught.value)
        assert str(caught.value).count(path.name) == 1


def test_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(track, "MAX_S", 1)
    save_wav(tmp_path / "long.wav", click_track(), 48_000)
    with pytest.raises(ValueError, match=r"long\.wav: longer than 4 hours"):
        track.load(tmp_path / "long.wav")


def test_a_sound_is_decoded_in_a_bounded_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_wav(tmp_path / "a.wav", click_track(), 48_000)
    monkeypatch.setattr(track, "_MEMORY_BYTES", 96 << 20)
    with pytest.raises(ValueError, match=r"a\.wav: (takes more memory|could not be read)"):
        track.load(tmp_path / "a.wav")


def test_truncated_and_nan_files_still_play(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp3", "libmp3lame")
    data = bytearray(path.read_bytes())
    data[len(data) // 4 : len(data) // 4 + 400] = bytes(400)
    path.write_bytes(data[: len(data) * 3 // 4])
    read = track.load(path)
    assert read.duration_s > 1.0
    header = (
        b"RIFF"
        + (36 + 1600).to_bytes(4, "little")
        + b"WAVEfmt "
        + bytes.fromhex("100000000300010080bb000000ee020004002000")
    )
    samples = np.full(400, np.nan, "<f4")
    samples[::2] = 0.5
    body = b"data" + (1600).to_bytes(4, "little") + samples.tobytes()
    (tmp_path / "nan.wav").write_bytes(header + body)
    assert np.isfinite(track.load(tmp_path / "nan.wav").pcm).all()


def test_one_channel_of_several_is_heard_and_what_is_played_stays(tmp_path: Path) -> None:
    pcm = np.zeros((48_000, 6), np.float32)
    pcm[:, 3] = np.sin(np.arange(48_000) * 0.05)
    save_wav(tmp_path / "six.wav", pcm, 48_000)
    whole = track.load(tmp_path / "six.wav")
    one = track.load(tmp_path / "six.wav", choice=ChannelChoice(channel=5))
    assert np.array_equal(one.pcm, whole.pcm)
    quiet, loud = (
        track.features_ahead(track.load(tmp_path / "six.wav", choice=ChannelChoice(channel=n)))
        for n in (5, 4)
    )
    level, silence = FEATURES.index("level"), FEATURES.index("silence")
    assert quiet.rows[:, level].max() == 0.0
    assert loud.rows[20:, level].min() > 0.5
    assert loud.rows[20:, silence].max() == 0.0
    with pytest.raises(ValueError, match=r"six\.wav: has 6 channels; there is no channel 7"):
        track.load(tmp_path / "six.wav", choice=ChannelChoice(channel=7))


def test_gain_lifts_what_is_too_quiet_to_be_heard(tmp_path: Path) -> None:
    save_wav(tmp_path / "a.wav", click_track() * np.float32(0.001), 48_000)
    onset = FEATURES.index("onset")
    for gain_db, count in ((0.0, 0), (40.0, 1)):
        heard = track.features_ahead(
            track.load(tmp_path / "a.wav", choice=ChannelChoice(gain_db=gain_db))
        )
        assert (heard.rows[:, onset] > 0).sum() == count, gain_db


def test_impossible_headers_are_one_sentence(tmp_path: Path) -> None:
    """Cases hostile/bits0.wav, rate1.wav: a traceback, and 115 million samples made of 4800."""
    for name, rate_hz, bits in (("bits0", 48_000, 0), ("rate1", 1, 16)):
        head = struct.pack("<HHIIHH", 1, 1, rate_hz, 2 * rate_hz, 2, bits)
        body = b"WAVEfmt " + struct.pack("<I", 16) + head + b"data" + struct.pack("<I", 9600)
        path = tmp_path / f"{name}.wav"
        path.write_bytes(b"RIFF" + struct.pack("<I", len(body) + 9600) + body + bytes(9600))
        with pytest.raises(ValueError, match=name) as error:
            track.load(path)
        assert "save it again as wav" in str(error.value)
        assert "\n" not in str(error.value)


def test_features_are_those_of_the_live_analyser() -> None:
    heard = track.Track(click_track(), 48_000)
    ahead = track.features_ahead(heard)
    state, rows = features.start(48_000), []
    for first in range(0, len(heard.pcm), 300):
        state, some = features.analyse(state, heard.pcm[first : first + 300])
        rows += some
    assert ahead.rows.tolist() == [list(row) for row in rows]
    times_s = np.arange(1, len(ahead.rows) + 1) * ahead.hop / ahead.rate_hz
    onsets = times_s[ahead.rows[:, features.FEATURES.index("onset")] > 0]
    assert len(onsets) == 1
    assert 0.0 <= onsets[0] - CLICK_S < 0.03


@pytest.mark.parametrize("control_hz", [Fraction(120), Fraction(60), Fraction(60_000, 1001)])
def test_every_row_lands_on_the_first_tick_not_before_it(control_hz: Fraction) -> None:
    ahead = track.features_ahead(track.Track(click_track(44_100), 44_100))
    given = list(track.events(ahead, control_hz))
    assert [value for _, _, value in given] == [tuple(row) for row in ahead.rows.tolist()]
    for k, (tick, address, _) in enumerate(given):
        time_s = Fraction((k + 1) * ahead.hop, ahead.rate_hz)
        assert address == "/signal/audio"
        assert (tick - 1) / control_hz < time_s <= tick / control_hz
