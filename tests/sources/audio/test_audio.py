"""Sound input without any device: choosing one, the shared memory, loss, and process care."""

from __future__ import annotations

import ctypes.util
import os
import sys
from collections.abc import Iterator
from multiprocessing import parent_process
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.audio.channels import ChannelChoice
from engine.core.audio.features import FEATURES, SILENT
from engine.core.tempo.sync import TIMECODE
from engine.sources.audio import audio
from engine.sources.audio import device as sound_device
from engine.sources.audio import memory as sound_memory
from engine.sources.audio.memory import FRAMES, ROWS, Memory, Word
from engine.sources.audio.player import Playback
from engine.sources.watched import Status
from engine.system import liveness, spawn
from tests.performing import LIMIT_S, until

ROW = tuple(0.1 * i for i in range(1, len(FEATURES) + 1))


def device(index: int, name: str, inputs: int = 2, default: bool = False) -> dict[str, Any]:
    return {
        "index": index, "name": name, "host": "ALSA", "inputs": inputs, "outputs": 2,
        "rate_hz": 48_000.0, "is_default_input": default, "is_default_output": False,
    }  # fmt: skip


DEVICES = [
    device(0, "HDMI", inputs=0),
    device(1, "USB Mic"),
    device(2, "Scarlett 2i2 USB", default=True),
    device(3, "usb"),
]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [(None, 2), (1, 1), ("1", 1), ("USB", 3), ("usb mic", 1), ("scarlett", 2), (" USB M ", 1)],
)
def test_a_device_is_found(wanted: str | int | None, index: int) -> None:
    assert sound_device.find_device(DEVICES, wanted, "inputs") == index


@pytest.mark.parametrize("wanted", [0, "HDMI", 9, "nothing like it"])
def test_a_missing_device_is_explained(wanted: str | int) -> None:
    with pytest.raises(ValueError, match=r"no sound input is called .*; there are 'USB Mic'"):
        sound_device.find_device(DEVICES, wanted, "inputs")
    with pytest.raises(ValueError, match="this machine has no sound input"):
        sound_device.find_device(DEVICES[:1], wanted, "inputs")


def test_a_device_that_came_back_is_found_by_its_name() -> None:
    again = sound_device._find_again
    assert again(DEVICES[::-1], "USB Mic", 2, "inputs") == 1  # the number is another's now
    assert again(DEVICES, "gone", None, "inputs") == 2  # the default was wanted: take today's
    with pytest.raises(ValueError, match="'gone' is gone; plug it in again"):
        again(DEVICES, "gone", 1, "inputs")


@pytest.mark.parametrize("config", [audio.Config(rate_hz=100), audio.Config(block=1)])
def test_an_impossible_config_is_refused(config: audio.Config) -> None:
    with pytest.raises(ValueError, match=r"^sound: .*; use"):
        audio.open(config, lambda: 0)


@given(st.binary(max_size=200))
def test_decode_reads_a_slot_and_nothing_else(data: bytes) -> None:
    size = 8 * (len(FEATURES) + 1)
    if len(data) != size:
        with pytest.raises(ValueError, match="a slot of features has 80 bytes"):
            audio.decode(data)
    slot = np.array([5.0, *ROW]).tobytes()
    assert audio.decode(slot) == (5, ROW)
    number, row = audio.decode((data + bytes(size))[:size])
    assert isinstance(number, int)
    assert len(row) == len(FEATURES)


@pytest.fixture
def memory() -> Iterator[Memory]:
    made = sound_memory.create_memory()
    yield made
    made.close()
    made.close()


