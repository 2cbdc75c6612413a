"""A proxy film goes to a video editor and comes back: by its timeline, or by burnt-in numbers."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from engine.app.cli.main import cli
from engine.documents import track_file
from engine.documents.edit import barcode
from engine.documents.edit.conform import read_film
from engine.documents.edit.timeline import EditError, Film
from engine.play.film import proxy
from tests.edits import Clip, write

FILM = Film(("out.mp4",), Fraction(25), 300)


def picture(number: int, size: tuple[int, int] = (320, 180)) -> np.ndarray:
    """A moving pattern with its number."""
    y, x = np.mgrid[: size[1], : size[0]]
    wave = 120 + 60 * np.sin(x / 17 + number / 5) + 50 * np.cos(y / 11 - number / 7)
    return barcode.burn(np.repeat(wave.astype(np.uint8)[..., None], 3, 2), number)


def luma(pixels: np.ndarray, size: tuple[int, int] | None = None) -> np.ndarray:
    image = Image.fromarray(pixels).convert("L")
    return np.asarray(image.resize(size) if size else image)


@pytest.mark.parametrize("size", [(320, 180), (640, 360), (240, 134), (214, 120)])
def test_numbers_are_read_in_copies_of_every_size(size: tuple[int, int]) -> None:
    for number in (0, 1, 299, 65536, barcode.MOST_FRAMES - 1):
        assert barcode.read(luma(picture(number), size)) == (number, None, 0.0)
        shown = luma(picture(number), size).astype(float)
        shown += np.random.default_rng(number).normal(0, 6, shown.shape)
        assert barcode.read(np.clip(shown, 0, 255).astype(np.uint8)) == (number, None, 0.0)


def test_the_code_reads_itself_and_nothing_else() -> None:
    assert np.array_equal(picture(7)[:150], picture(8)[:150]) is False
    plain = np.full((180, 320, 3), 90, np.uint8)
    assert (barcode.burn(plain, 5)[: 180 - 18] == 90).all()  # only its corner is touched
    draw = np.random.default_rng(1)
    for shown in (plain[..., 0], np.zeros((180, 320), np.uint8), np.zeros((50, 20), np.uint8)):
        assert barcode.read(shown) is None
    found = [barcode.read(draw.integers(0, 256, (180, 320)).astype(np.uint8)) for _ in range(50)]
    assert found.count(None) == 50


def test_digits_are_as_large_as_letters_of_a_subtitle() -> None:
    shown = barcode.burn(np.zeros((180, 320, 3), np.uint8), 123456)[-18:, 102:, 0]
    rows = np.flatnonzero((shown > 128).any(axis=1))
    assert np.ptp(rows) >= 9  # of 180
    other = barcode.burn(np.zeros((180, 320, 3), np.uint8), 123457)[-18:, 102:, 0]
    assert (shown != other).any()


def edited(path: Path, pictures: list[np.ndarray], size: tuple[int, int] = (320, 180)) -> Path:
    """What an editor renders: scaled, and compressed once more."""
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=25, options={"crf": "28", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for each in pictures:
            frame = av.VideoFrame.from_image(Image.fromarray(each).resize(size))
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return path


def test_a_rendered_edit_is_read_back(tmp_path: Path) -> None:
    fade = [
        (picture(30 + k) * (1 - (k + 0.5) / 12) + picture(200 + k) * ((k + 0.5) / 12)).astype("u1")
        for k in range(12)
    ]
    pictures = [
        *[picture(n) for n in range(10, 30)], *fade, *[picture(n) for n in range(212, 220)],
        *[np.zeros((180, 320, 3), np.uint8)] * 3, *[picture(90 - k) for k in range(10)],
        *[picture(100 + 2 * k) for k in range(10)], *[picture(250 + k // 2) for k in range(10)],
    ]  # fmt: skip
    shots, fps = read_film(edited(tmp_path / "edit.mp4", pictures), FILM)
    assert fps == 25
    assert [shot.first for shot in shots[:32]] == list(range(10, 42))
    assert [shot.second for shot in shots[20:32]] == list(range(200, 212))
    assert [shot.share for shot in shots[20:32]] == [Fraction(2 * k + 1, 24) for k in range(12)]
    assert [shot.first for shot in shots[32:43]] == [*range(212, 220), None, None, None]
    assert [shot.first for shot in shots[43:63]] == [*range(90, 80, -1), *range(100, 120, 2)]
    assert [shot.first for shot in shots[63:]] == [250 + Fraction(k, 2) for k in range(10)]


def test_films_that_are_no_edit_of_the_proxy(tmp_path: Path) -> None:
    other = [np.full((180, 320, 3), 40 + 9 * n, np.uint8) for n in range(5)]
    path = edited(tmp_path / "cat.mp4", [picture(n) for n in range(5)] + other)
    with pytest.raises(EditError, match=r"cat\.mp4: frame 5 \(0\.20 s\) shows no frame number"):
        read_film(path, FILM)
    path = edited(tmp_path / "far.mp4", [picture(400 + n) for n in range(3)])
    with pytest.raises(EditError, match=r"frame 0 shows frame 400 of the proxy, .* 0 to 299"):
        read_film(path, FILM)
    path = edited(tmp_path / "black.mp4", [np.zeros((180, 320, 3), np.uint8)] * 3)
    with pytest.raises(EditError, match="no picture of it shows a frame number"):
        read_film(path, FILM)
    (tmp_path / "no.mp4").write_bytes(b"no film" * 9)
    with pytest.raises(EditError, match=r"no\.mp4: no film that can be read"):
        read_film(tmp_path / "no.mp4", FILM)


def test_a_list_of_other_files_is_no_film(tmp_path: Path) -> None:
    """What it names would be opened: other people's files, or addresses of a network."""
    edited(tmp_path / "real.mp4", [picture(n) for n in range(5)])
    (tmp_path / "list.mp4").write_text("ffconcat version 1.0\nfile 'real.mp4'\n")
    with pytest.raises(EditError, match=r"list\.mp4: no film that can be read"):
        read_film(tmp_path / "list.mp4", FILM)


