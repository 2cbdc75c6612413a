"""The outputs without a window: nothing, memory, PNG sequences; and the operator's drawings."""

from __future__ import annotations

import errno
import threading
import wave
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.outputs import memory, null
from engine.outputs.contract import Sound
from engine.outputs.film import png
from engine.outputs.window import testcard
from engine.outputs.writer import Writer, samples_at
from engine.system.atomic import write_bytes
from tests.performing import LIMIT_S

SIZE_PX = (40, 30)


def noise(seed: int, channels: int = 3, bits: int = 8) -> np.ndarray:
    kind = np.uint8 if bits == 8 else np.uint16
    shape = (SIZE_PX[1], SIZE_PX[0], channels)
    return np.random.default_rng(seed).integers(0, 2**bits, shape, kind)


def picture(pixels: np.ndarray) -> SimpleNamespace:
    return SimpleNamespace(texture=None, size_px=SIZE_PX, read=lambda _: pixels)


def test_null_counts() -> None:
    with null.open(null.Config(), SIZE_PX, Fraction(60)) as out:
        for frame in range(5):
            out.write(frame, picture(noise(0)))
    assert out.frames == 5


def test_memory_keeps_the_newest() -> None:
    with memory.open(memory.Config(newest=2), SIZE_PX, Fraction(60)) as out:
        for frame in range(5):
            out.write(frame, picture(noise(frame)))
    assert list(out.frames) == [3, 4]
    np.testing.assert_array_equal(out.pictures[1], noise(4))


@pytest.mark.parametrize(("format", "channels"), [("rgb24", 3), ("rgba", 4)])
def test_a_sequence_holds_the_pixels(tmp_path: Path, format: str, channels: int) -> None:
    config = png.Config(tmp_path / "made" / "name-%05d.png", format)
    with png.open(config, SIZE_PX, Fraction(30)) as out:
        for frame in range(7, 20):
            out.write(frame, picture(noise(frame, channels)))
    names = sorted(path.name for path in (tmp_path / "made").iterdir())
    assert names == [f"name-{frame:05d}.png" for frame in range(7, 20)]
    with Image.open(tmp_path / "made" / "name-00012.png") as image:
        np.testing.assert_array_equal(np.asarray(image), noise(12, channels))
        assert image.info["srgb"] == 0


def test_sixteen_bits_survive(tmp_path: Path) -> None:
    import av

    pixels = noise(1, bits=16)
    path = tmp_path / "deep.png"
    path.write_bytes(png.encode(pixels))
    with av.open(str(path)) as file:
        frame = next(file.decode(video=0))
        assert frame.format.name == "rgb48be"
        np.testing.assert_array_equal(frame.to_ndarray(), pixels)


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3, 4]), st.integers(0, 99))
def test_every_small_png_decodes(width: int, height: int, channels: int, seed: int) -> None:
    from io import BytesIO

    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)
    with Image.open(BytesIO(png.encode(pixels))) as image:
        decoded = np.asarray(image).reshape(height, width, channels)
    np.testing.assert_array_equal(decoded, pixels)


