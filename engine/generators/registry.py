"""Generators by name: our own shelf, then entry points of installed packages."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from engine.core.show.generator import Spec
from engine.generators.contract import Generator

GROUP = "latent_cinema.generators"


def open_generator(model: str) -> tuple[Any, str]:
    """Build a generator outside a show, on the CPU; also what to call its model (a hash).

    Raises
    ------
    ValueError, OSError
        If it cannot be read.
    """
    if model == "cppn":
        module = importlib.import_module("engine.generators.kinds.cppn")
        return module.build(module.Config()), "cppn"
    from engine.models.card import peek
    from engine.models.importer.catalogue import playable
    from engine.system.hashing import hash_at

    path = playable(Path(model))
    module = importlib.import_module(f"engine.generators.kinds.{peek(path).family}")
    return module.build(module.Config(path=str(path))), hash_at(str(path))


def module_path(name: str) -> str:
    """Turn a generator's name into its module: ``cppn`` is ``engine.generators.kinds.cppn``.

    A dotted name is taken as it is: pass one only from an installed entry point, never from a show.

    Raises
    ------
    ValueError
        If it is no module name.
    """
    if not all(part.isidentifier() for part in name.split(".")):
        raise ValueError(f"'{name[:60]}' is not the name of a generator: write one like cppn")
    return name if "." in name else f"engine.generators.kinds.{name}"


def pick_device(name: str) -> str:
    """Choose where torch runs: ``auto`` is cuda, else mps, else cpu. Imports torch unless ``cpu``.

    Raises
    ------
    ValueError
        If the device is unknown or not here.
    """
    if name == "cpu":
        return name
    if name not in ("auto", "cuda", "mps"):
        raise ValueError(f"'{name[:20]}' is not a device: write auto, cpu, cuda or mps")
    import torch

    has = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next((device for device, is_here in has.items() if is_here), "cpu")
    if not has[name]:
        raise ValueError(f"torch finds no {name} device here: choose auto or cpu")
    return name


def module_name(kind: str) -> str:
    """Find the module of a generator.

    Raises
    ------
    ValueError
        If nothing of that name is installed.
    """
    if kind.isidentifier():
        own = f"engine.generators.kinds.{kind}"
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
        for path in Path(__file__).with_name("kinds").glob("*.py")
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


def spec_of(module: str, config: Any) -> Spec:
    """Return the spec of a module that `module_path` or `module_name` named, without torch.

    Raises
    ------
    ValueError
        If the module is missing or does not accept the config.
    """
    try:
        found: Spec = importlib.import_module(module_path(module)).spec(config)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"the generator '{module}' cannot be loaded: {error}") from error
    return found


def build(module: str, config: Any, device: str) -> Generator:
    """Import a generator's module and build it on a device that `pick_device` chose."""
    built: Generator = importlib.import_module(module).build(config, device)
    return built
