"""PASSES and IMPORTED of an ISF header, as typed values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from engine.core.isf.inputs import NAME, Input, tables, text, truth
from engine.core.isf.lenient_json import Json
from engine.core.isf.size import evaluate_size

SIDES = ("WIDTH", "HEIGHT")
"""In sizes ``$WIDTH_name`` is that of an image input."""
_CUBE_FACES = 6
_MOST_PASSES = 64


class Imported(NamedTuple):
    """A picture that a shader brings along: paths relative to its file; of a cube six or one."""

    name: str
    paths: tuple[str, ...]
    is_cube: bool = False


@dataclass(frozen=True, slots=True)
class PassSpec:
    """One drawing of a shader.

    Parameters
    ----------
    target
        Buffer that keeps the result, or "" for the output.
    persistent
        Whether the buffer survives to the next picture step.
    is_float
        Any number in 32 bits, instead of 0 to 1 in 16.
    width, height
        Size expressions, or "" for the output's size.
    """

    target: str = ""
    persistent: bool = False
    is_float: bool = False
    width: str = ""
    height: str = ""


def read_passes(table: Mapping[str, Json], inputs: tuple[Input, ...]) -> tuple[PassSpec, ...]:
    """Passes, in order; one plain pass where there are none.

    Raises
    ------
    ValueError
        If one is malformed, or its size cannot be computed.
    """
    buffers = _version_1_buffers(table)
    values = {"WIDTH": 64.0, "HEIGHT": 64.0} | {
        item.name: item.default for item in inputs if isinstance(item.default, float)
    }
    values |= {f"{side}_{i.name}": 64.0 for i in inputs if i.type == "image" for side in SIDES}
    passes = []
    listed = tables(table, "PASSES", _MOST_PASSES)
    for entry in listed:  # what one pass says of a buffer holds for all that draw into it
        if target := text(entry, "TARGET"):
            buffers[target] = {**entry, **buffers.get(target, {})}
    for entry in listed:
        target = text(entry, "TARGET")
        if target and not NAME.fullmatch(target):
            raise ValueError(f"the TARGET '{target[:40]}' is no GLSL name")
        if target in {item.name for item in inputs}:
            raise ValueError(f"the TARGET {target} is also an input")
        merged = {**buffers.get(target, {}), **entry}
        persistent = any(truth(v) for k, v in merged.items() if k.upper() == "PERSISTENT")
        width, height = _size(merged.get("WIDTH")), _size(merged.get("HEIGHT"))
        for expression in filter(None, (width, height)):
            evaluate_size(expression, values)
        is_float = truth(merged.get("FLOAT"))
        passes.append(PassSpec(target, persistent and bool(target), is_float, width, height))
    return tuple(passes) or (PassSpec(),)


def read_imported(table: Mapping[str, Json]) -> tuple[Imported, ...]:
    """Pictures and cubes of pictures that a shader brings along.

    Raises
    ------
    ValueError
        If one has no name or no path, or a cube has not six of them.
    """
    listed = table.get("IMPORTED")
    if isinstance(listed, list):
        pairs = [(text(e, "NAME"), e) for e in listed if isinstance(e, dict)]
    else:
        items = listed.items() if isinstance(listed, dict) else ()
        pairs = [(name, e if isinstance(e, dict) else {"PATH": e}) for name, e in items]
    return tuple(_read_imported(name, entry) for name, entry in pairs)


def _read_imported(name: str, entry: Mapping[str, Json]) -> Imported:
    if not NAME.fullmatch(name):
        raise ValueError(f"the imported image '{name[:40]}' has no GLSL name")
    said = entry.get("PATH")
    is_cube = isinstance(said, list) or text(entry, "TYPE").lower() == "cube"
    paths = tuple(p for p in (said if isinstance(said, list) else [said]) if isinstance(p, str))
    if is_cube and len(paths) not in (1, _CUBE_FACES):
        raise ValueError(
            f"the PATH of the imported cube {name} must be six files (right, left, top, bottom, "
            "front, back), or a panorama"
        )
    return Imported(name, paths, is_cube)


def _version_1_buffers(table: Mapping[str, Json]) -> dict[str, dict[str, Json]]:
    listed = table.get("PERSISTENT_BUFFERS")
    if isinstance(listed, list):
        return {name: {"PERSISTENT": True} for name in listed if isinstance(name, str)}
    if isinstance(listed, dict):
        return {k: {**v, "PERSISTENT": True} for k, v in listed.items() if isinstance(v, dict)}
    return {}


def _size(value: Json) -> str:
    if isinstance(value, float):
        return f"{value:.17g}"
    return value.strip() if isinstance(value, str) else ""
