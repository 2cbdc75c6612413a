"""StyleGAN3 against golden data, and against the plain formulation where there is none."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.stylegan_plain import Plain, draw_stylegan3
from engine.core.show.generator import Request
from engine.generators.cpu import filtered_lrelu
from engine.generators.cpu import filtered_lrelu as filtered_kernel
from engine.generators.cpu.blocks import LANES, fill_up, from_blocks, to_blocks
from engine.generators.cpu.compile import is_compiled
from engine.generators.kinds import stylegan3
from engine.generators.networks import resample
from engine.generators.networks.stylegan3 import synthesize
from engine.models.random_networks import low_pass, make_stylegan3
from tests import stylegan_files as files

GOLDEN = ("tiny-sg3t-64", "tiny-sg3r-64")
CASES = [
    pytest.param(name, case, id=f"{name}-{case['name']}")
    for name in GOLDEN
    for case in files.golden(name)[1]["cases"]
]
SMALL: dict[str, Any] = {"base": 256, "most": 16, "dims": (24, 0, 32), "layers": 5}
RADIAL: dict[str, Any] = {"kernel": 1, "radial": True}

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)


def model_of(name: str) -> stylegan3.Model:
    arrays, about = files.golden(name)
    return stylegan3.build_network(files.state_of(arrays), about["modules"])


@pytest.mark.parametrize(("name", "case"), CASES)
def test_a_golden_picture_is_exact(name: str, case: dict[str, Any]) -> None:
    arrays, _ = files.golden(name)
    model = model_of(name)
    assert (model.cpu_backend is not None) == is_compiled()
    ws = files.styles_of(model, arrays, case)
    wanted = files.tensor(arrays, f"case{case['index']}/ws")
    assert files.relative(ws, wanted) < 1e-6
    given = case.get("input_transform")
    transform = None if given is None else torch.tensor(given, dtype=torch.float32)
    picture = files.tensor(arrays, f"case{case['index']}/img")
    assert files.distance(model.synthesize(ws, transform=transform), picture) <= 1e-4
    assert files.distance(synthesize(model.synthesis, ws, transform), picture) <= 1e-4


@pytest.mark.parametrize("name", GOLDEN)
def test_w_and_every_layer_are_exact(name: str) -> None:
    arrays, about = files.golden(name)
    model = model_of(name)
    assert files.relative(model.map(files.tensor(arrays, "z")), files.tensor(arrays, "w")) < 1e-6
    assert model.layer_names == ("input", *about["modules"]["synthesis"]["layer_names"])
    assert (model.num_ws, model.w_dim, model.z_dim, model.c_dim) == (16, 32, 24, 0)
    ws = files.tensor(arrays, "case0/ws")
    assert files.first_difference(arrays, lambda see: model.synthesize(ws, bend=see)) == []


@pytest.mark.parametrize("name", GOLDEN)
def test_filters_of_the_bench_are_those_of_real_networks(name: str) -> None:
    arrays, about = files.golden(name)
    for layer in about["modules"]["synthesis"]["layer_names"][:-1]:
        at = about["modules"][f"synthesis.{layer}"]
        state = {part: arrays[f"state/synthesis.{layer}.{part}_filter"] for part in ("up", "down")}
        rate = at["tmp_sampling_rate"]
        ends = {"up": ("in", False), "down": ("out", at["down_radial"])}
        for part, (end, radial) in ends.items():
            taps, cutoff = at[f"{part}_taps"], at[f"{end}_cutoff"]
            made = low_pass(taps, cutoff, at[f"{end}_half_width"], rate, radial)
            assert np.abs(made - state[part]).max() < 1e-6


@pytest.mark.parametrize(
    "kwargs",
    [
        pytest.param({"layers": 14}, id="t"),
        pytest.param({"layers": 9, **RADIAL}, id="r"),
        pytest.param({"layers": 7}, id="seven-layers"),
        pytest.param({"layers": 6, "critical": 1}, id="one-critical"),
        pytest.param({"critical": 0, **RADIAL}, id="none-critical"),
        pytest.param({"margin": 4, "output_scale": 0.7}, id="narrow-margin"),
        pytest.param({"margin": 17}, id="wide-margin"),
        pytest.param({"clamp": 0.4}, id="tight-clamp"),
        pytest.param({"clamp": None}, id="no-clamp"),
        pytest.param({"filter_size": 4, "layers": 6}, id="short-filters"),
        pytest.param({"filter_size": 8, "layers": 6}, id="long-filters"),
        pytest.param({"filter_size": 5, "layers": 6}, id="odd-filters"),
        pytest.param({"filter_size": 4, "layers": 6, **RADIAL}, id="short-radial-filters"),
        pytest.param({"dims": (24, 5, 32)}, id="classes"),
        pytest.param({"base": 700, "most": 77}, id="more-than-a-block"),
    ],
)
def test_any_configuration_equals_the_plain_formulation(kwargs: dict[str, Any]) -> None:
    state, modules = make_stylegan3(32, **{**SMALL, **kwargs})
    model, plain = stylegan3.build_network(state, modules), Plain(state, modules)
    random = torch.Generator().manual_seed(3)
    z = torch.randn(2, 24, generator=random)
    c = torch.eye(5)[[1, 4]] if model.c_dim else None
    w = model.map(z, c)
    assert files.relative(w, plain.map(z, c)) < 1e-5
    ws = model.truncate(w) + 0.1 * torch.randn(2, model.num_ws, 32, generator=random)
    turned = torch.tensor([[0.8, 0.6, 0.1], [-0.6, 0.8, -0.2], [0, 0, 1]])
    for transform in (turned, None):
        wanted = draw_stylegan3(plain, ws, transform)
        assert files.relative(model.synthesize(ws, transform=transform), wanted) < 3e-5
        assert files.relative(synthesize(model.synthesis, ws, transform), wanted) < 3e-5


@pytest.mark.skipif(not is_compiled(), reason="Numba is not here: loops would take minutes")
@pytest.mark.parametrize("up", [2, 4, 8])
@pytest.mark.parametrize("channels", [3, 64, 70])
@pytest.mark.parametrize("is_plane", [False, True])
def test_the_streamed_filter_equals_its_definition(up: int, channels: int, is_plane: bool) -> None:
    random = np.random.RandomState(up + channels)
    rows = random.randn(6 * up).astype(np.float32)
    down: np.ndarray[Any, Any] = random.randn(12).astype(np.float32)
    if is_plane:
        half = np.concatenate([quarter := random.randn(6, 6).astype(np.float32), quarter[::-1]])
        down = np.concatenate([half, half[:, ::-1]], axis=1)
    x = random.randn(15, 19, channels).astype(np.float32)
    gain, bias = random.rand(2, channels).astype(np.float32)
    for padding in ((9, 8, 9, 8), (-3, -2, -3, -2), (0, 1, 0, 1), (30, 25, 30, 25)):
        plan = filtered_lrelu.make_plan(rows, down, (up, 2), padding, (15, 19), (0.2, 1.5, 3.0))
        assert plan is not None
        blocks = to_blocks(torch.from_numpy(x).permute(2, 0, 1)).numpy()
        out = np.full((len(blocks), *plan.out_shape, LANES), np.nan, np.float32)
        workspace = np.full(plan.workspace_size(), np.nan, np.float32)
        scales = (fill_up(torch.from_numpy(part)) for part in (gain, bias))
        filtered_kernel.run(plan, blocks, *scales, out, workspace, (0, len(blocks)))
        y = torch.from_numpy(x * gain + bias).permute(2, 0, 1)[None]
        y = resample.resample(y, torch.from_numpy(rows), up, 1, padding)
        y = (torch.nn.functional.leaky_relu(y, 0.2) * 1.5).clamp(-3, 3)
        y = resample.resample(y, torch.from_numpy(down), 1, 2, (0, 0, 0, 0))[0]
        assert files.relative(from_blocks(torch.from_numpy(out), channels), y) < 1e-5


def test_heads_of_stylegan_xl() -> None:
    """Class rows go through a projection, every class has its mean, layers come as they are named.

    References
    ----------
    A. Sauer et al., "StyleGAN-XL" (2022).
    """
    state, modules = make_stylegan3(32, **{**SMALL, "dims": (24, 24, 32)})
    random = np.random.RandomState(1)
    table = random.randn(4, 10).astype(np.float32)
    project = random.randn(24, 10).astype(np.float32)
    for key in ("embed.weight", "embed.bias"):
        state.pop(f"mapping.{key}")
    state["mapping.fc0.weight"] = state["mapping.fc0.weight"][:, :48]
    state["mapping.embed.weight"] = table
    state["mapping.embed_proj.weight"] = project
    state["mapping.embed_proj.bias"] = random.randn(24).astype(np.float32)
    state["mapping.w_avg"] = random.randn(4, 32).astype(np.float32)
    gains = {"activation": "lrelu", "weight_gain": 1 / math.sqrt(10), "bias_gain": 1.0}
    modules["mapping.embed_proj"] = gains
    model = stylegan3.build_network(state, modules)
    assert model.c_dim == 4
    z, c = torch.randn(2, 24, generator=torch.Generator().manual_seed(1)), torch.eye(4)[[3, 1]]
    y = torch.from_numpy(table[[3, 1]] @ project.T / math.sqrt(10))
    y = torch.nn.functional.leaky_relu(y + torch.as_tensor(state["mapping.embed_proj.bias"]), 0.2)
    y = y * math.sqrt(2)
    x = torch.cat([z * z.square().mean(1, True).rsqrt(), y * y.square().mean(1, True).rsqrt()], 1)
    plain = Plain(state, modules)
    for index in range(2):
        x = plain.dense(f"mapping.fc{index}", x)
    w = model.map(z, c)
    assert files.relative(w, x) < 1e-5
    mean = torch.from_numpy(state["mapping.w_avg"][[3, 1]])[:, None]
    ws = model.truncate(w, 0.3, None, c)
    assert files.relative(ws, mean + 0.3 * (w[:, None] - mean).expand_as(ws)) < 1e-5
    # The order of layers is the file's word, not their number's.
    names = modules["synthesis"]["layer_names"]
    renamed = [f"H{99 - place}_{name}" for place, name in enumerate(names)]
    for name, new in zip(names, renamed, strict=True):
        modules[f"synthesis.{new}"] = modules.pop(f"synthesis.{name}")
        for key in [k for k in state if k.startswith(f"synthesis.{name}.")]:
            state[key.replace(name, new, 1)] = state.pop(key)
    modules["synthesis"]["layer_names"] = renamed
    again = stylegan3.build_network(state, modules)
    assert torch.equal(again.synthesize(ws), model.synthesize(ws))


def test_gradients_reach_the_styles() -> None:
    model = model_of(GOLDEN[0])
    ws = torch.ones(1, model.num_ws, model.w_dim, requires_grad=True)
    model.synthesize(ws).square().mean().backward()
    assert ws.grad is not None
    assert float(ws.grad.abs().max()) > 0


def test_threads_do_not_change_the_picture() -> None:
    state, modules = make_stylegan3(32, **{**SMALL, "most": 150, "base": 4000})
    model = stylegan3.build_network(state, modules)
    ws = torch.randn(1, model.num_ws, 32, generator=torch.Generator().manual_seed(1))
    before = torch.get_num_threads()
    pictures = []
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            pictures.append(model.synthesize(ws))
    finally:
        torch.set_num_threads(before)
    # Matrix products add up in another order.
    assert files.distance(*pictures) < 1e-4


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of ours."""
    arrays, about = files.golden(GOLDEN[0])
    at = tmp_path_factory.mktemp("models") / "t.safetensors"
    return files.save(at, "stylegan3", files.state_of(arrays), about["modules"])


