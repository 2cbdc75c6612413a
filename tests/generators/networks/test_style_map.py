"""The latent wall: styles that vary across a picture, wider starts, bands without a seam."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.core.show.generator import Request
from engine.generators.cpu.compile import is_compiled
from engine.generators.kinds import stylegan2, stylegan3
from engine.generators.networks.style_map import FINE, Area, Grid, fine_grid, refine, spread, wrap
from engine.models.random_networks import make_stylegan2, make_stylegan3
from tests import stylegan_files as files

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)

TWO: dict[str, Any] = {"base": 512, "most": 24, "dims": (24, 0, 32), "mapping_layers": 2}
THREE: dict[str, Any] = {
    "base": 512, "most": 24, "dims": (24, 0, 32), "mapping_layers": 2, "layers": 6
}  # fmt: skip
RADIAL = {**THREE, "kernel": 1, "radial": True}
GRIDS = [Grid(1, 1), Grid(1, 5), Grid(3, 4), Grid(2, 1)]
DRAWN = {
    "skip": partial(make_stylegan2, 32, **TWO),
    "resnet": partial(make_stylegan2, 32, **TWO, architecture="resnet"),
    "orig": partial(make_stylegan2, 32, **TWO, architecture="orig"),
    "eight-taps": partial(make_stylegan2, 32, **TWO, taps=(1, 2, 3, 4, 4, 3, 2, 2)),
    "translation": partial(make_stylegan3, 32, **THREE),
    "rotation": partial(make_stylegan3, 32, **RADIAL),
}
FAMILY = dict.fromkeys(("translation", "rotation"), stylegan3)


def build(name: str, *more: Any) -> Any:
    state, modules = DRAWN[name]()
    return FAMILY.get(name, stylegan2).build_network(state, modules, "cpu", *more)


def styles(model: Any, count: int, seed: int = 1) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(count, model.num_ws, model.w_dim, generator=random)


@pytest.mark.parametrize("grid", GRIDS, ids=str)
@pytest.mark.parametrize("name", DRAWN)
def test_one_style_everywhere_is_the_ordinary_picture(name: str, grid: Grid) -> None:
    model = build(name)
    ws = styles(model, 1)
    wanted = model.synthesize(ws)
    found = model.synthesize(ws.expand(grid.rows * grid.columns, -1, -1), grid=grid)
    assert files.distance(found, wanted) <= 1e-4


@pytest.mark.parametrize("name", ["tiny-sg2ada-64-c0-map8", "tiny-sg3t-64", "tiny-sg3r-64"])
def test_one_style_everywhere_is_the_golden_picture(name: str) -> None:
    arrays, about = files.golden(name)
    family = stylegan3 if "sg3" in name else stylegan2
    model: Any = family.build_network(files.state_of(arrays), about["modules"])
    ws = files.tensor(arrays, "case0/ws")[:1]
    noise = about["cases"][0]["noise_mode"]
    found = model.synthesize(ws.expand(4, -1, -1), noise, grid=Grid(1, 4))
    assert files.distance(found, files.tensor(arrays, "case0/img")[:1]) <= 1e-4


@pytest.mark.parametrize("name", DRAWN)
def test_a_place_has_the_style_that_lies_there(name: str) -> None:
    """Each end of the picture looks like the picture of its own style, not of the other one."""
    model = build(name)
    ws = styles(model, 2)
    ws[:, 0] = ws[0, 0]  # of StyleGAN3's waves, which have one place for all
    both = model.synthesize(ws, "none", grid=Grid(1, 2))
    alone = [model.synthesize(ws[[place]], "none") for place in range(2)]
    for place, column in ((0, 0), (1, -1)):
        near = (both[..., column] - alone[place][..., column]).abs().mean()
        far = (both[..., column] - alone[1 - place][..., column]).abs().mean()
        assert near < 0.5 * far


@pytest.mark.parametrize("grid", [Grid(1, 5, closed=True), Grid(3, 4), Grid(2, 3, closed=True)])
@pytest.mark.parametrize("name", ["skip", "orig", "translation", "rotation"])
def test_the_compiled_wall_is_the_plain_one(name: str, grid: Grid) -> None:
    wide: Any = (1.0, 2.5) if name in FAMILY else (4, 10)
    model = build(name, wide)
    assert (model.cpu_backend is not None) == is_compiled()
    ws = styles(model, grid.rows * grid.columns)
    plain = replace(model, cpu_backend=None)
    wanted = plain.synthesize(ws, grid=grid)
    assert files.relative(model.synthesize(ws, grid=grid), wanted) <= 3e-5
    if name not in FAMILY:
        gains = torch.tensor([0.0, 2.0, 1.0, 0.5])
        wanted = plain.synthesize(ws, noise_strengths=gains, grid=grid)
        assert (
            files.relative(model.synthesize(ws, noise_strengths=gains, grid=grid), wanted) <= 3e-5
        )


@pytest.mark.parametrize("name", ["skip", "resnet", "orig", "eight-taps"])
def test_a_band_turns_with_its_styles(name: str) -> None:
    """With styles and start moved on, the same picture lies a quarter further: there is no seam."""
    model = build(name, (4, 16))
    ws = styles(model, 4)
    grid = Grid(1, 4, closed=True)
    picture = model.synthesize(ws, "none", grid=grid)
    assert picture.shape[3] == 4 * picture.shape[2]
    turned = model.synthesize(ws.roll(1, 0), "none", grid=grid)
    assert files.relative(turned, picture.roll(picture.shape[3] // 4, 3)) <= 1e-4
    open_end = model.synthesize(ws, "none", grid=Grid(1, 4))
    assert files.relative(open_end, picture) > 1e-3


@pytest.mark.parametrize("name", ["translation", "rotation"])
def test_a_band_of_waves_turns_with_its_place(name: str) -> None:
    """Moved by a whole sample of the coarsest layer, the same picture lies further round."""
    model = build(name, (1.0, 2.0))
    rate = model.synthesis.waves.rate
    ws = styles(model, 1)
    grid = Grid(1, 1, closed=True)
    picture = model.synthesize(ws, grid=grid)
    assert picture.shape[2:] == (32, 64)
    for samples in (3, 13):
        moved = torch.eye(3)
        moved[0, 2] = -samples / rate
        turned = model.synthesize(ws, transform=moved, grid=grid)
        assert files.relative(turned, picture.roll(samples * 32 // round(rate), 3)) <= 3e-5


def test_a_band_needs_a_margin(tmp_path: Path) -> None:
    for margin, is_enough in ((5, False), (6, True)):
        net = make_stylegan3(32, **THREE, margin=margin)
        path = str(files.save(tmp_path / f"{margin}.safetensors", "stylegan3", *net))
        stylegan3.spec(stylegan3.Config(path, wide=2.0, points=3))
        closed = stylegan3.Config(path, wide=2.0, points=3, closed=True)
        if is_enough:
            stylegan3.spec(closed)
            continue
        with pytest.raises(ValueError, match="margin of 5 samples"):
            stylegan3.spec(closed)


@pytest.mark.parametrize("name", ["translation", "rotation"])
def test_a_wider_picture_of_waves_holds_the_trained_one(name: str) -> None:
    narrow, wide = build(name), build(name, (1.0, 3.0))
    ws = styles(narrow, 1)
    whole = wide.synthesize(ws, grid=Grid())
    assert whole.shape[2:] == (32, 96)
    assert files.relative(whole[..., 32:64], narrow.synthesize(ws)) <= 1e-3


@pytest.mark.parametrize("closed", [False, True])
def test_noise_beyond_the_trained_picture_is_fresh(closed: bool) -> None:
    model = build("skip", (4, 12))
    layer = model.synthesis.blocks[-1].layers[-1]
    first, second = layer.noise[:, :32], layer.noise[:, 32:64]
    assert torch.equal(first, build("skip").synthesis.blocks[-1].layers[-1].noise)
    assert 0.8 < float(second.std() / first.std()) < 1.25
    assert abs(float(np.corrcoef(first.flatten(), second.flatten())[0, 1])) < 0.1
    assert model.synthesize(styles(model, 1), grid=Grid(closed=closed)).shape[2:] == (32, 96)


def test_a_start_goes_on_afresh_or_is_repeated() -> None:
    wide = {repeats: build("skip", (4, 400), repeats).synthesis.const for repeats in (True, False)}
    own = build("skip").synthesis.const
    for const in wide.values():
        assert torch.equal(const[..., :4], own)
    assert torch.equal(wide[True][..., 4:8], own)
    fresh, places = wide[False][..., 4:].flatten(1), own.flatten(1)
    assert float((fresh[:, :16] - fresh[:, 16:32]).abs().mean()) > 0.1
    assert torch.allclose(fresh.mean(1), places.mean(1), atol=0.15)
    error = torch.cov(fresh) - torch.cov(places, correction=0)
    assert float(error.abs().max()) < 0.25 * float(torch.cov(places).abs().max())


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 4), (3, 5)])
def test_the_fine_grid_goes_smoothly_through_its_points(
    rows: int, columns: int, closed: bool
) -> None:
    points = torch.randn(rows * columns, 6, generator=torch.Generator().manual_seed(2))
    fine = fine_grid(rows, columns, closed)
    laid = refine(points, rows, columns, closed).view(fine.rows, fine.columns, 6)
    assert torch.allclose(laid[::FINE, ::FINE], points.view(rows, columns, 6), atol=1e-6)
    same = refine(points[:1].expand(rows * columns, -1), rows, columns, closed)
    assert torch.allclose(same, points[:1].expand(len(same), -1), atol=1e-5)
    ring = torch.cat([laid, laid[:, :2]], dim=1) if closed else laid
    if columns > 1:  # no corner: directions before and after a point agree
        steps = ring.diff(dim=1)
        turns = steps.diff(dim=1).norm(dim=2).max() / steps.norm(dim=2).max()
        assert float(turns) < 0.6


@pytest.mark.parametrize("grid", [Grid(1, 4, True), Grid(2, 3), Grid(3, 4, True)], ids=str)
def test_styles_are_spread_between_their_places(grid: Grid) -> None:
    ones = torch.ones(grid.rows * grid.columns, 2)
    assert torch.allclose(spread(ones, grid, Area((20, 36), (16, 32))), torch.ones(1), atol=1e-6)
    values = torch.arange(grid.columns, dtype=torch.float32).repeat(grid.rows)[:, None]
    laid = spread(values, grid, Area((16, 32)))[0, :, 0]
    if grid.closed:  # half way across the seam lies the mean of both ends
        assert float(laid.max() - laid.min()) <= grid.columns - 1
        assert abs(float(laid[0] - laid[-1])) < 1.0
    else:
        assert torch.all(laid.diff() >= 0)


@pytest.mark.parametrize("reach", [1, 3, 11])
def test_wrapping_goes_round(reach: int) -> None:
    x = torch.arange(5.0).view(1, 1, 1, 5)
    wanted = torch.arange(-reach, 5.0 + reach) % 5
    assert torch.equal(wrap(x, reach)[0, 0, 0], wanted)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("models")
    return {
        name: str(files.save(folder / f"{name}.safetensors", family, *DRAWN[name]()))
        for name, family in (("skip", "stylegan2"), ("translation", "stylegan3"))
    }


@pytest.mark.parametrize(
    ("keys", "size"),
    [
        ({"wide": 3.5, "points": 4}, (112, 32)),
        ({"wide": 32 / 9, "points": 4}, (114, 32)),
        ({"wide": 2.0, "points": 5, "closed": True}, (64, 32)),
        ({"wide": 0.5, "high": 1.5, "points": 2, "rows": 3}, (16, 48)),
        ({"points": 3}, (32, 32)),
    ],
)
@pytest.mark.parametrize("name", ["skip", "translation"])
def test_the_shelf_draws_a_wall(
    paths: dict[str, str], name: str, keys: dict[str, Any], size: tuple[int, int]
) -> None:
    family: Any = FAMILY.get(name, stylegan2)
    generator = family.build(family.Config(paths[name], **keys))
    spec = generator.spec
    assert spec == family.spec(family.Config(paths[name], **keys))
    count = keys["points"] * keys.get("rows", 1)
    assert spec.ports[0].shape == (count, 24)
    assert spec.aspect == pytest.approx(size[0] / size[1])
    z = np.random.RandomState(1).randn(count, 24).astype(np.float32)
    asked = (size[0] + 1, size[1] + 1)
    pixels, _ = generator.render(Request(0.0, {"z": z}, {}, asked))
    assert pixels.shape == (1, 3, size[1], size[0])
    moved, _ = generator.render(Request(0.0, {"z": z[::-1].copy()}, {}, asked))
    assert not torch.equal(moved, pixels)
    with pytest.raises(ValueError, match="must be"):
        generator.render(Request(0.0, {"z": z[0]}, {}, asked))


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"wide": 0.0}, "wide"),
        ({"wide": float("nan")}, "wide"),
        ({"high": 99.0}, "high"),
        ({"points": 0}, "points"),
        ({"rows": 17}, "rows"),
        ({"points": 60, "rows": 10}, "rows"),
        ({"wide": 3.3, "points": 3, "closed": True}, "3.25 or 3.5 do"),
    ],
)
def test_a_canvas_that_cannot_be_drawn_is_refused(
    paths: dict[str, str], keys: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        stylegan2.spec(stylegan2.Config(paths["skip"], **keys))