def test_memory_carries_texts_rows_and_samples(memory: Memory) -> None:
    other = sound_memory.attach_memory(memory.name)
    memory.set_status(Status.NO_DEVICE, "kein Gerät " * 40)
    memory.name_device("Scarlett")
    assert other.sentence().startswith("kein Gerät kein")
    assert other.device_name() == "Scarlett"
    memory.name_device("x")
    assert other.device_name() == "x"
    for n in range(ROWS + 3):
        memory.write_row((float(n),) * len(FEATURES))
    assert other.read_row(2) is None
    assert other.read_row(3) == (3.0,) * len(FEATURES)
    assert other.read_row(ROWS + 2) == (float(ROWS + 2),) * len(FEATURES)
    ramp = np.arange(FRAMES + 1000, dtype=np.float32)[:, None]
    for first in range(0, len(ramp), 777):
        memory.write_frames(Word.FRAMES, ramp[first : first + 777])
    assert other.words[Word.FRAMES] == FRAMES + 1000
    assert np.array_equal(other.read_frames(1000, FRAMES)[:, 0], ramp[1000:, 0])
    other.close()


@given(st.floats(0.0, 20.0), st.lists(st.floats(0.0, 1.0), min_size=9, max_size=9))
def test_fading_falls_into_silence(elapsed_s: float, values: list[float]) -> None:
    row = tuple(values)
    faded = audio.fade(row, elapsed_s)
    later = audio.fade(row, elapsed_s + 0.5)
    assert faded[4] == faded[5] == 0.0
    assert all(a <= b + 1e-12 for a, b in zip(faded[:4], row[:4], strict=True))
    assert all(a <= b / 2 + 1e-12 for a, b in zip(later[:4], faded[:4], strict=True))
    assert audio.fade(row, 10.0) == SILENT


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.ns = 0

    def __call__(self) -> int:
        return self.ns


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[audio.Sound, Clock]]:
    """A sound input whose process sleeps for ever, so that the test can speak for it."""
    monkeypatch.setattr(sound_device, "capture", sleep_for_ever)
    clock = Clock()
    with audio.open(audio.Config(), clock) as source:
        yield source, clock


def sleep_for_ever(name: str, *arguments: Any) -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()


