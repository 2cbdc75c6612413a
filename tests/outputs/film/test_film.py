"""Films decode to what was asked for, keep sound and picture together, and survive accidents."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest

from engine.outputs.contract import Sound
from engine.outputs.film import film
from engine.outputs.film.encoder import Encoder
from tests.performing import LIMIT_S
from tests.places import ROOT

SIZE_PX = (64, 48)


def picture(rgb: np.ndarray) -> SimpleNamespace:
    """Make a picture of an array: what an output needs of one."""
    return SimpleNamespace(texture=None, size_px=(rgb.shape[1], rgb.shape[0]), read=lambda _: rgb)


def grey(level: int, size_px: tuple[int, int] = SIZE_PX) -> SimpleNamespace:
    return picture(np.full((size_px[1], size_px[0], 3), level, np.uint8))


def click(seconds: float, rate_hz: int = 48000, channels: int = 2) -> Sound:
    """Make a sound that is silent but for a click [height 0.9, 1 ms]."""
    at = round(seconds * rate_hz)

    def read(start: int, count: int) -> np.ndarray:
        place = np.arange(start, start + count)
        return np.repeat(
            np.where((place >= at) & (place < at + rate_hz // 1000), 0.9, 0.0)[:, None],
            channels, 1,
        ).astype(np.float32)  # fmt: skip

    return Sound(rate_hz, channels, read)


def make(path: Path, frames: int, fps: Fraction, flash: int = -1, **options: object) -> film.Film:
    config = film.Config(path, preset="ultrafast", **options)  # type: ignore[arg-type]
    with film.open(config, SIZE_PX, fps) as out:
        for frame in range(frames):
            out.write(frame, grey(255 if frame == flash else 16))
    return out


def luma_times(path: Path) -> list[tuple[float, float]]:
    with av.open(str(path)) as file:
        return [
            (float(frame.pts * frame.time_base), float(frame.to_ndarray(format="gray").mean()))
            for frame in file.decode(video=0)
        ]


def samples(path: Path) -> np.ndarray:
    """Decode the sound; the first sample is at 0 s [shape=(N,)]."""
    with av.open(str(path)) as file:
        blocks = []
        for frame in file.decode(audio=0):
            if not blocks:
                assert frame.pts == 0
            blocks.append(frame.to_ndarray()[0])
    return np.concatenate(blocks)


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_ten_bits_hold_a_dark_gradient(tmp_path: Path, codec: str) -> None:
    """64 steps of ten bits from black, which are 16 of eight."""
    path = tmp_path / "a.mkv"
    steps = np.repeat(np.arange(64, dtype=np.uint16) * 64, SIZE_PX[0] // 64)
    ramp = np.broadcast_to(steps[None, :, None], (SIZE_PX[1], len(steps), 3))
    picture = SimpleNamespace(read={"rgb30": ramp}.__getitem__)
    config = film.Config(path, codec, crf=1, preset="ultrafast", bits=10)
    with film.open(config, (len(steps), SIZE_PX[1]), Fraction(25)) as out:
        for frame in range(3):
            out.write(frame, picture)
    with av.open(str(path)) as file:
        shown = next(file.decode(video=0))
    assert shown.format.name == "yuv420p10le"
    luma = shown.to_ndarray()[: SIZE_PX[1]].mean(0).astype(float)
    assert luma.min() >= 62
    assert len(np.unique(np.rint(luma))) > 40


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_film_has_the_count_rate_and_tags_that_were_asked_for(
    tmp_path: Path, suffix: str, codec: str
) -> None:
    path = tmp_path / f"film{suffix}"
    fps = Fraction(30000, 1001)
    make(path, 45, fps, codec=codec)
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        assert stream.codec_context.name == {"h264": "h264", "h265": "hevc"}[codec]
        assert stream.average_rate == fps
        assert stream.codec_context.pix_fmt == "yuv420p"
        context = stream.codec_context
        tags = (context.color_primaries, context.color_trc, context.colorspace)
        assert tags == (1, 1, 1)
        assert context.color_range == 1
        times = [frame.pts * frame.time_base for frame in file.decode(stream)]
    step = Fraction(1, 1000) if suffix == ".mkv" else Fraction(0)  # MKV counts milliseconds
    assert len(times) == 45
    assert all(abs(time - n / fps) <= step for n, time in enumerate(times))


@pytest.mark.parametrize("fps", [Fraction(24), Fraction(60), Fraction(24000, 1001)])
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_sound_is_exact_to_the_sample(tmp_path: Path, suffix: str, fps: Fraction) -> None:
    path = tmp_path / f"film{suffix}"
    flash = round(fps)
    frames = flash + 17
    second = float(flash / fps)
    make(path, frames, fps, flash, audio=click(second))
    seen = [time for time, level in luma_times(path) if level > 128]
    assert len(seen) == 1
    assert abs(seen[0] - second) <= (0.001 if suffix == ".mkv" else 1e-4)
    heard = np.argmax(np.abs(samples(path)) > 0.45)
    assert abs(int(heard) - round(second * 48000)) <= 1
    length = round(frames / fps * 48000)
    with av.open(str(path)) as file:
        if suffix == ".mkv":  # names no length of a stream; the muxer counts AAC's priming in
            assert abs(file.duration / 1e6 - length / 48000) <= 1024 / 48000 + 0.001
        else:
            assert file.streams.audio[0].duration == length
            video = file.streams.video[0]
            assert abs(video.duration * video.time_base - frames / fps) < 1e-4


def test_a_short_sound_ends_in_silence_and_nan_is_silence(tmp_path: Path) -> None:
    def read(start: int, count: int) -> np.ndarray:
        rows = np.full((max(0, min(count, 5000 - start)), 1), np.nan, np.float32)
        rows[::2] = 0.5
        return rows

    make(tmp_path / "film.mp4", 30, Fraction(30), audio=Sound(44100, 1, read))
    heard = samples(tmp_path / "film.mp4")
    assert np.isfinite(heard).all()
    assert np.abs(heard[10000:]).max() < 0.01
    assert np.abs(heard[1000:4000]).max() > 0.1


def test_colours_are_bt709_both_ways(tmp_path: Path) -> None:
    colours = np.array(
        [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0], [0, 255, 255], [255, 0, 255],
         [255, 255, 255], [0, 0, 0], [200, 60, 30], [128, 128, 128]], np.uint8)  # fmt: skip
    card = np.ascontiguousarray(np.repeat(colours[None], 64, 0).repeat(32, 1))
    path = tmp_path / "film.mp4"
    config = film.Config(path, crf=1, preset="ultrafast")
    with film.open(config, (320, 64), Fraction(25)) as out:
        for frame in range(3):
            out.write(frame, picture(card))
    with av.open(str(path)) as file:
        *_, frame = file.decode(video=0)
    planes = frame.to_ndarray()
    luma = planes[32, 16::32]
    chroma = planes[64:].reshape(2, 32, 160)[:, 16, 8::16]
    red, green, blue = (colours / 255).T
    # ITU-R BT.709-6, items 3.2 to 3.5, 8 bits, narrow range.
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    expected = [16 + 219 * y, 128 + 224 * (blue - y) / 1.8556, 128 + 224 * (red - y) / 1.5748]
    np.testing.assert_allclose([luma, *chroma], expected, atol=2.0)


def test_a_dropped_picture_is_filled_with_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    config = film.Config(path, preset="ultrafast")
    with film.open(config, SIZE_PX, Fraction(10)) as out:
        for frame, level in ((100, 50), (101, 100), (105, 200)):
            out.write(frame, grey(level))
        with pytest.raises(ValueError, match="in order"):
            out.write(105, grey(0))
    times, levels = zip(*luma_times(path), strict=True)
    np.testing.assert_allclose(times, np.arange(6) / 10, atol=1e-6)
    np.testing.assert_allclose(levels[1:5], levels[1], atol=2)
    assert levels[5] > levels[4] + 50


def test_live_drops_and_counts_and_the_film_keeps_its_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    gate = threading.Event()
    encode = Encoder.encode

    def slow(self: Encoder, index: int, rgb: np.ndarray) -> None:
        gate.wait(LIMIT_S)
        encode(self, index, rgb)

    monkeypatch.setattr(Encoder, "encode", slow)
    path = tmp_path / "film.mp4"
    config = film.Config(path, preset="ultrafast", is_blocking=False)
    with film.open(config, SIZE_PX, Fraction(10)) as out:
        for frame in range(30):
            out.write(frame, grey(frame))
        dropped = out.dropped
        gate.set()
    assert dropped == 30 - 8
    assert len(luma_times(path)) == 30


def test_ctrl_c_leaves_an_ordinary_film(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"

    def perform() -> None:
        config = film.Config(path, preset="ultrafast", audio=click(0.5))
        with film.open(config, SIZE_PX, Fraction(30)) as out:
            for frame in range(60):
                out.write(frame, grey(frame))
                if frame == 40:
                    raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        perform()
    assert len(luma_times(path)) == 41
    assert boxes(path)[-1] == "moov"
    assert "moof" not in boxes(path)


def boxes(path: Path) -> list[str]:
    """List the top-level boxes of an MP4 (ISO/IEC 14496-12, 4.2)."""
    data, place, names = path.read_bytes(), 0, []
    while place < len(data):
        length = int.from_bytes(data[place : place + 4])
        names.append(data[place + 4 : place + 8].decode("latin-1"))
        place += (int.from_bytes(data[place + 8 : place + 16]) if length == 1 else length) or 8
    return names


_CHILD = """
import sys, time
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from engine.outputs.film import film
from engine.outputs.contract import Sound

noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
silence = Sound(48000, 2, lambda start, count: np.zeros((count, 2), np.float32))
with film.open(film.Config(Path(sys.argv[1]), audio=silence), (64, 48), Fraction(30)) as out:
    for frame in range(131):
        rgb = np.roll(noise, frame, 1)
        out.write(frame, SimpleNamespace(read=lambda _: rgb))
    sys.stdout.write("131\\n")
    sys.stdout.flush()
    time.sleep(600)
"""


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_a_killed_film_lacks_at_most_its_last_second(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film{suffix}"
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(path)],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert child.stdout is not None
    written = int(child.stdout.readline())
    child.kill()
    child.wait()
    child.stdout.close()
    times = [time for time, _ in luma_times(path)]
    least = written - 30
    np.testing.assert_allclose(times[:least], np.arange(least) / 30, atol=1e-3)
    # Beyond that a kill in the middle of writing may leave out pictures that lean on later ones.
    assert times == sorted(times)
    assert len(samples(path)) >= (written - 36) * 1600


@pytest.mark.skipif(os.name != "posix", reason="the case is a link")
def test_a_film_is_not_written_through_a_link(tmp_path: Path) -> None:
    victim, path = tmp_path / "notes.txt", tmp_path / "film.mp4"
    victim.write_text("kept")
    path.symlink_to(victim)
    make(path, 5, Fraction(30))
    assert len(luma_times(path)) == 5
    assert victim.read_text() == "kept"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 1 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root on Linux mounts a small disk")
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a tmpfs")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill_disk(path: Path, frames: int = 300) -> int:
    """Write noise until the disk is full; return how many pictures were handed over."""
    noise = np.random.default_rng(0).integers(0, 255, (144, 176, 3), np.uint8)
    written = 0
    config = film.Config(path, preset="ultrafast")
    with film.open(config, (176, 144), Fraction(30)) as out:
        for frame in range(frames):
            out.write(frame, picture(np.roll(noise, frame, 1)))
            written += 1
    return written


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_full_disk_is_one_sentence_and_the_film_plays_up_to_there(
    small_disk: Path, suffix: str
) -> None:
    path = small_disk / f"film{suffix}"
    with pytest.raises(OSError, match=r"The disk is full: '.*' stops here; its first") as caught:
        fill_disk(path)
    assert caught.value.errno == errno.ENOSPC
    assert len(luma_times_before_the_end(path)) > 10


def luma_times_before_the_end(path: Path) -> list[float]:
    """Decode what can be decoded of a file that stops in the middle."""
    found: list[float] = []
    with av.open(str(path)) as file, contextlib.suppress(av.FFmpegError):
        found.extend(float(frame.pts * frame.time_base) for frame in file.decode(video=0))
    return found


def test_an_error_of_the_thread_is_raised_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Encoder, index: int, rgb: np.ndarray) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Encoder, "encode", full)
    with pytest.raises(OSError, match="The disk is full"):
        make(tmp_path / "film.mp4", 20, Fraction(30))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "options", "size_px", "sentence"),
    [
        ("a.avi", {}, SIZE_PX, "is not a film: end its name in .mp4, .mov, .mkv"),
        ("a.mp4", {"codec": "av1"}, SIZE_PX, "use h264 or h265"),
        ("a.mp4", {"preset": "swift"}, SIZE_PX, "use ultrafast"),
        ("a.mp4", {"crf": 52}, SIZE_PX, "from 0"),
        ("a.mp4", {}, (63, 48), "need even width and height"),
        ("a.mp4", {}, (64, 47), "need even width and height"),
        ("a.mp4", {"audio": click(0, rate_hz=50000)}, SIZE_PX, "resample"),
        ("a.mp4", {"audio": click(0, channels=3)}, SIZE_PX, "1, 2 or 6 channels"),
    ],
)
def test_what_no_film_can_hold_is_refused(
    tmp_path: Path, name: str, options: dict[str, object], size_px: tuple[int, int], sentence: str
) -> None:
    config = film.Config(tmp_path / name, **options)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=sentence), film.open(config, size_px, Fraction(30)):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_refused_before_rendering(tmp_path: Path) -> None:
    (tmp_path / "folder.mp4").mkdir()
    missing = film.Config(tmp_path / "none" / "a.mp4")
    with (
        pytest.raises(FileNotFoundError, match="create it first"),
        film.open(missing, SIZE_PX, Fraction(30)),
    ):
        pass
    folder = film.Config(tmp_path / "folder.mp4")
    with (
        pytest.raises(OSError, match="could not be opened"),
        film.open(folder, SIZE_PX, Fraction(30)),
    ):
        pass


def test_no_picture_no_file(tmp_path: Path) -> None:
    make(tmp_path / "film.mp4", 0, Fraction(30))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("frames", [1, 2, 3])
def test_a_film_may_be_as_short_as_one_picture(tmp_path: Path, codec: str, frames: int) -> None:
    path = tmp_path / "film.mp4"
    with film.open(film.Config(path, codec), SIZE_PX, Fraction(25)) as out:
        for frame in range(frames):
            out.write(frame, grey(40 + 60 * frame))
    with av.open(str(path)) as file:
        assert sum(1 for _ in file.decode(video=0)) == frames