def test_what_moves_the_number_is_said(tmp_path: Path) -> None:
    def boxed(number: int) -> np.ndarray:
        image = Image.new("RGB", (320, 180))
        image.paste(Image.fromarray(picture(number)).resize((256, 144)), (32, 18))
        return np.asarray(image)

    def zoomed(number: int) -> np.ndarray:
        image = Image.fromarray(picture(number)).crop((0, 36, 256, 180))
        return np.asarray(image.resize((320, 180)))

    def cropped(number: int) -> np.ndarray:
        return np.asarray(
            Image.fromarray(picture(number)).crop((0, 0, 320, 150)).resize((320, 180))
        )

    for name, draw, told in (
        ("box", boxed, "but elsewhere: a letterbox, a zoom or a move of the editor is the cause"),
        ("zoom", zoomed, "but elsewhere: a letterbox, a zoom or a move of the editor is the cause"),
        ("crop", cropped, r"\(a crop, a zoom or a letterbox takes it away\)"),
    ):
        path = edited(tmp_path / f"{name}.mp4", [draw(n) for n in range(5)])
        with pytest.raises(EditError, match=told):
            read_film(path, FILM)


def test_a_damaged_number_is_none_without_a_word(recwarn: pytest.WarningsRecorder) -> None:
    shown = luma(picture(1234)).copy()
    row, cell = 180 - 18, 6
    for place in range(28):
        y, x = row + 3 + (place + 4) // 16 * cell, 3 + (place + 4) % 16 * cell
        other = shown.copy()
        other[y : y + cell, x : x + cell] = 251 - other[y : y + cell, x : x + cell]
        found = barcode.read(other)
        assert found is None
    assert not recwarn.list
    assert not barcode.is_elsewhere(np.full((180, 320), 90, np.uint8))


SHOW = """schema = 1
size_px = [160, 120]
history_s = 0.0
start = "bright"
[output]
fps = 25
[master]
speed = 2.0
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
size_px = 64
film_px = 256
[layers.path]
speed = 1.0
[[layers.effects]]
shader = "own"
[[cues]]
id = "bright"
set = { "/layer/form/opacity" = 0.75 }
"""
SHADER = (
    '/*{"INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]}*/\n'
    "void main() { gl_FragColor = IMG_THIS_PIXEL(inputImage) * (0.6 + 0.4 * sin(TIME)); }\n"
)


