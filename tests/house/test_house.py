"""House rules that no linter knows: who may import what, how long things are, what they hold."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import pytest

from engine.outputs import registry as outputs
from engine.sources import registry as sources
from tests.places import ROOT

ENGINE = ROOT / "engine"
FILES = sorted(ENGINE.rglob("*.py"))
CORE = [path for path in FILES if path.is_relative_to(ENGINE / "core")]
# Raising one of these is a visible decision.
MOST_LINES = 54_000  # the spine 18 000; networks 19 000; the latent instrument 16 000
MOST_LINES_OF_FILE = 300
MOST_LINES_OF_FUNCTION = 60
NOT_IN_CORE = {"asyncio", "multiprocessing", "random", "secrets", "socket", "subprocess",
               "threading", "time", "uuid"}  # fmt: skip
MADE_OF_TORCH = (
    "lab/data/",
    "lab/gan/",
    "lab/pix2pix/",
    "lab/training/",
    "lab/analysis/encoder.py",
)
BANNED_WORDS = ("Manager", "Processor", "Handler", "Helper", "Util")
BANNED_FILES = {"utils", "util", "helpers", "helper", "common", "misc"}

# shelf → (function that makes it a plug-in, names beside it, methods of some class in the file)
CONTRACTS = {
    "generators": ("build", {"Config", "spec"}, {"render"}),
    "sources": ("open", {"Config"}, {"poll", "__enter__", "__exit__"}),
    "outputs": ("open", {"Config"}, {"write"}),
}
REGISTRIES = {"sources": sources, "outputs": outputs}
SHELVES = {  # what has to be there; a third party's comes by an entry point
    "sources": {"audio", "osc", "silence"},
    "outputs": {"film", "memory", "null", "png", "window"},
}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def name(path: Path) -> str:
    return str(path.relative_to(ENGINE))


def module(path: Path) -> str:
    parts = path.relative_to(ENGINE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> Iterator[str]:
    """Top-level names of everything that a file imports, also inside functions."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "importlib.import_module":
            yield ast.unparse(node.args[0]).strip("'").split(".")[0]


def plugins(shelf: str) -> list[Path]:
    """Files of a shelf: those that its registry lists, or whose function takes a `config` first."""
    if shelf in REGISTRIES:
        registry = REGISTRIES[shelf]
        return [Path(str(registry.load(kind).__file__)) for kind in registry.kinds()]
    function = CONTRACTS[shelf][0]
    return [
        path
        for path in FILES
        if path.parent.name == shelf
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef)
        and node.name == function
        and node.args.args
        and node.args.args[0].arg == "config"
    ]


def third_parties(code: str) -> set[str]:
    """Top-level third-party modules that some code loads in a fresh interpreter."""
    script = (
        "import json, sys; before = set(sys.modules)\n"
        f"{code}\n"
        "print(json.dumps(sorted({m.split('.')[0] for m in set(sys.modules) - before})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ENGINE.parent
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout)) - sys.stdlib_module_names - {"engine"}


def test_engine_loads_nothing_but_itself() -> None:
    assert third_parties("import engine") == set()


def test_core_loads_only_numpy() -> None:
    modules = [module(path) for path in CORE]
    assert len(modules) > 60
    loaded = third_parties("import " + ", ".join(modules))
    # NumPy's wheels generate modules of their own at import time.
    assert {m for m in loaded if "cython" not in m.lower()} == {"numpy"}


def test_set_up_loads_only_the_standard_library() -> None:
    assert third_parties("import engine.app.bootstrap, engine.app.setup.installation") == set()


def test_no_file_loads_torch_on_import() -> None:
    # A training is made of torch, and loaded when one begins; nothing else leads there.
    files = [path for path in FILES if not name(path).startswith(MADE_OF_TORCH)]
    assert len(files) > 300
    loaded = third_parties("import " + ", ".join(map(module, files)))
    assert "torch" not in loaded
    assert "numpy" in loaded


@pytest.mark.parametrize("path", CORE, ids=name)
def test_core_imports_only_what_it_may(path: Path) -> None:
    allowed = (sys.stdlib_module_names - NOT_IN_CORE) | {"engine", "numpy"}
    assert set(imported(path)) <= allowed


def test_only_the_bridge_sees_torch_and_gl() -> None:
    both = [name(path) for path in FILES if {"torch", "moderngl"} <= set(imported(path))]
    assert set(both) == {"play/pixels/bridge.py"}


@pytest.mark.parametrize("shelf", CONTRACTS)
def test_a_shelf_holds_plugins(shelf: str) -> None:
    assert plugins(shelf)


@pytest.mark.parametrize("shelf", REGISTRIES)
def test_a_plugin_is_one_file_called_as_its_kind(shelf: str) -> None:
    assert (
        {path.stem for path in plugins(shelf)} == set(REGISTRIES[shelf].kinds()) == SHELVES[shelf]
    )
    with pytest.raises(ValueError, match=f"there is no {shelf[:-1]} 'contract'; there are: "):
        REGISTRIES[shelf].load("contract")


@pytest.mark.parametrize("kind", outputs.kinds())
def test_an_output_opens_by_the_words_of_its_contract(kind: str) -> None:
    words = list(inspect.signature(outputs.load(kind).open).parameters)
    assert words == ["config", "size_px", "fps"]


@pytest.mark.parametrize("kind", sources.kinds())
def test_a_source_opens_by_the_words_of_its_contract_and_says_what_it_writes(kind: str) -> None:
    module = sources.load(kind)
    assert list(inspect.signature(module.open).parameters) == ["config", "now_ns"]
    assert all(address.startswith("/") for address in module.ADDRESSES)
    opened = get_type_hints(module.open)["return"]
    assert list(inspect.signature(opened.poll).parameters) == ["self", "max_items"]


@pytest.mark.parametrize(
    ("shelf", "path"),
    [
        pytest.param(shelf, path, id=f"{shelf}/{path.stem}")
        for shelf in CONTRACTS
        for path in plugins(shelf)
    ],
)
def test_a_plugin_keeps_its_contract(shelf: str, path: Path) -> None:
    _, beside, methods = CONTRACTS[shelf]
    nodes = list(ast.walk(tree(path)))
    top = {n.name for n in tree(path).body if isinstance(n, ast.ClassDef | ast.FunctionDef)}
    inner = {
        member.name
        for node in nodes
        if isinstance(node, ast.ClassDef)
        for member in node.body
        if isinstance(member, ast.FunctionDef)
    }
    assert beside <= top
    assert methods <= inner


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_stays_readable(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES_OF_FILE
    functions = [
        n for n in ast.walk(tree(path)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    too_long = {
        f.name: lines for f in functions if (lines := body_lines(f)) > MOST_LINES_OF_FUNCTION
    }
    assert not too_long


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of code of a function; its docstring does not count, since it is asked for."""
    first = function.body[0]
    has_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    start = (first.end_lineno or 0) + 1 if has_docstring else first.lineno
    return (function.end_lineno or 0) - start + 1


@pytest.mark.parametrize("path", FILES, ids=name)
def test_names_say_what_a_thing_is(path: Path) -> None:
    assert path.stem not in BANNED_FILES
    classes = [n.name for n in ast.walk(tree(path)) if isinstance(n, ast.ClassDef)]
    assert not [c for c in classes if c.endswith(BANNED_WORDS)]


def test_the_engine_stays_small() -> None:
    assert sum(len(path.read_text("utf-8").splitlines()) for path in FILES) <= MOST_LINES
