"""Scales of all layers at once are those of each by itself."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.generators.networks import stylegan2, stylegan3
from engine.generators.networks.dense import Source
from engine.generators.networks.stylegan2_weights import read_synthesis as read_stylegan2
from engine.generators.networks.stylegan2_weights import styles_of as styles2
from engine.generators.networks.stylegan3_weights import read_synthesis as read_stylegan3
from engine.generators.networks.stylegan3_weights import styles_of as styles3
from engine.generators.networks.styles import make_styles
from engine.models.random_networks import network
from tests import stylegan_files as files

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)


def made(kind: str) -> tuple[Any, Any, Any]:
    """A network in float32, its styles side by side, and what draws it."""
    state, modules = network(f"{kind}-32", base=1024, most=32, dims=(32, 0, 32))
    source = Source(state, modules, "cpu")
    if kind == "sg2":
        whole: Any = read_stylegan2(source, half=False)
        return whole, styles2(whole.blocks), stylegan2.synthesize
    whole = read_stylegan3(source, half=False)
    return whole, styles3(whole.layers), stylegan3.synthesize


@pytest.mark.parametrize("kind", ["sg2", "sg3t", "sg3r"])
def test_all_at_once_draws_what_each_by_itself_draws(kind: str) -> None:
    """Every style differs here: a style that went to another layer would be seen."""
    from dataclasses import replace

    whole, styles, draw = made(kind)
    assert whole.styles is None
    ws = torch.randn(2, whole.num_ws, 32, generator=torch.Generator().manual_seed(5))
    with torch.inference_mode():
        found, wanted = draw(replace(whole, styles=styles), ws), draw(whole, ws)
    assert float((found - wanted).norm() / wanted.norm()) < 1e-5
    assert float((draw(whole, ws.flip(1)) - wanted).norm() / wanted.norm()) > 1e-2


def test_a_style_of_nothing_has_finite_gradients() -> None:
    """Padding divides by no sum of nothing: its gradient would reach every style."""
    whole, styles, _ = made("sg2")
    ws = torch.zeros(1, whole.num_ws, 32, requires_grad=True)
    total = sum(s.sum() + (0 if d is None else d.sum()) for s, d in styles.scales(ws).values())
    (gradient,) = torch.autograd.grad(total, ws)
    assert bool(gradient.isfinite().all())
    assert float(gradient.abs().sum()) > 0


def test_an_affine_layer_with_an_activation_is_left_to_itself() -> None:
    from dataclasses import replace

    whole, _, _ = made("sg2")
    conv = whole.blocks[0].layers[0].conv
    odd = replace(conv, affine=replace(conv.affine, activation="relu"))
    assert make_styles([conv], [0]) is not None
    assert make_styles([conv, odd], [0, 1]) is None
