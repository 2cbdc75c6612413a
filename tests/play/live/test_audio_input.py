"""What the show hears of a track: the same events as listed ahead, every sample once."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.audio.features import ADDRESS, FEATURES, SILENT
from engine.play.event_queue import EventQueue
from engine.play.live.audio_input import RATE_HZ, AudioInput, Resampler, hears_device, wants_device
from engine.play.live.options import Options
from engine.play.soundtrack import SoundtrackEvents
from engine.sources.audio import file
from tests.performing import click_wav


@pytest.mark.parametrize("control_hz", [Fraction(120), Fraction(100), Fraction(120000, 1001)])
@pytest.mark.parametrize(("rate_hz", "hop"), [(48_000, 256), (44_100, 256), (8_000, 43)])
def test_events_by_tick_are_those_of_the_whole_list(
    control_hz: Fraction, rate_hz: int, hop: int
) -> None:
    rows = np.random.default_rng(1).random((500, len(FEATURES)))
    features = file.Features(rate_hz, hop, rows)
    heard = SoundtrackEvents(features, control_hz)
    listed = list(file.events(features, control_hz))
    last = listed[-1][0]
    by_tick = [
        (event.tick, event.address, event.value)
        for tick in range(-5, last + 10)
        for event in heard[tick]
    ]
    assert by_tick == listed
    assert last < len(heard) <= last + 2
    sequence = [e.sequence for tick in heard for e in heard[tick]]
    assert sequence == list(range(500))


def test_the_built_in_piece_begins_again() -> None:
    rows = np.random.default_rng(1).random((500, len(FEATURES)))
    features = file.Features(48_000, 400, rows)  # 120 rows a second
    once, again = (SoundtrackEvents(features, Fraction(120), loops) for loops in (False, True))
    assert [e.value for tick in range(501) for e in again[tick]] == [tuple(row) for row in rows]
    assert [e.value for e in again[501]] == [e.value for e in once[1]] == [tuple(rows[0])]
    assert [e.sequence for e in again[501]] == [500]
    assert not once[501]


@pytest.mark.usefixtures("silent")
def test_its_samples_begin_again_with_it(tmp_path: Path) -> None:
    pcm = np.random.default_rng(2).random((RATE_HZ, 2), np.float32)
    rows = np.zeros((188, len(FEATURES)))
    found = file.Track(pcm, RATE_HZ), file.Features(RATE_HZ, 256, rows)
    audio_input = AudioInput(Options(audio="off"), print)
    audio_input._music._found = found
    audio_input._wants_music = True
    audio_input.tend(EventQueue(), -1, Fraction(120))
    place, heard = audio_input.samples(Fraction(3, 2), Fraction(0))
    assert place == 0
    assert np.array_equal(heard, np.concatenate([pcm, pcm[: RATE_HZ // 2]]))
    audio_input.__exit__(None, None, None)


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """No loudspeaker."""

    class Speaker:
        state = "running"

        def __getattr__(self, name: str) -> object:
            return lambda *_: None

    monkeypatch.setattr("engine.play.live.audio_input.audio.Playback", lambda *_: Speaker())


@pytest.mark.usefixtures("silent")
def test_every_sample_is_handed_over_once_whatever_is_skipped(tmp_path: Path) -> None:
    wav = click_wav(tmp_path / "click.wav", 20_000, 44_100, rate_hz=44_100)
    audio_input = AudioInput(Options(audio=str(wav)), print)
    queue = EventQueue()
    audio_input.start(queue, Fraction(120))
    pcm = file.load(wav).pcm
    fps = Fraction(60000, 1001)
    rows, at, frame = [], 0, 0
    for skip in [0, 0, 1, 0, 3, 0, 0, 2, *[0] * 60]:
        frame += skip
        place, found = audio_input.samples(Fraction(frame) / fps, 1 / fps)
        assert place == at
        at += len(found)
        rows.append(found)
        frame += 1
    assert np.array_equal(np.concatenate(rows), pcm)
    assert len(queue.events_of(60)) > 0
    audio_input.__exit__(None, None, None)


@pytest.mark.usefixtures("silent")
def test_a_gap_is_left_out_of_the_sound_as_of_the_features(tmp_path: Path) -> None:
    wav = click_wav(tmp_path / "click.wav", 60_000, 96_000)
    audio_input = AudioInput(Options(audio=str(wav)), print)
    audio_input.start(EventQueue(), Fraction(120))
    pcm = file.load(wav).pcm
    place, before = audio_input.samples(Fraction(1, 2), Fraction(0))
    audio_input.jump(Fraction(1))
    after_place, after = audio_input.samples(Fraction(3, 4), Fraction(0))
    assert (place, after_place) == (0, 24_000)  # the show's clock stood still
    assert np.array_equal(before, pcm[:24_000])
    assert np.array_equal(after, pcm[72_000:84_000])  # the music went on
    audio_input.__exit__(None, None, None)


def test_what_is_meant_as_a_file_is_no_device() -> None:
    with pytest.raises(ValueError, match=r"song\.FLAC: no such sound file"):
        AudioInput(Options(audio="song.FLAC"), print)


@pytest.mark.skipif(os.name == "nt", reason="devices of POSIX")
def test_a_whole_path_is_no_device() -> None:
    with pytest.raises(ValueError, match="/dev/null: a device, no sound file; name a wav"):
        AudioInput(Options(audio="/dev/null"), print)


def test_off_is_off() -> None:
    audio_input = AudioInput(Options(audio="off"), print)
    assert audio_input.state == "off"
    assert not hears_device(Options(audio="off"))
    assert hears_device(Options())
    assert len(audio_input.samples(Fraction(1), Fraction(1, 60))[1]) == 0


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=20), st.sampled_from([44_100, 96_000]))
def test_a_stream_is_resampled_alike_however_it_is_cut(sizes: list[int], rate_hz: int) -> None:
    count = sum(sizes)
    pcm = np.random.default_rng(count).random((count, 2), np.float32)
    whole = Resampler().take(pcm, rate_hz)
    cut, parts, at = Resampler(), [], 0
    for size in sizes:
        parts.append(cut.take(pcm[at : at + size], rate_hz))
        at += size
    found = np.concatenate(parts)
    assert abs(len(found) - len(whole)) <= 1
    both = min(len(found), len(whole))
    assert np.abs(found[:both] - whole[:both]).max(initial=0) < 1e-3
    assert 0 <= count * RATE_HZ / rate_hz - len(whole) <= 40  # what the filter holds back


def test_what_48_khz_cannot_hold_is_silent_and_what_it_can_stays() -> None:
    seconds = np.arange(96_000) / 96_000
    for hertz, level in ((30_000, 0.0), (1_000, 0.5)):
        tone = np.sin(2 * np.pi * hertz * seconds).astype(np.float32)
        found = Resampler().take(np.stack([tone, tone], 1), 96_000)[1000:-1000]
        assert np.square(found).mean() == pytest.approx(level, abs=1e-3)


def test_a_device_that_comes_back_at_another_rate_is_heard_on() -> None:
    resampler = Resampler()
    pcm = np.ones((4800, 2), np.float32)
    counts = [len(resampler.take(pcm, rate_hz)) for rate_hz in (96_000, 44_100, RATE_HZ)]
    assert counts == pytest.approx([2400, 5224, 4800], abs=40)
    assert len(resampler.take(pcm[:0], 96_000)) == 0


class Device:
    """A sound source that is heard: what `Sources` says of it."""

    def __init__(self) -> None:
        self.sound: object | None = self
        self.input = self
        self.state, self.rate_hz = "listening", RATE_HZ

    def samples(self) -> np.ndarray:
        return np.ones((10, 2), np.float32)

    def close(self, _: object) -> None:
        self.sound = None

    def listen(self) -> None:
        self.sound = self


@pytest.mark.usefixtures("silent")
def test_music_goes_back_to_the_live_input_when_it_is_asked_for_again() -> None:
    device, queue, rate = Device(), EventQueue(), Fraction(120)
    audio_input = AudioInput(Options(), print, device)  # type: ignore[arg-type]
    pcm = np.full((96_000, 2), 0.5, np.float32)
    features = file.Features(48_000, 400, np.full((240, len(FEATURES)), 0.7))
    audio_input._music._found = file.Track(pcm, 48_000), features
    audio_input._music.ask = lambda: None  # type: ignore[method-assign]
    for begin in (10, 300):  # as often as one likes
        assert audio_input.turn_music(queue, begin) == "music on"
        audio_input.tend(queue, begin, rate)
        assert device.sound is None
        heard = [e for t in range(begin, begin + 30) for e in queue.events_of(t)]
        assert {e.value for e in heard if e.address == ADDRESS} == {(0.7,) * len(FEATURES)}
        place, found = audio_input.samples(Fraction(begin + 30, 120), Fraction(0))
        assert found[0, 0] == 0.5
        assert place == (begin + 1) * 400

        assert audio_input.turn_music(queue, begin + 30) == "music off: the live input"
        after = [e for t in range(begin + 31, begin + 60) for e in queue.events_of(t)]
        assert [e.value for e in after] == [SILENT]
        place, found = audio_input.samples(Fraction(begin + 60, 120), Fraction(0))
        assert (found == 1.0).all()
        assert place == (begin + 60) * 400 - len(found)
    audio_input.__exit__(None, None, None)


@pytest.mark.usefixtures("silent")
def test_music_that_is_still_composed_is_called_off(monkeypatch: pytest.MonkeyPatch) -> None:
    audio_input = AudioInput(Options(audio="off"), print)
    monkeypatch.setattr(audio_input._music, "ask", lambda: None)
    queue = EventQueue()
    assert [audio_input.turn_music(queue, 5) for _ in range(2)] == [
        "music on, in a moment",
        "music off",
    ]
    audio_input._music._found = None
    audio_input.tend(queue, 6, Fraction(120))
    assert audio_input.state == "off"
    assert not queue.events_of(7)


@pytest.mark.usefixtures("silent")
def test_a_sound_file_plays_on(tmp_path: Path) -> None:
    wav = click_wav(tmp_path / "click.wav", 20_000, 44_100)
    audio_input = AudioInput(Options(audio=str(wav)), print)
    audio_input.start(EventQueue(), Fraction(120))
    assert audio_input.turn_music(EventQueue(), 5) == "the sound file plays on"
    assert audio_input.state.startswith("track")


def test_the_live_input_is_what_the_operator_named() -> None:
    assert wants_device(Options(is_demo=True))
    assert not hears_device(Options(is_demo=True))
    assert not wants_device(Options(is_demo=True, audio="off"))
