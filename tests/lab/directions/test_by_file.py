"""Directions that other programs found, with a name and a sigma, or the true reason why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from engine.app.cli.main import cli
from engine.documents.show import load
from engine.models.sidecars import directions
from engine.models.sidecars.directions import Direction, Shape
from engine.system.hashing import cached_sha256
from tests import stylegan_files as files
from tests.age_files import network

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)
RANDOM = np.random.RandomState(0)
VECTORS = RANDOM.randn(5, 32).astype(np.float32)
SHOW = """schema = 1
size_px = [64, 64]
[[layers]]
id = "net"
[layers.generator]
kind = "stylegan2"
config = { path = "net.safetensors", directions = "boundary.npy" }
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return network(tmp_path / "net.safetensors", seed=1, base=128, most=8, mapping_layers=1)


def say(*words: object) -> Any:
    return CliRunner().invoke(cli, list(map(str, words)))


def kept(model: Path) -> tuple[Direction, ...]:
    return directions.read(directions.path_of(model), cached_sha256(model), Shape(24, 32, 8))


def write(folder: Path, name: str) -> Path:
    path = folder / name
    tensor = torch.from_numpy
    match name:
        case "Smiling_boundary.npy":  # InterFaceGAN, stylegan3-editing
            np.save(path, VECTORS[:1])
        case "age.pt":  # e4e
            torch.save(tensor(VECTORS[:1]), path)
        case "every-layer.npy":
            np.save(path, np.repeat(VECTORS[:1], 8, 0))
        case "ganspace.npz":
            np.savez(path, lat_comp=VECTORS[:, None], lat_stdev=np.ones(5), act_comp=np.eye(3))
        case "pca.pt":  # e4e's form of GANSpace
            torch.save({"comp": tensor(VECTORS[:, None]), "mean": torch.zeros(1, 32)}, path)
        case "factor.pt":  # rosinality's form of SeFa: columns
            torch.save({"ckpt": "net.pt", "eigvec": tensor(VECTORS.T.copy())}, path)
        case "named.npz":
            np.savez(path, **{"Red Hair": VECTORS[0], "2nd": VECTORS[1:2]})
    return path


SMALL = ("--samples", 200, "--keep")


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("Smiling_boundary.npy", ["smiling_boundary"]),
        ("age.pt", ["age"]),
        ("every-layer.npy", ["every_layer"]),
        ("ganspace.npz", [f"ganspace_{n}" for n in range(1, 6)]),
        ("pca.pt", [f"pca_{n}" for n in range(1, 6)]),
        ("factor.pt", [f"factor_{n}" for n in range(1, 6)]),
        ("named.npz", ["red_hair", "nd"]),
    ],
)
def test_other_programs_directions_get_a_name_and_a_sigma(
    model: Path, tmp_path: Path, name: str, names: list[str]
) -> None:
    done = say("directions", model, "--import", write(tmp_path, name), *SMALL)
    assert done.exit_code == 0, done.output
    found = kept(model)
    assert [each.name for each in found] == names
    for each, vector in zip(found, VECTORS, strict=False):
        assert each.vector == pytest.approx(vector / np.linalg.norm(vector), abs=1e-6)
        assert 0.0 < each.sigma < 10.0
        assert (each.space, each.method, each.source.split(",")[0]) == ("w", "file", name)


def test_they_are_named_and_kept_like_those_that_are_found(model: Path, tmp_path: Path) -> None:
    path = write(tmp_path, "ganspace.npz")
    words = ("directions", model, "--import", path, "--samples", 200, "--layers", "2-4")
    assert say(*words, "--name", "2=age").exit_code == 0
    assert [(each.name, each.layers) for each in kept(model)] == [("age", (2, 5))]
    assert "leave --find out" in say(*words, "--find", "sefa").output


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.ones((1, 7), np.float32), "directions of 7 numbers; this model has z of 24 and w of"),
        (np.full((1, 32), np.nan), "a direction that is none (NaN"),
        (RANDOM.randn(4, 8, 32), "differs from layer to layer is not read"),
        (np.array([{}], object), "objects of Python"),
    ],
)
def test_what_cannot_be_taken_is_told_why(
    model: Path, tmp_path: Path, array: Any, words: str
) -> None:
    path = tmp_path / "d.npy"
    np.save(path, array, allow_pickle=True)
    done = say("directions", model, "--import", path, *SMALL)
    assert done.exit_code in (1, 2)
    assert words in done.output
    assert done.output.count("\n") == 1


def test_a_show_that_names_one_is_told_how_to_take_it_in(model: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "boundary.npy", VECTORS[:1])
    (tmp_path / "show.toml").write_text(SHOW)
    with pytest.raises(load.ShowError) as error:
        load.load(str(tmp_path / "show.toml"))
    assert "boundary.npy is no file of directions" in str(error.value)
    assert "--import FILE --keep" in str(error.value)


def test_a_zip_of_latents_is_a_set_whatever_its_name(tmp_path: Path) -> None:
    """Case field/06: an archive of another name ended in a traceback."""
    np.savez(tmp_path / "set.npz", w=VECTORS[:2])
    (tmp_path / "set.npz").rename(tmp_path / "set.pt")
    np.save(tmp_path / "less.npy", VECTORS[2:4])
    sets = ("--sets", tmp_path / "set.pt", tmp_path / "less.npy")
    done = say("directions", "cppn", "--find", "difference", *sets, "--samples", 200)
    assert done.exit_code in (0, 1, 2)
    assert done.exception is None or isinstance(done.exception, SystemExit)
