"""StyleGAN2 against golden data, and against the plain formulation where there is none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.stylegan_plain import Plain, draw_stylegan2
from engine.core.show.generator import Request
from engine.generators.cpu import conv
from engine.generators.cpu.compile import is_compiled
from engine.generators.cpu.workspace import spread
from engine.generators.kinds import stylegan2
from engine.generators.networks.stylegan2 import synthesize
from engine.models.random_networks import make_stylegan2
from tests import stylegan_files as files

GOLDEN = ("tiny-sg2ada-64-c0-map8", "tiny-sg2ada-64-c5-map2")
CASES = [
    pytest.param(name, case, id=f"{name}-{case['name']}")
    for name in GOLDEN
    for case in files.golden(name)[1]["cases"]
]
SMALL: dict[str, Any] = {"base": 512, "most": 24, "dims": (24, 0, 32), "mapping_layers": 2}

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)


def model_of(name: str) -> stylegan2.Model:
    arrays, about = files.golden(name)
    return stylegan2.build_network(files.state_of(arrays), about["modules"])


@pytest.mark.parametrize(("name", "case"), CASES)
def test_a_golden_picture_is_exact(name: str, case: dict[str, Any]) -> None:
    arrays, _ = files.golden(name)
    model = model_of(name)
    assert (model.cpu_backend is not None) == is_compiled()
    ws = files.styles_of(model, arrays, case)
    wanted = files.tensor(arrays, f"case{case['index']}/ws")
    assert files.relative(ws, wanted) < 1e-6
    picture = files.tensor(arrays, f"case{case['index']}/img")
    fast = model.synthesize(ws, case["noise_mode"])
    plain = synthesize(model.synthesis, ws, case["noise_mode"])
    assert files.distance(fast, picture) <= 1e-4
    assert files.distance(plain, picture) <= 1e-4


@pytest.mark.parametrize("name", GOLDEN)
def test_w_is_exact(name: str) -> None:
    arrays, about = files.golden(name)
    model = model_of(name)
    c = files.tensor(arrays, "c") if "c" in arrays else None
    assert files.relative(model.map(files.tensor(arrays, "z"), c), files.tensor(arrays, "w")) < 1e-6
    top = about["modules"][""]
    sizes = (model.z_dim, model.c_dim, model.w_dim, model.num_ws)
    assert sizes == (top["z_dim"], top["c_dim"], top["w_dim"], top["num_ws"])
    assert len(model.layer_names) == model.num_ws


@pytest.mark.parametrize("name", GOLDEN)
def test_every_layer_is_exact(name: str) -> None:
    arrays, _ = files.golden(name)
    ws = files.tensor(arrays, "case0/ws")
    model = model_of(name)
    assert files.first_difference(arrays, lambda see: model.synthesize(ws, bend=see)) == []


@pytest.mark.parametrize(
    "kwargs",
    [
        pytest.param({"architecture": "resnet", "clamp": 0.8}, id="resnet"),
        pytest.param({"architecture": "orig"}, id="orig"),
        pytest.param({"taps": (1, 2, 4, 1)}, id="a-lopsided-filter"),
        pytest.param({"taps": (1, 3, 2)}, id="three-taps"),
        pytest.param({"taps": (1, 2, 3, 4, 4, 3, 2, 2)}, id="eight-taps"),
        pytest.param({"taps": (1,)}, id="one-tap"),
        pytest.param({"activation": "linear"}, id="linear"),
        pytest.param({"activation": "swish", "clamp": None}, id="swish"),
        pytest.param({"activation": "tanh"}, id="tanh"),
        pytest.param({"clamp": 0.5}, id="tight-clamp"),
        pytest.param({"clamp": None}, id="no-clamp"),
        pytest.param({"noise": False}, id="no-noise"),
        pytest.param({"start": (3, 5)}, id="not-square"),
        pytest.param({"dims": (24, 5, 32)}, id="classes"),
        pytest.param({"base": 200, "most": 19}, id="odd-widths"),
        pytest.param({"colours": 1}, id="grey"),
    ],
)
def test_any_configuration_equals_the_plain_formulation(kwargs: dict[str, Any]) -> None:
    state, modules = make_stylegan2(32, **{**SMALL, **kwargs})
    model, plain = stylegan2.build_network(state, modules), Plain(state, modules)
    random = torch.Generator().manual_seed(3)
    z = torch.randn(2, 24, generator=random)
    c = torch.eye(5)[[1, 4]] if model.c_dim else None
    w = model.map(z, c)
    assert files.relative(w, plain.map(z, c)) < 1e-5
    ws = model.truncate(w) + 0.1 * torch.randn(2, model.num_ws, 32, generator=random)
    for noise in ("const", "none"):
        wanted = draw_stylegan2(plain, ws, noise == "const")
        assert files.relative(model.synthesize(ws, noise), wanted) < 3e-5
        assert files.relative(synthesize(model.synthesis, ws, noise), wanted) < 3e-5


def test_noise_strengths_scale_each_resolution() -> None:
    state, modules = make_stylegan2(32, **SMALL)
    model = stylegan2.build_network(state, modules)
    ws = torch.randn(1, model.num_ws, 32, generator=torch.Generator().manual_seed(1))
    gains = torch.tensor([0.0, 2.0, 1.0, 0.5])
    for block, gain in zip(("b4", "b8", "b16", "b32"), gains, strict=True):
        for key in [k for k in state if k.startswith(f"synthesis.{block}.")]:
            if key.endswith("noise_strength"):
                state[key] = state[key] * float(gain)
    scaled = draw_stylegan2(Plain(state, modules), ws)
    assert files.relative(model.synthesize(ws, noise_strengths=gains), scaled) < 3e-5
    assert files.relative(synthesize(model.synthesis, ws, "const", gains), scaled) < 3e-5
    still = model.synthesize(ws, noise_strengths=torch.zeros(4))
    assert torch.equal(still, model.synthesize(ws, "none"))


def test_truncation_may_differ_by_layer() -> None:
    model = model_of(GOLDEN[0])
    w = model.map(torch.ones(1, model.z_dim))
    psi = torch.linspace(-1, 1, model.num_ws)
    ws = model.truncate(w, psi)
    for place in range(model.num_ws):
        alone = model.truncate(w, float(psi[place]))[0, place]
        assert torch.allclose(ws[0, place], alone, atol=1e-6)
    cut = model.truncate(w, psi, 3)
    assert torch.equal(cut[:, :3], ws[:, :3])
    assert torch.equal(cut[:, 3:], w[:, None].expand(-1, model.num_ws - 3, -1))


def test_a_batch_is_its_samples() -> None:
    model = model_of(GOLDEN[0])
    ws = torch.randn(3, model.num_ws, model.w_dim, generator=torch.Generator().manual_seed(1))
    together = model.synthesize(ws)
    for place in range(3):
        assert files.distance(together[place : place + 1], model.synthesize(ws[[place]])) < 1e-4


def test_threads_do_not_change_the_picture() -> None:
    model = model_of(GOLDEN[0])
    ws = torch.randn(1, model.num_ws, model.w_dim, generator=torch.Generator().manual_seed(1))
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


def test_strips_do_not_change_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the last has nothing but the row of tiles that reaches over."""
    model = model_of(GOLDEN[0])
    ws = torch.randn(1, model.num_ws, model.w_dim, generator=torch.Generator().manual_seed(1))
    whole = model.synthesize(ws)
    for size in (1, 60_000, 200_000):
        monkeypatch.setattr(conv, "STRIP", size)
        assert files.distance(model.synthesize(ws), whole) < 1e-6


