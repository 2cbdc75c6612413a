"""Expression: a signal by a line of arithmetic over others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.core.expressions import Names, Node, compile_expression
from engine.core.modulators.model import Heard, Key, Kind, Modulator, ModulatorState, Moment


def _at(mod: Modulator, _state: ModulatorState, signals: Sequence[float], _now: Moment) -> float:
    value: Node = mod.data
    return value(signals)


def _read(given: Mapping[str, Any], names: Names) -> Heard:
    places: list[int] = []

    def place(name: str) -> int:
        places.append(names.place(name))
        return places[-1]

    try:
        node = compile_expression(given["expression"], names._replace(place=place))
    except ValueError as error:
        raise ValueError(f"expression: {error}") from None
    return Heard(tuple(dict.fromkeys(places)), node)


EXPRESSION = Kind("expression", _at, keys=(Key("expression", str),), read=_read)
