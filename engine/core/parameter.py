"""Parameters: typed, ranged, addressable values, and the one registry that names them all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.core.event import Value


class Kind(StrEnum):
    """What a parameter holds. Everything is stored as one float64."""

    FLOAT = "float"
    INT = "int"
    BOOL = "bool"
    CHOICE = "choice"  # stored as the index into `choices`
    TRIGGER = "trigger"  # stored as the number of times it fired


_STEEP = ("s", "hz", "1/s", "rad/s", "knots", "knots/s")
_WIDE = 8.0
_ENDINGS = {"s": "time", "ms": "time", "hz": "rate", "rad": "angle"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One addressable value.

    Parameters
    ----------
    address
        Full address (``/layer/form/opacity``); in a generator's spec or a shader's header, the
        last part only (``truncation``).
    default
        In stored form: a float, see `Kind`.
    low, high
        Inclusive range of the stored value.
    choices
        Names, for `Kind.CHOICE`.
    unit
        ``s``, ``hz``, ``rad``, ``px``, ``beats``, ``sigmas`` or empty.
    glides
        Whether it moves on a spring, see `engine.core.springs`.
    label
        A word or two for people; if it is not given, the last words of the address.
    curve
        How a fader from 0 to 1 goes over the range, see `engine.core.scale`: ``linear``, or
        ``exponential``, which times, rates and wide ranges of factors have if none is given.
    """

    address: str
    kind: Kind = Kind.FLOAT
    default: float = 0.0
    low: float = 0.0
    high: float = 1.0
    choices: tuple[str, ...] = ()
    unit: str = ""
    text: str = ""
    glides: bool = False
    label: str = ""
    curve: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", self.label.replace("_", " ") or _label(self.address))
        object.__setattr__(self, "curve", self.curve or _curve(self))


def _curve(parameter: Parameter) -> str:
    """Choose a curve: where equal steps are to be felt as equal, they are often equal factors."""
    is_of_factors = parameter.low > 0.0 and parameter.high >= _WIDE * parameter.low
    is_steep = parameter.unit in _STEEP or is_of_factors
    return "exponential" if is_steep and parameter.kind is Kind.FLOAT else "linear"


def _label(address: str) -> str:
    """Make a label of the last words of an address: ``…/path/jump_s`` is *Jump time*."""
    *way, last = address.split("/")
    stem, _, end = last.rpartition("_")
    if stem.endswith("_per"):
        last = f"{stem} second"
    elif end in _ENDINGS:
        last = f"{stem} {_ENDINGS[end]}" if stem != _ENDINGS[end] else stem
    words = [way[-1], last] if len(last) == 1 and way else [last]  # a part of a point or colour
    return " ".join(words).replace("_", " ").strip().capitalize()


# On Python 3.11 looking a member up costs as much as the rest of a write.
_INT, _BOOL, _CHOICE, _TRIGGER = Kind.INT, Kind.BOOL, Kind.CHOICE, Kind.TRIGGER


def coerce(parameter: Parameter, value: Value) -> float:
    """Turn an arriving value into the stored form: the one choke point of every write.

    Numbers are clamped into the range; what is not a number is refused. For a trigger every number
    is a press (`engine.core.frame.advance.resolve` has left out its releases).

    Raises
    ------
    ValueError
        If the value has the wrong type, is NaN or infinite, or names no choice.
    """
    kind = parameter.kind
    if type(value) is float:
        number = value
    elif isinstance(value, str):
        if kind is _CHOICE and value in parameter.choices:
            return float(parameter.choices.index(value))
        raise ValueError(
            f"{parameter.address} takes {describe(parameter)}, not the text '{value[:40]}'"
        )
    elif isinstance(value, tuple):
        raise ValueError(
            f"{parameter.address} takes {describe(parameter)}, not {len(value)} numbers"
        )
    else:
        number = to_float(value)
    if not math.isfinite(number):
        raise ValueError(f"{parameter.address} takes {describe(parameter)}, not {number}")
    if kind is _TRIGGER:
        return 1.0
    if kind is _BOOL:
        return 1.0 if number else 0.0
    if kind is _INT or kind is _CHOICE:
        number = float(round(number))
    return min(max(number, parameter.low), parameter.high)


def to_float(value: bool | int | float) -> float:
    """Turn a number into a float; a whole number beyond every float becomes infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def describe(parameter: Parameter) -> str:
    """Say what a parameter accepts, for error messages and documents."""
    if parameter.kind is Kind.CHOICE:
        return "one of " + ", ".join(parameter.choices)
    if parameter.kind is Kind.BOOL:
        return "true or false"
    if parameter.kind is Kind.TRIGGER:
        return "any number but 0, or none at all"
    what = "a whole number" if parameter.kind is Kind.INT else "a number"
    unit = f" {parameter.unit}" if parameter.unit else ""
    return f"{what} from {parameter.low:g} to {parameter.high:g}{unit}"


@dataclass(frozen=True, slots=True)
class Registry:
    """Every parameter of a show, in a fixed order.

    Parameters
    ----------
    parameters
        In order; the place of a parameter is its index in every value vector.
    index
        Address → place, aliases (``/layer/1/…``) included.
    groups
        Address of a vector (colour, point) → places of its components.
    """

    parameters: tuple[Parameter, ...]
    index: Mapping[str, int] = field(default_factory=dict)
    groups: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def __getitem__(self, address: str) -> Parameter:
        return self.parameters[self.index[address]]


def make_registry(
    parameters: Iterable[Parameter],
    groups: Mapping[str, tuple[str, ...]] | None = None,
    aliases: Mapping[str, str] | None = None,
) -> Registry:
    """Number parameters; resolve vectors into components, and prefixes into what they stand for.

    Raises
    ------
    ValueError
        If two parameters share an address.
    """
    listed = tuple(parameters)
    index: dict[str, int] = {}
    for place, parameter in enumerate(listed):
        if parameter.address in index:
            raise ValueError(f"two parameters share the address {parameter.address}")
        index[parameter.address] = place
    placed = {name: tuple(index[a] for a in parts) for name, parts in (groups or {}).items()}
    for alias, prefix in (aliases or {}).items():
        if not prefix.endswith("/"):
            index.setdefault(alias, index[prefix])
            continue
        for name in [a for a in index if a.startswith(prefix)]:
            index.setdefault(alias + name.removeprefix(prefix), index[name])
        for name in [a for a in placed if a.startswith(prefix)]:
            placed.setdefault(alias + name.removeprefix(prefix), placed[name])
    return Registry(listed, index, placed)
