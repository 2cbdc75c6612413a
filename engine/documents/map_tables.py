"""Tables of ``[[mappings]]``, and of files of mappings."""

from __future__ import annotations

from typing import Literal

import msgspec

Number = bool | int | float | str | list[float]


class LightTable(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """What a mapped control shows when on and when off: a MIDI number, 0 to 127."""

    on: float = 127.0
    off: float = 0.0


class MappingTable(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """``[[mappings]]``: a control of a device, and what it moves."""

    control: str
    address: str
    device: str = ""
    range: tuple[float, float] | None = None
    curve: str = "linear"
    takeover: Literal["", "jump", "pickup", "scale"] = ""
    coding: Literal[
        "absolute", "twos_complement", "offset_64", "sign_magnitude", "ones_complement"
    ] = "absolute"
    step: float = 0.0
    mode: Literal["", "value", "velocity", "toggle", "momentary", "trigger", "step"] = ""
    value: Number | None = None
    light: LightTable | Literal["none"] = LightTable()


class MapTable(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """A file of mappings for devices: shipped for a controller, or in the user's folder."""

    devices: list[str] = []
    show: str = ""
    setup: list[str] = []
    mappings: list[MappingTable] = []