@pytest.fixture(autouse=True)
def _nobody_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clock alone count: how busy this machine is, is no matter here."""
    monkeypatch.setattr(liveness, "look", lambda _: None)


def end_at_once(name: str, *arguments: Any) -> None:
    os._exit(0)


def speak(source: audio.Sound, hops: int, value: float = 0.5) -> None:
    """Do what the sound process does."""
    memory = source._memory
    if memory.words[Word.STATUS] != Status.RUNNING:
        memory.words[Word.RATE_HZ], memory.words[Word.CHANNELS] = 48_000, 2
        memory.set_status(Status.RUNNING)
    for _ in range(hops):
        memory.write_frames(Word.FRAMES, np.full((256, 2), value, np.float32))
        memory.write_row((value,) * 8 + (0.0,))
        memory.words[Word.BEATS] += 1


def test_rows_come_once_in_order_and_spread_in_time(deaf: tuple[audio.Sound, Clock]) -> None:
    source, clock = deaf
    assert source.poll(10) == [(0, "/signal/audio", SILENT)]
    assert source.poll(10) == []
    clock.ns = 100_000_000
    speak(source, 3)
    source.tend(0.1)
    assert source.state == "running"
    items = source.poll(2) + source.poll(10)
    assert [row for _, _, row in items] == [(0.5,) * 8 + (0.0,)] * 3
    stamps = [stamp for stamp, _, _ in items]
    assert stamps == sorted(stamps)
    assert stamps[0] == 100_000_000 - round(2 * 256 / 48_000 * 1e9)
    assert stamps[-1] == 100_000_000
    assert source.poll(10) == []
    assert source.samples().shape == (768, 2)
    assert source.samples().shape == (0, 2)


def test_what_nobody_fetched_is_counted_and_leaves_no_hole(
    deaf: tuple[audio.Sound, Clock],
) -> None:
    source, _ = deaf
    speak(source, 3000)
    rows = source.poll(10_000)
    assert len(rows) + source.lost_rows == 3000
    samples = source.samples()
    assert len(samples) == 3000 * 256
    assert source.lost_frames == int((samples[:, 0] == 0.0).sum()) > 0


def test_a_lost_device_fades_is_filled_and_comes_back(deaf: tuple[audio.Sound, Clock]) -> None:
    source, clock = deaf
    speak(source, 5)
    now_s = 0.0
    for _ in range(30):  # the heart beats steadily
        now_s += 0.1
        source.tend(now_s)
        speak(source, 1)
    source.poll(100), source.samples()
    begin_s = now_s
    first = source.pid
    while source.state == "running":
        now_s += 1 / 60
        source.tend(now_s)
    assert 0.4 < now_s - begin_s < 0.8
    clock.ns = 1_000_000_000
    levels = []
    for _ in range(300):
        clock.ns += 16_666_667
        levels += [row[0] for _, _, row in source.poll(100)]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] < 0.5
    assert levels[-1] == 0.0
    assert len(levels) < 250  # silence is said once
    assert abs(len(source.samples()) - 6.0 * 48_000) < 48
    assert not source.samples().any()
    while source.pid in (0, first):
        now_s += 1.0
        source.tend(now_s)
    assert source.restarts == 1
    speak(source, 2)
    source.tend(now_s + 0.01)
    assert source.state == "running"
    assert len(source.poll(100)) == 2
    assert len(source.samples()) == 512


def test_a_slow_start_is_forgiven(deaf: tuple[audio.Sound, Clock]) -> None:
    source, _ = deaf
    speak(source, 1)
    first, now_s = source.pid, 0.0
    while now_s < 2.5:  # a first block, and then nothing for a while
        source.tend(now_s)
        now_s += 0.1
    assert source.pid == first
    while now_s < 4.0:
        source.tend(now_s)
        now_s += 0.1
    assert source.state == "lost"


def test_a_sleeping_player_does_not_blame_the_process(deaf: tuple[audio.Sound, Clock]) -> None:
    source, _ = deaf
    speak(source, 5)
    source.tend(0.0)
    first = source.pid
    for now_s in (60.0, 120.0, 180.0):  # three looks, a minute apart, are 0.3 s of patience
        source.tend(now_s)
    assert source.pid == first


def test_a_device_that_is_not_there_says_why(deaf: tuple[audio.Sound, Clock]) -> None:
    source, _ = deaf
    source._memory.set_status(Status.NO_DEVICE, "this machine has no sound input; plug one in")
    source.tend(1.0)
    assert source.state == "no device: this machine has no sound input; plug one in"
    assert len(source.samples()) == 0


def test_a_process_that_ends_at_once_is_started_again_slowly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sound_device, "capture", end_at_once)
    with audio.open(audio.Config(), lambda: 0) as source:
        until(lambda: source.tend(0.0) or not source.pid, "the end of the process")
        source.tend(4.9)
        assert source.restarts == 0
        source.tend(5.1)
        assert source.restarts == 1


def test_devices_are_listed_or_the_cure_is_named() -> None:
    if ctypes.util.find_library("portaudio") is None:
        with pytest.raises(OSError, match="install"):
            audio.list_devices(LIMIT_S)
        return
    for one in audio.list_devices(LIMIT_S):
        assert {"index", "name", "inputs", "outputs", "rate_hz"} <= set(one)


def test_a_hanging_sound_system_does_not_hang_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound_device, "send_devices", sleep_for_ever)
    with pytest.raises(OSError, match="does not answer; restart the sound server"):
        audio.list_devices(limit_s=0.1)


@pytest.fixture
def mute(monkeypatch: pytest.MonkeyPatch) -> Iterator[Playback]:
    """A playback of a ramp, one value per frame, whose process sleeps."""
    monkeypatch.setattr(sound_device, "play", sleep_for_ever)
    ramp = np.arange(96_000, dtype=np.float32)[:, None]
    with audio.Playback(ramp, 48_000) as playback:
        yield playback


def hand_over(playback: Playback, frames: int, rate_hz: int = 48_000) -> np.ndarray:
    """Do what the playback process does."""
    memory = playback._memory
    words = memory.words
    if words[Word.STATUS] != Status.RUNNING:
        words[Word.RATE_HZ], words[Word.LATENCY] = rate_hz, 480
        memory.set_status(Status.RUNNING)
    if words[Word.ANSWER] != words[Word.EPOCH]:
        words[Word.PLAYED], words[Word.ANSWER] = words[Word.START], words[Word.EPOCH]
    at = int(words[Word.PLAYED])
    count = min(frames, int(words[Word.FED]) - at)
    words[Word.PLAYED] = at + count
    words[Word.BEATS] += 1
    return memory.read_frames(at, count)[:, 0]


def test_playback_starts_at_its_place_and_ends(mute: Playback) -> None:
    hand_over(mute, 256)
    assert mute.position_s is None
    mute.play(1.0, now_s=10.0)
    mute.tend(10.0)
    heard = hand_over(mute, 256)
    assert heard.tolist() == list(range(48_480, 48_736))  # 10 ms ahead: what is heard then
    assert mute.position_s == pytest.approx(1.0 + 256 / 48_000)
    played = [hand_over(mute, 4800)]
    for i in range(1, 20):
        mute.tend(10.0 + i / 10)
        played.append(hand_over(mute, 4800))
    whole = np.concatenate(played)
    assert whole[: 96_000 - 48_736].tolist() == list(range(48_736, 96_000))
    assert not whole[96_000 - 48_736 :].any()
    assert mute.position_s == 2.0
    mute.stop()
    hand_over(mute, 1)
    assert mute.position_s is None


def test_playback_follows_the_picture_when_it_jumps(mute: Playback) -> None:
    hand_over(mute, 256)
    mute.play(0.0, now_s=0.0)
    mute.tend(0.0)
    hand_over(mute, 4800)
    mute.tend(0.1)
    assert hand_over(mute, 4800)[0] == 480 + 4800  # within tolerance: no jump
    mute.tend(0.5)
    assert hand_over(mute, 256)[0] == pytest.approx(0.51 * 48_000, abs=1)


def test_playback_at_another_rate_is_interpolated(mute: Playback) -> None:
    hand_over(mute, 256, rate_hz=96_000)
    mute.play(0.0, now_s=0.0)
    mute.tend(0.0)
    heard = hand_over(mute, 1000)
    assert np.allclose(np.diff(heard), 0.5, atol=1e-3)
    assert heard[0] == pytest.approx(240.0)  # the latency is 5 ms of this device's clock


def test_a_loop_has_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound_device, "play", sleep_for_ever)
    ramp = np.arange(4800, dtype=np.float32)
    with audio.Playback(np.stack([ramp, -ramp], 1), 48_000, is_looping=True) as playback:
        hand_over(playback, 256)
        playback.play(0.0, 0.0)
        playback.tend(0.0)
        heard = hand_over(playback, 20_000)
        assert heard.tolist() == [(480 + i) % 4800 for i in range(20_000)]
        assert playback.position_s == pytest.approx((20_000 / 48_000) % 0.1)


def test_launching_leaves_the_main_module_alone() -> None:
    before = sys.modules["__main__"]
    process = spawn.launch(sleep_for_ever, "")
    assert sys.modules["__main__"] is before
    process.kill()
    process.join()
    process.close()


def test_timecode_is_where_it_is_now_not_where_it_was_heard(
    deaf: tuple[audio.Sound, Clock],
) -> None:
    source, clock = deaf
    speak(source, 2)
    memory = source._memory
    memory.words[Word.LATENCY] = 480
    memory.write_code(512.0 - 4800.0, 61.5, 1.0)  # a tenth of a second before the newest sample
    clock.ns = 10**9
    *_, (arrival_ns, address, value) = source.poll(9)
    assert (arrival_ns, address) == (10**9, TIMECODE)
    assert value == pytest.approx((61.5 + 0.1 + 0.01, 1.0))
    assert all(address != TIMECODE for _, address, _ in source.poll(9))


def test_the_channel_of_timecode_is_not_analysed() -> None:
    pcm = np.array([[0.1, 0.9, 0.3]], np.float32)
    assert ChannelChoice(ltc=2).apply(pcm) == pytest.approx(np.array([[0.1, 0.3]]))
    assert ChannelChoice(ltc=1).apply(pcm[:, :1]).tolist() == [0.0]
    for wrong in ({"ltc": 65}, {"ltc": 2, "channel": 2}, {"ltc": 1, "ltc_rate": "12"}):
        with pytest.raises(ValueError, match="sound: ltc_"):
            ChannelChoice(**wrong)
