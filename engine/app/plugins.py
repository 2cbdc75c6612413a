"""Generators by name: our own shelf, then entry points of installed packages."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

import engine.generators
from engine.core.port import Spec

GROUP = "latent_cinema.generators"


def module_name(kind: str) -> str:
    """Find the module of a generator.

    Raises
    ------
    ValueError
        If nothing of that name is installed.
    """
    if kind.isidentifier():
        own = f"engine.generators.{kind}"
        if importlib.util.find_spec(own) is not None and hasattr(
            importlib.import_module(own), "build"
        ):
            return own
        for entry in importlib.metadata.entry_points(group=GROUP, name=kind):
            return entry.module
    raise ValueError(f"there is no generator '{kind[:40]}'; there are: {', '.join(names())}")


def names() -> list[str]:
    """List the generators that can be named in a show."""
    own = [
        path.stem
        for path in Path(engine.generators.__path__[0]).glob("*.py")
        if "def build(" in path.read_text("utf-8")
    ]
    return sorted(own + [e.name for e in importlib.metadata.entry_points(group=GROUP)])


def load(kind: str) -> ModuleType:
    """Import a generator's module (its libraries load only when it is built)."""
    return importlib.import_module(module_name(kind))


def read_config(module: ModuleType, table: dict[str, Any]) -> Any:
    """Decode a generator's own table by its `Config`.

    Raises
    ------
    ValueError
        If a key or value is not one that `Config` knows.
    """
    unknown = set(table) - set(module.Config.__dataclass_fields__)
    if unknown:
        known = ", ".join(module.Config.__dataclass_fields__)
        raise ValueError(f"unknown key '{sorted(unknown)[0]}'; there are: {known}")
    try:
        return msgspec.convert(table, module.Config)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None


def read_spec(kind: str, table: dict[str, Any]) -> tuple[Any, Spec]:
    """Config and spec of a generator, without building it."""
    module = load(kind)
    config = read_config(module, table)
    return config, module.spec(config)
