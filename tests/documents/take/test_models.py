"""A take knows its networks by content: a film is made with the same ones or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.documents.take import find_models
from engine.documents.take.content_store import TakeError
from engine.documents.take.recorder import Recorder
from engine.models.random_networks import make_stylegan2
from tests import stylegan_files as files
from tests.age_files import aged
from tests.making import line_of, read_show
from tests.performing import latent_cinema, play, read_plan, same_rows, succeed


def network(path: Path, seed: int = 1) -> Path:
    net = make_stylegan2(16, base=128, most=8, dims=(32, 0, 32), mapping_layers=1, seed=seed)
    return files.save(path, "stylegan2", *net)


def text(path: Path) -> str:
    return f'''
schema = 1
size_px = [64, 64]
[[layers]]
id = "net"
generator = {{ kind = "stylegan2", config = {{ path = "{path}" }} }}
[[layers]]
id = "form"
generator = {{ kind = "cppn", size_px = 64, film_px = 64 }}
'''


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_take_names_its_networks_and_a_film_insists_on_them(tmp_path: Path) -> None:
    path = network(tmp_path / "net.safetensors")
    show = tmp_path / "show.toml"
    show.write_text(text(path))
    with play(tmp_path, show, "--duration", "1") as playing:
        playing.stats()
    take = tmp_path / "take"
    header = tomllib.loads((take / "take.toml").read_text())
    marks = {mark["layer"]: mark for mark in header["models"]}
    assert marks["net"]["sha256"] == digest(path)
    assert marks["net"]["path"] == str(path)
    assert "sha256" not in marks["form"]
    film = ("export", take, tmp_path / "f-%05d.png", "--to", "0.05", "--device", "cpu")
    succeed(*film)
    network(path, seed=2)
    done = latent_cinema(*film)
    assert done.returncode == 78
    assert marks["net"]["sha256"][:12] in done.stderr
    assert digest(path)[:12] not in done.stderr  # a take may name any file that it likes
    assert str(path) in done.stderr
    assert done.stderr.count("\n") == 1
    path.unlink()
    done = latent_cinema(*film)
    assert done.returncode == 78
    assert "is not there" in done.stderr


def test_a_reloaded_show_adds_its_networks(tmp_path: Path) -> None:
    first, second = network(tmp_path / "a.safetensors"), network(tmp_path / "b.safetensors", 2)
    shows = [read_show(text(path).replace("schema = 1", "")) for path in (first, second)]
    recorder = Recorder(tmp_path / "take", shows[0], text(first), header={})
    recorder.tick(shows[0], line_of(shows[0]).state, (), line_of(shows[0]).state)
    recorder.add_show(text(second), shows[1])
    recorder.close()
    header = tomllib.loads((tmp_path / "take" / "take.toml").read_text())
    hashes = [mark.get("sha256") for mark in header["models"]]
    assert sorted(filter(None, hashes)) == sorted([digest(first), digest(second)])
    assert len(hashes) == 3


@pytest.mark.parametrize(
    "listed",
    [None, [], "x", [1, "y"], [{}], [{"sha256": "ab"}], [{"path": "/nowhere", "layer": "a"}]],
)
def test_a_header_without_hashes_asks_for_nothing(tmp_path: Path, listed: object) -> None:
    find_models.find(tmp_path, listed)


def shows_of(folder: Path, *words: object) -> tuple[list[str], dict[str, np.ndarray]]:
    """Hashes of the frames of a take's film, and its plan."""
    hashes, plan = folder.with_suffix(".txt"), folder.with_suffix(".npz")
    film = folder.with_suffix(".mp4")
    succeed("export", folder, film, "--to", "0.1", "--hashes", hashes, "--device", "cpu", *words)
    succeed("plan", folder, "--out", plan, *words)
    return hashes.read_text().splitlines(), read_plan(plan)


