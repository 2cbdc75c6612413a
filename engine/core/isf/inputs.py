"""INPUTS of an ISF header, as typed values."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass

from engine.core.isf.lenient_json import Json

TYPES = ("event", "bool", "long", "float", "point2D", "color", "image", "audio", "audioFFT", "cube")
IMAGES = ("image", "audio", "audioFFT", "cube")
SOUNDS = ("audio", "audioFFT")
_KINDS = {kind.lower(): kind for kind in TYPES} | {"int": "long"}  # "int": as MadMapper writes
_MOST_COLUMNS = 4096
_LENGTHS = {"point2D": 2, "color": 4}
NAME = re.compile(r"(?!gl_)[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
_AUTOMATIC = {
    "PASSINDEX", "RENDERSIZE", "TIME", "TIMEDELTA", "DATE", "FRAMEINDEX",
}  # fmt: skip
_MOST_INPUTS = 128
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
        A float, or a tuple for ``point2D`` (2) and ``color`` (4, RGBA). Of sounds `high` is the
        number of columns wanted, or 0.
    values, labels
        Of a ``long`` with named choices; equally many.
    label, unit
        For people.
    identity
        Value at which it changes nothing, of numbers, points and colours; None: nobody says.
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
    identity: Number | None = None


def is_known(entry: Mapping[str, Json], used: Container[str]) -> bool:
    """Whether an input is one of ISF; one that is none is left out where nothing uses it."""
    name, kind = text(entry, "NAME"), text(entry, "TYPE")
    return name in used or bool(NAME.fullmatch(name) and kind.lower() in _KINDS)


def read_inputs(table: Mapping[str, Json], used: Container[str] = ()) -> tuple[Input, ...]:
    """Inputs, in order.

    Parameters
    ----------
    used
        Words of the shader: an input of an unknown type that is among them is refused.

    Raises
    ------
    ValueError
        If one is malformed, or two share a name.
    """
    listed = enumerate(tables(table, "INPUTS", _MOST_INPUTS), 1)
    inputs = tuple(_read_input(e, place) for place, e in listed if is_known(e, used))
    names = [item.name for item in inputs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two inputs are called {name}")
    return inputs


def _read_input(entry: Mapping[str, Json], place: int) -> Input:
    name, kind = text(entry, "NAME"), text(entry, "TYPE")
    if not NAME.fullmatch(name) or name in _AUTOMATIC:
        raise ValueError(f"input {place} needs a NAME that GLSL accepts, not '{name[:40]}'")
    if kind.lower() not in _KINDS:
        raise ValueError(f"input {name} has the TYPE '{kind[:40]}'; allowed: {', '.join(TYPES)}")
    kind = _KINDS[kind.lower()]
    label, unit = text(entry, "LABEL"), text(entry, "UNIT")
    if kind in IMAGES:
        wanted = entry.get("MAX", entry.get("SIZE"))  # the latter as MadMapper writes
        most = _number(wanted) if kind in SOUNDS else None
        columns = float(min(max(int(most or 0), 0), _MOST_COLUMNS))
        return Input(name, kind, high=columns, label=label)
    if kind in _LENGTHS:
        default, low, high = _vector_range(entry, _LENGTHS[kind])
        still = _vector(entry.get("IDENTITY"), _LENGTHS[kind])
        return Input(name, kind, default, low, high, label=label, unit=unit, identity=still)
    if kind in ("bool", "event"):
        return Input(name, kind, 1.0 if truth(entry.get("DEFAULT")) else 0.0, label=label)
    values, labels = _choices(entry, name) if kind == "long" else ((), ())
    if values and isinstance(word := entry.get("DEFAULT"), str) and word in labels:
        entry = {**entry, "DEFAULT": float(values[labels.index(word)])}
    least, default_, most = _range(entry, kind)
    if values:
        least, most = float(min(values)), float(max(values))
    rest = _bounded(entry.get("IDENTITY")) if kind == "float" else None
    return Input(name, kind, default_, least, most, values, labels, label, unit, rest)


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
        default = (0.0, 0.0) if length == 2 else (1.0, 1.0, 1.0, 1.0)
    if low is None or high is None:
        low = tuple(min(0.0, v) for v in default)
        high = tuple(max(1.0, v) for v in default)
    low, high = tuple(map(min, low, high)), tuple(map(max, low, high))
    return tuple(map(min, map(max, default, low), high)), low, high


def _choices(entry: Mapping[str, Json], name: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
    listed, named = entry.get("VALUES"), entry.get("LABELS")
    labels = [str(v) for v in named] if isinstance(named, list) else []
    if isinstance(listed, list) and listed and all(isinstance(v, str) for v in listed):
        numbers = [_number(v) for v in listed]
        if None in numbers:  # names only, as MadMapper writes: the shader is given their places
            labels, listed = labels or [str(v) for v in listed], None
    if isinstance(listed, list):
        numbers = [_number(v) for v in listed]
        if any(n is None or abs(n) > _LARGEST_INT for n in numbers):
            raise ValueError(f"VALUES of input {name} must be whole numbers")
        values = [int(n) for n in numbers if n is not None]
    else:
        values = list(range(len(labels)))
    labels += [str(v) for v in values[len(labels) :]]
    return tuple(values), tuple(labels[: len(values)])


def tables(table: Mapping[str, Json], key: str, most: int = _MOST_INPUTS) -> list[dict[str, Json]]:
    """Objects that a header lists under a key, at most so many."""
    listed = table.get(key) or []
    if not isinstance(listed, list):
        raise ValueError(f"{key} must be a list")
    if len(listed) > most:
        raise ValueError(f"{key} has {len(listed)} entries, at most {most} are allowed")
    tables = [entry for entry in listed if isinstance(entry, dict)]
    if len(tables) < len(listed):
        raise ValueError(f"every entry of {key} must be an object in braces")
    return tables


def text(entry: Mapping[str, Json], key: str) -> str:
    """Text of a key; "" where there is none."""
    value = entry.get(key)
    return value[:500] if isinstance(value, str) else ""


def truth(value: Json) -> bool:
    """Whether a value says yes, in words or not."""
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
