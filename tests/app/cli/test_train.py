"""``latent-cinema train``, as a user runs it: what it says, what it leaves, how it goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from engine.app.cli.main import cli
from engine.lab.data import folder as folders
from engine.lab.data import pictures
from engine.lab.training import checkpoint
from engine.lab.training.run import duration
from engine.models import card
from engine.system import hashing
from tests.performing import LIMIT_S, until
from tests.training import discs, save_pictures

SMALL = ["--size", "32", "--seed", "3", "--threads", "1", "--batch", "8"]


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def train(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["train", *map(str, arguments)])
    return done.exit_code, done.output


def test_a_folder_of_pictures_becomes_a_network_with_a_card(tmp_path: Path) -> None:
    save_pictures(tmp_path / "discs", discs(12, 48))
    (tmp_path / "discs" / "credits.toml").write_text(
        'credit = "A. Painter"\nlicence = "CC-BY-4.0"\n'
        '[files]\n"0003.png" = { title = "Third", licence = "CC0-1.0" }\n'
    )
    out = tmp_path / "discs.safetensors"
    code, said = train(tmp_path / "discs", out, *SMALL, "--pictures", "32", "--mirror")
    assert code == 0, said
    assert "12 pictures: 48x48 (12)" in said
    assert "licences: CC-BY-4.0, CC0-1.0" in said
    assert "sliced Wasserstein distance" in said
    assert said.endswith("discs.safetensors: finished\n")
    told = card.read_card(card.card_path(out))
    assert told["sha256"] == hashing.sha256_of(out)
    assert told["licence"] == "CC-BY-4.0; CC0-1.0"
    assert (told["pictures"], told["pictures_shown"], told["steps"]) == (12, 32, 4)
    assert told["seed"] == 3
    assert told["credits"] == "A. Painter"
    assert told["data_set"] == "discs"
    assert told["distance"].startswith("sliced Wasserstein")
    folder = tmp_path / "discs.train"
    assert (folder / "sheets" / "0000000032.png").is_file()
    assert not list(tmp_path.rglob("*.part"))
    found = CliRunner().invoke(cli, ["archive", "nearest", str(out), "--seeds", "0", "--json"])
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["archive"] == 12
    assert (tmp_path / "discs.ages.safetensors").is_file()
    with Image.open(folder / "sheets" / "0000000032.png") as sheet:
        assert sheet.size == (8 * 34 - 2, 8 * 34 - 2)
    code, said = train(tmp_path / "discs", out, *SMALL)
    assert code == 1
    assert "there is a training of this name already; go on with --resume" in said
    info = CliRunner().invoke(cli, ["model", "info", str(out)])
    assert info.exit_code == 0
    assert "CC-BY-4.0" in info.output


def test_what_is_broken_is_told_file_by_file_and_the_rest_is_used(tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    save_pictures(folder, discs(6, 40))
    whole = (folder / "0000.png").read_bytes()
    (folder / "half.png").write_bytes(whole[: len(whole) // 2])
    (folder / "text.jpg").write_text("no picture")
    (folder / "empty.webp").write_bytes(b"")
    (folder / "sub").mkdir()
    (folder / "sub" / "again.png").write_bytes(whole)
    (folder / "notes.txt").write_text("hello")
    Image.new("RGB", (20, 50)).save(folder / "small.png")
    (folder / "folder.png").mkdir()
    code, said = train(folder, tmp_path / "x.safetensors", *SMALL, "--pictures", "16")
    assert code == 0, said
    assert "7 pictures: 40x40 (6), 20x50 (1)" in said
    assert "1 are smaller than asked and will be enlarged" in said
    for name in ("half.png", "text.jpg", "empty.webp"):
        (line,) = (line for line in said.splitlines() if line.startswith(f"broken: {name}: "))
        assert len(line) > len(f"broken: {name}: ")
        assert str(tmp_path) not in line
    assert "twice: sub/again.png is 0000.png" in said
    assert "1 files of other kinds are passed over" in said
    assert card.read_card(tmp_path / "x.toml")["pictures"] == 7


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({}, "there is no picture that can be used (none at all)"),
        ({"a.png": b"x"}, "there is no picture that can be used (a.png: "),
        ({"credits.toml": b"licence = 3"}, "it may say title, credit and licence"),
        ({"credits.toml": b"licence = "}, "credits.toml: "),
        ({"credits.toml": b'[files]\n"a.png" = 3'}, "it may say title, credit and licence"),
    ],
)
def test_folders_that_cannot_be_used(tmp_path: Path, files: dict[str, bytes], why: str) -> None:
    (tmp_path / "data").mkdir()
    for name, content in files.items():
        (tmp_path / "data" / name).write_bytes(content)
    code, said = train(tmp_path / "data", tmp_path / "x.safetensors", *SMALL)
    assert code == 1
    assert why in said
    assert said.count("\n") == 1
    assert not (tmp_path / "x.safetensors").exists()


def test_wishes_that_make_no_sense(tmp_path: Path) -> None:
    save_pictures(tmp_path / "data", discs(4, 32))
    cases = {
        ("data", "x.png"): "the network is a file that ends in .safetensors",
        ("nothing", "x.safetensors"): "is no folder: give one with pictures in it",
        ("data", "no/x.safetensors"): "is no folder: make it first",
        ("data", "x.safetensors", "--freeze", "2"): "--freeze belongs to --from",
        ("data", "x.safetensors", "--batch", "6"): "batch 6: it must be a multiple of 4",
        ("data", "x.safetensors", "--from", "data"): "data",
    }
    for (folder, out, *more), why in cases.items():
        more = [str(tmp_path / x) if x == "data" else x for x in more]
        code, said = train(tmp_path / folder, tmp_path / out, *SMALL, *more)
        assert (code in (1, 2), said.count("\n")) == (True, 1), said
        assert why in said


PLAYED = """
import sys
from pathlib import Path
from engine.lab.training import run
run.SAVED_S = 0.2
from engine.app.cli.main import main
sys.argv = ["latent-cinema", "train", *sys.argv[1:]]
main()
"""


def started(*arguments: str | Path) -> subprocess.Popen[str]:
    """Train in a process of its own that saves all the time."""
    return subprocess.Popen(
        [sys.executable, "-c", PLAYED, *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def wait_for_state(path: Path, least: int, process: subprocess.Popen[str]) -> None:
    def is_saved() -> bool:
        assert process.poll() is None, process.communicate()[0]
        return path.exists() and checkpoint.read_state(path)[1]["step"] >= least

    until(is_saved, "a state of the training")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_training_ends_as_one_that_was_not(tmp_path: Path, number: int) -> None:
    save_pictures(tmp_path / "discs", discs(50, 32))
    wish = [tmp_path / "discs", *SMALL, "--pictures", "96", "--turn"]
    folder, *rest = wish
    code, said = train(folder, tmp_path / "whole.safetensors", *rest)
    assert code == 0, said
    out = tmp_path / "killed.safetensors"
    process = started(folder, out, *rest)
    wait_for_state(tmp_path / "killed.train" / "state.safetensors", 2, process)
    process.send_signal(number)
    said = process.communicate(timeout=LIMIT_S)[0]
    if number == signal.SIGTERM and "finished" not in said:
        assert "stopped; go on with --resume" in said
        assert process.returncode == 0
    was = checkpoint.read_state(tmp_path / "killed.train" / "state.safetensors")[1]["step"]
    assert was < 12
    code, said = train(folder, out, *rest, "--resume")
    assert code == 0, said
    assert f"going on after {8 * was} pictures" in said
    one, _ = checkpoint.read_state(tmp_path / "whole.train" / "state.safetensors")
    other, _ = checkpoint.read_state(tmp_path / "killed.train" / "state.safetensors")
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert out.read_bytes() == (tmp_path / "whole.safetensors").read_bytes()


def test_going_on_with_something_else_is_refused(tmp_path: Path) -> None:
    save_pictures(tmp_path / "discs", discs(20, 32))
    out = tmp_path / "x.safetensors"
    assert train(tmp_path / "discs", out, *SMALL, "--pictures", "16")[0] == 0
    code, said = train(tmp_path / "discs", out, *SMALL, "--pictures", "32", "--resume")
    assert (code, "begun with something else (other settings)" in said) == (1, True)
    code, said = train(
        tmp_path / "discs", out, *SMALL, "--pictures", "16", "--no-noise", "--resume"
    )
    assert (code, "begun with something else (other settings)" in said) == (1, True)
    # A state that is older than an option was begun without it.
    state = tmp_path / "x.train" / "state.safetensors"
    tensors, numbers = checkpoint.read_state(state)
    for name in ("noisy", "wide"):
        del numbers["start"]["settings"][name]
    checkpoint.write_state(state, tensors, numbers)
    assert train(tmp_path / "discs", out, *SMALL, "--pictures", "16", "--resume")[0] == 0
    save_pictures(tmp_path / "discs", discs(21, 32))
    code, said = train(tmp_path / "discs", out, *SMALL, "--pictures", "16", "--resume")
    assert (code, "(the pictures have changed)" in said) == (1, True)


def test_two_processes_train_one_network(tmp_path: Path) -> None:
    save_pictures(tmp_path / "discs", discs(50, 32))
    out = tmp_path / "two.safetensors"
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
         "-m", "engine.app.cli.main", "train", str(tmp_path / "discs"), str(out), *SMALL,
         "--pictures", "24", "--device", "cpu"],
        capture_output=True, text=True, timeout=LIMIT_S, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("50 pictures: 32x32 (50)") == 1  # one of them speaks
    told = tomllib.loads((tmp_path / "two.toml").read_text("utf-8"))
    assert (told["pictures_shown"], told["steps"]) == (24, 3)
    # Each saw half of the same batch; what they learnt is one process's, but for its noise.
    assert card.load(out).state["synthesis.b4.const"].shape == (128, 4, 4)


def test_pictures_are_made_ready_once(tmp_path: Path) -> None:
    save_pictures(tmp_path / "data", discs(5, 40))
    first = pictures.prepare(tmp_path / "data", tmp_path / "ready", 32)
    again = pictures.prepare(tmp_path / "data", tmp_path / "ready", 32)
    assert first.pictures.shape == (5, 32, 32, 3)
    assert first.sha256 == again.sha256
    assert first.names == again.names
    assert first.report.text() == again.report.text()
    (tmp_path / "ready" / "pictures.json").write_text("{")
    assert np.array_equal(
        pictures.prepare(tmp_path / "data", tmp_path / "ready", 32).pictures, first.pictures
    )
    save_pictures(tmp_path / "data", discs(6, 40))
    assert len(pictures.prepare(tmp_path / "data", tmp_path / "ready", 32).pictures) == 6


def test_large_pictures_are_cut_into_tiles_that_have_something_on_them(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    large = random.integers(0, 255, (96, 160, 3), np.uint8)
    large[:, :64] = 7  # nothing there
    (tmp_path / "data").mkdir()
    Image.fromarray(large).save(tmp_path / "data" / "large.png")
    whole = pictures.prepare(tmp_path / "data", tmp_path / "a", 32)
    assert len(whole.pictures) == 1
    tiles = pictures.prepare(tmp_path / "data", tmp_path / "b", 32, tiles=True)
    # 5 rows of tiles at 32 px, 6 of the 9 columns have noise on them; 2 × 3 at 64 px.
    assert len(tiles.pictures) == 5 * 6 + 2 * 3
    assert set(tiles.names) == {"large.png"}
    assert np.array_equal(tiles.pictures[0], large[:32, 48:80])


def test_modes_of_pictures(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (8, 8), (200, 100, 50, 0))
    clear.putpixel((0, 0), (200, 100, 50, 255))
    clear.save(tmp_path / "clear.png")
    assert folders.load(tmp_path / "clear.png").getpixel((0, 0)) == (200, 100, 50)
    assert folders.load(tmp_path / "clear.png").getpixel((5, 5)) == (0, 0, 0)
    Image.fromarray(np.full((8, 8), 128 * 257, np.uint16)).save(tmp_path / "deep.png")
    assert folders.load(tmp_path / "deep.png").getpixel((1, 1)) == (128, 128, 128)
    turned = Image.new("RGB", (8, 4))
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.jpg", exif=exif)
    assert folders.load(tmp_path / "turned.jpg").size == (4, 8)
    Image.new("L", (4, 4), 9).save(tmp_path / "grey.gif")
    assert folders.load(tmp_path / "grey.gif").getpixel((0, 0)) == (9, 9, 9)


def test_durations() -> None:
    assert [duration(s) for s in (20, 90, 3599, 3600, 7260)] == [
        "0 min", "2 min", "1 h 00 min", "1 h 00 min", "2 h 01 min",
    ]  # fmt: skip