def test_the_shelf_places_the_picture(path: Path) -> None:
    arrays, about = files.golden(GOLDEN[0])
    generator = stylegan3.build(stylegan3.Config(str(path)))
    assert generator.spec == stylegan3.spec(stylegan3.Config(str(path)))
    assert generator.spec.layers == generator.model.layer_names
    model = model_of(GOLDEN[0])
    z = arrays["z"][0].astype(np.float32)
    ws = model.truncate(model.map(torch.from_numpy(z[None])))
    case = next(c for c in about["cases"] if c["name"] == "rot_trans")
    image = np.array(case["image_transform"])
    angle = math.atan2(image[1, 0], image[0, 0])
    place = {"rotate": angle, "translate_x": image[0, 2], "translate_y": image[1, 2]}
    for controls, transform in ((place, case["input_transform"]), ({}, np.eye(3))):
        pixels, _ = generator.render(Request(0.0, {"z": z}, controls, (64, 64)))
        raw = model.synthesize(ws, transform=torch.tensor(transform, dtype=torch.float32))
        assert files.distance(pixels, (raw * 0.5 + 0.5).clamp(0, 1)) < 1e-4


def test_every_parameter_changes_the_picture_and_its_range_is_safe(path: Path) -> None:
    generator = stylegan3.build(stylegan3.Config(str(path)))
    random = np.random.RandomState(1)
    latents = {name: random.randn(24).astype(np.float32) for name in ("z", "z_b")}

    def draw(**parameters: float) -> torch.Tensor:
        asked = Request(0.0, latents, {"truncation": 0.7, **parameters}, (64, 64))
        return generator.render(asked)[0]

    before = draw()
    for parameter in generator.spec.parameters:
        changed = []
        for value in (parameter.low, parameter.high, float("inf")):
            pixels = draw(**{parameter.address: value})
            assert pixels.isfinite().all()
            assert float(pixels.min()) >= 0
            assert float(pixels.max()) <= 1
            changed.append(not torch.equal(pixels, before))
        assert any(changed), parameter.address


def test_what_is_missing_is_named() -> None:
    state, modules = make_stylegan3(32, **SMALL)
    name = modules["synthesis"]["layer_names"][2]
    weight = state.pop(f"synthesis.{name}.weight")
    with pytest.raises(ValueError, match=name):
        stylegan3.build_network(state, modules)
    state[f"synthesis.{name}.weight"] = weight
    modules["synthesis"].pop("layer_names")
    with pytest.raises(ValueError, match="layer_names"):
        stylegan3.build_network(state, modules)


def test_styles_of_another_network_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(N, 16, 32\)"):
        model_of(GOLDEN[0]).synthesize(torch.zeros(1, 15, 32))
