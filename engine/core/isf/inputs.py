"""The tables of an ISF header, INPUTS and PASSES, as typed values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from engine.core.isf.lenient_json import Json
from engine.core.isf.size import evaluate_size

TYPES = ("event", "bool", "long", "float", "point2D", "color", "image", "audio", "audioFFT")
IMAGES = ("image", "audio", "audioFFT")
_LENGTHS = {"point2D": 2, "color": 4}
_NAME = re.compile(r"(?!gl_)[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
_AUTOMATIC = {
    "PASSINDEX", "RENDERSIZE", "TIME", "TIMEDELTA", "DATE", "FRAMEINDEX", "WIDTH", "HEIGHT",
}  # fmt: skip
_MOST_INPUTS = 128
_MOST_PASSES = 64
_LARGEST_INT = 2**31 - 1
_LARGEST = 1e9  # as of signals: no snapshot of a state holds a number that it cannot read back

Number = float | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a shader.

    Parameters
    ----------
    name, type
        GLSL name and one of `TYPES`.
    default, low, high
        A float, or a tuple for ``point2D`` (2) and ``color`` (4, RGBA).
    values, labels
        Of a ``long`` with named choices; equally many.
    label, unit
        For people.
    """

    name: str
    type: str
    default: Number = 0.0
    low: Number = 0.0
    high: Number = 1.0
    values: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    label: str = ""
    unit: str = ""


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
        32 instead of 16 bits.
    width, height
        Size expressions, or "" for the output's size.
    """

    target: str = ""
    persistent: bool = False
    is_float: bool = False
    width: str = ""
    height: str = ""


def read_inputs(table: Mapping[str, Json]) -> tuple[Input, ...]:
    """Inputs, in order.

    Raises
    ------
    ValueError
        If one is malformed, or two share a name.
    """
    entries = _tables(table, "INPUTS", _MOST_INPUTS)
    inputs = tuple(_read_input(entry, place) for place, entry in enumerate(entries, 1))
    names = [item.name for item in inputs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two inputs are called {name}")
    return inputs


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
    passes = []
    for entry in _tables(table, "PASSES", _MOST_PASSES):
        target = _text(entry, "TARGET")
        if target and not _NAME.fullmatch(target):
            raise ValueError(f"the TARGET '{target[:40]}' is no GLSL name")
        if target in {item.name for item in inputs}:
            raise ValueError(f"the TARGET {target} is also an input")
        merged = {**buffers.get(target, {}), **entry}
        persistent = any(_truth(v) for k, v in merged.items() if k.upper() == "PERSISTENT")
        width, height = _size(merged.get("WIDTH")), _size(merged.get("HEIGHT"))
        for expression in filter(None, (width, height)):
            evaluate_size(expression, values)
        is_float = _truth(merged.get("FLOAT"))
        passes.append(PassSpec(target, persistent and bool(target), is_float, width, height))
    return tuple(passes) or (PassSpec(),)


def read_imported(table: Mapping[str, Json]) -> tuple[tuple[str, str], ...]:
    """Names and paths of imported images."""
    listed = table.get("IMPORTED")
    if isinstance(listed, list):
        pairs = [(str(e.get("NAME")), e) for e in listed if isinstance(e, dict)]
    else:
        pairs = (
            [(k, e) for k, e in (listed or {}).items() if isinstance(e, dict)]
            if isinstance(listed, dict)
            else []
        )
    for name, _ in pairs:
        if not _NAME.fullmatch(name):
            raise ValueError(f"the imported image '{name[:40]}' has no GLSL name")
    return tuple((name, _text(entry, "PATH")) for name, entry in pairs)


def _read_input(entry: Mapping[str, Json], place: int) -> Input:
    name, kind = _text(entry, "NAME"), _text(entry, "TYPE")
    if not _NAME.fullmatch(name) or name in _AUTOMATIC:
        raise ValueError(f"input {place} needs a NAME that GLSL accepts, not '{name[:40]}'")
    if kind not in TYPES:
        raise ValueError(f"input {name} has the TYPE '{kind[:40]}'; allowed: {', '.join(TYPES)}")
    label, unit = _text(entry, "LABEL"), _text(entry, "UNIT")
    if kind in IMAGES:
        return Input(name, kind, label=label)
    if kind in _LENGTHS:
        default, low, high = _vector_range(entry, _LENGTHS[kind])
        return Input(name, kind, default, low, high, label=label, unit=unit)
    if kind in ("bool", "event"):
        return Input(name, kind, 1.0 if _truth(entry.get("DEFAULT")) else 0.0, label=label)
    values, labels = _choices(entry, name) if kind == "long" else ((), ())
    least, default_, most = _range(entry, kind)
    if values:
        least, most = float(min(values)), float(max(values))
    return Input(name, kind, default_, least, most, values, labels, label, unit)


def _range(entry: Mapping[str, Json], kind: str) -> tuple[float, float, float]:
    """Low, default and high of a number (VVISF: one bound alone counts as none)."""
    low, high, default = (_bounded(entry.get(key)) for key in ("MIN", "MAX", "DEFAULT"))
    if low is None or high is None:
        wanted = default if default is not None else 0.0
        low, high = min(0.0, wanted), max(1.0, wanted)
    low, high = min(low, high), max(low, high)
    if default is None:
        default = low if kind == "long" else (low + high) / 2
    if kind == "long":
        return float(round(low)), float(round(default)), float(round(high))
    return low, min(max(default, low), high), high


def _vector_range(
    entry: Mapping[str, Json], length: int
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    default = _vector(entry.get("DEFAULT"), length)
    low, high = _vector(entry.get("MIN"), length), _vector(entry.get("MAX"), length)
    if default is None:
        default = (0.5, 0.5) if length == 2 else (1.0, 1.0, 1.0, 1.0)
    if low is None or high is None:
        low = tuple(min(0.0, v) for v in default)
        high = tuple(max(1.0, v) for v in default)
    low, high = tuple(map(min, low, high)), tuple(map(max, low, high))
    return tuple(map(min, map(max, default, low), high)), low, high


def _choices(entry: Mapping[str, Json], name: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
    listed, named = entry.get("VALUES"), entry.get("LABELS")
    labels = [str(v) for v in named] if isinstance(named, list) else []
    if isinstance(listed, list):
        numbers = [_number(v) for v in listed]
        if any(n is None or abs(n) > _LARGEST_INT for n in numbers):
            raise ValueError(f"VALUES of input {name} must be whole numbers")
        values = [int(n) for n in numbers if n is not None]
    else:
        values = list(range(len(labels)))
    labels += [str(v) for v in values[len(labels) :]]
    return tuple(values), tuple(labels[: len(values)])


def _version_1_buffers(table: Mapping[str, Json]) -> dict[str, dict[str, Json]]:
    listed = table.get("PERSISTENT_BUFFERS")
    if isinstance(listed, list):
        return {name: {"PERSISTENT": True} for name in listed if isinstance(name, str)}
    if isinstance(listed, dict):
        return {k: {**v, "PERSISTENT": True} for k, v in listed.items() if isinstance(v, dict)}
    return {}


def _tables(table: Mapping[str, Json], key: str, most: int) -> list[dict[str, Json]]:
    listed = table.get(key)
    if listed is None:
        return []
    if not isinstance(listed, list):
        raise ValueError(f"{key} must be a list")
    if len(listed) > most:
        raise ValueError(f"{key} has {len(listed)} entries, at most {most} are allowed")
    tables = [entry for entry in listed if isinstance(entry, dict)]
    if len(tables) < len(listed):
        raise ValueError(f"every entry of {key} must be an object in braces")
    return tables


def _text(entry: Mapping[str, Json], key: str) -> str:
    value = entry.get(key)
    return value[:500] if isinstance(value, str) else ""


def _truth(value: Json) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in ("true", "yes", "1")
    return bool(value)


def _number(value: Json) -> float | None:
    """Numbers, and numbers written as text or as booleans."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
        return value if abs(value) <= 1e30 else None
    return float(value) if isinstance(value, (bool, float)) else None


def _bounded(value: Json) -> float | None:
    number = _number(value)
    return None if number is None else min(max(number, -_LARGEST), _LARGEST)


def _vector(value: Json, length: int) -> tuple[float, ...] | None:
    """A vector; a colour of three parts is opaque."""
    if not isinstance(value, list):
        return None
    numbers = tuple(n for n in map(_bounded, value) if n is not None)
    return (numbers + (1.0,) * length)[:length] if numbers else None


def _size(value: Json) -> str:
    if isinstance(value, float):
        return f"{value:.17g}"
    return value.strip() if isinstance(value, str) else ""
