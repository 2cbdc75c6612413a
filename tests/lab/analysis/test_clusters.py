"""Clusters of channels: found alike every time, kept beside the model, named by a show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from engine.app.cli.main import cli
from engine.generators.editing.bend_ops import BendTable
from engine.generators.kinds import stylegan2
from engine.models.random_networks import make_stylegan2
from engine.models.sidecars import clusters
from tests import stylegan_files as files

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)


def test_channels_that_are_active_alike_belong_together() -> None:
    random = np.random.RandomState(1)
    layouts = random.randn(4, 256)
    kinds = np.array([0] * 9 + [1] * 7 + [2] * 5 + [3] * 3)
    scales = np.exp(random.randn(24, 1))
    maps = layouts[kinds] * scales + 0.1 * random.randn(24, 256) + random.randn(24, 1)
    order = random.permutation(24)
    found = clusters.find_clusters(maps[order], 4, "a")
    assert np.array_equal(found, kinds[order])
    assert np.array_equal(found, clusters.find_clusters(maps[order], 4, "a"))


def test_there_may_be_fewer_channels_than_clusters_or_nothing_to_see() -> None:
    assert set(clusters.find_clusters(np.eye(3, 9), 5, "a")) == {0, 1, 2}
    assert len(clusters.find_clusters(np.zeros((6, 9)), 5, "a")) == 6


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    net = make_stylegan2(16, base=256, most=20, dims=(16, 0, 24), mapping_layers=2)
    return files.save(folder / "two.safetensors", "stylegan2", *net)


def test_a_command_finds_them_and_a_show_names_them(model: Path, tmp_path: Path) -> None:
    sheet, other = tmp_path / "sheet.png", tmp_path / "again.safetensors"
    for more in (["--sheet", str(sheet)], ["--out", str(other)]):
        done = CliRunner().invoke(cli, ["bend", str(model), "--clusters", *more])
        assert done.exit_code == 0, done.output
    path = clusters.path_of(model)
    assert path.read_bytes() == other.read_bytes()
    assert sheet.read_bytes()[:4] == b"\x89PNG"
    labels = clusters.find(model, "b8.conv0")
    assert labels is not None
    table = BendTable("b8.conv0", "ablate", "cluster:1")
    config = stylegan2.Config(str(model), bends=(table,))
    layer = stylegan2.build(config).drawing.bends.plan.layers[0]
    assert np.array_equal(np.array([bool(m) for m in layer.members])[layer.cells], labels == 1)
    with pytest.raises(ValueError, match="the clusters 0 to 4, not cluster:9"):
        stylegan2.spec(
            stylegan2.Config(str(model), bends=(BendTable("b8.conv0", "add", "cluster:9"),))
        )


def test_clusters_of_another_network_and_damage_are_told(model: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.safetensors"
    own.write_bytes(model.read_bytes())
    path = clusters.path_of(own)
    clusters.write(path, own, {"b8.conv0": np.zeros(20, np.uint8)})
    assert clusters.find(own, "b8.conv0") is not None
    own.write_bytes(model.read_bytes()[:-4] + b"\0\0\0\0")
    with pytest.raises(ValueError, match="belongs to another network than own"):
        clusters.find(own, "b8.conv0")
    path.write_bytes(b"nonsense")
    with pytest.raises(ValueError, match="latent-cinema bend own"):
        clusters.find(own, "b8.conv0")


def test_a_command_that_is_told_nothing_says_so(model: Path) -> None:
    assert CliRunner().invoke(cli, ["bend", str(model)]).exit_code == 2
    done = CliRunner().invoke(cli, ["bend", str(model), "--clusters", "--sheet", "a.jpg"])
    assert done.exit_code == 2
    assert ".png" in done.output