def said(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def test_a_proxy_is_cut_and_the_show_follows(tmp_path: Path) -> None:
    home, away = tmp_path / "home", tmp_path / "away"
    home.mkdir()
    away.mkdir()
    (home / "show.toml").write_text(SHOW)
    (home / "own.fs").write_text(SHADER)
    out, sidecar = home / "out.mp4", home / "out.npz"
    done = said("proxy", home / "show.toml", out, "--duration", "0.48", "--device", "cpu")
    assert done.exit_code == 0, done.output
    with av.open(str(out)) as film:
        numbers = [barcode.read(f.to_ndarray(format="gray")) for f in film.decode(video=0)]
    assert [each.first for each in numbers if each] == list(range(12))
    source = track_file.load(sidecar)
    assert source.about.constants["/layer/form/opacity"] == 0.75
    assert source.about.hash.startswith("sha256:")
    assert source.about.rate == 25

    edit = home / "edit.edl"
    edit.write_text(write(".edl", (Clip(6, 5), Clip(1, 4, Fraction(-1)))))
    show2 = away / "show2.toml"
    done = said("conform", edit, "--sidecar", sidecar, "-o", show2)
    assert done.exit_code == 0, done.output
    assert "9 frames (0.36 s), 1 cuts" in done.output
    track = track_file.load(away / "show2.track.npz")
    ids = [6, 7, 8, 9, 10, 4, 3, 2, 1]
    for address, rows in source.latents.items():
        assert np.array_equal(track.latents[address], rows[ids])
    assert "speed = 1.0" in show2.read_text().split("[[layers]]")[0]

    # What the editor would render of the first proxy, and a proxy of what followed: one picture.
    back = away / "back.mp4"
    done = said("proxy", show2, back, "--device", "cpu")
    assert done.exit_code == 0, done.output
    again = track_file.load(away / "back.npz")
    for address, rows in track.latents.items():
        assert np.array_equal(again.latents[address], rows)
    assert list(again.beside) == ["shaders/own.fs"]  # and not the track that is followed
    assert again.motion_s == pytest.approx(source.motion_s[ids])
    assert again.about.constants["/layer/form/opacity"] == 0.75
    assert np.flatnonzero(again.cuts).tolist() == [4, 8]
    first, second = frames(out), frames(back)
    assert len(second) == 9
    for number, at in enumerate(ids):
        difference = np.abs(second[number][:100].astype(float) - first[at][:100])
        assert difference.mean() < 2.0, number
    assert np.abs(first[1][:100].astype(float) - first[10][:100]).mean() > 6.0

    for words, code, told in (
        (("conform", edit, "--sidecar", home / "no.npz", "-o", show2), 2, "no.npz: cannot be read"),
        (("conform", edit, "--sidecar", edit, "-o", show2), 2, "no track or sidecar"),
        (("conform", "--sidecar", sidecar, "-o", show2), 2, "either an EDIT or --video"),
        (("conform", edit, "--sidecar", sidecar, "-o", home / "show.toml"), 2, "follows no track"),
        (("conform", edit, "--sidecar", sidecar, "-o", away / "x.txt"), 2, "ends in .toml"),
        (("proxy", home / "show.toml", home / "p-%05d.png", "--duration", "1"), 2, "is a film"),
        (("proxy", home / "show.toml", out, "--size", "90x60", "--duration", "1"), 2, "too small"),
    ):
        done = said(*words)
        assert (done.exit_code, told in " ".join(done.output.split())) == (code, True), done.output


def test_a_stopped_proxy_can_be_edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "show.toml").write_text(SHOW.replace('[[layers.effects]]\nshader = "own"\n', ""))
    out = tmp_path / "out.mp4"
    add = proxy.Sidecar.add

    def stop(self: proxy.Sidecar, *given: object) -> None:
        if self.count == 6:
            raise KeyboardInterrupt
        add(self, *given)

    monkeypatch.setattr(proxy.Sidecar, "add", stop)
    done = said("proxy", tmp_path / "show.toml", out, "--duration", "2", "--device", "cpu")
    assert done.exit_code == 130
    assert "stopped after 6 frames" in done.output
    assert len(frames(out)) == 6
    assert track_file.load(tmp_path / "out.npz").about.frames == 6
    edit = tmp_path / "edit.edl"
    edit.write_text(write(".edl", (Clip(3, 3), Clip(0, 3))))
    done = said("conform", edit, "--sidecar", tmp_path / "out.npz", "-o", tmp_path / "new.toml")
    assert done.exit_code == 0, done.output


def frames(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
