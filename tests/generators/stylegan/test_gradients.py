"""Pictures and features with gradients: the same as those that are shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.core.show.generator import Request
from engine.generators.kinds import cppn, stylegan2, stylegan3
from engine.models.random_networks import make_stylegan2, make_stylegan3
from tests import stylegan_files as files

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)
KINDS = ("cppn", "stylegan2", "stylegan3")


def build(kind: str, folder: Path, **canvas: Any) -> Any:
    """A small generator of a kind, on its fast path."""
    if kind == "cppn":
        return cppn.build(cppn.Config())
    if kind == "stylegan2":
        made = make_stylegan2(32, base=256, most=16, dims=(24, 0, 32), mapping_layers=2)
        shelf: Any = stylegan2
    else:
        made = make_stylegan3(32, base=256, most=16, dims=(24, 0, 32), layers=6)
        shelf = stylegan3
    path = files.save(folder / f"{kind}.safetensors", kind, *made)
    generator = shelf.build(shelf.Config(str(path), **canvas))
    generator.warm_up()
    return generator


def request(generator: Any, seed: int = 1) -> Request:
    """One frame of any generator, at random latents."""
    random = np.random.default_rng(seed)
    latents = {p.name: random.normal(size=p.shape).astype(np.float32) for p in generator.spec.ports}
    return Request(0.0, latents, {"mix_middle": 0.4, "truncation": 0.8}, (32, 32))


@pytest.mark.parametrize("kind", KINDS)
def test_a_drawn_picture_is_the_rendered_one_and_has_gradients(kind: str, tmp_path: Path) -> None:
    generator = build(kind, tmp_path)
    asked = request(generator)
    shown, _ = generator.render(asked)
    given = {"z": torch.from_numpy(asked.latents["z"]).requires_grad_()}
    drawn = generator.draw(given, asked)
    assert drawn.shape == shown.shape
    assert float((drawn.detach() - shown.clone()).abs().max()) < 1e-4
    (slope,) = torch.autograd.grad(drawn.square().mean(), given["z"])
    assert slope.shape == given["z"].shape
    assert 0 < float(slope.abs().max()) < 10


@pytest.mark.parametrize("kind", KINDS)
def test_features_are_no_wider_than_asked_and_have_gradients(kind: str, tmp_path: Path) -> None:
    generator = build(kind, tmp_path)
    asked = request(generator)
    z = torch.from_numpy(asked.latents["z"]).requires_grad_()
    for px in (16, 32):
        planes = generator.features({"z": z}, asked, px)
        assert planes.shape[0] == 1
        assert planes.shape[2:] == (px, px)
        (slope,) = torch.autograd.grad(planes.square().mean(), z)
        assert float(slope.abs().max()) > 0
    other = generator.features({}, replace(asked, latents=request(generator, 2).latents), 32)
    assert float((other - planes.detach()).abs().max()) > 0.01


def test_features_of_a_wall_cover_what_its_picture_covers(tmp_path: Path) -> None:
    wall = build("stylegan2", tmp_path, wide=1.6, points=2)  # 51 of 56 px
    whole = build("stylegan2", tmp_path, wide=1.75, points=2)
    asked = request(wall)
    cut, full = (g.features({}, asked, 16) for g in (wall, whole))
    assert cut.shape[3] == full.shape[3] == 14
    places = (np.arange(14) - 6.5) * 51 / 56 + 6.5
    first = np.floor(places).astype(int)
    part = torch.from_numpy(places - first)
    wanted = full[..., first] * (1 - part) + full[..., first + 1] * part
    assert float((cut - wanted).abs().max()) < 1e-4
