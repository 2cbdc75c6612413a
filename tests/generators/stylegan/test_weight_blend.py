"""Two networks in one: each part goes from the first to the other, exactly at both ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.app.credits import collect
from engine.core.show.generator import Request
from engine.documents.show.load import load
from engine.documents.take.find_models import find
from engine.documents.take.models import fingerprints, with_hashes
from engine.generators.cpu.compile import is_compiled
from engine.generators.kinds import stylegan2, stylegan3
from engine.generators.stylegan.weight_blend import parts_of
from engine.models import card
from engine.models.random_networks import make_stylegan2, make_stylegan3
from tests import stylegan_files as files
from tests.age_files import SMALL, aged

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)
FAMILIES = {"stylegan2": stylegan2, "stylegan3": stylegan3}
SIZES: dict[str, Any] = {"base": 256, "most": 20, "dims": (16, 0, 24), "mapping_layers": 2}
Pair = tuple[Path, Path]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pair]:
    folder = tmp_path_factory.mktemp("models")
    made = {}
    for family, make in (("stylegan2", make_stylegan2), ("stylegan3", make_stylegan3)):
        state, modules = make(32 if family == "stylegan2" else 16, **SIZES)
        random = np.random.RandomState(7)
        moved = {
            name: np.asarray(x) + 0.3 * random.randn(*x.shape) * np.std(np.asarray(x))
            if name.endswith(("weight", "bias", "const", "w_avg"))
            else np.asarray(x)
            for name, x in state.items()
        }
        own = files.save(folder / f"{family}.safetensors", family, state, modules)
        other = files.save(folder / f"{family}_b.safetensors", family, moved, modules)
        made[family] = own, other
    return made


def build(family: str, path: Path, other: Path | None = None, **more: Any) -> Any:
    module: Any = FAMILIES[family]
    config = module.Config(str(path), other=str(other) if other else "", **more)
    generator = module.build(config)
    generator.warm_up()
    assert generator.drawing.path == ("loops" if is_compiled() else "plain")
    return generator


def draw(generator: Any, **controls: float) -> torch.Tensor:
    z = np.linspace(-2, 2, generator.model.z_dim).astype(np.float32)
    picture: torch.Tensor = generator.render(Request(0.0, {"z": z}, controls, (64, 64)))[0]
    return picture.clone()


@pytest.mark.parametrize("family", FAMILIES)
def test_each_end_is_a_network_bit_by_bit_and_between_is_neither(
    pairs: dict[str, Pair], family: str
) -> None:
    first, second = (draw(build(family, path)) for path in pairs[family])
    both = build(family, *pairs[family])
    assert torch.equal(draw(both), first)
    middle = draw(both, blend=0.5)
    assert torch.equal(draw(both, blend=1.0), second)
    assert torch.equal(draw(both, blend=0.5), middle)
    assert torch.equal(draw(both), first)
    least = min(files.distance(middle, first), files.distance(middle, second))
    assert least > 0.01


@pytest.mark.parametrize("family", FAMILIES)
def test_between_the_weights_are_those_of_a_network_of_mixed_weights(
    pairs: dict[str, Pair], family: str, tmp_path: Path
) -> None:
    """Also what the loops prepared from them; StyleGAN3's are evened before they are mixed."""
    own, other = (card.load(path) for path in pairs[family])
    both = build(family, *pairs[family])
    draw(both, blend=0.25)
    if family == "stylegan2":
        mixed = {n: 0.75 * np.asarray(x) + 0.25 * other.state[n] for n, x in own.state.items()}
        path = files.save(tmp_path / "mixed.safetensors", family, mixed, own.modules)
        assert files.distance(draw(build(family, path)), draw(both, blend=0.25)) < 1e-5
    fast = draw(both, blend=0.25)
    both.drawing._synthesize = both.drawing._plain
    assert files.distance(draw(both, blend=0.25), fast) < 1e-4


def test_layers_are_swapped_by_resolution(pairs: dict[str, Pair], tmp_path: Path) -> None:
    own, other = (card.load(path) for path in pairs["stylegan2"])
    both = build("stylegan2", *pairs["stylegan2"])
    swapped = {
        name: other.state[name] if name.startswith("synthesis.b32.") else x
        for name, x in own.state.items()
    }
    path = files.save(tmp_path / "swapped.safetensors", "stylegan2", swapped, own.modules)
    wanted = draw(build("stylegan2", path))
    assert torch.equal(draw(both, blend_32=1.0), wanted)
    groups = draw(both, blend_middle=1.0)
    assert torch.equal(groups, draw(both, blend_16=1.0, blend_32=1.0))
    assert torch.equal(draw(both, blend=1.0, blend_middle=-1.0, blend_mapping=-1.0),
                       draw(both, blend_coarse=1.0))  # fmt: skip
    mapped = {n: other.state[n] if n.startswith("mapping.") else x for n, x in own.state.items()}
    path = files.save(tmp_path / "mapped.safetensors", "stylegan2", mapped, own.modules)
    assert torch.equal(draw(both, blend_mapping=1.0), draw(build("stylegan2", path)))


