"""A film that was stopped goes on, and is frame for frame the one that was never stopped."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner, Result

from engine.app.cli.main import cli
from engine.documents import track_file
from engine.outputs.film import video
from engine.outputs.film.film import kept_path
from engine.play.film import export, resume
from engine.play.film.job import Job
from tests.performing import click_wav, edit
from tests.places import SHOWS

SHOW = SHOWS / "tiny.toml"
FPS, FRAMES = 5, 17
SOUND_HZ = 48_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("resume")
    shutil.copytree(SHOWS, folder / "shows")
    # What the flash limiter has to see before the first frame would be drawn and counted, too.
    edit(folder / "shows" / "tiny.toml", "seed = 5", "seed = 5\nmaster = { flash_limiter = false }")
    click_wav(folder / "click.wav", SOUND_HZ, round(SOUND_HZ * FRAMES / FPS))
    return folder


@pytest.fixture(autouse=True)
def short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "_SEGMENT_S", 1)


def run(home: Path, command: str, out: Path, *words: object) -> Result:
    given = [command, home / "shows" / "tiny.toml", out, "--audio", home / "click.wav",
             "--fps", FPS, "--size", "160x144", "--device", "cpu", *words]  # fmt: skip
    return CliRunner().invoke(cli, list(map(str, given)))


class _Stop:
    """Stops a film, as Ctrl-C does, before it draws a frame."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch, self._draw, self.drawn = monkeypatch, export.draw, 0

    def after(self, frames: int) -> None:
        self.drawn = 0

        def draw(*given: object) -> object:
            if self.drawn == frames:
                raise KeyboardInterrupt
            self.drawn += 1
            return self._draw(*given)

        self._patch.setattr(export, "draw", draw)


@pytest.fixture
def stop(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Stop]:
    return _Stop(monkeypatch)


def decoded(path: Path) -> tuple[list[bytes], np.ndarray]:
    with av.open(str(path)) as file:
        pictures = [frame.to_ndarray().tobytes() for frame in file.decode(video=0)]
    with av.open(str(path)) as file:
        return pictures, np.concatenate([f.to_ndarray() for f in file.decode(audio=0)], axis=1)


# Where x264 looks ahead (all presets but this) it reads memory that it never wrote: two runs of one
# process differ by a rounding here and there, with or without a stop.
ULTRAFAST = ("--preset", "ultrafast")


@pytest.mark.parametrize(
    ("suffix", "codec"), [(".mp4", "h264"), (".mkv", "h264"), (".mov", "h265")]
)
def test_a_stopped_film_goes_on_to_the_same_frames_and_sound(
    home: Path, tmp_path: Path, stop: _Stop, suffix: str, codec: str
) -> None:
    words = (*ULTRAFAST, "--codec", codec)
    whole, out = tmp_path / f"whole{suffix}", tmp_path / f"out{suffix}"
    assert run(home, "export", whole, *words).exit_code == 0
    for frames, begins in ((8, 0), (8, 5)):  # twice
        stop.after(frames)
        done = run(home, "export", out, *words, "--resume")
        assert (done.exit_code, out.exists()) == (130, True), done.output
        assert f"goes on at frame {begins}" in done.output
        assert (tmp_path / f"out{suffix}.unfinished").is_file()
    stop.after(-1)
    done = run(home, "export", out, *words, "--resume")
    assert done.exit_code == 0, done.output
    assert stop.drawn == FRAMES - 10
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"out{suffix}", f"whole{suffix}"]
    (pictures, sound), (expected, heard) = decoded(out), decoded(whole)
    assert len(pictures) == FRAMES
    assert pictures == expected
    assert np.array_equal(sound, heard)


