"""What is compiled ahead of time is all that real networks need."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from engine.generators import cpu
from engine.generators.cpu.compile import is_compiled
from engine.generators.kinds import stylegan2, stylegan3
from engine.generators.networks.style_map import Grid
from engine.generators.stylegan.precompile import compile_all
from tests import stylegan_files as files

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)


def compiled() -> Iterator[tuple[str, Any]]:
    """Every loop with what it is compiled for."""
    for module in pkgutil.iter_modules(cpu.__path__, f"{cpu.__name__}."):
        for name, found in vars(importlib.import_module(module.name)).items():
            for signature in getattr(found, "signatures", ()):
                yield f"{module.name}.{name}", signature


@pytest.mark.skipif(not is_compiled(), reason="Numba is not here")
def test_no_network_needs_more_than_is_compiled_ahead() -> None:
    assert compile_all()
    before = set(compiled())
    assert len(before) > 10
    for name, family in (
        ("tiny-sg2ada-64-c0-map8", stylegan2),
        ("tiny-sg3t-64", stylegan3),
        ("tiny-sg3r-64", stylegan3),
    ):
        arrays, about = files.golden(name)
        model: Any = family.build_network(files.state_of(arrays), about["modules"])
        assert model.cpu_backend is not None
        ws = torch.zeros(2, model.num_ws, model.w_dim)
        with torch.inference_mode():
            model.synthesize(ws[:1])
            model.synthesize(ws, grid=Grid(1, 2))
            model.synthesize(ws, grid=Grid(1, 2, closed=True))
    assert set(compiled()) - before == set()