@pytest.mark.parametrize(("count", "step"), [(1, 1), (7, 1), (130, 64), (64, 64), (5, 9)])
def test_work_is_spread_without_gaps(count: int, step: int) -> None:
    before = torch.get_num_threads()
    parts: list[tuple[int, int]] = []
    try:
        torch.set_num_threads(3)
        spread(lambda _, first, last: parts.append((first, last)), count, step)
    finally:
        torch.set_num_threads(before)
    covered = [place for first, last in sorted(parts) for place in range(first, last)]
    assert covered == list(range(count))
    assert all(first % step == 0 for first, _ in parts)


def test_gradients_reach_the_styles() -> None:
    model = model_of(GOLDEN[0])
    ws = torch.zeros(1, model.num_ws, model.w_dim, requires_grad=True)
    model.synthesize(ws).square().mean().backward()
    assert ws.grad is not None
    assert float(ws.grad.abs().max()) > 0


def test_pictures_survive_the_next_one() -> None:
    model = model_of(GOLDEN[0])
    random = torch.Generator().manual_seed(1)
    ws = torch.randn(2, 1, model.num_ws, model.w_dim, generator=random)
    with torch.inference_mode():
        first = model.synthesize(ws[0])
        kept = first.clone()
        model.synthesize(ws[1])
    assert torch.equal(first, kept)
    assert torch.equal(model.synthesize(ws[0]), kept)  # memory of one mode serves the other


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s, m: s.pop("synthesis.b8.conv0.weight"), "styles"),
        (lambda s, m: s.pop("synthesis.b8.conv1.bias"), "b8.conv1.bias"),
        (lambda s, m: s.pop("mapping.fc0.weight"), "mapping.fc0.weight"),
        (lambda s, m: m["synthesis.b8.conv0"].update(activation="magic"), "magic"),
        (lambda s, m: m["synthesis.b8"].update(architecture="spiral"), "spiral"),
    ],
)
def test_what_is_damaged_is_refused_with_its_name(change: Any, said: str) -> None:
    state, modules = make_stylegan2(16, **SMALL)
    change(state, modules)
    with pytest.raises(ValueError, match=said):
        stylegan2.build_network(state, modules).synthesize(torch.zeros(1, 6, 32))


