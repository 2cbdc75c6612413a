"""Layouts of other programs: their addresses for what a show has, with values from 0 to 1.

A lighting desk or a phone that was set up for Resolume or for an old page of TouchOSC steers a show
as it is. Beside these tables every parameter takes its address with `NORMALISED` behind it.

References
----------
resolume.com/support/en/osc: addresses, values from 0 to 1 over the range of a control (tempo 20 to
500 BPM, speed 0 to 10). hexler.net/touchosc-mk1: ``/PAGE/CONTROL``.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from math import isfinite
from typing import NamedTuple

from engine.core.event import Value
from engine.core.parameter import Kind, Parameter, to_float
from engine.core.scale import value_at
from engine.core.show.show import Show

NORMALISED = "/normalised"
"""Behind the address of a parameter: it takes 0 to 1, which its curve spreads over its range."""


class Alias(NamedTuple):
    """What another program's address stands for.

    Parameters
    ----------
    address
        Of the show.
    low, high
        Its value for 0 and for 1; None: its range, by its curve.
    """

    address: str
    low: float | None = None
    high: float | None = None
    parts: tuple[Parameter, ...] = ()


# In braces: numbers of layers, cues and macros in the order of the show, and IDs of effects.
LAYOUTS: dict[str, Alias] = {
    "/composition/master": Alias("/master/brightness"),
    "/composition/video/opacity": Alias("/master/brightness"),
    "/composition/crossfader/phase": Alias("/crossfader"),
    "/composition/bypassed": Alias("/master/blackout"),
    "/composition/speed": Alias("/master/speed", 0.0, 10.0),
    "/composition/tempocontroller/tempo": Alias("/transport/bpm", 20.0, 500.0),
    "/composition/tempocontroller/tempotap": Alias("/transport/tap"),
    "/composition/tempocontroller/resync": Alias("/transport/resync"),
    "/composition/tempocontroller/tempopush": Alias("/transport/nudge", 0.0, 1.0),
    "/composition/tempocontroller/tempopull": Alias("/transport/nudge", 0.0, -1.0),
    "/composition/columns/{cue}/connect": Alias("/cue/{cue}/go"),
    "/composition/layers/1/clips/{cue}/connect": Alias("/cue/{cue}/go"),
    "/composition/layers/{layer}/master": Alias("/layer/{layer}/opacity"),
    "/composition/layers/{layer}/video/opacity": Alias("/layer/{layer}/opacity"),
    "/composition/layers/{layer}/clear": Alias("/layer/{layer}/opacity", 0.0, 0.0),
    "/composition/layers/{layer}/video/effects/{effect}/opacity": Alias(
        "/layer/{layer}/effect/{effect}/mix"
    ),
    "/composition/dashboard/link{macro}": Alias("/macro/{macro}"),
    "/1/fader1": Alias("/master/brightness"),
    "/1/fader2": Alias("/master/speed", 0.0, 2.0),
    "/1/fader3": Alias("/master/truncation"),
    "/1/fader4": Alias("/transport/bpm", 60.0, 180.0),
    "/1/toggle1": Alias("/master/blackout"),
    "/1/toggle2": Alias("/master/freeze"),
    "/1/toggle3": Alias("/autopilot/on"),
    "/1/push{cue}": Alias("/cue/{cue}/go"),
    "/1/xy1": Alias("/master/steer", -3.0, 3.0),
    "/2/fader{layer}": Alias("/layer/{layer}/opacity"),
    "/2/push{cue}": Alias("/cue/{cue}/go"),
    "/3/fader{macro}": Alias("/macro/{macro}"),
    "/3/xy1": Alias("/master/steer", -3.0, 3.0),
}


def layouts(show: Show) -> dict[str, Alias]:
    """List what of `LAYOUTS` a show has something for."""
    macros = sum(p.address.startswith("/macro/") for p in show.registry.parameters)
    names: dict[str, Iterable[object]] = {
        "cue": range(1, len(show.cues) + 1),
        "layer": range(1, len(show.layers) + 1),
        "macro": range(1, macros + 1),
        "effect": {effect.id for layer in show.layers for effect in layer.effects},
    }
    found = {}
    for name, (address, *ends, _) in LAYOUTS.items():
        used = [key for key in names if f"{{{key}}}" in name]
        for chosen in product(*(names[key] for key in used)):
            given = dict(zip(used, chosen, strict=True))
            alias = alias_of(show, address.format(**given), *ends)
            if alias is not None:
                found[name.format(**given)] = alias
    return found


def alias_of(
    show: Show, address: str, low: float | None = None, high: float | None = None
) -> Alias | None:
    """Make an alias for a parameter or vector of the show; None if there is no such one."""
    registry = show.registry
    place = registry.index.get(address)
    places = registry.groups.get(address, ()) if place is None else (place,)
    parts = tuple(registry.parameters[each] for each in places)
    if low is None and len(parts) == 1:
        only = parts[0]
        if only.kind is Kind.FLOAT and only.curve == "linear":
            low, high = only.low, only.high
    return Alias(address, low, high, parts) if parts else None


def scaled(alias: Alias, value: Value) -> Value:
    """Bring a value from 0 to 1 to the range of what an alias stands for; text stays what it is."""
    _, low, high, parts = alias
    if len(parts) == 1:
        if low is not None and high is not None and type(value) is float:
            return low + (high - low) * value
        if isinstance(value, (str, tuple)) or parts[0].kind is Kind.TRIGGER:
            return value
        return _spread(alias, parts[0], value)
    if isinstance(value, tuple):  # too many, or too few, are refused as always
        if low is not None and high is not None:
            return tuple([low + (high - low) * x for x in value])
        pairs = zip(parts, value, strict=False)
        return (*(_spread(alias, p, x) for p, x in pairs), *value[len(parts) :])
    return value


def _spread(alias: Alias, parameter: Parameter, value: bool | int | float) -> float:
    x = to_float(value)
    if not isfinite(x):  # refused as always
        return x
    if alias.low is None or alias.high is None:
        return value_at(parameter, x)
    return alias.low + (alias.high - alias.low) * x
