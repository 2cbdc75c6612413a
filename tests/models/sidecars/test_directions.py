"""Named directions: their file, sliders that move or hold, every kind of network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.core.show.generator import Request
from engine.documents.show.model_files import with_whole_paths
from engine.documents.take import find_models, models
from engine.documents.take.content_store import TakeError
from engine.generators.cpu.compile import is_compiled
from engine.generators.cuda_graph import Static
from engine.generators.editing.edit_directions import EditDirections
from engine.generators.kinds import cppn, stylegan2, stylegan3
from engine.models import safetensors
from engine.models.random_networks import make_stylegan3
from engine.models.sidecars import directions
from engine.models.sidecars.directions import Direction, Shape, unit
from engine.system.hashing import cached_sha256
from tests import stylegan_files as files
from tests.age_files import aged, network
from tests.making import read_show

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)
SMALL: dict[str, Any] = {"base": 128, "most": 8, "mapping_layers": 1}
Z, W, ROWS = 24, 32, 8
WAYS = ["plain", *(["loops"] if is_compiled() else [])]


def vector(seed: int, size: int) -> np.ndarray[Any, Any]:
    return unit(np.random.RandomState(seed).randn(size))


def one_hot(place: int, size: int) -> np.ndarray[Any, Any]:
    return np.eye(size, dtype=np.float32)[place]


KNOWN = (
    Direction("ice", vector(1, W), 2.0, "w", 0.3, (0, ROWS), "", "ganspace", "seed 0"),
    Direction("dry", vector(2, W), 0.5, "w", -0.2, (2, 5)),
    Direction("far", vector(3, Z), 1.5, "z", 0.1),
    Direction("glow", one_hot(2, 8), 0.7, "s", 0.0, (0, 0), "b16.conv1"),
)


def save(model: Path, known: tuple[Direction, ...] = KNOWN) -> Path:
    """Write directions beside a network."""
    path = directions.path_of(model)
    directions.write(path, cached_sha256(model), known)
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return network(tmp_path_factory.mktemp("net") / "net.safetensors", **SMALL)


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = network(tmp_path_factory.mktemp("moved") / "net.safetensors", **SMALL)
    save(path)
    return path


def styles(generator: Any, **controls: float) -> torch.Tensor:
    """Styles that a request asks for [shape=(num_ws, Dw + S)]."""
    with torch.inference_mode():
        inputs = generator.inputs(request(**controls))
        return generator.model.styles(inputs, generator.drawing._canvas)[0]


def request(points: int = 1, **controls: float) -> Request:
    z = np.random.RandomState(7).randn(points, Z).astype(np.float32)
    return Request(0.0, {"z": z if points > 1 else z[0]}, controls, (64, 64))


def draw(generator: Any, points: int = 1, **controls: float) -> torch.Tensor:
    picture, _ = generator.render(request(points, **controls))
    return picture.clone()


def test_what_is_written_is_read(moved: Path) -> None:
    shape = Shape(Z, W, ROWS, {"b16.conv1": 8})
    found = directions.read(directions.path_of(moved), cached_sha256(moved), shape)
    assert [each.name for each in found] == [each.name for each in KNOWN]
    for one, other in zip(found, KNOWN, strict=True):
        assert np.array_equal(one.vector, other.vector)
        assert (one.sigma, one.centre, one.space) == (other.sigma, other.centre, other.space)
        assert (one.layers, one.layer, one.source) == (other.layers, other.layer, other.source)


def says(**values: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda said, _: said["directions"][0].update(values)


@pytest.mark.parametrize(
    "change",
    [
        says(name="../ice"),
        says(name="rain"),
        says(space="q"),
        says(space="z"),
        says(sigma=0),
        says(sigma=float("1e9")),
        says(sigma="2"),
        says(layers=[0, 99]),
        says(layers=[3, 3]),
        says(layers=[0.0, 2]),
        says(centre=None),
        lambda said, _: said.update(model_sha256="ab"),
        lambda said, _: said.update(directions="all"),
        lambda said, _: said["directions"].pop(),
        lambda said, _: said["directions"][3].update(layer="b9.conv1"),
        lambda _, parts: parts.update(ice=parts["ice"][:-1]),
        lambda _, parts: parts.update(ice=parts["ice"] * 2),
        lambda _, parts: parts.update(ice=np.zeros(W, np.int32)),
    ],
)
def test_a_file_that_lies_is_refused_in_one_sentence(
    tmp_path: Path, model: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]
) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(model.read_bytes())
    beside = save(path)
    data = safetensors.map_file(beside)
    table, metadata, at = safetensors.read_header(data)
    parts = {n: np.array(safetensors.tensor_of(data[at:], e)) for n, e in table.items()}
    said = json.loads(metadata[directions.METADATA])
    change(said, parts)
    with beside.open("wb") as file:
        safetensors.write(file, parts, {directions.METADATA: json.dumps(said)})
    with pytest.raises(ValueError, match=r"net\.directions\.safetensors .*delete") as told:
        stylegan2.spec(stylegan2.Config(str(path)))
    assert "\n" not in str(told.value)


def test_numbers_that_are_none_and_missing_files_are_refused(tmp_path: Path, model: Path) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(model.read_bytes())
    beside = save(path)
    data = bytearray(beside.read_bytes())
    data[-4:] = np.float32(np.nan).tobytes()
    beside.write_bytes(bytes(data))
    with pytest.raises(ValueError, match="NaN or infinity"):
        stylegan2.spec(stylegan2.Config(str(path)))
    beside.write_bytes(b"x" * 9)
    with pytest.raises(ValueError, match=r"net\.directions\.safetensors"):
        stylegan2.spec(stylegan2.Config(str(path)))
    gone = str(tmp_path / "gone.directions.safetensors")
    with pytest.raises(ValueError, match=r"gone.*latent-cinema directions"):
        stylegan2.spec(stylegan2.Config(str(model), directions=gone))


def test_sliders_are_parameters(moved: Path) -> None:
    named = {p.address: p for p in stylegan2.spec(stylegan2.Config(str(moved))).parameters}
    assert (named["direction_ice"].low, named["direction_ice"].high) == (-10.0, 10.0)
    assert named["hold_far"].high == 1.0
    assert "hold_glow" not in named
    steered = stylegan2.spec(stylegan2.Config(str(moved), space="w"))
    assert "direction_far" not in {p.address for p in steered.parameters}


@pytest.mark.parametrize("method", WAYS)
def test_at_rest_the_picture_is_the_same(model: Path, moved: Path, method: str) -> None:
    pictures = []
    for path in (model, moved):
        generator = stylegan2.build(stylegan2.Config(str(path)))
        if method == "loops":
            generator.warm_up()
        pictures.append(draw(generator))
    assert files.distance(*pictures) < 1e-5


def test_a_slider_moves_its_layers_by_its_sigmas(moved: Path) -> None:
    generator = stylegan2.build(stylegan2.Config(str(moved)))
    change = styles(generator, direction_dry=3.0) - styles(generator)
    wanted = torch.zeros(ROWS, W)
    wanted[2:5] = 3.0 * 0.5 * torch.from_numpy(KNOWN[1].vector)
    assert files.distance(change[:, :W], wanted) < 1e-5
    z = torch.from_numpy(request().latents["z"][None])
    far = torch.from_numpy(2.0 * 1.5 * KNOWN[2].vector)
    with torch.inference_mode():
        wanted = generator.model.map(z + far).expand(ROWS, -1)
    assert files.distance(styles(generator, direction_far=2.0)[:, :W], wanted) < 1e-5


def place(ws: torch.Tensor, each: Direction) -> torch.Tensor:
    """Where styles lie along a direction, in its sigmas."""
    return (ws[:, :W] @ torch.from_numpy(each.vector) - each.centre) / each.sigma


def test_what_is_held_stays_whatever_the_others_do(moved: Path) -> None:
    generator = stylegan2.build(stylegan2.Config(str(moved)))
    ice, dry = KNOWN[:2]
    ws = styles(generator, direction_ice=1.5, hold_ice=1.0, direction_dry=-1.0, hold_dry=1.0)
    assert files.distance(place(ws, ice), torch.full((ROWS,), 1.5)) < 1e-3
    assert files.distance(place(ws, dry)[2:5], torch.full((3,), -1.0)) < 1e-3
    free = styles(generator, direction_ice=1.5, hold_ice=1.0, direction_dry=4.0)
    assert files.distance(place(free, ice), torch.full((ROWS,), 1.5)) < 1e-3
    none, half, whole = (
        place(styles(generator, direction_ice=1.5, hold_ice=held), ice) for held in (0.0, 0.5, 1.0)
    )
    assert files.distance(half, (none + whole) / 2) < 1e-3


def test_a_channel_moves_alone(model: Path, moved: Path) -> None:
    plain, bent = (stylegan2.build(stylegan2.Config(str(p))).model for p in (model, moved))
    generator = stylegan2.build(stylegan2.Config(str(moved)))
    ws = styles(generator, direction_glow=3.0)
    for before, after, row in zip(_layers(plain), _layers(bent), range(ROWS), strict=False):
        change = after.conv.affine(ws[row]) - before.conv.affine(ws[row, :W])
        wanted = torch.zeros(len(change))
        if after.name == "b16.conv1":
            wanted[2] = 3.0 * 0.7
        assert files.distance(change, wanted) < 1e-5


def _layers(model: Any) -> list[Any]:
    return [layer for block in model.synthesis.blocks for layer in block.layers]


MANY = {"direction_ice": 1.0, "direction_dry": -2.0, "direction_far": 0.5, "direction_glow": 2.0,
        "hold_ice": 1.0}  # fmt: skip


@pytest.mark.parametrize("canvas", [{}, {"wide": 2.0, "points": 3}], ids=["picture", "wall"])
def test_every_path_draws_the_same(moved: Path, canvas: dict[str, Any]) -> None:
    pictures, points = [], canvas.get("points", 1)
    for method in (*WAYS, "static"):
        generator = stylegan2.build(stylegan2.Config(str(moved), **canvas))
        drawing = generator.drawing
        if method == "loops":
            generator.warm_up()
        elif method == "static":  # what a captured graph does
            drawing._graph = Static(drawing._raw, drawing.example(), "cpu")
        pictures.append(draw(generator, points, **MANY))
    assert all(files.distance(pictures[0], each) < 1e-4 for each in pictures)
    assert files.distance(pictures[0], draw(generator, points)) > 0.02


def test_ages_keep_their_directions(tmp_path: Path) -> None:
    path = aged(tmp_path / "net.safetensors", **SMALL)
    save(path)
    generator = stylegan2.build(stylegan2.Config(str(path)))
    assert files.distance(draw(generator, age=0.5), draw(generator, age=0.5, **MANY)) > 0.01


@pytest.mark.parametrize("method", WAYS)
def test_a_stylegan3_has_them_too(tmp_path: Path, method: str) -> None:
    made = make_stylegan3(16, base=256, most=8, dims=(Z, 0, W), layers=4)
    path = files.save(tmp_path / "net.safetensors", "stylegan3", *made)
    config = stylegan3.Config(str(path))
    layer = stylegan3.spec(config).layers[2]
    count = len(made[0][f"synthesis.{layer}.affine.weight"])
    glow = Direction("glow", one_hot(1, count), 1.0, "s", layer=layer)
    before = draw(stylegan3.build(config))
    save(path, (Direction("ice", vector(1, W), 2.0, "w", 0.0, (0, 3)), glow))
    generator = stylegan3.build(config)
    if method == "loops":
        generator.warm_up()
    assert files.distance(draw(generator), before) < 1e-4
    for name in ("direction_ice", "direction_glow"):
        assert files.distance(draw(generator, **{name: 5.0}), before) > 1e-3


def test_the_cppn_has_them_by_name_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "field.directions.safetensors"
    known = (
        Direction("swirl", vector(1, 64), 1.0, "w", 0.0, (0, 3)),
        Direction("grain", one_hot(3, 48), 1.0, "s", layer="weave"),
    )
    directions.write(path, cppn.model_hash(cppn.Config()), known)
    generator = cppn.build(cppn.Config(directions=str(path)))
    z = np.random.RandomState(1).randn(64).astype(np.float32)

    def styled(**controls: float) -> dict[str, torch.Tensor]:
        ws, _ = generator._styles({}, Request(0.0, {"z": z}, controls, (64, 64)))
        return cppn.modulate(generator.weights, ws[0])

    rest, moved = styled(), styled(direction_swirl=2.0, direction_grain=3.0)
    change = {name: moved[name] - rest[name] for name in rest}
    wanted = generator.weights.affine["fold"][:, :64] @ torch.from_numpy(2.0 * known[0].vector)
    assert files.distance(change["fold"], wanted) < 1e-5
    assert files.distance(change["weave"], 3.0 * torch.from_numpy(known[1].vector)) < 1e-5
    assert float(change["body"].abs().max()) < 1e-6
    with pytest.raises(ValueError, match="another model"):
        cppn.spec(cppn.Config(network_seed=7, directions=str(path)))


def test_a_row_of_numbers_never_changes_its_length() -> None:
    edit_directions = EditDirections(KNOWN, Shape(Z, W, ROWS, {"b16.conv1": 8}))
    assert (
        len(edit_directions.pack({}))
        == len(edit_directions.pack(MANY))
        == sum(edit_directions._lengths())
    )
    assert len(EditDirections().pack({})) == 0


def text(path: Path, more: str = "") -> str:
    return f"""