def test_noise_modes_are_checked() -> None:
    with pytest.raises(ValueError, match="noise mode"):
        model_of(GOLDEN[0]).synthesize(torch.zeros(1, 10, 32), "random")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A conditional model of ours."""
    arrays, about = files.golden(GOLDEN[1])
    at = tmp_path_factory.mktemp("models") / "classes.safetensors"
    return files.save(at, "stylegan2", files.state_of(arrays), about["modules"])


def request(z: np.ndarray[Any, Any], side: int = 64, **parameters: float) -> Request:
    return Request(0.0, {"z": z.astype(np.float32)}, parameters, (side, side))


def test_a_spec_needs_no_torch(path: Path) -> None:
    code = (
        "import sys, json; from engine.generators.kinds.stylegan2 import Config, spec\n"
        f"found = spec(Config({str(path)!r}))\n"
        "print(json.dumps(['torch' in sys.modules, found.max_px, len(found.layers)]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [False, 64, 10]


def test_the_shelf_draws_what_the_network_draws(path: Path) -> None:
    arrays, _ = files.golden(GOLDEN[1])
    generator = stylegan2.build(stylegan2.Config(str(path)))
    assert generator.spec.licence == "CC0-1.0"
    assert generator.spec.classes == ("0", "1", "2", "3", "4")
    assert generator.spec.layers == generator.model.layer_names
    z, c = arrays["z"][0], files.tensor(arrays, "c")[:1]
    pixels, memory = generator.render(request(z, truncation=0.5, **{"class": float(c.argmax())}))
    assert memory is None
    model = model_of(GOLDEN[1])
    ws = model.truncate(model.map(torch.from_numpy(z[None]), c), 0.5)
    wanted = (model.synthesize(ws) * 0.5 + 0.5).clamp(0, 1)
    assert files.distance(pixels, wanted) < 1e-5


def test_every_parameter_changes_the_picture_and_its_range_is_safe(path: Path) -> None:
    generator = stylegan2.build(stylegan2.Config(str(path)))
    random = np.random.RandomState(1)
    latents = {name: random.randn(24).astype(np.float32) for name in ("z", "z_b")}
    base = {"truncation": 0.7, "class_mix": 0.3, "mix_middle": 0.2}

    def draw(**parameters: float) -> torch.Tensor:
        asked = Request(0.0, latents, {**base, **parameters}, (64, 64))
        return generator.render(asked)[0]

    before = draw()
    for parameter in generator.spec.parameters:
        changed = []
        for value in (parameter.low, parameter.high, float("nan"), 1e9):
            pixels = draw(**{parameter.address: value})
            assert pixels.isfinite().all()
            assert float(pixels.min()) >= 0
            assert float(pixels.max()) <= 1
            changed.append(not torch.equal(pixels, before))
        assert any(changed), parameter.address


def test_a_smaller_picture_is_the_same_picture(path: Path) -> None:
    generator = stylegan2.build(stylegan2.Config(str(path)))
    z = np.ones(24)
    whole, small = (generator.render(request(z, side))[0] for side in (64, 32))
    assert small.shape == (1, 3, 32, 32)
    # Antialiasing weighs neighbours too, but keeps the mean.
    assert files.distance(small.mean((2, 3)), whole.mean((2, 3))) < 0.01


@pytest.mark.parametrize(
    ("latents", "said"),
    [({}, "no latent 'z'"), ({"z": np.zeros(3, np.float32)}, "must be")],
)
def test_a_wrong_request_is_refused(path: Path, latents: Any, said: str) -> None:
    generator = stylegan2.build(stylegan2.Config(str(path)))
    with pytest.raises(ValueError, match=said):
        generator.render(Request(0.0, latents, {}, (64, 64)))


def test_wild_latents_stay_pictures(path: Path) -> None:
    generator = stylegan2.build(stylegan2.Config(str(path)))
    for value in (np.nan, np.inf, -1e30, 0.0):
        pixels, _ = generator.render(request(np.full(24, value)))
        assert pixels.isfinite().all()


def test_a_missing_or_foreign_model_is_refused(tmp_path: Path, path: Path) -> None:
    with pytest.raises(ValueError, match=r"nowhere\.safetensors"):
        stylegan2.spec(stylegan2.Config(str(tmp_path / "nowhere.safetensors")))
    from engine.generators.kinds import stylegan3

    with pytest.raises(ValueError, match="is a stylegan2"):
        stylegan3.spec(stylegan3.Config(str(path)))
