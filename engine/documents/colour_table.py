"""Table of the colour of the finished picture."""

from __future__ import annotations

from typing import Literal

import msgspec


class ColourTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
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
