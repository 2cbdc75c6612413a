"""Tables of parts of a show file: what layers show, colour, decks, mappings."""

from __future__ import annotations

from typing import Literal

import msgspec

Number = bool | int | float | str | list[float]


class _Table(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """A table that refuses keys it does not know."""


class SheetTable(_Table, frozen=True):
    """``sheet``: what lies around the latent of another layer."""

    of: str
    columns: int = 5
    rows: int = 3
    spread: float = 0.4
    gap: float = 0.04
    seed: int = 0
    size_px: int = 384
    rate_hz: float = 2.0


class SolidTable(_Table, frozen=True):
    """``solid``: one colour."""

    colour: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    light: float = 1.0


class TextTable(_Table, frozen=True):
    """``[layers.text]``: letters that a layer shows."""

    text: str = ""
    font: str = ""
    size: float = 0.15
    line: float = 1.2
    spacing: float = 0.0
    outline: float = 0.0
    align: Literal["left", "centre", "right"] = "centre"
    place: Literal["top", "middle", "bottom"] = "middle"
    colour: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    outline_colour: tuple[float, ...] = (0.0, 0.0, 0.0, 1.0)
    reveal: float = 1.0
    soft: float = 0.05


class FilmTable(_Table, frozen=True):
    """``[layers.film]``: how the film of a layer is played."""

    position: float = 0.0
    speed: float = 1.0
    pause: bool = False
    begin: float = 0.0
    end: float = 1.0
    beats: float = 0.0
    loop: bool = True


class ColourTable(_Table, frozen=True):
    """``[master.colour]``: colour of the finished picture."""

    exposure: float = 0.0
    temperature: float = 0.0
    tint: float = 0.0
    contrast: float = 1.0
    saturation: float = 1.0
    tone_map: Literal["none", "reinhard", "aces", "agx"] = "none"
    lut: str = ""
    lut_mix: float = 1.0
    dither: Literal["blue", "gradient"] = "blue"


class TransitionTable(_Table, frozen=True):
    """One of ``[[decks.transitions]]``: a shader that leads from one deck to the other."""

    shader: str
    id: str = ""
    inputs: dict[str, Number] = {}
    images: dict[str, str] = {}


class DecksTable(_Table, frozen=True):
    """``[decks]``: the crossfader between the layers of deck A and of deck B."""

    crossfader: float = 0.0
    curve: Literal["linear", "smooth", "power", "sharp"] = "linear"
    transition: str = "fade"
    time_s: float = 2.0
    beats: float = 0.0
    transitions: list[TransitionTable] = []


class LightTable(_Table, frozen=True):
    """What a mapped control shows when on and when off: a MIDI number, 0 to 127."""

    on: float = 127.0
    off: float = 0.0


class MappingTable(_Table, frozen=True):
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


class MapTable(_Table, frozen=True):
    """A file of mappings for devices: shipped for a controller, or in the user's folder."""

    devices: list[str] = []
    show: str = ""
    setup: list[str] = []
    mappings: list[MappingTable] = []