def test_a_sequence_goes_on_with_the_first_picture_that_is_missing(
    home: Path, tmp_path: Path, stop: _Stop
) -> None:
    hashes, whole = tmp_path / "hashes.txt", tmp_path / "whole.txt"
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert run(home, "export", tmp_path / "a" / "f-%03d.png", "--hashes", whole).exit_code == 0
    out = tmp_path / "b" / "f-%03d.png"
    stop.after(12)
    assert run(home, "export", out, "--hashes", hashes).exit_code == 130
    assert (tmp_path / "b" / "f.unfinished").is_file()
    broken = tmp_path / "b" / "f-009.png"
    broken.write_bytes(broken.read_bytes()[:-1] + b"\0")  # a power cut
    stop.after(-1)
    done = run(home, "export", out, "--hashes", hashes, "--resume")
    assert done.exit_code == 0, done.output
    assert stop.drawn == FRAMES - 9
    assert hashes.read_bytes() == whole.read_bytes()
    found = {path.name: path.read_bytes() for path in (tmp_path / "b").iterdir()}
    assert found == {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    assert len(found) == FRAMES + 1  # with its sound


def test_a_stopped_proxy_goes_on_and_its_sidecar_is_whole(
    home: Path, tmp_path: Path, stop: _Stop
) -> None:
    whole, out = tmp_path / "whole.mp4", tmp_path / "out.mp4"
    assert run(home, "proxy", whole).exit_code == 0
    stop.after(12)
    assert run(home, "proxy", out).exit_code == 130
    assert track_file.load(tmp_path / "out.npz").about.frames == 12
    (tmp_path / "out.npz").unlink()  # as if it had been killed
    stop.after(-1)
    done = run(home, "proxy", out, "--resume")
    assert done.exit_code == 0, done.output
    assert stop.drawn == FRAMES - 10
    ours, theirs = track_file.load(tmp_path / "out.npz"), track_file.load(tmp_path / "whole.npz")
    assert ours.about.columns == theirs.about.columns
    assert np.array_equal(ours.values, theirs.values)
    for address, rows in theirs.latents.items():
        assert np.array_equal(ours.latents[address], rows)
    (pictures, sound), (expected, heard) = decoded(out), decoded(whole)
    assert len(pictures) == len(expected) == FRAMES
    assert np.array_equal(sound, heard)


def test_a_film_that_is_killed_while_it_is_taken_over_goes_on_all_the_same(
    home: Path, tmp_path: Path, stop: _Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, out = tmp_path / "whole.mp4", tmp_path / "out.mp4"
    assert run(home, "export", whole, *ULTRAFAST).exit_code == 0
    stop.after(11)
    assert run(home, "export", out, *ULTRAFAST).exit_code == 130
    before = out.read_bytes()
    shutil.copy(out, kept_path(out))
    out.write_bytes(before[:900])  # killed: all that is there of the new one is a header
    stop.after(-1)
    assert run(home, "export", out, *ULTRAFAST, "--resume").exit_code == 0
    assert stop.drawn == FRAMES - 10
    assert decoded(out)[0] == decoded(whole)[0]
    assert not kept_path(out).exists()


def test_what_is_another_film_or_finished_is_not_gone_on_with(
    home: Path, tmp_path: Path, stop: _Stop
) -> None:
    out = tmp_path / "out.mp4"
    stop.after(8)
    assert run(home, "export", out).exit_code == 130
    kept = out.read_bytes()
    for words, told in (
        (("--seed", "9"), "--seed was 5, not 9, when it was begun"),
        (("--crf", "30"), "--crf was 16, not 30,"),
        (("--from", "1"), "--from was 0, not 1,"),
        (("--audio-gain", "3"), "--audio-gain was None, not 3.0,"),
    ):
        done = run(home, "export", out, "--resume", *words)
        assert done.exit_code == 2, done.output
        assert told in " ".join(done.output.split())
        assert out.read_bytes() == kept
    show = home / "shows" / "tiny.toml"
    text = show.read_text("utf-8")
    show.write_text(text.replace("gain = 0.75", "gain = 0.5"), "utf-8")
    done = run(home, "export", out, "--resume")
    show.write_text(text, "utf-8")
    assert "the show or take was another one when it was begun" in done.output
    (tmp_path / "out.mp4.unfinished").write_text("nothing of ours")
    assert "cannot be read; leave --resume out" in run(home, "export", out, "--resume").output
    (tmp_path / "out.mp4.unfinished").unlink()
    done = run(home, "export", out, "--resume")
    assert (done.exit_code, out.read_bytes() == kept) == (2, True)
    assert "so it is finished, or not of this program" in " ".join(done.output.split())


def test_the_note_names_each_stretch_of_a_sequence(tmp_path: Path) -> None:
    out = tmp_path / "f-%04d.png"
    names = [resume.note_path(Job(out, start_number=n)).name for n in (0, 240)]
    assert names == ["f.unfinished", "f-0240.unfinished"]
    job = Job(tmp_path / "film.mp4", identity={"--crf": "16"})
    with pytest.raises(OSError, match="full"), resume.noted(job):
        raise OSError("full")
    assert json.loads((tmp_path / "film.mp4.unfinished").read_text()) == {"--crf": "16"}
    with resume.noted(job):
        pass
    assert not any(tmp_path.iterdir())
