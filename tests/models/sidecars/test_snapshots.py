"""Learning time: a network at any age of its training, from a small file beside it."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.core.show.generator import Request
from engine.generators.cpu.compile import is_compiled
from engine.generators.cuda_graph import Static
from engine.generators.kinds import stylegan2
from engine.lab.training.snapshots import choose, encode, write_ages
from engine.models import card, safetensors
from engine.models.sidecars import snapshots as ages
from tests import stylegan_files as files
from tests.age_files import SHOWN, SMALL, TRAINED, aged, network, snapshots
from tests.performing import latent_cinema, succeed

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)
PATHS = ["plain", *(["loops"] if is_compiled() else [])]
WALL = {"wide": 2.0, "points": 3, "closed": True}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return aged(tmp_path_factory.mktemp("ages") / "net.safetensors")


def build(path: Path, way: str = "plain", **canvas: Any) -> stylegan2.Generator:
    generator = stylegan2.build(stylegan2.Config(str(path), **canvas))
    if way == "loops":
        generator.warm_up()
    assert generator.drawing.path == way
    return generator


def draw(generator: stylegan2.Generator, age: float | None = None, points: int = 1) -> torch.Tensor:
    z = np.random.RandomState(3).randn(points, 24).astype(np.float32)
    latents = {"z": z if points > 1 else z[0]}
    wish = {} if age is None else {"age": age}
    picture, _ = generator.render(Request(0.0, latents, wish, (256, 256)))
    return picture.clone()


def known(path: Path) -> list[dict[str, Any]]:
    """States of the ages beside a model, oldest first."""
    net = card.load(path)
    found = ages.find(path, net)
    assert found is not None
    return list(found.states(net))[::-1]


def alone(path: Path, folder: Path) -> Path:
    """The same network with no ages beside it."""
    return Path(shutil.copy(path, folder / "alone.safetensors"))


@pytest.mark.parametrize("way", PATHS)
def test_at_age_one_the_network_is_itself_to_the_bit(model: Path, tmp_path: Path, way: str) -> None:
    plain = draw(build(alone(model, tmp_path), way))
    generator = build(model, way)
    assert torch.equal(draw(generator), plain)
    assert not torch.equal(draw(generator, 0.3), plain)
    assert torch.equal(draw(generator, 1.0), plain)


@pytest.mark.parametrize(
    ("way", "kwargs"),
    [
        *((way, {}) for way in PATHS),
        *((way, {"architecture": "orig"}) for way in PATHS),
        ("plain", {"architecture": "resnet"}),  # no loops serve it
        ("plain", {"activation": "swish"}),
    ],
)
def test_at_a_snapshots_place_the_network_is_that_snapshot(
    tmp_path: Path, way: str, kwargs: dict[str, Any]
) -> None:
    path = aged(tmp_path / "net.safetensors", **kwargs)
    generator = build(path, way)
    net = card.load(path)
    found = ages.find(path, net)
    assert found is not None
    for place, state in zip(found.places, known(path), strict=True):
        wanted = files.save(tmp_path / "then.safetensors", "stylegan2", state, net.modules)
        assert files.distance(draw(generator, place), draw(build(wanted, way))) < 2e-5


@pytest.mark.parametrize("canvas", [{}, WALL], ids=["picture", "wall"])
def test_every_path_draws_the_same_age(model: Path, canvas: dict[str, Any]) -> None:
    generators = [build(model, way, **canvas) for way in PATHS]
    for age in (0.0, 0.41, 0.9, 1.0):
        pictures = [draw(g, age, canvas.get("points", 1)) for g in generators]
        assert files.distance(pictures[0], pictures[-1]) < 1e-4


@pytest.mark.parametrize("way", PATHS)
def test_an_age_is_the_same_picture_whatever_came_before(model: Path, way: str) -> None:
    one, other = build(model, way), build(model, way)
    wanted = draw(one, 0.37)
    for age in (0.0, 0.36, 1.0, 0.99, 0.5):
        draw(other, age)
    assert torch.equal(draw(other, 0.37), wanted)


def test_age_is_continuous_from_end_to_end(model: Path) -> None:
    generator = build(model)
    steps = [draw(generator, n / 200) for n in range(201)]
    changes = [files.distance(a, b) for a, b in pairwise(steps)]
    whole = files.distance(steps[0], steps[-1])
    assert whole > 0.1
    assert max(changes) < 0.15 * whole


def test_an_age_beyond_the_ends_is_the_end(model: Path) -> None:
    generator = build(model)
    assert torch.equal(draw(generator, -3.0), draw(generator, 0.0))
    assert torch.equal(draw(generator, 7.0), draw(generator, 1.0))
    assert torch.equal(draw(generator, math.nan), draw(generator, 1.0))


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.cuda)])
def test_weights_stay_where_they_are(model: Path, device: str) -> None:
    """What a captured graph needs: it reads the new weights at the old places."""
    generator = stylegan2.build(stylegan2.Config(str(model)), device)
    assert generator.interpolation is not None
    live = [
        x for part in generator.interpolation._live.values() for x in part.weights + part.prepared
    ]
    places = [tensor.data_ptr() for tensor in live]
    wanted = [draw(generator, age) for age in (0.2, 0.7, 1.0)]
    drawing = generator.drawing
    drawing._graph = Static(drawing._raw, drawing.example(), device)
    near = 1e-6 if device == "cpu" else 2e-2
    for age, picture in zip((0.2, 0.7, 1.0), wanted, strict=True):
        assert files.distance(draw(generator, age).cpu(), picture.cpu()) < near
    assert places == [tensor.data_ptr() for tensor in live]


def test_only_a_network_with_ages_has_an_age(model: Path, tmp_path: Path) -> None:
    named = {p.address: p for p in stylegan2.spec(stylegan2.Config(str(model))).parameters}
    assert (named["age"].default, named["age"].low, named["age"].high) == (1.0, 0.0, 1.0)
    bare = stylegan2.Config(str(alone(model, tmp_path)))
    assert "age" not in {p.address for p in stylegan2.spec(bare).parameters}
    whole = stylegan2.memory_bytes(stylegan2.Config(str(model)), "cpu")
    assert whole > stylegan2.memory_bytes(bare, "cpu")


def error(found: list[dict[str, Any]], folder: Path) -> float:
    """Root of the mean squared error of the coded weights."""
    squares = []
    for state, count in zip(found, SHOWN, strict=True):
        data = safetensors.map_file(folder / f"{count:010d}.safetensors")
        table, _, at = safetensors.read_header(data)
        for name, _ in ages.layout_of(state).coded:
            stored = safetensors.tensor_of(data[at:], table[name]).astype(np.float32)
            squares.append(np.square(state[name] - stored).mean())
    return float(np.sqrt(np.mean(squares)))


def test_each_bit_more_halves_the_error(tmp_path: Path) -> None:
    path = network(tmp_path / "net.safetensors")
    folder = snapshots(path)
    errors, sizes = [], []
    for bits in (1, 2, 4, 8):
        sizes.append(write_ages(folder, path, bits=bits).file_bytes)
        errors.append(error(known(path), folder))
    assert errors[1] < 0.6 * errors[0]
    assert errors[2] < 0.4 * errors[1]
    assert errors[3] < 0.15 * errors[2]
    assert sizes == sorted(sizes)


def test_two_bits_have_the_error_of_the_books() -> None:
    """Max (1960): 0.1175 of the power of what is normally distributed is left with four levels."""
    row = np.random.Generator(np.random.Philox(1)).standard_normal(40_000).astype(np.float32)
    rows = np.full(40, 1000)
    planes, steps = encode(row, rows, 2)
    left = ages.decode(planes, steps.astype(np.float32), rows) - row
    assert 0.10 < np.square(left).mean() < 0.125


def test_a_row_that_does_not_change_costs_no_error() -> None:
    row = np.concatenate([np.zeros(300, np.float32), np.ones(300, np.float32)])
    planes, steps = encode(row, np.array([300, 300]), 2)
    found = ages.decode(planes, steps.astype(np.float32), np.array([300, 300]))
    assert np.array_equal(found[:300], row[:300])


def test_ages_lie_evenly_on_the_way() -> None:
    counts = [0, *(round(500 * 2 ** (n / 2)) for n in range(17))]
    chosen = choose(counts, 160_000, 8)
    assert chosen[0] == 0
    assert len(chosen) == 8
    places = [ages.place(n, 160_000) for n in (*chosen, 160_000)]
    assert places[-1] == 1.0
    assert np.abs(np.diff(places) - 1 / 8).max() < 0.06  # snapshots are √2 apart
    assert choose([0, 500], 160_000, 8) == (0, 500)


def spoil(path: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> None:
    """Write a file of ages with something about it that is wrong."""
    beside = ages.path_of(path)
    data = safetensors.map_file(beside)
    table, metadata, at = safetensors.read_header(data)
    parts = {n: np.array(safetensors.tensor_of(data[at:], e)) for n, e in table.items()}
    said = json.loads(metadata[ages.METADATA])
    change(said, parts)
    with beside.open("wb") as file:
        safetensors.write(file, parts, {ages.METADATA: json.dumps(said)}, half=True)


def cut(name: str) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda _, parts: parts.update({name: parts[name][..., :-1]})


def says(**values: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda said, _: said.update(values)


@pytest.mark.parametrize(
    "change",
    [
        says(shown=[]),
        says(shown=[0, 2000, 500, 8000]),
        says(shown=[0, 500, 2000, TRAINED]),
        says(shown=[-1, 500, 2000, 8000]),
        says(shown=[0, 500.0, 2000, 8000]),
        says(shown=list(range(40))),
        says(shown="0"),
        says(trained=1 << 60),
        says(trained=None),
        says(bits=0),
        says(bits=9),
        says(bits=3),
        says(bits=True),
        says(network_sha256="ab"),
        says(network_sha256=None),
        cut("planes"),
        cut("steps"),
        cut("whole"),
        lambda _, parts: parts.pop("steps"),
        lambda _, parts: parts.update(more=np.zeros(3, np.float32)),
        lambda _, parts: parts.update(planes=parts["planes"].astype(np.int8)),
    ],
)
def test_a_file_that_lies_is_refused_in_one_sentence(
    tmp_path: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]
) -> None:
    path = aged(tmp_path / "net.safetensors")
    spoil(path, change)
    with pytest.raises(ValueError, match=r"net\.ages\.safetensors") as told:
        stylegan2.spec(stylegan2.Config(str(path)))
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 250


@pytest.mark.parametrize("data", [b"", b"x" * 40, b"\xff" * 8 + b"{" + b"x" * 40])
def test_what_is_no_file_of_ages_is_refused(tmp_path: Path, data: bytes) -> None:
    path = network(tmp_path / "net.safetensors")
    ages.path_of(path).write_bytes(data)
    with pytest.raises(ValueError, match=r"net\.ages\.safetensors"):
        stylegan2.spec(stylegan2.Config(str(path)))


def test_a_model_is_no_file_of_ages(tmp_path: Path) -> None:
    path = network(tmp_path / "net.safetensors")
    shutil.copy(path, ages.path_of(path))
    with pytest.raises(ValueError, match="delete it"):
        stylegan2.spec(stylegan2.Config(str(path)))


@pytest.mark.parametrize("name", ["steps", "whole"])
def test_numbers_that_are_none_are_refused(tmp_path: Path, name: str) -> None:
    path = aged(tmp_path / "net.safetensors")
    beside = ages.path_of(path)
    data = bytearray(beside.read_bytes())
    table, _, at = safetensors.read_header(memoryview(bytes(data)))
    begin = at + table[name]["data_offsets"][0]
    data[begin : begin + 2] = np.float16(np.inf).tobytes()
    beside.write_bytes(bytes(data))
    with pytest.raises(ValueError, match="NaN or infinity"):
        stylegan2.spec(stylegan2.Config(str(path)))


def test_the_ages_of_another_network_are_refused_with_the_cure(tmp_path: Path) -> None:
    path = aged(tmp_path / "net.safetensors")
    network(path, seed=5)
    with pytest.raises(ValueError, match=r"latent-cinema model ages net\.safetensors"):
        stylegan2.spec(stylegan2.Config(str(path)))


def test_snapshots_of_another_network_are_no_ages(tmp_path: Path) -> None:
    path = network(tmp_path / "net.safetensors")
    other = network(tmp_path / "other.safetensors", **{**SMALL, "most": 16})
    with pytest.raises(ValueError, match="no snapshot of that network"):
        write_ages(snapshots(other), path)
    with pytest.raises(ValueError, match="there are no snapshots"):
        write_ages(tmp_path, path)


def test_ages_are_written_by_a_command(tmp_path: Path) -> None:
    path = network(tmp_path / "net.safetensors")
    done = latent_cinema("model", "ages", path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "net.train/snapshots" in done.stderr
    snapshots(path)
    said = succeed("model", "ages", path, "--count", 3, "--bits", 3)
    assert "net.ages.safetensors" in said
    assert "0, 2000, 8000" in said or "0, 500, 8000" in said or "0, 500, 2000" in said
    found = ages.find(path, card.load(path))
    assert found is not None
    assert found.trained == TRAINED
    assert found.planes.shape[:2] == (3, 3)
