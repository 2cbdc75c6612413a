"""No frame on a GPU waits for a number: the whole CUDA configuration on torch's meta device."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from bench.gpu_bytes import META, count, count_fused
from engine.core.show.generator import Request
from engine.generators.cuda_graph import Static
from engine.generators.editing.bend_ops import BendTable
from engine.generators.host.pixels import finish
from engine.generators.kinds import stylegan2, stylegan3
from engine.models.random_networks import make_stylegan2, make_stylegan3
from tests import stylegan_files as files

TINY: dict[str, Any] = {"base": 512, "most": 24, "dims": (24, 3, 32), "mapping_layers": 2}
OPS = ("translate", "dilate", "threshold", "multiply", "noise", "swap")
CANVASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "band": {"wide": 2.0, "points": 3, "closed": True},
    "wall": {"wide": 2.0, "points": 3, "rows": 2, "high": 1.5},
    "w+": {"space": "w+"},
    "z+": {"space": "z+"},
    "sources": {"sources": 4},
    "bends": {"bends": ()},
}
FAMILIES: dict[str, Any] = {"stylegan2": stylegan2, "stylegan3": stylegan3}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, str]]:
    """A small network of each family, all of it in float16, and a layer to bend."""
    folder, found = tmp_path_factory.mktemp("models"), {}
    nets = {
        "stylegan2": make_stylegan2(32, **TINY),
        "stylegan3": make_stylegan3(32, **TINY, layers=6),
    }
    for name, (state, modules) in nets.items():
        for about in modules.values():
            if "use_fp16" in about:
                about["use_fp16"] = True
        layers = modules["synthesis"].get("layer_names", ["", "", "b16.conv1"])
        path = files.save(folder / f"{name}.safetensors", name, state, modules)
        found[name] = path, layers[2]
    return found


@pytest.mark.parametrize("canvas", CANVASES)
@pytest.mark.parametrize("name", FAMILIES)
def test_a_frame_waits_for_nothing(
    name: str, canvas: str, made: dict[str, tuple[Path, str]]
) -> None:
    path, layer = made[name]
    options = dict(CANVASES[canvas])
    if canvas == "bends":
        options["bends"] = tuple(BendTable(layer, op, "half") for op in OPS)
    generator = FAMILIES[name].build(FAMILIES[name].Config(str(path), **options), META)
    drawing = generator.drawing
    example = drawing.example()
    assert {tensor.device.type for tensor in example.tensors()} == {"cpu"}  # what a graph pins
    with torch.inference_mode():
        raw = drawing._raw(example.to(META))
        picture = finish(drawing._fit(raw, (16, 16)))
        drawing.features(example, 16)
    assert (str(picture.device), picture.dtype) == ("meta", torch.float16)
    assert picture.shape[2] == 4
    zeros = {port.name: torch.zeros(port.shape).numpy() for port in generator.spec.ports}
    inputs = generator.inputs(Request(0.0, zeros, {}, (32, 32)))
    assert {tensor.device.type for tensor in inputs.tensors()} == {"cpu"}  # nothing comes back


def test_a_graph_refuses_inputs_that_lie_elsewhere(made: dict[str, tuple[Path, str]]) -> None:
    path, _ = made["stylegan3"]
    drawing = stylegan3.build(stylegan3.Config(str(path)), META).drawing
    example = drawing.example().to(META)
    with pytest.raises(ValueError, match="lie in main memory, not on meta"):
        Static(drawing._raw, example, "cpu")


@pytest.mark.parametrize(
    ("name", "most_gb", "most_kernels"),
    [("sg2-1024", 4.8, 300), ("sg3t-1024", 26.0, 185), ("sg3r-1024", 46.0, 175)],
)
def test_a_frame_moves_no_more_than_its_budget(
    name: str, most_gb: float, most_kernels: int
) -> None:
    """What a pass more over the largest features costs is seen without a GPU."""
    found = count(name)
    assert found.bytes / 1e9 <= most_gb
    assert found.kernels <= most_kernels


@pytest.mark.parametrize(
    ("name", "most_gb"), [("sg2-1024", 1.2), ("sg3t-1024", 4.0), ("sg3r-1024", 7.0)]
)
def test_fused_kernels_move_no_more_than_their_budget(name: str, most_gb: float) -> None:
    found = count_fused(name)
    assert found.bytes / 1e9 <= most_gb
    assert found.kernels <= 80
