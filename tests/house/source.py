"""The engine's source, parsed: what every rule of the house looks at."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.places import ROOT

ENGINE = ROOT / "engine"
FILES = sorted(ENGINE.rglob("*.py"))
CORE = [path for path in FILES if path.is_relative_to(ENGINE / "core")]


@cache
def tree(path: Path) -> ast.Module:
    """A file, parsed once."""
    return ast.parse(path.read_text("utf-8"), str(path))


def name(path: Path) -> str:
    """A file as seen from the engine: ``core/rng.py``."""
    return path.relative_to(ENGINE).as_posix()


def module(path: Path) -> str:
    """A file as Python imports it."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a file, also methods and inner ones."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imported(path: Path) -> Iterator[str]:
    """Top-level names of everything that a file imports, also inside functions and by name."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "importlib.import_module":
            yield ast.unparse(node.args[0]).strip("'").split(".")[0]
