"""Builder of a show: its parameters and shaders gathered so far."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.core.isf import header
from engine.core.parameter import Kind, Parameter, coerce, describe
from engine.documents.pictures import cube, decode_picture

T = TypeVar("T")
R = TypeVar("R")


class NoFileError(ValueError):
    """A file that a show names, and that is not there."""


@dataclass
class ShowBuilder:
    """What is gathered while the tables are read."""

    resolve: Callable[[str], str]
    open_file: Callable[[str], bytes]
    parameters: list[Parameter] = field(default_factory=list)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    shaders: dict[str, str] = field(default_factory=dict)
    headers: dict[str, header.Header] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    edges: set[int] = field(default_factory=set)
    files: dict[str, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    pictures: dict[str, NDArray[np.uint8]] = field(default_factory=dict)

    def file(self, name: str) -> bytes:
        """Content of a small file that the show names; a take holds it by content."""
        if name not in self.files:
            self.files[name] = self.open_file(name)
        return self.files[name]

    def picture(self, name: str, files: Sequence[str], is_cube: bool = False) -> None:
        """Have a picture ready under a name that image inputs use, or a cube."""
        decoded = [decode_picture(self.file(file), file) for file in files]
        faces = [face for face, _ in decoded]
        self.notes += [note for _, told in decoded for note in told]
        self.pictures[name] = cube(faces) if is_cube else faces[0]

    def add(self, parameter: Parameter) -> int:
        """Give a parameter the next place."""
        if parameter.address in self.places:
            raise ValueError(f"two parameters share the address {parameter.address}")
        self.places[parameter.address] = len(self.parameters)
        self.parameters.append(parameter)
        return self.places[parameter.address]

    def number(
        self,
        address: str,
        default: float,
        low: float,
        high: float,
        unit: str = "",
        text: str = "",
        label: str = "",
        curve: str = "",
    ) -> int:
        """Add a number; its default must be in range."""
        made = Parameter(
            address, Kind.FLOAT, default, low, high, (), unit, text, label=label, curve=curve
        )
        return self.add(clamped(made))

    def switch(self, address: str, text: str, default: bool = False, label: str = "") -> int:
        """Add an on-off parameter."""
        return self.add(
            Parameter(address, Kind.BOOL, float(default), 0.0, 1.0, text=text, label=label)
        )

    def choice(self, address: str, choices: tuple[str, ...], default: str, text: str) -> int:
        """Add a choice."""
        index, most = float(choices.index(default)), float(len(choices) - 1)
        return self.add(Parameter(address, Kind.CHOICE, index, 0.0, most, choices, text=text))

    def trigger(self, address: str, text: str, label: str = "") -> int:
        """Add a trigger."""
        return self.add(
            Parameter(address, Kind.TRIGGER, 0.0, 0.0, math.inf, text=text, label=label)
        )


def clamped(parameter: Parameter) -> Parameter:
    """Check that a parameter's default lies in its range."""
    value = parameter.default
    if not math.isfinite(value) or not parameter.low <= value <= parameter.high:
        raise ValueError(
            f"{parameter.address}: {value:g} is outside {parameter.low:g} to {parameter.high:g}"
        )
    return parameter


def each(entries: list[T], key: str, make: Callable[[T], R]) -> Iterator[R]:
    """Make one thing an entry, and put the entry's place in front of errors."""
    for place, entry in enumerate(entries):
        try:
            yield make(entry)
        except ValueError as error:
            joint = "." if re.match(r"[\w.\[\]]+: ", str(error)) else ": "
            raise ValueError(f"{key}[{place}]{joint}{error}") from None


def strict(parameter: Parameter, value: bool | int | float | str) -> float:
    """Take a value of a show file: unlike a live one it must already be in range.

    Raises
    ------
    ValueError
        If it is not.
    """
    stored = coerce(parameter, value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and stored != value:
        raise ValueError(f"{parameter.address} takes {describe(parameter)}, not {value:g}")
    return stored
