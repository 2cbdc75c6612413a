"""Where everything comes from: `credits`, and what `model info` tells of a training."""

from __future__ import annotations

import json
from email.message import Message
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from engine.app import credits as acknowledgements
from engine.app.cli.main import cli
from engine.generators.archive import index as indexes
from engine.generators.archive.features import GRID
from engine.generators.archive.index import Entry, Index
from engine.models import card
from engine.models.random_networks import make_stylegan2
from engine.system import fonts, hashing
from tests import stylegan_files as files

CARD = {
    "family": "stylegan2",
    "architecture": "StyleGAN2, ours, 16x16",
    "licence": "CC-BY-4.0",
    "data_set": "leaves",
    "credits": "A. Painter",
    "pictures": 120,
    "pictures_shown": 4000,
    "steps": 250,
    "seed": 7,
    "origin": "latent-cinema train",
    "date": "2026-11-24",
    "hours": "1.50",
    "distance": '{"16": 20.5}',
}


def credit(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["credits", *map(str, arguments)])
    return done.exit_code, done.output


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A network with its card, and an index of three pictures."""
    net = make_stylegan2(16, base=128, most=8, dims=(32, 0, 32), mapping_layers=1, seed=1)
    path = files.save(tmp_path / "leaves.safetensors", "stylegan2", *net)
    text = card.card_text({**CARD, "sha256": hashing.sha256_of(path)})
    card.card_path(path).write_text(text, "utf-8")
    rows = GRID**2
    eye = {
        "look.weight": np.ones((1, 3, 4, 4), np.float32),
        "look.bias": np.zeros(1, np.float32),
        "centre": np.zeros(rows, np.float32),
        "basis": np.ones((2, rows), np.float32),
    }
    entries = [
        Entry("a", "", "A. Painter", "CC-BY-4.0"),
        Entry("b", "", "B. Giver", "CC0-1.0"),
        Entry("c", "", "A. Painter", "CC-BY-4.0"),
        Entry("d", "", "", ""),
    ]
    ones, ends = np.ones((4, 2), np.int8), np.zeros(4, np.int64)
    with indexes.path_beside(path).open("wb") as file:
        indexes.write(file, Index(16, 8, (0,), 9, eye, ones, entries, ends=ends))
    return path


def test_the_font_that_comes_along_has_its_licence_beside_it() -> None:
    status, said = credit()
    assert status == 0
    assert "Arimo: OFL-1.1" in said
    assert "photographs by Aitzol Berasategi" in said
    beside = Path(fonts.__file__).with_name("OFL.txt").read_text("utf-8")
    assert "SIL Open Font License, Version 1.1" in beside
    assert len(fonts.data()) < 400_000


def test_the_engine_names_all_that_it_ships_and_needs() -> None:
    code, said = credit("--json")
    assert code == 0
    found = json.loads(said)
    assert found["engine"]["licence"] == "Apache-2.0"
    packages = {one["name"].lower(): one for one in found["packages"]}
    assert {"torch", "numpy", "av", "cffi"} <= set(packages)  # cffi: what sounddevice needs
    assert not {"pytest", "mypy", "latent-cinema"} & set(packages)
    assert all(one["licence"] for one in packages.values())
    shaders = {one["name"]: one["credit"] for one in found["shaders"]}
    assert shaders["ink"] == "Latent Cinema"
    networks = {one["name"]: one for one in found["networks"]}
    assert networks["shore.safetensors"]["licence"] == "Apache-2.0"
    assert "Blue Marble" in networks["shore.safetensors"]["data_set"]


def test_no_package_hides_a_copyleft_licence() -> None:
    """The one exception are the encoders in PyAV's wheel, and they are named.

    A library under the LGPL may be used as it is (zeroconf); Link is the user's choice, an extra.
    """
    found = json.loads(credit("--json")[1])
    for one in found["packages"]:
        is_chosen = one["name"].lower() == "linkpython-extern"
        assert is_chosen or "GPL" not in one["licence"].replace("LGPL", ""), one
    libraries = found["exception"].get("libraries", [])
    assert all("GPL" in one["licence"] for one in libraries)
    if libraries:  # a wheel; a system's own PyAV brings none
        assert any("x264" in one["file"] for one in libraries)
        assert "no part of this package" in credit()[1]


def test_a_network_tells_its_card_and_its_archive(model: Path) -> None:
    code, said = credit(model, "--json")
    assert code == 0, said
    found = json.loads(said)
    [network] = found["networks"]
    asked = set(CARD) - {"family"}
    assert {key: network[key] for key in asked} == {key: CARD[key] for key in asked}
    [archive] = found["archives"]
    assert (archive["pictures"], archive["archive"]) == (4, 9)
    assert archive["credits"] == [
        {"licence": "CC-BY-4.0", "credit": "A. Painter", "pictures": 2},
        {"licence": "CC0-1.0", "credit": "B. Giver", "pictures": 1},
        {"licence": "not said", "credit": "not said", "pictures": 1},
    ]
    text = credit(model)[1]
    assert "2 pictures: A. Painter (CC-BY-4.0)" in text
    assert "network leaves.safetensors" in text
    index = indexes.path_beside(model)
    assert json.loads(credit(index, "--json")[1])["archives"] == found["archives"]


def test_a_card_of_other_weights_is_not_believed(model: Path) -> None:
    text = card.card_path(model).read_text("utf-8").replace('sha256 = "', 'sha256 = "00')
    card.card_path(model).write_text(text, "utf-8")
    [network] = json.loads(credit(model, "--json")[1])["networks"]
    assert network["licence"] == "CC0-1.0"  # what the file itself says
    assert "steps" not in network


def test_a_damaged_index_is_told_and_hides_nothing_else(model: Path) -> None:
    indexes.path_beside(model).write_bytes(b"no index")
    code, said = credit(model)
    assert code == 0
    assert "A. Painter" in said
    assert "leaves.archive.safetensors is something else" in said


def test_a_show_names_its_networks_and_shaders() -> None:
    found = json.loads(credit("latent-wall", "--json")[1])
    assert [one["name"] for one in found["networks"]] == ["earth.safetensors"]
    code, said = credit("default")
    assert code == 0
    assert "computed from network_seed" in said
    assert "strike          Latent Cinema" in said
    assert said.count("network cppn") == 1


def test_a_show_that_is_none_is_told() -> None:
    code, said = credit("no-such-show")
    assert code == 78
    assert "there is no such show file" in said
    code, said = credit("gone.safetensors")
    assert code == 2
    assert "gone.safetensors is no file" in said


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ([("License-Expression", "MIT"), ("License", "other")], "MIT"),
        ([("License", "BSD")], "BSD"),
        ([("License", "a\nb"), ("Classifier", "License :: OSI Approved :: MIT")], "MIT"),
        ([("License", "Copyright\nand so on")], "Copyright"),
        ([("Classifier", "Topic :: Art")], "not said"),
        ([("License", "\x1b[31mMIT")], "[31mMIT"),
    ],
)  # fmt: skip
def test_a_packages_licence_is_read_wherever_it_stands(
    fields: list[tuple[str, str]], licence: str
) -> None:
    about = Message()
    for key, value in fields:
        about[key] = value.replace("\n", "\n ") if "\n" in value else value
    assert acknowledgements._licence(about) == licence


def test_model_info_tells_the_training(model: Path) -> None:
    done = CliRunner().invoke(cli, ["model", "info", str(model)])
    lines = dict(line.split(maxsplit=1) for line in done.output.splitlines() if " " in line)
    assert lines["steps"] == "250"
    assert lines["shown"] == "4000"
    assert lines["pictures"] == "120"
    assert lines["seed"] == "7"
    assert lines["date"] == "2026-11-24"
    assert lines["credits"] == "A. Painter"
    assert lines["licence"] == "CC-BY-4.0"
