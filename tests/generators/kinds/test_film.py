"""A film: the frame whose interval contains the moment, of every kind of file, to and fro."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from engine.core.show.generator import Request
from engine.generators.host.worker_host import open_worker
from engine.generators.kinds import film
from engine.generators.kinds.film import Config, Generator, build, spec
from engine.generators.media import film_reader
from engine.generators.registry import open_spec
from tests.generators.media.clips import make_clip, number_in, numbered
from tests.performing import until

FILES: dict[str, dict[str, Any]] = {
    "h264 with B-frames": {"name": "a.mp4", "options": {"bf": "3", "g": "20", "sc_threshold": "0"}},
    "open groups": {"name": "a.mkv", "options": {"x264-params": "open-gop=1:bframes=3:keyint=10"}},
    "odd size": {"name": "a.mp4", "size_px": (97, 53), "pix_fmt": "yuv444p"},
    "milliseconds": {"name": "a.mkv", "rate": 30},
    "prores": {"name": "a.mov", "codec": "prores_ks", "pix_fmt": "yuv422p10le"},
    "vp9": {"name": "a.webm", "codec": "libvpx-vp9", "options": {"deadline": "realtime"}},
    "mjpeg": {"name": "a.avi", "codec": "mjpeg", "pix_fmt": "yuvj420p"},
    "gif": {"name": "a.gif", "codec": "gif", "pix_fmt": "rgb8"},
    "transport stream": {"name": "a.ts", "options": {"bf": "2"}},
}


def ask(generator: Generator, seconds: float, **more: float) -> np.ndarray:
    """Pixels at a moment of the film."""
    position = seconds / generator.spec.duration_s
    side = generator.spec.max_px * 4
    request = Request(0.0, {}, {"position": position, **more}, (side, side))
    return generator.render(request, None)[0]


def seen(generator: Generator, seconds: float) -> int:
    return number_in(ask(generator, seconds))


def made(folder: Path, name: str = "a.mp4", **more: Any) -> Generator:
    return build(Config(str(make_clip(folder / name, **more))))


@pytest.mark.parametrize("kind", FILES)
def test_every_frame_is_found_in_every_order(tmp_path: Path, kind: str) -> None:
    generator, rate = made(tmp_path, **FILES[kind]), FILES[kind].get("rate", 25)
    assert generator.spec.duration_s == pytest.approx(50 / rate, abs=2e-3)
    shuffled = np.random.default_rng(5).permutation(50)
    for number in (*range(50), *range(49, -1, -1), *shuffled):
        assert seen(generator, number / rate) == number
        assert seen(generator, (number + 0.93) / rate) == number


def test_a_frame_of_a_variable_rate_stands_until_the_next_one(tmp_path: Path) -> None:
    times = [0, 10, 500, 520, 530, 1200]
    generator = made(tmp_path, "a.mkv", count=6, times=times, options={"bf": "2"})
    for number, ms in enumerate(times):
        assert seen(generator, ms / 1000) == number
        assert seen(generator, [*times, 1230][number + 1] / 1000 - 0.002) == number


def test_the_end_is_the_last_frame_s_own(tmp_path: Path) -> None:
    generator = made(tmp_path)
    assert seen(generator, 1e3) == 49
    assert ask(generator, -1.0) is ask(generator, 0.0)  # the very same: it is not sent again


def test_what_was_turned_is_seen_upright(tmp_path: Path) -> None:
    generator = made(tmp_path, turn=90)
    assert generator.spec.aspect == pytest.approx(54 / 96)
    pixels = ask(generator, 11 / 25)
    assert pixels.shape == (96, 54, 4)
    with av.open(tmp_path / "a.mp4") as container:
        turn = next(container.decode(video=0)).rotation
    assert number_in(np.rot90(pixels, -turn // 90)) == 11


@pytest.mark.parametrize(
    ("size_px", "tags", "matrix", "pix_fmt"),
    [
        ((96, 54), {}, 5, "yuv420p"),
        ((1280, 720), {}, 1, "yuv420p"),
        ((96, 54), {"colorspace": "bt709"}, 1, "yuv420p"),
        ((1280, 720), {"colorspace": "smpte170m"}, 5, "yuv420p"),
        ((96, 54), {}, 5, "yuvj420p"),
        ((1280, 720), {}, 1, "yuv420p10le"),
        ((96, 54), {}, 5, "yuv422p"),
    ],
)
def test_colours_are_those_that_were_meant(
    tmp_path: Path, size_px: tuple[int, int], tags: dict[str, str], matrix: int, pix_fmt: str
) -> None:
    """Written by the matrix that the file names, or that its size means."""
    from av.video.reformatter import ColorRange, Colorspace

    colour, path = (200, 40, 90), tmp_path / "a.mkv"
    is_full = pix_fmt == "yuvj420p"
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", 25, options={**tags, "qp": "4"})
        stream.width, stream.height, stream.pix_fmt = *size_px, pix_fmt
        if is_full:
            stream.codec_context.color_range = 2
        pixels = np.full((*size_px[::-1], 3), colour, np.uint8)
        frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(
            format=pix_fmt, dst_colorspace=Colorspace(matrix), src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.JPEG if is_full else ColorRange.MPEG,
        )  # fmt: skip
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    found = ask(build(Config(str(path))), 0.0)
    whole = {"u1": 255.0, "u2": 65535.0}[found.dtype.str[1:]]
    np.testing.assert_allclose(found[10, 10] / whole * 255, (*colour, 255), atol=2)


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [("a.mov", "prores_ks", "yuva444p10le"), ("a.webm", "libvpx-vp9", "yuva420p")],
)
def test_transparency_is_straight(tmp_path: Path, name: str, codec: str, pix_fmt: str) -> None:
    def half(number: int) -> np.ndarray:
        picture = np.full((54, 96, 4), (250, 120, 20, 255), np.uint8)
        picture[:, 48:, 3] = 128
        return picture

    options = {"profile": "4"} if codec == "prores_ks" else {"auto-alt-ref": "0", "crf": "5"}
    generator = made(
        tmp_path, name, count=3, codec=codec, pix_fmt=pix_fmt, options=options, frame=half
    )
    pixels = ask(generator, 0.04)
    whole = {"u1": 255.0, "u2": 65535.0}[pixels.dtype.str[1:]]
    found = pixels[20] / whole * 255
    np.testing.assert_allclose(found[10], (250, 120, 20, 255), atol=6)
    np.testing.assert_allclose(found[80], (250, 120, 20, 128), atol=6)
    assert generator.spec.channels == 4


def test_a_large_film_is_made_no_larger_than_it_is_asked_for(tmp_path: Path) -> None:
    generator = made(tmp_path, size_px=(640, 360), count=2)
    found = generator.render(Request(0.0, {}, {"position": 0.5}, (320, 180)), None)[0]
    assert found.shape == (180, 320, 4)
    assert number_in(found) == 1


def test_damage_is_said_once_and_the_frame_before_it_stands(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mov", codec="png", pix_fmt="rgb24")
    data = bytearray(path.read_bytes())
    starts = [m.start() for m in re.finditer(b"\x89PNG", data)]
    for at in starts[20:25]:
        data[at + 4 : at + 40] = bytes(36)
    path.write_bytes(data)
    generator = build(Config(str(path)))
    said, numbers = [], []
    for number in range(50):
        try:
            numbers.append(seen(generator, number / 25 + 0.001))
        except ValueError as error:
            said.append(str(error))
            numbers.append(seen(generator, number / 25 + 0.001))
    assert [*numbers[:20], *numbers[25:]] == [*range(20), *range(25, 50)]
    assert set(numbers[20:25]) == {19}
    assert len(said) == 1
    assert re.fullmatch(r"a\.mov: damaged near [\d.]+ s; the frame before it stands", said[0])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "No such file"),
        (b"", "it cannot be decoded"),
        (b"\0" * 5000, "it cannot be decoded"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "it cannot be decoded"),
    ],
)
def test_what_is_no_film_is_refused_with_its_name(
    tmp_path: Path, data: bytes | None, words: str
) -> None:
    path = tmp_path / "a.mp4"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ValueError, match=rf"^a\.mp4: .*{words}"):
        spec(Config(str(path)))


def test_hdr_is_refused_rather_than_shown_wrong(tmp_path: Path) -> None:
    options = {"x264-params": "transfer=smpte2084:colorprim=bt2020:colormatrix=bt2020nc"}
    path = make_clip(tmp_path / "a.mp4", 2, options=options)
    with pytest.raises(ValueError, match=r"HDR \(PQ\), which cannot be shown; convert it"):
        spec(Config(str(path)))


def test_what_is_not_seen_as_it_is_meant_is_said(tmp_path: Path) -> None:
    def told(path: Path) -> str:
        return " ".join(open_spec("film", {"path": str(path)}).notes)

    assert told(make_clip(tmp_path / "a.mkv", options={"g": "5"})) == ""
    data = (tmp_path / "a.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) // 2])
    assert re.match(
        r"cut\.mkv: only 0\.\d of its 2\.0 s have a picture", told(tmp_path / "cut.mkv")
    )
    fields = {"codec": "mpeg2video", "options": {"flags": "+ildct+ilme"}, "size_px": (720, 576)}
    assert "interlaced" in told(make_clip(tmp_path / "a.mpg", 3, **fields))
    wide = {"x264-params": "colorprim=bt2020:colormatrix=bt2020nc"}
    assert "pale" in told(make_clip(tmp_path / "wide.mp4", 2, options=wide))


def test_a_packet_that_arrived_broken_is_damage(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.ts", options={"g": "10"})
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + len(data) // 20] = bytes(len(data) // 20)
    path.write_bytes(data)
    generator = build(Config(str(path)))
    said = []
    for number in range(50):
        try:
            seen(generator, number / 25 + 0.001)
        except ValueError as error:
            said.append(str(error))
    assert len(said) == 1
    assert re.fullmatch(r"a\.ts: damaged near [\d.]+ s; the frame before it stands", said[0])
    assert seen(generator, 1.961) == 49


def test_backwards_and_round_it_is_ready_before_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes next is decoded in the thread: whoever asks finds it there."""
    monkeypatch.setattr(film_reader, "_KEPT", (3, 12))
    generator = made(tmp_path, options={"g": "250"})
    ahead = generator._ahead
    for number in range(30, 8, -1):
        assert number_in(ask(generator, number / 25, speed=-1.0)) == number
        until(
            lambda at=number - 1: any(
                each is not None and each[0].holds(at / 25 + 1e-4)
                for each in (ahead._here, ahead._there)
            ),
            "the frame before",
        )
    ask(generator, 49 / 25)
    until(lambda: ahead._there is not None and ahead._there[0].holds(0.0), "the beginning")
    assert seen(generator, 0.0) == 0


def test_a_worker_plays_it_without_torch(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4")
    opened = open_spec("film", {"path": str(path)})
    host = open_worker(opened, "cpu", max_size_px=(98, 56), rate_cap_hz=200.0)
    try:
        now, found = iter(range(10**9)), []

        def shown(number: int) -> bool:
            at = next(now) / 100
            host.tend(at)
            position = number / 25 / opened.spec.duration_s
            host.ask(Request(at, {}, {"position": position, "pause": 1.0}, (98, 56)), at)
            frame = host.newest()
            if frame is not None:
                found.append(frame)
            return bool(found) and number_in(found[-1].pixels) == number

        until(lambda: shown(7), "frame 7")
        until(lambda: shown(41), "frame 41")
        count = len(found)
        frames = host.stats().frames
        until(lambda: shown(41) and host.stats().frames > frames + 5, "the same again")
        assert len(found) == count  # it went whole once
        maps = Path(f"/proc/{host.stats().pid}/maps")
        if maps.exists():
            assert "torch" not in maps.read_text()
    finally:
        host.close()


def test_a_pattern_is_read_as_it_was_written() -> None:
    assert [number_in(numbered(n)) for n in range(0, 256, 5)] == [*range(0, 256, 5)]
    assert film.spec is spec
