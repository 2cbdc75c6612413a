"""A show or a take from a stranger reads and writes beneath its own folder, and nowhere else."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import tomlkit

from engine.core.show.state import State
from engine.documents.path.journal import Journals, problems
from engine.documents.show import load
from engine.documents.show.load import ShowError
from engine.documents.take import reader
from engine.documents.take.content_store import TakeError
from tests.performing import latent_cinema

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the cases are links, pipes, devices")
HEAD = 'schema = 1\nsize_px = [64, 36]\n[[layers]]\nid = "a"\n[layers.generator]\nkind = "cppn"\n'


def show(folder: Path, line: str, head: str = HEAD) -> str:
    folder.mkdir(exist_ok=True)
    path = folder / "show.toml"
    path.write_text(f"{head}{line}\n")
    return str(path)


KEYS = (
    '[layers.path]\nbans = "{}"', '[layers.path]\njournal = "{}"', '[layers.path]\nmap = "{}"',
    '[layers.path]\nkeys = ["{}"]', '[layers.path]\nkeys = ["{}.png"]',
    '[layers.path]\ninvert = "{}.png"', '[track]\nfile = "{}"',
)  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("name", ["../out/a.npz", "/out/a.npz", "sub/../../out/a.npz"])
def test_names_that_leave_the_shows_folder_are_refused(tmp_path: Path, key: str, name: str) -> None:
    with pytest.raises(ShowError, match=r"a\.npz(\.png)?.*' leads out of the folder"):
        load.load(show(tmp_path / "own", key.format(name)))


@pytest.mark.parametrize("key", KEYS[:5])
def test_links_out_of_the_shows_folder_are_refused(tmp_path: Path, key: str) -> None:
    (tmp_path / "out").mkdir()
    text = show(tmp_path / "own", key.format("a.npz"))
    for name in ("a.npz", "a.npz.png", "a.npz.png.latent.npz"):
        (tmp_path / "own" / name).symlink_to(tmp_path / "out" / "a.npz")
    with pytest.raises(ShowError, match="a link that leads out of"):
        load.load(text)


def test_shaders_are_not_read_through_links_that_lead_out(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    text = show(
        tmp_path / "own", '[layers.source]\nshader = "x"', 'schema = 1\n[[layers]]\nid = "a"\n'
    )
    (tmp_path / "own" / "x.fs").symlink_to(tmp_path / "secret")
    with pytest.raises(ShowError, match=r"x\.fs: a link that leads out of"):
        load.load(text)
    (tmp_path / "own" / "x.fs").unlink()
    os.mkfifo(tmp_path / "own" / "x.fs")
    with pytest.raises(ShowError, match="no shader 'x'"):
        load.load(text)


@pytest.mark.parametrize("key", KEYS[2:])
def test_pipes_are_refused_and_not_waited_for(tmp_path: Path, key: str) -> None:
    text = show(tmp_path / "own", key.format("a.npz"))
    for name in ("a.npz", "a.npz.png"):
        os.mkfifo(tmp_path / "own" / name)
    with pytest.raises(ShowError, match="it is no regular file"):
        load.load(text)


def test_bans_that_are_a_pipe_are_left_alone(tmp_path: Path) -> None:
    text = show(tmp_path / "own", KEYS[0].format("a.npz"))
    os.mkfifo(tmp_path / "own" / "a.npz")
    found = load.load(text).show
    assert "it is no regular file; the show goes on without it" in problems(found)[0]
    assert found.paths[0].past.bans_file == ""


def test_a_planted_link_is_no_door_for_bans(tmp_path: Path) -> None:
    """The case S1: what is written is a name of the folder, whatever became of it meanwhile."""
    victim, own = tmp_path / "notes.txt", tmp_path / "own"
    victim.write_text("kept")
    text = show(own, KEYS[0].format("never.npz"))
    (own / ".never.npz.new").symlink_to(victim)
    loaded = load.load(text)

    journals = Journals(own)
    journals._write({loaded.show.paths[0].past.bans_file: {}})
    assert (own / "never.npz").is_file()
    (own / "never.npz").unlink()
    (own / "never.npz").symlink_to(victim)
    journals._write({"never.npz": {}})
    assert "a link that leads out of" in journals.error
    assert victim.read_text() == "kept"
    assert sorted(os.listdir(tmp_path)) == ["notes.txt", "own"]


def test_the_shows_model_may_lie_elsewhere_and_is_said(root: Path, tmp_path: Path) -> None:
    shipped = root / "presets" / "networks" / "shore.safetensors"
    model = tmp_path / "shore.safetensors"
    model.write_bytes(shipped.read_bytes())
    head = HEAD.replace('"cppn"', f'"stylegan2"\nconfig = {{ path = "{model}" }}')
    notes = load.load(show(tmp_path / "own", "", head)).show.notes
    assert notes == (f"layer a reads {model}, outside the show's folder",)
    before = model.stat().st_mtime_ns
    shutil.copy(model, tmp_path / "own" / "net.safetensors")
    assert not load.load(
        show(tmp_path / "own", "", head.replace(str(model), "net.safetensors"))
    ).show.notes
    assert model.stat().st_mtime_ns == before


@pytest.fixture
def take(root: Path, tmp_path: Path) -> Path:
    return Path(
        shutil.copytree(root / "tests" / "data" / "take-snapshot-3" / "take", tmp_path / "take")
    )


def refused(take: Path, said: str) -> None:
    done = latent_cinema("plan", take, "--out", take.parent / "plan.npz")
    assert done.returncode == 78, done.stderr
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    assert re.search(said, line)


@pytest.mark.parametrize("kind", ["device", "pipe", "outside"])
@pytest.mark.parametrize("place", ["blobs", "parts"])
def test_a_takes_files_are_its_own(take: Path, place: str, kind: str) -> None:
    for path in (take / place).iterdir():
        path.unlink()
        if kind == "pipe":
            os.mkfifo(path)
        else:
            path.symlink_to("/dev/zero" if kind == "device" else take.parent / "other")
    (take.parent / "other").write_text("{}")
    refused(take, "it is no regular file" if kind == "pipe" else "a link that leads out of")


@pytest.mark.parametrize("place", ["/dev/zero", "pipe", "/etc/passwd"])
def test_a_takes_models_are_files_and_nothing_is_told_of_them(take: Path, place: str) -> None:
    path = Path(place) if place != "pipe" else take / "pipe"
    if place == "pipe":
        os.mkfifo(path)
    header = tomlkit.parse((take / "take.toml").read_text())
    header["models"] = [{"layer": "a", "path": str(path), "sha256": "0" * 64}]
    (take / "take.toml").write_text(tomlkit.dumps(header))
    done = latent_cinema("export", take, take.parent / "f-%05d.png", "--to", "0.05")
    assert done.returncode == 78
    assert "of hash 000000000000, which is" in done.stderr
    told = re.findall(r"[0-9a-f]{12,}", done.stderr.replace("0" * 12, "").replace(str(take), ""))
    assert told == []


@pytest.mark.parametrize("place", ["blobs", "parts"])
def test_nothing_is_collected_from_elsewhere(take: Path, place: str) -> None:
    secret = take.parent / "secret"
    name = "f" * 64 if place == "blobs" else "0000000000.pcm"
    secret.write_text("s")
    (take / place / name).symlink_to(secret)
    done = latent_cinema("take", "collect", take, take.parent / "all")
    assert done.returncode == 78
    assert "a link that leads out of" in done.stderr
    assert not (take.parent / "all").exists()


def test_hashes_of_frames_are_not_written_through_a_link(root: Path, tmp_path: Path) -> None:
    victim = tmp_path / "notes.txt"
    victim.write_text("kept")
    (tmp_path / "hashes").symlink_to(victim)
    show = root / "tests" / "shows" / "tiny.toml"
    done = latent_cinema(
        "export", show, tmp_path / "f-%02d.png", "--to", "0.04", "--size", "64x36",
        "--device", "cpu", "--hashes", tmp_path / "hashes",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "hashes").read_text().startswith("0 ")
    assert victim.read_text() == "kept"


def _places(value: object, at: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Places of all numbers in a document."""
    if isinstance(value, dict):
        return [p for k, v in value.items() for p in _places(v, (*at, k))]
    if isinstance(value, list):
        return [p for k, v in enumerate(value) for p in _places(v, (*at, k))]
    return [at] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


