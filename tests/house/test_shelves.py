"""What is on a shelf keeps the shelf's contract: the functions and methods that others call."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from types import ModuleType
from typing import get_type_hints

import pytest

from engine.generators import registry as generators
from engine.outputs import registry as outputs
from engine.sources import registry as sources
from tests.house.source import ENGINE, tree

REGISTRIES = {"generators": generators, "sources": sources, "outputs": outputs}
# shelf → what has to be there; a third party's comes by an entry point
SHELVES = {
    "generators": {
        "camera",
        "cppn",
        "film",
        "flat",
        "map",
        "nearest",
        "picture",
        "pix2pix",
        "sheet",
        "style",
        "stylegan2",
        "stylegan3",
    },
    "sources": {"audio", "dmx", "gamepad", "midi", "osc", "silence"},
    "outputs": {"film", "memory", "null", "png", "window"},
}
# shelf → (functions and classes of the file, methods of some class in it)
CONTRACTS = {
    "generators": ({"Config", "spec", "build"}, {"render"}),
    "sources": ({"Config", "open"}, {"poll", "__enter__", "__exit__"}),
    "outputs": ({"Config", "open"}, {"write"}),
}


def plugin(shelf: str, kind: str) -> Path:
    """File of one kind."""
    if shelf == "generators":
        return ENGINE / shelf / "kinds" / f"{kind}.py"
    return Path(str(REGISTRIES[shelf].load(kind).__file__))


@pytest.mark.parametrize("shelf", SHELVES)
def test_a_plugin_is_one_file_called_as_its_kind(shelf: str) -> None:
    kinds = set(REGISTRIES[shelf].kinds())
    assert SHELVES[shelf] <= kinds
    assert {plugin(shelf, kind).stem for kind in kinds} == kinds


@pytest.mark.parametrize("registry", [sources, outputs])
def test_what_is_no_kind_is_named(registry: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"there is no .* 'contract'; there are: "):
        registry.load("contract")


@pytest.mark.parametrize("kind", sorted(SHELVES["outputs"]))
def test_an_output_opens_by_the_words_of_its_contract(kind: str) -> None:
    words = list(inspect.signature(outputs.load(kind).open).parameters)
    assert words == ["config", "size_px", "fps"]


@pytest.mark.parametrize("kind", sorted(SHELVES["sources"]))
def test_a_source_opens_by_the_words_of_its_contract_and_says_what_it_writes(kind: str) -> None:
    module = sources.load(kind)
    assert list(inspect.signature(module.open).parameters) == ["config", "now_ns"]
    assert all(address.startswith("/") for address in module.ADDRESSES)
    opened = get_type_hints(module.open)["return"]
    assert list(inspect.signature(opened.poll).parameters) == ["self", "max_items"]


@pytest.mark.parametrize(
    ("shelf", "kind"), [(shelf, kind) for shelf in SHELVES for kind in sorted(SHELVES[shelf])]
)
def test_a_plugin_keeps_its_contract(shelf: str, kind: str) -> None:
    path = plugin(shelf, kind)
    top = {n.name for n in tree(path).body if isinstance(n, ast.ClassDef | ast.FunctionDef)}
    methods = {
        member.name
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
        for member in node.body
        if isinstance(member, ast.FunctionDef)
    }
    names, needed = CONTRACTS[shelf]
    assert names <= top
    assert needed <= methods


def test_every_file_among_the_kinds_of_generators_is_one() -> None:
    files = sorted((ENGINE / "generators" / "kinds").glob("*.py"))
    assert {path.stem for path in files} - {"__init__"} == SHELVES["generators"]