def test_nothing_is_done_where_nothing_changes(pairs: dict[str, Pair]) -> None:
    both = build("stylegan2", *pairs["stylegan2"])
    draw(both, blend_4=0.5)
    live = both.interpolation._live
    before = {name: [t._version for t in part.weights] for name, part in live.items()}
    shares = {**dict.fromkeys(live, 0.0), "4": 0.5}
    assert not both.interpolation.set(1.0, shares)
    assert both.interpolation.set(1.0, {**shares, "8": 0.5})
    after = {name: [t._version for t in part.weights] for name, part in live.items()}
    assert [name for name in live if before[name] != after[name]] == ["8"]


def test_ages_and_another_network_go_together(tmp_path: Path) -> None:
    model = aged(tmp_path / "net.safetensors")
    other = tmp_path / "other.safetensors"
    state, modules = make_stylegan2(card.load(model).modules[""]["img_resolution"], **SMALL)
    moved = {n: np.asarray(x) * (1.1 if n.endswith("weight") else 1) for n, x in state.items()}
    files.save(other, "stylegan2", moved, modules)
    alone, both = build("stylegan2", model), build("stylegan2", model, other)
    for age in (0.3, 1.0):
        assert torch.equal(draw(both, age=age), draw(alone, age=age))
    whole = draw(both, age=0.3, blend=1.0)
    assert torch.equal(whole, draw(both, age=1.0, blend=1.0))
    assert torch.equal(whole, draw(build("stylegan2", other)))
    assert files.distance(draw(both, age=0.3, blend=0.5), draw(both, blend=0.5)) > 1e-3


@pytest.mark.parametrize("family", FAMILIES)
def test_every_learned_tensor_is_of_a_part(pairs: dict[str, Pair], family: str) -> None:
    model = build(family, pairs[family][0]).model
    taken = {t.data_ptr() for part in parts_of(model).values() for t in part.weights}
    layers = (
        [layer for block in model.synthesis.blocks for layer in block.layers]
        if family == "stylegan2"
        else list(model.synthesis.layers)
    )
    for layer in layers:
        for tensor in (layer.conv.weight, layer.conv.affine.weight, layer.bias):
            assert tensor.data_ptr() in taken
    assert all(layer.weight.data_ptr() in taken for layer in model.mapping.layers)


def test_what_does_not_fit_is_told_and_what_would_fit(
    pairs: dict[str, Pair], tmp_path: Path
) -> None:
    own = pairs["stylegan2"][0]

    def said(other: Path, **more: Any) -> str:
        with pytest.raises(ValueError, match="config") as caught:
            stylegan2.spec(stylegan2.Config(str(own), other=str(other), **more))
        return str(caught.value)

    wide = make_stylegan2(32, **{**SIZES, "base": 512})
    broad = files.save(tmp_path / "broad.safetensors", "stylegan2", *wide)
    text = said(broad)
    assert "broad.safetensors does not fit stylegan2.safetensors: synthesis.b16" in text
    assert 'blends = ["mapping", "4", "8"]' in text
    names = [
        p.address
        for p in stylegan2.spec(
            stylegan2.Config(str(own), other=str(broad), blends=("4", "8"))
        ).parameters
        if p.address.startswith("blend")
    ]
    assert names == ["blend", "blend_coarse", "blend_4", "blend_8"]
    deep = make_stylegan2(32, **{**SIZES, "dims": (16, 0, 30)})
    text = said(files.save(tmp_path / "deep.safetensors", "stylegan2", *deep))
    assert "cannot be swapped either" in text
    assert "is a stylegan3" in said(pairs["stylegan3"][0])
    assert "nowhere" in said(tmp_path / "nowhere.safetensors")
    assert "no part: mapping, 4" in said(broad, blends=("b4",))


def test_takes_and_credits_know_both(pairs: dict[str, Pair], tmp_path: Path) -> None:
    own, other = pairs["stylegan2"]
    show = tmp_path / "two.toml"
    config = f'{{ path = "{own}", other = "{other}" }}'
    show.write_text(
        'schema = 1\n[[layers]]\nid = "a"\n[layers.generator]\n'
        f'kind = "stylegan2"\nconfig = {config}\n'
    )
    loaded = load(str(show))
    mark = with_hashes([], loaded.show)[0]
    assert {"sha256", "other_sha256"} <= mark.keys()
    assert fingerprints(loaded.show)[0]["other"] == str(other)
    assert find(tmp_path, [mark]) == {}
    with pytest.raises(ValueError, match="stylegan2_b"):
        find(tmp_path, [{**mark, "other_sha256": "0" * 64}])
    names = [network["name"] for network in collect(str(show))["networks"]]
    assert names == [own.name, other.name]
    single = stylegan2.memory_bytes(stylegan2.Config(str(own)), "cpu")
    both = stylegan2.memory_bytes(stylegan2.Config(str(own), other=str(other)), "cpu")
    assert both > single
