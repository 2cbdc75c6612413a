"""The registry of generators: our own shelf ``kinds/``, then entry points of installed packages.

`kinds`, `open_spec` and `build` are all that anybody calls (`files` where nothing is to be opened).
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from engine.core.show.generator import Spec
from engine.generators.contract import NO_NETWORKS, Asset, Generator, Networks
from engine.generators.drawing import Drawing
from engine.models.network import Network

GROUP = "latent_cinema.generators"
_SHELF = "engine.generators.kinds"


@dataclass(frozen=True, slots=True)
class Opened:
    """A generator that was opened and not built: what travels from a show to its worker.

    Parameters
    ----------
    module
        Dotted name of its module.
    config
        Its ``Config``, with networks in our own form.
    networks
        Headers of its networks, by key of the config; none where the spec was known already.
    """

    module: str
    config: Any
    spec: Spec
    networks: Networks

    @property
    def name(self) -> str:
        """What to call it: its module's last part."""
        return self.module.rpartition(".")[2]

    @property
    def files(self) -> tuple[Asset, ...]:
        """The files that it is played from."""
        return _files(importlib.import_module(self.module), self.config)

    @property
    def notes(self) -> tuple[str, ...]:
        """What of its files is not seen as it is meant, a sentence each."""
        say = getattr(importlib.import_module(self.module), "notes", None)
        return say(self.config) if say else ()

    def memory_bytes(self, device: str) -> int | None:
        """Estimate the memory of a process that plays it; None: it does not say.

        Raises
        ------
        ValueError
            If a model cannot be read.
        """
        estimate = getattr(importlib.import_module(self.module), "memory_bytes", None)
        if estimate is None:
            return None
        return int(estimate(self.config, device, *_headers(self.networks)))


def kinds() -> list[str]:
    """List the generators that can be named in a show."""
    own = [path.stem for path in Path(__file__).with_name("kinds").glob("[!_]*.py")]
    return sorted(own + [e.name for e in importlib.metadata.entry_points(group=GROUP)])


def files(kind: str, table: Mapping[str, Any]) -> tuple[Asset, ...]:
    """List the files that a generator of a show names; nothing is opened.

    Raises
    ------
    ValueError
        If there is no such generator, or its table makes no sense.
    """
    module = _load(kind)
    return _files(module, _read_config(module, table))


def open_spec(kind: str, config: Any, spec: Spec | None = None) -> Opened:
    """Open a generator: read its config, its files' headers and its spec, without torch.

    Parameters
    ----------
    kind
        Its name. Only with a ``Config``, never from a show: also the dotted name of a module.
    config
        The table of a show, or a ``Config``.
    spec
        As it was read before from the same config: then no file is opened.

    Raises
    ------
    ValueError
        If there is no such generator, its config makes no sense, or a file is missing or wrong.
    """
    if isinstance(config, Mapping):
        module = _load(kind)
        config = _read_config(module, config)
    else:
        module = _load_own(kind)
    if spec is not None:
        return Opened(module.__name__, config, spec, NO_NETWORKS)
    config, networks = _open_networks(module, config)
    found = module.spec(config, *_headers(networks))
    return Opened(module.__name__, config, found, networks)


def build(opened: Opened, device: str) -> Generator:
    """Build a generator on a device that `engine.generators.device.pick_device` chose.

    Raises
    ------
    ValueError, OSError
        If a file is damaged, or gone by now.
    """
    module = importlib.import_module(opened.module)
    built: Generator = module.build(opened.config, device, *_headers(opened.networks))
    return built


def drawing(kind: str, table: Mapping[str, Any]) -> Drawing | None:
    """How OpenGL draws a generator of a show; None: it does not."""
    module = _load(kind)
    make = getattr(module, "drawing", None)
    found: Drawing | None = make(_read_config(module, table)) if make else None
    return found


def _load(kind: str) -> ModuleType:
    """Import the module of a generator (its libraries load only when it is built)."""
    if kind.isidentifier() and not kind.startswith("_"):
        own = f"{_SHELF}.{kind}"
        if importlib.util.find_spec(own) is not None:
            return _import(own, kind)
        for entry in importlib.metadata.entry_points(group=GROUP, name=kind):
            return _import(entry.module, kind)
    raise ValueError(f"there is no generator '{kind[:40]}'; there are: {', '.join(kinds())}")


def _load_own(name: str) -> ModuleType:
    """Import a module that the caller itself names: ``cppn`` is the shelf's, any other its own."""
    if not all(part.isidentifier() for part in name.split(".")):
        raise ValueError(f"'{name[:60]}' is not the name of a generator: write one like cppn")
    own = f"{_SHELF}.{name}"
    is_ours = "." not in name and importlib.util.find_spec(own) is not None
    return _import(own if is_ours else name, name)


def _import(module: str, name: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ValueError(f"the generator '{name}' cannot be loaded: {error}") from error


def _read_config(module: ModuleType, table: Mapping[str, Any]) -> Any:
    """Decode a generator's own table by its ``Config``."""
    unknown = set(table) - set(module.Config.__dataclass_fields__)
    if unknown:
        known = ", ".join(module.Config.__dataclass_fields__)
        raise ValueError(f"unknown key '{sorted(unknown)[0]}'; there are: {known}")
    try:
        return msgspec.convert(dict(table), module.Config)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None


def _files(module: ModuleType, config: Any) -> tuple[Asset, ...]:
    return module.files(config) if hasattr(module, "files") else ()


def _headers(networks: Networks) -> tuple[Networks, ...]:
    return (networks,) if networks else ()


def _open_networks(module: ModuleType, config: Any) -> tuple[Any, Networks]:
    """Open the networks that a config names, once; a foreign file gives way to its conversion."""
    networks, converted = {}, {}
    for asset in _files(module, config):
        if asset.family:
            converted[asset.key], networks[asset.key] = _open_network(asset)
    return (replace(config, **converted) if networks else config), networks


def _open_network(asset: Asset) -> tuple[str, Network]:
    from engine.models.card import peek
    from engine.models.importer.catalogue import playable

    try:
        if not asset.path:
            raise ValueError("it is empty: give the path of a model")
        path = playable(Path(asset.path))
        network = peek(path)
        if network.family != asset.family:  # said by the user's name of it, not by the cache's
            name = Path(asset.path).name
            raise ValueError(f"{name} is a {network.family}; its kind is '{network.family}'")
    except OSError as error:
        why = f"{asset.path}: {error.strerror}" if error.strerror else str(error)
        raise ValueError(f"config.{asset.key}: {why}") from None
    except ValueError as error:
        raise ValueError(f"config.{asset.key}: {error}") from None
    return str(path), network
