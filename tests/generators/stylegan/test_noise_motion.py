"""Moving noise: still it is the trained one, it wanders without corners, always the same."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.core.frame.advance import advance
from engine.core.frame.sample import latents
from engine.core.path.phase import WRAP_KNOTS
from engine.core.show.generator import Request
from engine.core.show.state import first_state
from engine.documents.show.load import load
from engine.generators.cpu.compile import is_compiled
from engine.generators.kinds import stylegan2
from engine.generators.stylegan import noise_motion
from engine.models.random_networks import make_stylegan2
from tests import stylegan_files as files
from tests.age_files import aged

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)
ALL = {f"noise_motion_{side}": 1.0 for side in (4, 8, 16, 32)}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    net = make_stylegan2(32, base=256, most=20, dims=(16, 0, 24), mapping_layers=2)
    path = tmp_path_factory.mktemp("models") / "two.safetensors"
    return files.save(path, "stylegan2", *net)


def build(path: Path, **config: Any) -> stylegan2.Generator:
    return stylegan2.build(stylegan2.Config(str(path), moving_noise=True, **config))


def draw(generator: stylegan2.Generator, place: float, **controls: float) -> torch.Tensor:
    z = np.linspace(-2, 2, generator.model.z_dim).astype(np.float32)
    given = {"z": z, "noise": np.array([place], np.float32)}
    picture: torch.Tensor = generator.render(Request(0.0, given, controls, (256, 256)))[0]
    return picture.clone()


def test_still_it_is_the_network_without_it(model: Path) -> None:
    z = np.linspace(-2, 2, 16).astype(np.float32)
    plain = stylegan2.build(stylegan2.Config(str(model))).render(
        Request(0.0, {"z": z}, {}, (32, 32))
    )
    moving = build(model)
    assert torch.equal(draw(moving, 3.7), plain[0])
    assert not torch.equal(draw(moving, 3.7, **ALL), plain[0])
    assert torch.equal(draw(moving, 9.1), plain[0])


def test_the_same_place_is_the_same_noise_and_the_way_closes(model: Path) -> None:
    first = draw(build(model), 5.3, **ALL)
    moving = build(model)
    draw(moving, 200.0, **ALL)
    assert torch.equal(draw(moving, 5.3, **ALL), first)
    near = draw(moving, WRAP_KNOTS - 1e-3, **ALL)
    assert files.distance(near, draw(moving, 0.0, **ALL)) < 0.02


def test_each_resolution_moves_by_itself_and_coarse_ones_more_slowly(model: Path) -> None:
    moving = build(model)
    assert moving.moving is not None
    layers = {layer.name: layer for layer in moving.moving._layers}
    before = {name: layer.live.clone() for name, layer in layers.items()}
    draw(moving, 1.0, noise_motion_16=1.0)
    moved = {n for n, layer in layers.items() if not torch.equal(layer.live, before[n])}
    assert moved == {"b16.conv0", "b16.conv1"}
    steps: dict[str, list[torch.Tensor]] = {"b4.conv1": [], "b16.conv0": [], "b32.conv1": []}
    for place in np.arange(0, 4, 0.1):
        draw(moving, float(place), **ALL)
        for name, seen in steps.items():
            seen.append(layers[name].live.clone())
    speeds = [
        np.mean([float((b - a).norm() / a.norm()) for a, b in pairwise(seen)])
        for seen in steps.values()
    ]
    assert speeds[0] < 0.7 * speeds[1]
    assert 0.8 < speeds[1] / speeds[2] < 1.25
    assert noise_motion.pace(64) == 1.0


def test_its_strength_stays_and_it_has_no_corners(model: Path) -> None:
    moving = build(model)
    assert moving.moving is not None
    layer = next(x for x in moving.moving._layers if x.name == "b32.conv1")
    seen = []
    for place in np.arange(7.5, 9.5, 0.02):
        draw(moving, float(place), noise_motion_32=0.8)
        seen.append(layer.live.flatten().clone())
    norms = torch.stack([x.norm() for x in seen]) / layer.rest.norm()
    assert float((norms - 1).abs().max()) < 0.15
    ways = [b - a for a, b in pairwise(seen)]
    cosines = [torch.cosine_similarity(a, b, 0) for a, b in pairwise(ways)]
    assert float(torch.stack(cosines).min()) > 0.99


def test_loops_take_it_and_a_wall_has_it(model: Path) -> None:
    for wall in ({}, {"wide": 2.0, "points": 2, "closed": True}):
        moving = build(model, **wall)
        z = np.linspace(-2, 2, 16).astype(np.float32)
        z = np.stack([z, -z]) if wall else z
        given = {"z": z, "noise": np.array([2.5], np.float32)}
        asked = Request(0.0, given, ALL, (256, 256))
        plain = moving.render(asked)[0].clone()
        moving.warm_up()
        assert moving.drawing.path == ("loops" if is_compiled() else "plain")
        assert files.distance(moving.render(asked)[0], plain) < 1e-4


def test_a_network_that_changes_keeps_its_own_noise_below(tmp_path: Path) -> None:
    path = aged(tmp_path / "net.safetensors")
    sides = [
        b.name[1:] for b in stylegan2.build(stylegan2.Config(str(path))).model.synthesis.blocks
    ]
    moved = {f"noise_motion_{side}": 0.5 for side in sides}
    fresh, moving = build(path), build(path)
    draw(moving, 3.0, **moved)
    draw(moving, 4.0, age=0.4, **moved)
    assert torch.equal(draw(moving, 2.0, age=0.4, **moved), draw(fresh, 2.0, age=0.4, **moved))
    assert torch.equal(draw(moving, 1.0, age=0.4), draw(fresh, 7.0, age=0.4))
    assert torch.equal(draw(moving, 1.0), draw(build(path), 1.0))


def test_its_path_is_a_trajectory_of_the_show(model: Path, tmp_path: Path) -> None:
    show = tmp_path / "moving.toml"
    show.write_text(
        f'schema = 1\n[[layers]]\nid = "a"\n[layers.generator]\nkind = "stylegan2"\n'
        f'config = {{ path = "{model}", moving_noise = true }}\n'
        "[layers.paths.noise]\nspeed = 1.5\n"
    )
    loaded = load(str(show)).show
    state = first_state(loaded)
    for tick in range(61):
        state = advance(loaded, state, tick)
    found = latents(loaded, state, 60 / 120)["/layer/a/generator/noise"]
    assert found.shape == (1,)
    assert abs(float(found[0]) - 0.75) < 1e-6
    bytes_ = [
        stylegan2.memory_bytes(stylegan2.Config(str(model), moving_noise=moves), "cpu")
        for moves in (False, True)
    ]
    assert bytes_[0] < bytes_[1]