[[layers]]
id = "net"
[layers.generator]
kind = "stylegan2"
config = {{ path = "{path}"{more} }}
parameters = {{ direction_ice = 1.0 }}
"""


def test_shows_name_sliders_and_takes_insist_on_the_file(tmp_path: Path, moved: Path) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(moved.read_bytes())
    with pytest.raises(ValueError, match="direction_ice"):
        read_show(text(path))
    beside = save(path)
    show = read_show(text(path))
    assert "/layer/net/generator/hold_ice" in show.registry.index
    fingerprints = models.with_hashes(models.fingerprints(show), show)
    find_models.find(tmp_path, fingerprints)
    save(path, KNOWN[:1])
    with pytest.raises(TakeError, match=fingerprints[0]["directions_sha256"][:12]):
        find_models.find(tmp_path, fingerprints)
    beside.unlink()
    with pytest.raises(TakeError, match="is not there; put that file back"):
        find_models.find(tmp_path, fingerprints)


def test_a_relative_name_begins_beside_the_show(tmp_path: Path) -> None:
    whole = with_whole_paths(
        text(Path("/n.safetensors"), ', directions = "d.safetensors"'), tmp_path
    )
    assert str(tmp_path / "d.safetensors") in whole
    assert '"/n.safetensors"' in whole


def test_what_earth_ships_does_what_it_is_called(root: Path) -> None:
    """Its pictures hold height, wetness and ice, each a colour."""
    from engine.lab.directions.library import Library

    library = Library(str(root / "presets" / "networks" / "earth.safetensors"), None)
    names = [each.name for each in library.known]
    assert names == ["sea", "ice", "wet", "high", "rugged", "deep", "land_west", "land_north"]
    w = library.studied.map(library.studied.latents(3, "shown", 16))
    code = np.array([[0.60, 0.45, -0.35], [-0.30, 0, -0.25], [0.30, 0.30, 0.55]])
    ground = np.array([0.20, 0.20, 0.62])

    def fields(name: str, step: float) -> Any:
        along = [each for each in library.known if each.name == name]
        x = library.studied.draw(w, 32, along, np.full((16, 1), step, np.float32))
        return (np.moveaxis(x, 1, -1) - ground) @ np.linalg.inv(code)

    def land(x: Any) -> float:
        return float((x[..., 0] > 0.5).mean())

    assert land(fields("sea", 1.5)) < land(fields("sea", -1.5)) - 0.2
    for name, field in (("ice", 2), ("wet", 1)):
        assert fields(name, 1.5)[..., field].mean() > fields(name, -1.5)[..., field].mean() + 0.1
    more, less = fields("land_west", 1.5), fields("land_west", -1.5)
    west, east = np.s_[:, :, :16], np.s_[:, :, 16:]
    assert land(more[west]) - land(more[east]) > 0.1
    assert land(less[east]) - land(less[west]) > 0.1