def test_numbers_without_end_are_one_sentence(take: Path) -> None:
    """The case R5: 400 digits wherever a state holds a number."""
    path = sorted((take / "parts").glob("*.jsonl"))[0]
    lines = path.read_text().splitlines(keepends=True)
    first = json.loads(lines[0])
    for at in _places(first):
        for number in (10**400, 1e300):
            changed = json.loads(lines[0])
            where = changed
            for key in at[:-1]:
                where = where[key]
            where[at[-1]] = number
            path.write_text(json.dumps(changed) + "\n" + "".join(lines[1:]))
            _, said = _state(take)
            assert len(said) < 600, at


def _state(take: Path) -> tuple[State | None, str]:
    """State of a take's beginning, or the sentence that refuses it."""
    reader.read_part.cache_clear()
    try:
        state = reader.open_take(take).state_before(0)[1]
    except TakeError as error:
        return None, str(error)
    assert all(abs(each) <= 1e15 for each in _numbers(state))
    return state, ""


def _numbers(value: object) -> list[float]:
    if isinstance(value, np.ndarray):
        return [float(np.abs(value).max())] if value.size else []
    if isinstance(value, (tuple, list, frozenset)):
        return [x for each in value for x in _numbers(each)]
    if hasattr(value, "items"):
        return [x for each in value.values() for x in _numbers(each)]
    return [value] if isinstance(value, (int, float)) else []
