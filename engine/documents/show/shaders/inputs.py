"""Shader inputs that follow another parameter: the brush, the master, a layer before."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from engine.core.isf.header import Header
from engine.core.isf.inputs import Input
from engine.core.parameter import Kind
from engine.documents.builder import ShowBuilder
from engine.documents.schema import Number

_PARTS = {"point2D": 2, "color": 4}
_TAKES = {
    "float": (Kind.FLOAT, Kind.INT),
    "bool": (Kind.BOOL,),
    "event": (Kind.TRIGGER, Kind.BOOL),
    "point2D": (Kind.FLOAT,),
    "color": (Kind.FLOAT,),
}


def bind_inputs(
    builder: ShowBuilder, header: Header, given: Mapping[str, Number]
) -> dict[str, tuple[int, ...]]:
    """Find the inputs whose value is an address; return the places that they read.

    Such an input has no parameter of its own. An event that follows a switch happens when that is
    turned on.

    Raises
    ------
    ValueError
        If an address is not known so far, or what it holds does not fit.
    """
    inputs = {i.name: i for i in header.inputs}
    return {
        name: _places(builder, inputs[name], address)
        for name, address in given.items()
        if isinstance(address, str) and address.startswith("/") and name in inputs
    }


def _places(builder: ShowBuilder, entry: Input, address: str) -> tuple[int, ...]:
    if entry.type not in _TAKES:
        raise ValueError(
            f"inputs.{entry.name}: an input of type {entry.type} follows no address; "
            f"those of type {', '.join(_TAKES)} do"
        )
    parts = builder.groups.get(address, (address,))
    if any(part not in builder.places for part in parts):
        there = [*builder.places, *builder.groups]
        near = difflib.get_close_matches(address, there, 3, 0.5)
        raise ValueError(
            f"inputs.{entry.name}: no parameter before this layer has the address "
            f"'{address[:80]}'; near are: {', '.join(near) or 'none'}"
        )
    wanted = _PARTS.get(entry.type, 1)
    found = tuple(builder.places[part] for part in parts)
    kinds = {builder.parameters[place].kind for place in found}
    if len(found) != wanted or not kinds <= set(_TAKES[entry.type]):
        raise ValueError(
            f"inputs.{entry.name}: {address} holds {len(found)} of kind "
            f"{', '.join(sorted(kinds))}; an input of type {entry.type} takes {wanted} of kind "
            f"{' or '.join(_TAKES[entry.type])}"
        )
    if entry.type == "event" and kinds == {Kind.BOOL}:
        builder.edges.update(found)
    return found
