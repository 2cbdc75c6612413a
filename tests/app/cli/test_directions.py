"""The commands that find, name and teach directions; a running show that takes a new one up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from engine.app.cli.main import cli
from engine.core.show.layer import Generator
from engine.documents.show import load
from engine.models.sidecars import directions
from engine.models.sidecars.directions import Direction, Shape
from engine.play.live.reload import Reloader
from engine.play.pixels.slot import worker_spec_of
from engine.system.hashing import cached_sha256
from tests import stylegan_files as files
from tests.age_files import network
from tests.performing import edit
from tests.play.test_model_versions import poll

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)
SMALL: dict[str, Any] = {"base": 128, "most": 8, "mapping_layers": 1}
FEW = ("--samples", 200)
SHOW = """
schema = 1
size_px = [64, 64]
[[layers]]
id = "net"
[layers.generator]
{}
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return network(tmp_path / "net.safetensors", seed=1, **SMALL)


def say(*words: object) -> Any:
    return CliRunner().invoke(cli, list(map(str, words)))


def succeed(*words: object) -> Any:
    done = say(*words)
    assert done.exit_code == 0, done.output
    return done


def kept(model: Path) -> tuple[Direction, ...]:
    """Directions in the file beside a model."""
    path = directions.path_of(model)
    if not path.is_file():
        return ()
    return directions.read(path, cached_sha256(model), Shape(24, 32, 8))


def known(model: Path) -> list[str]:
    return [each.name for each in kept(model)]


