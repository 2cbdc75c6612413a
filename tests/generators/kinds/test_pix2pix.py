"""Networks from picture to picture: the contract, and files that nobody should trust."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from numpy.typing import NDArray

from engine.app.cli.main import cli
from engine.core.show.generator import Request
from engine.documents.show.model_files import with_whole_paths
from engine.generators import registry
from engine.generators.kinds import pix2pix
from engine.generators.networks.pix2pix import draw, noise_of
from engine.models import card, safetensors
from engine.models.pix2pix_shape import Shape
from engine.models.unpickle.inert import RefusedError
from engine.system import hashing
from tests import pix2pix_files
from tests.pix2pix_files import SHAPE, arrays, write
from tests.places import PRESETS

OTHER = PRESETS / "networks/shore.safetensors"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("networks") / "n.safetensors")


@pytest.fixture(scope="module")
def generator(file: Path) -> pix2pix.Generator:
    return pix2pix.build(pix2pix.Config(str(file)))


def picture(height: int = 32, width: int = 32, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def ask(
    seen: NDArray[Any] | None = None, size_px: tuple[int, int] = (32, 32), **told: Any
) -> Request:
    z = told.pop("z", np.array([0.5, -1, 0.2], np.float32))
    pictures = {} if seen is None else {"image": seen}
    return Request(0.0, {"z": z}, told, size_px, size_px[0] / size_px[1], pictures=pictures)


def pixels(generator: pix2pix.Generator, *args: Any, **told: Any) -> NDArray[np.float32]:
    drawn, memory = generator.render(ask(*args, **told), "kept")
    assert memory == "kept"
    return drawn.numpy()


@pytest.mark.parametrize("size_px", [(32, 32), (48, 34), (34, 90), (128, 64)])
@pytest.mark.parametrize("seen", [None, (32, 32), (1, 1), (500, 7)])
def test_a_picture_has_the_size_that_was_asked(
    generator: pix2pix.Generator, size_px: tuple[int, int], seen: tuple[int, int] | None
) -> None:
    drawn = pixels(generator, None if seen is None else picture(*seen), size_px)
    assert drawn.shape == (1, 3, size_px[1], size_px[0])
    assert drawn.dtype == np.float32
    assert np.isfinite(drawn).all()
    assert drawn.min() >= 0
    assert drawn.max() <= 1


def test_the_same_request_makes_the_same_picture(generator: pix2pix.Generator, file: Path) -> None:
    first = pixels(generator, picture())
    pixels(generator, picture(seed=1), (64, 64))
    assert np.array_equal(first, pixels(generator, picture()))
    again = pix2pix.build(pix2pix.Config(str(file)))
    assert np.array_equal(first, pixels(again, picture()))


def test_it_answers_what_it_sees_and_its_code(generator: pix2pix.Generator) -> None:
    rest = pixels(generator, picture())
    assert np.abs(rest - pixels(generator, picture(seed=1))).max() > 0.05
    assert np.abs(rest - pixels(generator, picture(), z=np.ones(3, np.float32))).max() > 0.01
    for name, value in (("noise", 0.0), ("style", 0.0), ("detail", 2.0)):
        assert np.abs(rest - pixels(generator, picture(), **{name: value})).max() > 0.01, name
    same = [pixels(generator, picture(), z=np.full(3, k, np.float32), style=0.0) for k in (0, 2)]
    assert np.array_equal(*same)


def test_nothing_seen_is_a_blank_sheet(tmp_path: Path) -> None:
    path = str(write(tmp_path / "n.safetensors"))
    built = pix2pix.build(pix2pix.Config(path, blank="#102030"))
    sheet = np.broadcast_to(np.array([16, 32, 48], np.uint8), (32, 32, 3))
    assert np.array_equal(pixels(built), pixels(built, sheet))
    with pytest.raises(ValueError, match=r"config.blank: 'blue' is no colour"):
        pix2pix.spec(pix2pix.Config(path, blank="blue"))


@pytest.mark.parametrize(
    "seen",
    [
        picture().astype(np.float32),
        picture()[..., 0],
        np.zeros((0, 4, 3), np.uint8),
        picture()[..., :2],
    ],
)
def test_what_is_no_picture_is_refused(generator: pix2pix.Generator, seen: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="port 'image' sees"):
        generator.render(ask(seen))


def test_a_latent_must_be_there_and_fit(generator: pix2pix.Generator) -> None:
    with pytest.raises(ValueError, match="no latent 'z'"):
        generator.render(Request(0.0, {}))
    with pytest.raises(ValueError, match=r"shape \(4,\)"):
        generator.render(ask(z=np.zeros(4, np.float32)))
    drawn = pixels(generator, z=np.array([np.nan, np.inf, 1e30], np.float32), style=float("nan"))
    assert np.isfinite(drawn).all()


def test_it_is_described_without_torch(tmp_path: Path) -> None:
    path = write(tmp_path / "n.safetensors")
    code = (
        "import sys; from engine.generators import registry; "
        f"print(registry.open_spec('pix2pix', {{'path': {str(path)!r}}}).spec); "
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "geometry='image', shape=(3, 32, 32)" in done.stdout
    found = pix2pix.spec(pix2pix.Config(str(path)))
    assert [port.name for port in found.ports] == ["z", "image"]
    assert (found.any_size, found.licence, found.provenance) == (True, "CC0", "a test")
    assert len(found.layers) == len(SHAPE.styled)


def test_more_memory_is_asked_for_than_the_weights_take(tmp_path: Path) -> None:
    path = write(tmp_path / "n.safetensors")
    assert pix2pix.memory_bytes(pix2pix.Config(str(path)), "cpu") > path.stat().st_size


def test_what_is_played_is_the_function_that_is_trained(generator: pix2pix.Generator) -> None:
    seen = picture()
    source = torch.from_numpy(seen).permute(2, 0, 1)[None].float() / 127.5 - 1
    weights = {name: torch.from_numpy(values) for name, values in arrays().items()}
    z = torch.tensor([[0.5, -1, 0.2]])
    made = draw(SHAPE, weights, source, z, lambda *at: torch.from_numpy(noise_of(*at)))
    expected = (made.numpy() / 2 + 0.5).clip(0, 1)
    assert np.abs(pixels(generator, seen) - expected).max() < 1e-4


def test_half_precision_changes_little(tmp_path: Path, generator: pix2pix.Generator) -> None:
    path = write(tmp_path / "half.safetensors", half=True)
    built = pix2pix.build(pix2pix.Config(str(path)))
    assert np.abs(pixels(built, picture()) - pixels(generator, picture())).max() < 0.01


def test_a_show_finds_it_beside_itself(tmp_path: Path) -> None:
    write(tmp_path / "n.safetensors")
    text = '[[layers]]\ngenerator = { kind = "pix2pix", config = { path = "n.safetensors" } }\n'
    assert str(tmp_path / "n.safetensors") in with_whole_paths(text, tmp_path)
    config = {"path": str(tmp_path / "n.safetensors")}
    assert registry.open_spec("pix2pix", config).config == pix2pix.Config(**config)
    with pytest.raises(ValueError, match="is a pix2pix; its kind is 'pix2pix'"):
        registry.open_spec("stylegan2", config)


def test_another_family_is_refused() -> None:
    with pytest.raises(ValueError, match="is a stylegan2; its kind is 'stylegan2'"):
        pix2pix.build(pix2pix.Config(str(OTHER)))


def test_it_can_be_looked_at_but_not_sampled(tmp_path: Path) -> None:
    path = write(tmp_path / "n.safetensors")
    told = CliRunner().invoke(cli, ["model", "info", str(path), "--json"])
    found = json.loads(told.stdout)
    assert (found["family"], found["variant"], found["z_dim"]) == ("pix2pix", "u-net", 3)
    assert found["resolution_px"] == [32, 32]
    assert found["parameters"] == sum(values.size for values in arrays().values())
    assert "pix2pix (u-net)" in CliRunner().invoke(cli, ["model", "info", str(path)]).output
    command = ["model", "sample", str(path), "--seeds", "0", "--out", str(tmp_path / "x.png")]
    sampled = CliRunner().invoke(cli, command)
    assert sampled.exit_code == 2
    assert "answers pictures" in sampled.output


HOSTILE: dict[str, dict[str, Any]] = {
    "no widths": {"widths": None},
    "widths of text": {"widths": ["4", "6", "8"]},
    "widths of truth": {"widths": [True, True, True]},
    "one width": {"widths": [4]},
    "endless widths": {"widths": [4] * 100_000},
    "a width that takes all memory": {"widths": [4, 6, 1 << 40]},
    "a negative width": {"widths": [4, -6, 8]},
    "other widths": {"widths": [4, 6, 9]},
    "a huge code": {"z_dim": 1 << 40},
    "no code": {"z_dim": 0},
    "a code of text": {"w_dim": "5"},
    "a huge picture": {"img_resolution": 1 << 30},
    "no picture": {"img_resolution": None},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_attributes_that_lie_are_refused(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "n.safetensors", **HOSTILE[name])
    for opened in (card.peek, card.load):
        with pytest.raises(RefusedError, match=r"n\.safetensors has"):
            opened(path)
    with pytest.raises(ValueError, match=r"n\.safetensors has"):
        pix2pix.build(pix2pix.Config(str(path)))


def _changed(name: str, values: NDArray[Any] | None) -> dict[str, NDArray[Any]]:
    found = arrays()
    found.pop(name, None)
    return found if values is None else {**found, name: values}


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (_changed("colour.weight", None), "lacks colour.weight"),
        (_changed("extra.weight", np.ones(3, np.float32)), "has extra.weight, which no such"),
        (_changed("enter.weight", np.ones((4, 3, 5, 5), np.float32)), "has enter.weight of"),
        (_changed("enter.weight", np.ones(108, np.float32)), "has enter.weight of shape"),
        (_changed("core0.noise", np.ones(0, np.float32)), "has core0.noise of shape"),
        (_changed("enter.bias", np.ones(4, np.int32)), "has int32 numbers in enter.bias"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(
    tmp_path: Path, state: dict[str, NDArray[Any]], why: str
) -> None:
    path = write(tmp_path / "n.safetensors", state)
    with pytest.raises(RefusedError, match=why):
        card.peek(path)


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "n.safetensors"
    good = write(tmp_path / "good.safetensors")
    data = bytearray(good.read_bytes())
    table, _, at = safetensors.read_header(safetensors.map_file(good))
    where = at + table["enter.bias"]["data_offsets"][0]
    data[where : where + 4] = np.float32("nan").tobytes()
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"no numbers \(NaN or infinity, in enter.bias\)"):
        pix2pix.build(pix2pix.Config(str(path)))


def test_a_file_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "n.safetensors")
    data = path.read_bytes()
    for length in (0, 7, 100, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:length])
        with pytest.raises(RefusedError):
            card.peek(path)


def test_a_shape_says_what_cannot_be() -> None:
    for widths in ((4,), (4,) * 8, (0, 4), (4, 257)):
        with pytest.raises(ValueError, match="widths"):
            Shape(widths)
    with pytest.raises(ValueError, match="code"):
        Shape(z_dim=513)
    assert pix2pix_files.SHAPE.unit_px == 4


def test_the_network_that_is_shipped_draws_land_in_the_sea() -> None:
    path = OTHER.with_name("draw-earth.safetensors")
    assert path.stat().st_size < 2_000_000
    assert card.read_card(card.card_path(path))["sha256"] == hashing.sha256_of(path)
    built = pix2pix.build(pix2pix.Config(str(path)))
    sheet = np.full((128, 128, 3), (42, 127, 224), np.uint8)
    sheet[32:96, 32:96] = (240, 205, 160)
    random = np.random.default_rng(3)
    codes = [random.standard_normal(8).astype(np.float32) for _ in range(6)]
    drawn = [pixels(built, sheet, (128, 128), z=z)[0] for z in codes]
    for red, _, blue in (one[:, 8:24, 8:24].mean((1, 2)) for one in drawn):
        assert blue > red + 0.1  # sea, whatever the climate
    lands = np.array([one[:, 48:80, 48:80].mean((1, 2)) for one in drawn])
    assert (lands[:, 2] < lands[:, 0] + 0.02).all()
    assert lands.max(0).min() > lands.min(0).max() + 0.2  # from forest to snow


@pytest.mark.parametrize("told", [{}, {"detail": 1.7, "noise": 0.3, "style": 0.5}])
def test_what_a_graph_would_draw_is_the_picture(file: Path, told: dict[str, float]) -> None:
    """Numbers lie in tensors of fixed place: nothing on the way looks at one."""
    generator = pix2pix.build(pix2pix.Config(str(file)))
    wanted = pixels(generator, picture(), **told)
    generator.graphs.is_on = True  # without a GPU nothing is captured
    assert np.allclose(pixels(generator, picture(), **told), wanted, atol=1e-5)
    assert len(generator.graphs._kept) == 1
    pixels(generator, picture(), size_px=(48, 32), **told)
    assert len(generator.graphs._kept) == 2
