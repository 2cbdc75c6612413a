"""The command `conform`: whatever file it is given, it follows it or says one sentence."""

from __future__ import annotations

import os
import time
import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from engine.app.cli.main import cli
from engine.documents import track_file
from engine.documents.edit.beside import lay_beside
from engine.documents.edit.conform import read_edit
from engine.documents.edit.timeline import Film
from engine.documents.track_file import About, TrackError, TrackFile
from tests.edits import Clip, write
from tests.places import DATA

SHOW = """schema = 1
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
[layers.path]
bans = "never.npz"
[[layers.effects]]
shader = "own"
"""


@pytest.fixture
def sidecar(tmp_path: Path) -> Path:
    path = tmp_path / "out.npz"
    latents = {"/layer/form/generator/z": np.ones((300, 64), np.float32)}
    about = About(
        "sidecar", "25", 300, {}, [], {}, {"/layer/form/generator/z": "shell"}, "out.mp4", "x", SHOW
    )
    beside = {"shaders/own.fs": b"void main() {}", "never.npz": b"bans"}
    values = np.zeros((300, 0)), np.arange(300) / 25, np.arange(300) == 299
    track_file.write(path, TrackFile(about, *values, latents, beside))
    return path


def said(edit: Path, sidecar: Path, *more: str) -> Result:
    out = sidecar.parent / "new" / "show2.toml"
    out.parent.mkdir(exist_ok=True)
    words = ["conform", str(edit), "--sidecar", str(sidecar), "-o", str(out), *more]
    return CliRunner().invoke(cli, words)


def test_an_edit_becomes_a_show_with_all_that_it_names(tmp_path: Path, sidecar: Path) -> None:
    edit = tmp_path / "edit.fcpxml"
    edit.write_text(write(".fcpxml", (Clip(6, 5), Clip(1, 4))))
    done = said(edit, sidecar)
    assert done.exit_code == 0, done.output
    assert "9 frames (0.36 s), 1 cuts" in done.output
    found = sorted(str(p.relative_to(tmp_path / "new")) for p in (tmp_path / "new").rglob("*"))
    assert found == ["never.npz", "shaders", "shaders/own.fs", "show2.toml", "show2.track.npz"]
    assert said(edit, sidecar).exit_code == 0  # the same again
    bundle = tmp_path / "edit.fcpxmld"
    bundle.mkdir()
    (bundle / "Info.fcpxml").write_bytes(edit.read_bytes())
    assert said(bundle, sidecar).exit_code == 0


def test_what_is_left_out_is_said(tmp_path: Path, sidecar: Path) -> None:
    done = said(DATA / "edits" / "title.otio", sidecar)
    assert (done.exit_code, "--ignore titles" in done.output) == (2, True), done.output
    done = said(DATA / "edits" / "title.otio", sidecar, "--ignore", "titles")
    assert (done.exit_code, "note: title.otio: " in done.output) == (0, True), done.output
    leader = DATA / "edits" / "leader.edl"
    assert "100 frames" in said(leader, sidecar).output
    assert "50 frames" in said(leader, sidecar, "--begin", "01:00:00:00").output


def test_hostile_edits_end_in_one_sentence(tmp_path: Path, sidecar: Path) -> None:
    made = {
        "quotes.otio": '{"a":"' + '\\"' * 150_000,
        "deep.otio": "[" * 500_000,
        "long.edl": "x" * 30_000_000,
        "nothing.edl": "",
        "bytes.xml": "\x00\x01" * 999,
        "wide.mlt": "<mlt>" + "<a/>" * 2_100_000 + "</mlt>",
        "edit.mov": "",
    }
    for name, text in made.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "folder.otio").mkdir()
    names = [*made, "folder.otio", "none.edl"]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.edl")
        (tmp_path / "zero.otio").symlink_to("/dev/zero")
        names += ["pipe.edl", "zero.otio"]
    for name in names:
        done = said(tmp_path / name, sidecar)
        assert done.exit_code == 2, (name, done.output, done.exception)
        assert done.output.count("\n") == 1, (name, done.output)
        assert name in done.output
        assert isinstance(done.exception, SystemExit)