def assert_same_film(one: tuple[Any, Any], other: tuple[Any, Any]) -> None:
    assert one[0] == other[0]
    same_rows(one[1], other[1], len(one[1]["tick"]))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a take of an aged network, and its film."""
    folder = tmp_path_factory.mktemp("played")
    (folder / "home").mkdir()
    path = aged(folder / "home" / "net.safetensors", base=128, most=8, mapping_layers=1)
    (folder / "show.toml").write_text(text(path))
    with play(folder, folder / "show.toml", "--duration", "0.5") as playing:
        playing.stats()
    return folder


def test_a_collected_take_plays_where_nothing_else_is(played: Path, tmp_path: Path) -> None:
    shutil.copytree(played, tmp_path / "here")
    take, home = tmp_path / "here" / "take", played / "home"
    before = shows_of(take)
    out = tmp_path / "there" / "collected"
    said = succeed("take", "collect", take, out)
    (model,) = out.glob("models/*/net.safetensors")
    assert said.splitlines() == [str(model)]
    names = {path.name for path in model.parent.iterdir()}
    assert names == {"net.safetensors", "net.ages.safetensors", "net.toml"}
    home.rename(played / "gone")
    try:
        shutil.rmtree(tmp_path / "here")
        assert_same_film(shows_of(out), before)
        moved = out.rename(tmp_path / "elsewhere")
        assert_same_film(shows_of(moved), before)
        proxy = succeed("proxy", moved, tmp_path / "p.mp4", "--to", "0.1", "--size", "320x180")
        assert "p.npz" in proxy
        next(moved.glob("models/*/net.ages.safetensors")).unlink()
        done = latent_cinema("plan", moved, "--out", tmp_path / "x.npz")
        assert (done.returncode, done.stderr.count("\n")) == (78, 1)
        assert "--models DIR" in done.stderr
    finally:
        (played / "gone").rename(home)


@pytest.mark.parametrize("name", ["net.safetensors", "other name.safetensors"])
def test_models_are_found_by_their_content(played: Path, tmp_path: Path, name: str) -> None:
    source = played / "home" / "net.safetensors"
    shutil.copytree(played / "take", tmp_path / "a" / "take")
    take = tmp_path / "a" / "take"
    header = tomllib.loads((take / "take.toml").read_text())["models"]
    assert find_models.find(take, header) == {}
    (gone,) = (dict(mark, path="/no where/net.safetensors") for mark in header if "path" in mark)
    with pytest.raises(TakeError, match="is not there; put that file back"):
        find_models.find(take, [gone])
    models = tmp_path / "models"
    (models / "deep").mkdir(parents=True)
    network(models / "net.safetensors", seed=5)  # of that name, and another
    copy = models / "deep" / name
    shutil.copy(source, copy)
    with pytest.raises(TakeError, match="is not there"):
        find_models.find(take, [gone], [models])  # without its ages it is not the same
    shutil.copy(source.with_name("net.ages.safetensors"), copy.with_suffix(".ages.safetensors"))
    assert find_models.find(take, [gone], [models]) == {gone["path"]: str(copy)}
    beside = tmp_path / "a" / name
    shutil.copy(source, beside)
    shutil.copy(source.with_name("net.ages.safetensors"), beside.with_suffix(".ages.safetensors"))
    assert find_models.find(take, [gone], [models]) == {gone["path"]: str(beside)}
    windows = dict(gone, path="C:\\models\\net.safetensors")
    assert find_models.find(take, [windows]) == {windows["path"]: str(beside)}


def test_a_converted_model_is_taken_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find_models, "cache_folder", lambda: tmp_path / "cache")
    mark = {"layer": "net", "path": "/gone/net.pkl", "sha256": "a" * 64}
    (tmp_path / "cache").mkdir()
    converted = tmp_path / "cache" / find_models.converted_name("a" * 64)
    converted.write_bytes(b"converted")
    assert find_models.find(tmp_path / "t", [mark]) == {"/gone/net.pkl": str(converted)}
    with pytest.raises(TakeError, match="is not there"):
        find_models.find(tmp_path / "t", [dict(mark, sha256="b" * 64)])


def test_a_collection_that_fails_leaves_nothing(played: Path, tmp_path: Path) -> None:
    take = shutil.copytree(played / "take", tmp_path / "take")
    blob = next((take / "blobs").iterdir())
    data = blob.read_bytes()
    blob.unlink()
    os.mkfifo(blob)
    out = tmp_path / "out"
    done = latent_cinema("take", "collect", take, out)
    assert (done.returncode, done.stderr.count("\n")) == (78, 1)
    assert not out.exists()
    blob.unlink()
    blob.write_bytes(data)
    out.mkdir()
    (out / "mine").write_text("mine")
    done = latent_cinema("take", "collect", take, out)
    assert done.returncode == 2
    assert [path.name for path in out.iterdir()] == ["mine"]
