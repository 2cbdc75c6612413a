"""Styles as a port: the chart of a mapping network, and pictures drawn from w and w+."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.core.rng import draw
from engine.core.show.generator import Request
from engine.documents.show import load
from engine.generators.kinds import stylegan2, stylegan3
from engine.generators.stylegan import w_space
from engine.models import card
from engine.models.network import Network
from tests import age_files
from tests import stylegan_files as files
from tests.making import line_of

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return age_files.network(tmp_path_factory.mktemp("nets") / "net.safetensors")


def spread(n: np.ndarray) -> np.ndarray:
    """Mahalanobis distance of coordinates; 1 is typical."""
    found: np.ndarray = np.linalg.norm(n, axis=-1) / np.sqrt(n.shape[-1])
    return found


def test_the_mapping_in_numpy_is_that_of_the_network(model: Path) -> None:
    found, slope = w_space.map_samples(card.peek(model), 32)
    net = card.load(model)
    z = draw(0, "wspace", 0, 32 * 24).reshape(32, 24).astype(np.float32)
    wanted = stylegan2.build_network(net.state, net.modules).map(torch.from_numpy(z))
    assert slope == 0.2
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-4)


@pytest.mark.parametrize("name", ["tiny-sg2ada-64-c5-map2", "tiny-sg3t-64"])
def test_a_mapping_with_classes_and_one_of_the_other_family(name: str) -> None:
    arrays, said = files.golden(name)
    state, modules = files.state_of(arrays), said["modules"]
    modules.setdefault("", {}).update(z_dim=24, c_dim=5 if "c5" in name else 0)
    found, _ = w_space.map_samples(Network("stylegan2", state, modules, ""), 10)
    family = stylegan2 if "sg2" in name else stylegan3
    built = family.build_network(state, modules)
    z = draw(0, "wspace", 0, 10 * 24).reshape(10, 24).astype(np.float32)
    c = torch.eye(5)[torch.arange(10) % 5] if "c5" in name else None
    np.testing.assert_allclose(found, built.map(torch.from_numpy(z), c).numpy(), atol=1e-4)


def test_styles_of_fresh_latents_are_typical_and_come_back(model: Path) -> None:
    chart = w_space.chart_of(model)
    w = w_space.map_samples(card.peek(model), 6000)[0][4096:].astype(np.float64)
    n = chart.encode(w)
    assert 0.95 < spread(n).mean() < 1.05
    np.testing.assert_allclose(chart.decode(n), w, atol=1e-9)
    between = chart.encode((w[:900] + w[900:1800]) / 2)
    assert spread(between).mean() > 1.2 or spread(between).mean() < 0.8  # a straight way is none


def test_the_chart_is_the_same_again(model: Path) -> None:
    first, second = (w_space.measure(card.peek(model)) for _ in range(2))
    assert (first.back == second.back).all()
    assert (first.forward == second.forward).all()
    np.testing.assert_allclose(first.back, first.back.T, atol=1e-12)


SHOW = """
schema = 1
[[layers]]
id = "a"
[layers.generator]
kind = "stylegan2"
config = {{ path = "{path}", space = "{space}" }}
[layers.path]
motion = "{motion}"
speed = 1.0
"""


@pytest.mark.parametrize("motion", ["walk", "keys", "loop"])
@pytest.mark.parametrize("space", ["w", "w+"])
def test_paths_through_styles_stay_plausible(model: Path, motion: str, space: str) -> None:
    text = SHOW.format(path=model, space=space, motion=motion)
    show = load.read(text, "test", lambda name: "")[0]
    line, chart = line_of(show), w_space.chart_of(model)
    found = []
    for frame in range(12):
        line.control(Fraction(frame, 2), lambda _: ())
        request = line.plan(Fraction(frame, 2)).requests["a"]
        found.append(chart.encode(request.latents["w"].astype(np.float64)))
    assert np.shape(found)[1:] == ((32,) if space == "w" else (8, 32))
    mean = spread(np.array(found)).mean()
    assert 0.8 <= mean <= 1.2


def build(model: Path, space: str) -> stylegan2.Generator:
    return stylegan2.build(stylegan2.Config(str(model), space=space))


def test_a_style_draws_what_its_latent_draws(model: Path) -> None:
    z, z_b = np.random.RandomState(0).randn(2, 24).astype(np.float32)
    controls = {"truncation": 0.7, "truncation_cutoff": 5.0, "mix_fine": 1.0, "mix_coarse": 0.3}
    mapped = build(model, "z").model.map(torch.from_numpy(np.stack([z, z_b]))).numpy()
    wanted, _ = build(model, "z").render(Request(0.0, {"z": z, "z_b": z_b}, controls, (32, 32)))
    for space, shape in (("w", (32,)), ("w+", (8, 32))):
        rows = {n: np.broadcast_to(w, shape) for n, w in zip(("w", "w_b"), mapped, strict=True)}
        for ready in (False, True):
            generator = build(model, space)
            if ready:
                generator.warm_up()
            found, _ = generator.render(Request(0.0, rows, controls, (32, 32)))
            assert files.distance(found, wanted) < 2e-3


def test_rows_of_w_plus_steer_their_own_layers(model: Path) -> None:
    generator = build(model, "w+")
    w = w_space.map_samples(card.peek(model), 2)[0]
    rows = np.repeat(w[:1], 8, axis=0)
    rows[6:] = w[1]
    found, _ = generator.render(Request(0.0, {"w": rows}, {}, (32, 32)))
    wanted = generator.model.synthesize(torch.from_numpy(rows)[None])
    assert files.distance(found, (wanted * 0.5 + 0.5).clamp(0, 1)) < 2e-3


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"space": "v"}, "'v' is none; there are: z"),
        ({"space": "w", "points": 3, "wide": 2.0}, "several control points takes latents of z"),
    ],
)
def test_what_a_space_cannot_be(model: Path, config: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        stylegan2.spec(stylegan2.Config(str(model), **config))  # type: ignore[arg-type]


def test_a_latent_of_the_other_space_is_refused(model: Path) -> None:
    with pytest.raises(ValueError, match="no latent 'w'"):
        build(model, "w").render(Request(0.0, {"z": np.zeros(24, np.float32)}, {}, (32, 32)))
