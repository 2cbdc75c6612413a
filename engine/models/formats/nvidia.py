"""NVIDIA's PyTorch pickles and their forks: a tree of persistent objects, walked, never rebuilt."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from engine.models.formats import forks, stylegan2_modules, stylegan3_modules
from engine.models.network import (
    MOST_TENSORS,
    STYLEGAN2,
    STYLEGAN3,
    Allowance,
    Network,
    plain,
    plain_table,
)
from engine.models.unpickle.allowed import PERSISTENT
from engine.models.unpickle.inert import Node, RefusedError, Text
from engine.models.unpickle.torch_storage import Tensor
from engine.system.hashing import sha256

_NAME = re.compile(r"[A-Za-z0-9_]{1,64}")
_MOST_MODULES = 4096
_MOST_DEPTH = 12


@dataclass(slots=True)
class _Found:
    state: dict[str, NDArray[Any]] = field(default_factory=dict)
    modules: dict[str, dict[str, Any]] = field(default_factory=dict)
    allowance: Allowance = field(default_factory=Allowance)


def is_network(value: Any) -> bool:
    """Whether a value is a module: a persistent object, or written by reference."""
    return isinstance(value, Node) and (value.name == PERSISTENT or "_modules" in value.state)


def convert(root: Any) -> Network:
    """Map what such a pickle or generator holds: the averaged generator, ``G_ema``.

    Raises
    ------
    RefusedError
        If there is no generator in it, or one of another family.
    """
    table = _table_of(root)
    name = _choose(table)
    top = table[name]
    notes = []
    if name != "G_ema":
        notes.append(f"it has no G_ema (the average over training): {str(name)[:40]} is used")
    if others := [key for key in _drawing(table) if key not in (name, "G")]:
        notes.append(f"it holds other generators, which are not used: {_list(others)}")
    found = _Found()
    _walk(top, "", found, 0)
    family = _family(found, top)
    _, state = _class_and_state(top)
    kwargs = plain_table(_table(state.get("_init_kwargs")), found.allowance)
    forks.settle_noise(found.state, found.modules)
    forks.settle_classes(found.state, found.modules)
    if family == STYLEGAN2:
        stylegan2_modules.complete(found.state, found.modules, forks.choices(kwargs))
    else:
        stylegan3_modules.complete(found.state, found.modules, forks.choices(kwargs, clamp=256))
    return Network(
        family,
        found.state,
        found.modules,
        origin=_origin(top, family),
        kwargs=kwargs,
        data_set=_data_set(_table(table.get("training_set_kwargs"))),
        notes=tuple(notes),
    )


def _table_of(root: Any) -> dict[Any, Any]:
    """What a file holds by its name: some hold the generator alone, or the usual three in a row."""
    if isinstance(root, list | tuple):
        names = (
            ("G", "D", "G_ema") if len(root) == 3 else [f"part {n + 1}" for n in range(len(root))]
        )
        return dict(zip(names, root, strict=True))
    return root if isinstance(root, dict) else {"G_ema": root}


def _choose(table: dict[Any, Any]) -> Any:
    """Choose the generator: the average over training, else the latest, else any there is."""
    drawing = _drawing(table)
    for name in ("G_ema", "G"):
        if is_network(table.get(name)):
            return name
    if not drawing:
        raise RefusedError(
            f"holds no generator that is known here (its keys: {_list(table)}): give a network "
            "snapshot, whose keys include G_ema"
        )
    return next((key for key in drawing if "ema" in str(key).lower()), drawing[0])


def _drawing(table: dict[Any, Any]) -> list[Any]:
    """Keys of what has a synthesis network."""
    return [
        key
        for key, part in table.items()
        if isinstance(part, Node)
        and is_network(part)
        and "synthesis" in _table(_class_and_state(part)[1].get("_modules"))
    ]


def _walk(node: Node, prefix: str, found: _Found, depth: int) -> None:
    """Collect tensors and attributes of a module and of everything under it."""
    name, state = _class_and_state(node)
    if depth > _MOST_DEPTH or len(found.modules) >= _MOST_MODULES:
        raise RefusedError("has modules within modules without end; do not use this file")
    try:
        found.modules[prefix] = {"class_name": name} | plain_table(state, found.allowance)
    except RefusedError as error:
        raise RefusedError(f"module '{prefix}' {error}") from None
    dot = prefix + "." if prefix else ""
    # Some forks freeze weights by registering them as buffers: both tables count.
    for table in (state.get("_parameters"), state.get("_buffers")):
        for key, value in _table(table).items():
            if value is not None:
                found.state[dot + _checked(key)] = _numbers(value, dot + key)
    if len(found.state) > MOST_TENSORS:
        raise RefusedError("has more tensors than any network; do not use this file")
    for key, value in _table(state.get("_modules")).items():
        if value is None:
            continue
        if not is_network(value):
            raise RefusedError(f"has something that is no module at {dot}{_checked(key)}")
        _walk(value, dot + _checked(key), found, depth + 1)


def _class_and_state(node: Node) -> tuple[str, dict[str, Any]]:
    if node.name == PERSISTENT:
        return node.state["class_name"][:80], node.state["state"]
    return node.name.rsplit(".", 1)[-1], node.state


def _numbers(value: Any, name: str) -> NDArray[Any]:
    if not isinstance(value, Tensor):
        raise RefusedError(f"has no numbers at {name[:80]}; do not use this file")
    return value.array()


def _checked(key: Any) -> str:
    if type(key) is not str or not _NAME.fullmatch(key):
        raise RefusedError(f"has a part with an impossible name ({key!r:.80})")
    return key


def _table(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _list(table: Iterable[Any]) -> str:
    return ", ".join(str(key)[:40] for key in list(table)[:8]) or "none"


def _family(found: _Found, top: Node) -> str:
    if "synthesis.input" in found.modules:
        return STYLEGAN3
    if "synthesis.b4.const" in found.state:
        return STYLEGAN2
    name = _class_and_state(top)[0] if top.name == PERSISTENT else top.name[:120]
    parts = ", ".join(key for key in found.modules if key and "." not in key)[:200]
    raise RefusedError(
        f"holds a '{name}' (of {parts or 'no parts'}), which is neither StyleGAN2 nor StyleGAN3"
    )


def _origin(top: Node, family: str) -> str:
    name, _ = _class_and_state(top)
    source = top.state.get("module_src", "") if top.name == PERSISTENT else ""
    if isinstance(source, Text):
        source = source.decode()
    # The text is never run; its hash tells forks apart.
    digest = sha256(str(source).encode("utf-8", "replace"))
    trace = f", written by source {digest[:12]}" if source else ""
    return f"PyTorch pickle of {family} (class {name}{trace})"


def _data_set(kwargs: dict[Any, Any]) -> str:
    """Last part of the trainer's path: the folders before it are nobody's business."""
    path = kwargs.get("path")
    last = re.split(r"[/\\]", path.rstrip("/\\"))[-1] if isinstance(path, str) else ""
    name = plain(last, Allowance())
    return name if isinstance(name, str) else ""
