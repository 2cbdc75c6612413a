"""Every kind of generator on the shelf keeps the contract; the smallest one shows it."""

from __future__ import annotations

import importlib
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.core.show.generator import Port, Request, Spec
from engine.generators import contract, registry
from engine.generators.contract import Asset, model_of
from engine.generators.kinds import flat, stylegan2
from engine.models import card
from engine.models.network import Network
from tests.age_files import network
from tests.making import read_show

SHELF = sorted(p.stem for p in Path(flat.__file__).parent.glob("[!_]*.py"))
NAMED: dict[str, dict[str, Any]] = {
    "cppn": {"directions": "d.directions.safetensors"},
    "film": {"path": "x.mp4"},
    "map": {"path": "x.map.npz"},
    "nearest": {"path": "x.archive.safetensors"},
    "picture": {"path": "x.png"},
    "pix2pix": {"path": "x.safetensors"},
    "style": {"path": "x.safetensors", "styles": ["a.png", "b.png"]},
    "stylegan2": {"path": "x.safetensors", "other": "y.safetensors"},
    "stylegan3": {"path": "x.safetensors", "directions": "d.directions.safetensors"},
}


def test_the_shelf_is_its_folder() -> None:
    assert set(SHELF) <= set(registry.kinds())
    assert "flat" in SHELF


@pytest.mark.parametrize("kind", SHELF)
def test_a_kind_holds_what_the_contract_asks_for(kind: str) -> None:
    module = importlib.import_module(f"engine.generators.kinds.{kind}")
    assert is_dataclass(module.Config)
    assert callable(module.spec)
    assert callable(module.build)
    made = module.build.__annotations__["return"]
    assert callable(getattr(module, made).render)


@pytest.mark.parametrize("kind", SHELF)
def test_a_kind_names_its_files_by_their_keys(kind: str) -> None:
    table = NAMED.get(kind, {})
    own = {"kind": "flat"} if kind == "sheet" else {}  # its files are those of the layer it shows
    found = registry.files(kind, table | own)
    named: dict[str, str] = {}
    for key, value in table.items():
        several = enumerate(value) if isinstance(value, list) else ()
        named |= {f"{key}.{k}": path for k, path in several} or {key: value}
    assert {asset.key: asset.path for asset in found} == named
    assert all(isinstance(asset, Asset) and asset.role for asset in found)


def test_what_lies_beside_a_network_belongs_to_it() -> None:
    def beside(**config: Any) -> dict[str, list[str]]:
        found = registry.files("stylegan2", {"path": "a/net.safetensors", **config})
        return {asset.role: [path.name for path in asset.paths] for asset in found}

    ages, clusters = "net.ages.safetensors", "net.clusters.safetensors"
    directions = "net.directions.safetensors"
    assert beside() == {"model": ["net.safetensors", ages, clusters, directions]}
    assert beside(other="o.safetensors")["second network"] == ["o.safetensors"]
    named = beside(directions="d.safetensors")
    assert named["directions"] == ["d.safetensors"]
    assert directions not in named["model"]
    assert model_of(registry.files("stylegan2", {"path": "net.safetensors"})) == "net.safetensors"
    assert model_of(registry.files("map", {"path": "net.map.npz"})) == ""


def test_the_smallest_generator_fills_a_picture() -> None:
    opened = registry.open_spec("flat", {"colour": "#ff8000"})
    assert isinstance(opened.spec, Spec)
    assert opened.files == ()
    generator = registry.build(opened, "cpu")
    request = Request(0.0, {}, {"light": 0.5}, size_px=(6, 4))
    pixels, memory = generator.render(request, "kept")
    assert (tuple(pixels.shape), memory) == ((1, 3, 4, 6), "kept")
    assert np.allclose(pixels[0, :, 3, 5], [0.5, 64 / 255, 0.0])
    again, _ = generator.render(request, None)
    assert (again == pixels).all()


def test_a_show_can_name_the_smallest_generator() -> None:
    show = read_show('[[layers]]\nid = "a"\ngenerator = { kind = "flat" }\n')
    assert "/layer/a/generator/light" in show.registry.index
    wrong = '[[layers]]\nid = "a"\ngenerator = { kind = "flat", config = { colour = "red" } }\n'
    with pytest.raises(ValueError, match=r"config\.colour: 'red' is none; write it as #2a7fe0"):
        read_show(wrong)


def test_a_table_is_checked_by_name() -> None:
    with pytest.raises(ValueError, match="unknown key 'color'; there are: colour"):
        registry.open_spec("flat", {"color": "#000000"})
    with pytest.raises(ValueError, match=r"there is no generator 'flatt'; there are: .*flat"):
        registry.open_spec("flatt", {})


def test_the_header_of_a_network_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once where the show is read, and once where it is built: never once more for its spec."""
    path = network(tmp_path / "net.safetensors", base=128, most=8, mapping_layers=1)
    other = network(tmp_path / "other.safetensors", base=128, most=8, mapping_layers=1, seed=5)
    read: list[str] = []
    peek = card.peek

    def counted(file: Path) -> Network:
        read.append(file.name)
        return peek(file)

    monkeypatch.setattr(card, "peek", counted)
    config = f'path = "{path}", other = "{other}"'
    kind = f'generator = {{ kind = "stylegan2", config = {{ {config} }} }}'
    show = read_show(f'[[layers]]\nid = "net"\n{kind}\n')
    assert read == [path.name, other.name]
    generator = show.layers[0].generator
    assert generator is not None
    registry.open_spec(generator.kind, generator.config, generator.spec)
    assert len(read) == 2
    opened = registry.open_spec("stylegan2", stylegan2.Config(str(path), other=str(other)))
    assert opened.memory_bytes("cpu")
    assert registry.build(opened, "cpu").spec == opened.spec
    assert len(read) == 4


def test_a_spec_that_is_known_opens_no_file() -> None:
    config = {"path": "/nowhere/x.safetensors"}
    known = registry.open_spec("flat", {}).spec
    opened = registry.open_spec("stylegan2", config, known)
    assert opened.spec is known
    assert opened.config == stylegan2.Config(**config)
    with pytest.raises(ValueError, match=r"config\.path: .*is no file"):
        registry.open_spec("stylegan2", config)


def test_a_port_and_a_parameter_have_names_of_their_own() -> None:
    """Both stand under ``/layer/ID/generator/`` in a plan file: one would be lost there."""
    port, parameter = flat.spec(flat.Config()).ports, contract.number("z", 0.0, 0.0, 1.0, "Near.")
    with pytest.raises(ValueError, match="'x': z names a port and a parameter"):
        Spec("x", (*port, Port("z", "gaussian", (4,))), parameters=(parameter,))
