"""The fused filtered leaky ReLU against torch's plain passes, in Triton's interpreter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

pytest.importorskip("triton", reason="triton is not installed")

from engine.generators.cuda.filtered_lrelu import filtered_lrelu, make_filters, out_size
from engine.generators.networks.dense import Source
from engine.generators.networks.stylegan3 import Layer
from engine.generators.networks.stylegan3 import filtered_lrelu as plain
from engine.generators.networks.stylegan3_weights import read_synthesis
from engine.models.random_networks import network
from tests import stylegan_files as files

DEVICE = files.DEVICE
one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)


def layers(kind: str, half: bool = False) -> tuple[Layer, ...]:
    state, modules = network(f"{kind}-32", base=1024, most=32, dims=(16, 0, 16))
    for about in modules.values():
        if "use_fp16" in about:
            about["use_fp16"] = True
    return read_synthesis(Source(state, modules, DEVICE), half=half).layers


def both(layer: Layer, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """What the kernel gives and what the plain passes give in float32."""
    channels = x.shape[1]
    random = torch.Generator().manual_seed(2)
    bias = torch.randn(channels, generator=random).to(DEVICE)
    d, after = ((torch.rand(channels, generator=random) + 0.5).to(DEVICE) for _ in range(2))
    whole = replace(layer, bias=bias, enlarging=(), reducing=(), half=False)
    wanted = plain(whole, x.float() * d[:, None, None] + bias[:, None, None])
    filters = make_filters(layer, DEVICE)
    assert filters is not None
    found = filtered_lrelu(
        replace(layer, bias=bias), filters, x, d, after, x.dtype == torch.float16
    )
    assert found.shape[2:] == out_size(layer, *x.shape[2:])
    assert found.dtype == x.dtype
    return found.float(), wanted * after[:, None, None]


def features(channels: int = 2, height: int = 41, width: int = 57) -> torch.Tensor:
    random = torch.Generator().manual_seed(1)
    return 3 * torch.randn(1, channels, height, width, generator=random).to(DEVICE)


SERVED = [(kind, place) for kind in ("sg3t", "sg3r") for place in (0, 2, 5, 8, 11, 13)]


@pytest.mark.parametrize(("kind", "place"), SERVED)
def test_it_is_the_plain_path(kind: str, place: int) -> None:
    layer = layers(kind)[place]
    found, wanted = both(layer, features())
    assert float((found - wanted).norm() / wanted.norm()) < 1e-5


@pytest.mark.parametrize(("kind", "place"), SERVED[::3])
def test_half_precision_is_close(kind: str, place: int) -> None:
    layer = layers(kind, half=True)[place]
    found, wanted = both(layer, features().half())
    assert float((found - wanted).norm() / wanted.norm()) < 2e-3


def test_both_layouts_and_a_small_clamp() -> None:
    layer = replace(layers("sg3t")[4], clamp=0.7)
    x = features(3).contiguous(memory_format=torch.channels_last)
    found, wanted = both(layer, x)
    assert torch.allclose(found, wanted, atol=1e-5)
    assert float(found.abs().max()) > 0.5


@pytest.mark.parametrize("size", [(1, 1), (5, 60), (70, 3), (150, 40)])
def test_any_size(size: tuple[int, int]) -> None:
    layer = layers("sg3t")[0]
    if min(out_size(layer, *size)) < 1:
        size = (size[0] + 22, size[1] + 22)
    found, wanted = both(layer, features(1, *size))
    assert torch.allclose(found, wanted, atol=2e-5)


def test_what_it_does_not_serve_is_left_to_the_plain_path() -> None:
    served: Any = layers("sg3t")[0]
    assert make_filters(replace(served, up=3), DEVICE) is None
    assert make_filters(replace(served, down=4), DEVICE) is None
    assert make_filters(replace(served, down_taps=torch.ones(40)), DEVICE) is None
    assert make_filters(layers("sg3t")[-1], DEVICE) is None  # colours: no filters