def test_every_case_file_is_followed_or_refused_in_one_sentence(sidecar: Path) -> None:
    for edit in sorted((DATA / "edits").iterdir()):
        done = said(edit, sidecar)
        assert done.exit_code in (0, 2), (edit, done.output, done.exception)
        if done.exit_code:
            assert done.output.count("\n") == 1, done.output
            assert edit.name in done.output


def test_a_million_frames_on_sixty_tracks_cost_what_its_clips_do(
    tmp_path: Path, sidecar: Path
) -> None:
    lists = "".join(
        f'<playlist id="l{n}"><blank length="{16000 * n}"/><entry producer="p" in="0" out="299"/>'
        "</playlist>"
        for n in range(60)
    )
    tracks = "".join(f'<track producer="l{n}"/>' for n in range(60))
    edit = tmp_path / "long.mlt"
    edit.write_text(
        '<mlt><profile frame_rate_num="25" frame_rate_den="1"/><producer id="p" out="299">'
        f'<property name="resource">out.mp4</property></producer>{lists}'
        f'<tractor id="t">{tracks}</tractor></mlt>'
    )
    begin = time.process_time()
    shots, _ = read_edit(edit, Film(("out.mp4",), Fraction(25), 300), None)
    assert len(shots) == 16000 * 59 + 300
    assert time.process_time() - begin < 5.0


@pytest.mark.parametrize(
    "name",
    [
        ".profile", ".config/autostart/x.desktop", "conftest.py", "../up.npz", "a/../../up.npz",
        "C:evil.npz", "other.npz", "shaders/other.fs", "never.npz/x.npz",
    ],
)  # fmt: skip
def test_only_what_the_show_names_is_laid_beside_it(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"which its show does not name as a file; do not use"):
        lay_beside(tmp_path, {"never.npz": b"x", name: b"x"}, SHOW)
    assert list(tmp_path.iterdir()) == []


def test_a_show_cannot_name_what_no_show_needs(tmp_path: Path) -> None:
    for name in (".profile", "conftest.py", ".hidden.npz"):
        with pytest.raises(ValueError, match="do not use this sidecar"):
            lay_beside(tmp_path, {name: b"x"}, SHOW.replace("never.npz", name))
    lay_beside(tmp_path, {"/whole/path.npz": b"x"}, SHOW)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_no_link_is_followed(tmp_path: Path) -> None:
    home, show = tmp_path / "home", tmp_path / "show"
    home.mkdir()
    show.mkdir()
    (home / "notes").write_text("mine")
    (show / "never.npz").symlink_to(home / "notes")
    with pytest.raises(ValueError, match="something else is there; choose a new folder"):
        lay_beside(show, {"never.npz": b"x"}, SHOW)
    (show / "shaders").symlink_to(home)
    with pytest.raises(ValueError, match="something else is there"):
        lay_beside(show, {"shaders/own.fs": b"x"}, SHOW)
    assert [p.name for p in home.iterdir()] == ["notes"]
    assert (home / "notes").read_text() == "mine"


def test_sidecars_that_lie_about_their_size(tmp_path: Path, sidecar: Path) -> None:
    data = sidecar.read_bytes()
    with zipfile.ZipFile(tmp_path / "big.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("about.json", b" " * 10_000_000)
    for bad in (data[:-400], data.replace(b"PK\x01\x02", b"PK\x01\x03", 1), b"", b"PK"):
        with pytest.raises(TrackError):
            track_file.read(bad, "x.npz")
    with pytest.raises(TrackError):
        track_file.load(tmp_path / "big.npz")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.npz")
        with pytest.raises(TrackError, match="regular file"):
            track_file.load(tmp_path / "pipe.npz")