def test_directions_are_found_named_renamed_and_removed(model: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    assert "no directions yet" in succeed("directions", model).output
    ways = ("directions", model, "--find", "ganspace", "--count", 4, *FEW)
    done = succeed(*ways, "--sheet", sheet)
    assert "ganspace_4" in done.stdout
    assert "none is kept" in done.stderr
    with Image.open(sheet) as picture:
        assert picture.width > 14 * 96
        assert 4 * 96 < picture.height < 5 * 96 + 40
    assert known(model) == []
    succeed(*ways, "--name", "2=dry", "--name", "4=ice")
    assert known(model) == ["dry", "ice"]
    succeed("directions", model, "--find", "random", "--count", 2, *FEW, "--keep")
    succeed(
        "directions", model, "--name", "1=arid", "--name", "random_2=odd", "--remove", "random_1"
    )
    assert known(model) == ["arid", "ice", "odd"]
    told = json.loads(succeed("directions", model, "--json").stdout)
    assert [each["name"] for each in told["directions"]] == ["arid", "ice", "odd"]
    assert told["directions"][0]["method"] == "ganspace"
    assert len(told["directions"][0]["vector"]) == 32


def test_two_sets_of_latents_and_layers(model: Path, tmp_path: Path) -> None:
    random = np.random.RandomState(0)
    more, less = tmp_path / "more.npy", tmp_path / "less.npz"
    np.save(more, random.randn(9, 8, 32).astype(np.float32) + 1)
    np.savez(less, w=random.randn(9, 8, 32).astype(np.float32))
    words = ("directions", model, "--find", "difference", "--sets", more, less, *FEW)
    succeed(*words, "--layers", "2-4", "--name", "1=gap")
    found = kept(model)[0]
    assert found.layers == (2, 5)
    assert found.vector.mean() > 0.1
    np.save(more, np.full((3, 32), np.nan, np.float32))
    assert "what is no latent (NaN" in say(*words).stderr
    more.write_bytes(b"what")
    assert "is no file of latents" in say(*words).stderr


def test_a_direction_is_taught_by_picks(model: Path, tmp_path: Path) -> None:
    sheet, row = tmp_path / "sheet.png", tmp_path / "row.png"
    succeed("teach", model, "--sheet", sheet, "--seed", 4)
    with Image.open(sheet) as picture:
        assert picture.size == (12 * 99, 6 * 99)
    words = ("teach", model, "--seed", 4, "--more", "3,7,12", "--less", "1,4")
    done = succeed(*words, "--name", "mood", "--sheet", row)
    assert "3 more, 2 less of 72" in done.stdout
    assert row.is_file()
    assert known(model) == ["mood"]
    succeed("teach", model, "--more", "5,6", "--name", "calm", "--fix", "mood")
    assert known(model) == ["mood", "calm"]


def test_a_formula_has_directions_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    succeed("directions", "cppn", "--find", "sefa", "--layers", "0-2", *FEW, "--name", "1=swirl")
    path = tmp_path / "show.toml"
    named = 'config = { directions = "cppn.directions.safetensors" }'
    path.write_text(SHOW.format(f'kind = "cppn"\n{named}'))
    loaded = load.load(str(path))
    assert "/layer/net/generator/direction_swirl" in loaded.show.registry.index


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--keep",), 2, "say --find"),
        (("--name", "dry"), 2, "as in --name 1=dry"),
        (("--name", "1=dry"), 1, "no direction '1'; it has: none"),
        (("--remove", "dry"), 1, "no direction 'dry'"),
        (("--sheet", "x.jpg"), 2, "ends in .png"),
        (("--sheet", "x.png"), 1, "find some with --find"),
        (("--find", "sefa", "--layers", "x"), 2, "as in 0-3"),
        (("--find", "sefa", "--layers", "2-40"), 1, "the layers 0 to 7"),
        (("--find", "random", *FEW, "--name", "1=Dry!"), 1, "a letter a-z first"),
        (("--find", "random", *FEW, "--name", "99=dry"), 1, "no direction 99"),
        (("--find", "boundary"), 1, "--sets MORE LESS"),
        (("--out", "x.safetensors"), 1, "ends in .directions.safetensors"),
    ],
)
def test_what_makes_no_sense_is_told(
    model: Path, words: tuple[object, ...], code: int, told: str
) -> None:
    done = say("directions", model, *words)
    assert (done.exit_code, done.stderr.count("\n")) == (code, 1), done.stderr
    assert told in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), 2, "draw a sheet first"),
        (("--more", "1"), 2, "--name NAME"),
        (("--more", "1", "--name", "A"), 1, "a letter a-z first"),
        (("--more", "0", "--name", "a"), 1, "no picture 0"),
        (("--more", "x", "--name", "a"), 2, "are no numbers"),
        (("--more", "1", "--name", "a", "--fix", "b"), 1, "'b' is no score"),
    ],
)
def test_picks_that_make_no_sense_are_told(
    model: Path, words: tuple[object, ...], code: int, told: str
) -> None:
    done = say("teach", model, *words)
    assert (done.exit_code, done.stderr.count("\n")) == (code, 1), done.stderr
    assert told in done.stderr


def test_a_taught_slider_appears_in_a_running_show(model: Path) -> None:
    """The show names it before there is one: it is told, and waited for."""
    path = model.parent / "show.toml"
    path.write_text(SHOW.format(f'kind = "stylegan2"\nconfig = {{ path = "{model}" }}'))
    loaded = load.load(str(path))
    before = worker_spec_of(loaded.show, "net", generator(loaded))
    reloader = Reloader(loaded)
    try:
        edit(
            path, 'kind = "stylegan2"', 'kind = "stylegan2"\nparameters = { direction_mood = 2.0 }'
        )
        told = poll(reloader, loaded)
        assert isinstance(told, str)
        assert "direction_mood" in told
        succeed("teach", model, "--more", "3,7", "--less", "1,4", "--name", "mood")
        found = poll(reloader, loaded)
        assert isinstance(found, load.Loaded)
        registry = found.show.registry
        place = registry.index["/layer/net/generator/direction_mood"]
        assert registry.parameters[place].default == 2.0
        assert (
            worker_spec_of(found.show, "net", generator(found)) != before
        )  # another worker follows
    finally:
        reloader.close()


def generator(loaded: load.Loaded) -> Generator:
    made = loaded.show.layers[0].generator
    assert made is not None
    return made