def test_the_sound_lies_beside_the_pictures(tmp_path: Path) -> None:
    ramp = Sound(8000, 2, lambda start, count: (
        np.arange(start, start + count, dtype=np.float32)[:, None] / [[10000.0, -10000.0]]
    ).astype(np.float32))  # fmt: skip
    config = png.Config(tmp_path / "name-%04d.png", audio=ramp)
    with png.open(config, SIZE_PX, Fraction(24000, 1001)) as out:
        for frame in range(48):
            out.write(frame, picture(noise(0)))
    with wave.open(str(tmp_path / "name.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 3, 8000)
        assert file.getnframes() == samples_at(48, Fraction(24000, 1001), 8000) == 16016
        data = np.frombuffer(file.readframes(16016), np.uint8).reshape(-1, 3)
    whole = np.pad(data, ((0, 0), (1, 0))).view("<i4")[:, 0].reshape(-1, 2) / 2**31
    expected = np.clip(np.arange(16016) / 10000, 0, 1)
    np.testing.assert_allclose(whole[:, 0], expected, atol=1e-6)
    np.testing.assert_allclose(whole[:, 1], -expected, atol=1e-6)


@pytest.mark.parametrize(
    "name", ["name.png", "name-%d.png", "name-%05d.jpg", "%02d-%02d.png", "a%05d/name-%05d.png"]
)
def test_a_name_without_one_number_is_refused(tmp_path: Path, name: str) -> None:
    with (
        pytest.raises(ValueError, match=r"as in name-%05d.png"),
        png.open(png.Config(tmp_path / name), SIZE_PX, Fraction(30)),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    config = png.Config(tmp_path / "file" / "name-%05d.png")
    with (
        pytest.raises(OSError, match="cannot be written to"),
        png.open(config, SIZE_PX, Fraction(30)),
    ):
        pass


def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes, **more: bool) -> None:
        if path.name.startswith("name-00003"):
            raise OSError(errno.ENOSPC, "No space left on device")
        write_bytes(path, data, **more)

    monkeypatch.setattr(png, "write_bytes", full)

    def perform() -> None:
        with png.open(png.Config(tmp_path / "name-%05d.png"), SIZE_PX, Fraction(30)) as out:
            for frame in range(100):
                out.write(frame, picture(noise(frame)))

    with pytest.raises(OSError, match=r"The disk is full: .* the pictures stored before it"):
        perform()
    assert {path.suffix for path in tmp_path.iterdir()} == {".png"}


def test_a_writer_that_may_not_wait_drops_and_counts() -> None:
    gate, done = threading.Event(), []
    writer = Writer(Path("x"), str, is_blocking=False, frame_bytes=1)
    for index in range(20):
        writer.put(lambda index=index: (gate.wait(LIMIT_S), done.append(index)))  # type: ignore[misc]
    gate.set()
    writer.close(lambda: done.append(-1))
    assert writer.dropped == 12
    assert done == [*range(8), -1]


def test_a_writer_that_may_wait_loses_nothing_and_keeps_the_order() -> None:
    done: list[int] = []
    writer = Writer(Path("x"), str, is_blocking=True, frame_bytes=2**30)
    for index in range(50):
        writer.put(lambda index=index: done.append(index))  # type: ignore[misc]
    writer.close(lambda: None)
    assert done == list(range(50))
    assert writer.dropped == 0


def test_after_an_error_nothing_more_is_written_and_it_is_told_once() -> None:
    done: list[int] = []

    def fail() -> None:
        raise OSError(errno.EIO, "broken")

    writer = Writer(Path("x"), lambda: "all is kept", is_blocking=True, frame_bytes=1)
    writer.put(fail)
    told = []
    for index in range(20):
        try:
            writer.put(lambda index=index: done.append(index))  # type: ignore[misc]
        except OSError as error:
            told.append(str(error))
    try:
        writer.close(lambda: done.append(-1))
    except OSError as error:
        told.append(str(error))
    assert told == ["'x' could not be written further (broken); all is kept"]
    assert done == [-1]


@given(
    st.sampled_from([Fraction(24), Fraction(25), Fraction(60), Fraction(30000, 1001)]),
    st.sampled_from([8000, 44100, 48000]),
    st.integers(0, 10**7),
)
def test_sound_never_drifts_from_the_pictures(fps: Fraction, rate_hz: int, frames: int) -> None:
    assert abs(samples_at(frames, fps, rate_hz) - frames / fps * rate_hz) <= Fraction(1, 2)


@pytest.mark.parametrize("size_px", [(1920, 1080), (2560, 720), (540, 960), (64, 36), (33, 17)])
def test_the_card_shows_every_edge(size_px: tuple[int, int]) -> None:
    card = testcard.draw(size_px, "Projector")
    assert card.shape == (size_px[1], size_px[0], 3)
    for inset, level in enumerate((255, 0, 255)):
        inside = card[inset : card.shape[0] - inset, inset : card.shape[1] - inset]
        for edge in (inside[0], inside[-1], inside[:, 0], inside[:, -1]):
            assert (edge == level).all()


def test_the_card_tells_flips_and_names() -> None:
    card = testcard.draw((640, 360), "Projector")
    for flipped in (card[::-1], card[:, ::-1], card[::-1, ::-1]):
        assert (flipped != card).any()
    corners = [tuple(card[y, x]) for y in (6, -7) for x in (6, -7)]
    assert len(set(corners)) == 4
    assert (testcard.draw((640, 360), "Other") != card).any()


def test_the_card_holds_the_darkest_and_brightest_steps() -> None:
    card = testcard.draw((1920, 1080))
    greys = card[(card == card[..., :1]).all(-1)][:, 0]
    assert {2, 4, 6, 8, 10, 12, 245, 247, 249, 251, 253} <= set(np.unique(greys).tolist())
    assert (card == [191, 191, 0]).all(-1).sum() > 1000
    assert (card == [0, 0, 191]).all(-1).sum() > 1000


def test_circles_are_round() -> None:
    card = testcard.draw((2000, 1000))[..., 0]
    unit = 1000 / 24
    row, column = card[500], card[:, 1000]
    for radius in (11 * unit,):
        for place in (1000 - radius, 1000 + radius):
            assert row[int(place) - 4 : int(place) + 4].max() > 200
        for place in (500 - radius, 500 + radius):
            assert column[int(place) - 4 : int(place) + 4].max() > 200
