"""StyleGAN2's fused endings against the plain path, in Triton's interpreter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

pytest.importorskip("triton", reason="triton is not installed")

from engine.generators.cuda.stylegan2 import grow, prepare, render
from engine.generators.networks.dense import Source
from engine.generators.networks.resample import double
from engine.generators.networks.stylegan2 import Synthesis, synthesize
from engine.generators.networks.stylegan2_weights import read_synthesis
from engine.models.random_networks import network
from tests import stylegan_files as files

DEVICE = files.DEVICE
one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)


def made(half: bool = False, **options: Any) -> Synthesis:
    state, modules = network("sg2-32", base=512, most=32, dims=(16, 0, 16), **options)
    return read_synthesis(Source(state, modules, DEVICE), half=half)


def styles(built: Synthesis) -> torch.Tensor:
    random = torch.Generator().manual_seed(3)
    return torch.randn(1, built.num_ws, 16, generator=random).to(DEVICE)


def test_a_network_is_drawn_as_by_the_plain_path() -> None:
    built = made()
    ws, strengths = styles(built), torch.linspace(0.2, 1.0, len(built.blocks), device=DEVICE)
    wanted = synthesize(built, ws, "const", strengths)
    found = render(prepare(built, DEVICE), ws, strengths)
    assert float((found - wanted).norm() / wanted.norm()) < 1e-5


def test_half_precision_is_close_to_single() -> None:
    ws = styles(made())
    wanted = synthesize(made(), ws, "const", None)
    half = made(half=True)
    found = render(prepare(half, DEVICE), ws, None)
    own = float((synthesize(half, ws, "const", None) - wanted).norm() / wanted.norm())
    apart = float((found - wanted).norm() / wanted.norm())
    assert apart < max(2e-3, 1.5 * own)


def test_small_clamps_hold() -> None:
    built = made()
    blocks = tuple(
        replace(
            block,
            layers=tuple(replace(layer, clamp=0.4) for layer in block.layers),
            colour=replace(block.colour, clamp=0.2),
        )
        for block in built.blocks
        if block.colour is not None
    )
    built = replace(built, blocks=blocks)
    wanted = synthesize(built, styles(built))
    found = render(prepare(built, DEVICE), styles(built), None)
    assert torch.allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize("size", [(4, 4), (5, 9), (33, 20)])
def test_a_picture_grows_by_interpolation(size: tuple[int, int]) -> None:
    line = torch.tensor([1.0, 3.0, 3.0, 1.0], device=DEVICE) / 8
    picture = torch.randn(1, 3, *size, device=DEVICE)
    colours = torch.randn(1, 3, 2 * size[0], 2 * size[1], device=DEVICE)
    wanted = double(picture, torch.outer(line, line)) + colours
    assert torch.allclose(grow(picture, colours), wanted, atol=1e-6)


def test_other_kinds_of_networks_are_refused_with_the_layer() -> None:
    with pytest.raises(ValueError, match=r"layer b4.conv1 ends in another way"):
        prepare(made(activation="swish"), DEVICE)
    with pytest.raises(ValueError, match=r"block b4 is of another architecture"):
        prepare(made(architecture="resnet"), DEVICE)


def test_a_kernel_that_draws_something_else_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.generators.cuda import stylegan2

    real = stylegan2.epilogue

    def wrong(*args: Any) -> Any:
        features, light = real(*args)
        return features * 1.01, light

    monkeypatch.setattr(stylegan2, "epilogue", wrong)
    with pytest.raises(ValueError, match=r"differs by 0.01 from the plain path"):
        prepare(made(), DEVICE)
