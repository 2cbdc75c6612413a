"""Sources of a picture: two to four paths, mixed layer by layer, plainly or vividly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.core.show.generator import Request
from engine.documents.show.load import load
from engine.generators.kinds import stylegan2
from engine.generators.stylegan.w_space import chart_of
from engine.models.random_networks import make_stylegan2
from tests import stylegan_files as files

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)
NAMES = ("z", "z_b", "z_c", "z_d")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    net = make_stylegan2(16, base=256, most=20, dims=(16, 0, 24), mapping_layers=2)
    path = tmp_path_factory.mktemp("models") / "two.safetensors"
    return files.save(path, "stylegan2", *net)


def build(path: Path, **config: Any) -> stylegan2.Generator:
    return stylegan2.build(stylegan2.Config(str(path), **config))


def latents(count: int) -> dict[str, np.ndarray[Any, Any]]:
    random = np.random.RandomState(3)
    return {name: random.randn(16).astype(np.float32) for name in NAMES[:count]}


def styles(generator: stylegan2.Generator, count: int, **controls: float) -> torch.Tensor:
    asked = Request(0.0, latents(count), controls, (16, 16))
    with torch.inference_mode():
        return generator.model.styles(generator.inputs(asked), generator.drawing._canvas)


@pytest.mark.parametrize("wall", [{}, {"points": 2, "wide": 2.0}])
def test_more_sources_at_rest_change_nothing(model: Path, wall: dict[str, Any]) -> None:
    given = latents(4)
    if wall:
        given = {name: np.stack([z, -z]) for name, z in given.items()}
    controls = {"mix_coarse": 0.3, "mix_2": 0.5, "truncation": 0.8}
    asked = Request(0.0, given, controls, (32, 32))
    two = {name: given[name] for name in NAMES[:2]}
    plain = build(model, **wall).render(Request(0.0, two, controls, (32, 32)))[0]
    found = build(model, sources=4, **wall).render(asked)[0]
    assert files.distance(found, plain) < 1e-5  # the mapping multiplies more rows at a time


def test_each_layer_has_its_own_source(model: Path) -> None:
    generator = build(model, sources=4)
    w = [generator.model.map(torch.from_numpy(z[None]))[0] for z in latents(4).values()]
    ws = styles(generator, 4, mix_coarse=1.0, mix_c_middle=1.0, mix_d_5=1.0)[0]
    groups = ["coarse"] * 3 + ["middle"] * 3
    wanted = [w[{"coarse": 1, "middle": 2}[group]] for group in groups]
    wanted[5] = w[3]
    assert files.distance(ws, torch.stack(wanted)) < 1e-5
    half = styles(generator, 4, mix_c_middle=0.5)[0, 4]
    assert files.distance(half, (w[0] + w[2]) / 2) < 1e-5


def test_the_first_stands_for_what_is_missing(model: Path) -> None:
    generator = build(model, sources=3)
    alone = {"z": latents(1)["z"]}
    mixed = generator.render(Request(0.0, alone, {"mix_c_coarse": 0.7}, (16, 16)))[0]
    assert files.distance(mixed, build(model).render(Request(0.0, alone, {}, (16, 16)))[0]) < 1e-5


def test_vivid_mixes_keep_their_distance_from_the_average(model: Path) -> None:
    """They are styles like any others in P; plain ones shrink, and lie where no style lies."""
    chart = chart_of(model)
    random = np.random.RandomState(4)
    lengths: dict[bool, list[float]] = {False: [], True: []}
    spreads: dict[bool, list[float]] = {False: [], True: []}
    for vivid in (False, True):
        generator = build(model, sources=3, vivid=vivid)
        for _ in range(60):
            given = {name: random.randn(16).astype(np.float32) for name in NAMES[:3]}
            shares = {"mix_coarse": 0.5, "mix_c_coarse": 1 / 3}
            inputs = generator.inputs(Request(0.0, given, shares, (16, 16)))
            ws = generator.model.styles(inputs, generator.drawing._canvas)
            n = chart.encode(ws[0, 0].double().numpy())
            lengths[vivid].append(float(np.linalg.norm(n) / np.sqrt(len(n))))
            spreads[vivid].append(float(ws[0, 0].std()))
    assert 0.85 < np.mean(lengths[True]) < 1.15
    assert not 0.85 < np.mean(lengths[False]) < 1.15
    assert np.mean(spreads[False]) < 0.8 * np.mean(spreads[True])
    ends = build(model, vivid=True)
    for share, name in ((0.0, "z"), (1.0, "z_b")):
        ws = styles(ends, 2, **{f"mix_{group}": share for group in ("coarse", "middle", "fine")})
        w = ends.model.map(torch.from_numpy(latents(2)[name][None]))
        assert files.relative(ws[0], w.expand(6, -1)) < 1e-4


def test_every_source_has_a_path_in_a_show(model: Path, tmp_path: Path) -> None:
    show = tmp_path / "four.toml"
    show.write_text(
        f'schema = 1\n[[layers]]\nid = "a"\n[layers.generator]\nkind = "stylegan2"\n'
        f'config = {{ path = "{model}", sources = 4 }}\n[layers.path_d]\nspeed = 2.0\n'
    )
    loaded = load(str(show)).show
    assert [path.port for path in loaded.paths] == list(NAMES)
    assert "/layer/a/path_d/speed" in loaded.registry.index
    assert "/layer/a/generator/mix_d_fine" in loaded.registry.index
    with pytest.raises(ValueError, match=r"config\.sources: 5 is outside 2 to 4"):
        stylegan2.spec(stylegan2.Config(str(model), sources=5))
