"""Half precision of both families, on the CPU: its error, its range and its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.generators.networks import stylegan2, stylegan3
from engine.generators.networks.dense import Source
from engine.generators.networks.modulation import make_modulated
from engine.generators.networks.stylegan2_weights import read_synthesis as read_stylegan2
from engine.generators.networks.stylegan3_weights import read_synthesis as read_stylegan3
from engine.generators.tasks.inversion import distance, loss_scale
from engine.models.random_networks import network
from tests import stylegan_files as files

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)
LARGEST = 65504.0
SMALL: dict[str, Any] = {"base": 2048, "most": 32, "dims": (32, 0, 32)}
KINDS = ("sg2", "sg3t", "sg3r")


def both(kind: str, px: int = 64) -> tuple[Any, Any, Any]:
    """A network as it is and with the float16 layers of its file, and what draws it."""
    read, draw = (
        (read_stylegan2, stylegan2.synthesize)
        if kind == "sg2"
        else (read_stylegan3, stylegan3.synthesize)
    )
    state, modules = network(f"{kind}-{px}", **SMALL)
    source = Source(state, modules, "cpu")
    return read(source, half=False), read(source, half=True), draw


def styles(network: Any, seed: int = 1) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(1, 1, 32, generator=random).expand(1, network.num_ws, 32).clone()


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_changes_little(kind: str) -> None:
    whole, half, draw = both(kind)
    assert "float16" in str(half)
    ws = styles(whole)
    with torch.inference_mode():
        found, wanted = draw(half, ws).float(), draw(whole, ws)
    assert float((found - wanted).norm() / wanted.norm()) < 1e-2


@pytest.mark.parametrize("kind", ["sg3t", "sg3r"])
def test_features_bent_far_out_of_range_do_not_become_nan(kind: str) -> None:
    """Two layers, each times 64: what two bends of the strongest kind do."""
    state, modules = network(f"{kind}-32", base=16384, most=256, dims=(32, 0, 32), layers=6)
    half = read_stylegan3(Source(state, modules, "cpu"), half=True)
    names = [layer.name for layer in half.layers if layer.half][:2]

    def bend(name: str, x: torch.Tensor) -> torch.Tensor:
        return x * 64 if name in names else x

    with torch.inference_mode():
        picture = stylegan3.synthesize(half, styles(half), bend=bend)
    assert bool(torch.isfinite(picture).all())


@pytest.mark.parametrize("even", [False, True])
def test_a_convolution_stays_within_range(even: bool) -> None:
    """Every channel at NVIDIA's clamp, 256, and in step with the weights: the worst there is."""
    random = torch.Generator().manual_seed(1)
    weight = torch.randn(32, 512, 3, 3, generator=random)
    style = torch.randn(1, 512, generator=random)
    affine: Any = None
    made = make_modulated(affine, weight, demodulate=True, even=even, half=True)
    s, d = made.finish(style)
    assert d is not None
    largest = 256 * (made.weight.float().abs().sum((2, 3)) * s.abs()).sum(1).max()
    assert float(largest) < LARGEST / 2
    x = torch.randn(1, 512, 8, 8, generator=random)
    found = (
        torch.nn.functional.conv2d(x * s[:, :, None, None], made.weight.float())
        * d[..., None, None]
    )
    assert float(found.square().mean()) == pytest.approx(1.0, rel=0.3)  # which demodulation means


@pytest.mark.parametrize("kind", KINDS)
def test_inversion_has_a_gradient_through_half_precision(kind: str) -> None:
    """As a picture of 1024 px has it: each pixel's share of the loss is that small."""
    whole, half, draw = both(kind)
    found = []
    scale = loss_scale(3 * 1024 * 1024)
    for built in (whole, half):
        ws = styles(built).requires_grad_()
        picture = (draw(built, ws).float() * 0.5 + 0.5).clamp(0, 1)
        share = picture.numel() / (3 * 1024 * 1024)
        loss = distance(picture, torch.full_like(picture, 0.3)).sum() * share
        (gradient,) = torch.autograd.grad(loss * scale, ws)
        found.append(gradient.flatten() / scale)
    assert float(torch.nn.functional.cosine_similarity(*found, dim=0)) > 0.99


def test_the_scale_of_a_loss_is_a_power_of_two_and_grows_with_the_picture() -> None:
    scales = [loss_scale(3 * px * px) for px in (8, 64, 256, 1024)]
    assert scales == sorted(scales)
    assert all(np.log2(scale).is_integer() for scale in scales)
    assert scales[-1] == 2.0**14
