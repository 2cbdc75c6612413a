"""StyleGAN3 with the fused kernel against the plain path, in Triton's interpreter."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

pytest.importorskip("triton", reason="triton is not installed")

from engine.generators.cuda import stylegan3
from engine.generators.networks.dense import Source
from engine.generators.networks.stylegan3 import Synthesis, synthesize
from engine.generators.networks.stylegan3_weights import read_synthesis
from engine.models.random_networks import network
from tests import stylegan_files as files

DEVICE = files.DEVICE
one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)


def made(kind: str, half: bool = False) -> Synthesis:
    state, modules = network(f"{kind}-32", base=256, most=8, dims=(16, 0, 16), layers=6)
    return read_synthesis(Source(state, modules, DEVICE), half=half)


def styles(built: Synthesis) -> torch.Tensor:
    random = torch.Generator().manual_seed(3)
    return torch.randn(1, 1, 16, generator=random).to(DEVICE).expand(1, built.num_ws, 16)


@pytest.mark.parametrize("kind", ["sg3t", "sg3r"])
def test_a_network_is_drawn_as_by_the_plain_path(kind: str) -> None:
    built = made(kind)
    ws = styles(built)
    turned = torch.tensor([[0.8, -0.6, 0.1], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]]).to(DEVICE)
    wanted = synthesize(built, ws, turned)
    found = stylegan3.render(stylegan3.prepare(built, DEVICE), ws, turned)
    assert float((found - wanted).norm() / wanted.norm()) < 2e-5


@pytest.mark.parametrize("kind", ["sg3t", "sg3r"])
def test_half_precision_is_close_to_single(kind: str) -> None:
    whole, half = made(kind), made(kind, half=True)
    ws = styles(whole)
    wanted = synthesize(whole, ws)
    own = float((synthesize(half, ws).float() - wanted).norm() / wanted.norm())
    found = stylegan3.render(stylegan3.prepare(half, DEVICE), ws, None)
    assert float((found - wanted).norm() / wanted.norm()) < max(2e-3, 1.5 * own)


def test_what_it_does_not_serve_is_refused_with_the_layer() -> None:
    built = made("sg3t")
    first = replace(built.layers[0], down_taps=torch.ones(40))
    with pytest.raises(ValueError, match=f"layer {first.name} has filters of another kind"):
        stylegan3.prepare(replace(built, layers=(first, *built.layers[1:])), DEVICE)
    with pytest.raises(ValueError, match=r"does not draw colours alone"):
        stylegan3.prepare(replace(built, layers=built.layers[:-1]), DEVICE)


def test_a_kernel_that_draws_something_else_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = stylegan3.filtered_lrelu
    monkeypatch.setattr(stylegan3, "filtered_lrelu", lambda *args: real(*args) * 1.01)
    with pytest.raises(ValueError, match=r"differs by 0.01 from the plain path"):
        stylegan3.prepare(made("sg3t"), DEVICE)
