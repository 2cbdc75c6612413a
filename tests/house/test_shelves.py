"""What is on a shelf keeps the shelf's contract: the functions and methods that others call."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.house.source import ENGINE, tree

# shelf → (function that makes it a plug-in, names beside it, methods of some class in the file,
# how many there are at least: a rule that finds nothing to look at holds nothing)
CONTRACTS = {
    "generators/kinds": ("build", {"Config", "spec"}, {"render"}, 7),
    "sources": ("open", {"Config"}, {"poll"}, 2),
    "outputs": ("open", {"Config"}, {"write"}, 5),
}


def plugins(shelf: str) -> list[Path]:
    """Files of a shelf whose contract function takes a `config` first."""
    function = CONTRACTS[shelf][0]
    return [
        path
        for path in sorted((ENGINE / shelf).rglob("*.py"))
        if path.name != "contract.py"
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef)
        and node.name == function
        and node.args.args
        and node.args.args[0].arg == "config"
    ]


@pytest.mark.parametrize("shelf", CONTRACTS)
def test_a_shelf_holds_plugins(shelf: str) -> None:
    assert len(plugins(shelf)) >= CONTRACTS[shelf][3]


@pytest.mark.parametrize(
    ("shelf", "path"),
    [
        pytest.param(shelf, path, id=path.relative_to(ENGINE).as_posix())
        for shelf in CONTRACTS
        for path in plugins(shelf)
    ],
)
def test_a_plugin_keeps_its_contract(shelf: str, path: Path) -> None:
    _, beside, methods, _ = CONTRACTS[shelf]
    top = {n.name for n in tree(path).body if isinstance(n, ast.ClassDef | ast.FunctionDef)}
    inner = {
        member.name
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
        for member in node.body
        if isinstance(member, ast.FunctionDef)
    }
    assert beside <= top
    assert methods <= inner


def test_every_kind_of_the_shelf_is_a_plugin() -> None:
    files = sorted((ENGINE / "generators" / "kinds").glob("*.py"))
    assert plugins("generators/kinds") == [path for path in files if path.stem != "__init__"]
