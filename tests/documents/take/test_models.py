"""A take knows its networks by content: a film is made with the same ones or not at all."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import pytest

from bench.stylegan_nets import make_stylegan2
from engine.documents.take import models
from engine.documents.take.recorder import Recorder
from tests import stylegan_files as files
from tests.making import line_of, read_show
from tests.performing import latent_cinema, play, succeed


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
    models.check(tmp_path, listed)
