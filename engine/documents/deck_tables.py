"""Table ``[decks]`` of a show file."""

from __future__ import annotations

from typing import Literal

import msgspec

Number = bool | int | float | str | list[float]


class TransitionTable(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """One of ``[[decks.transitions]]``: a shader that leads from one deck to the other."""

    shader: str
    id: str = ""
    inputs: dict[str, Number] = {}
    images: dict[str, str] = {}


class DecksTable(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """``[decks]``: the crossfader between the layers of deck A and of deck B."""

    crossfader: float = 0.0
    curve: Literal["linear", "smooth", "power", "sharp"] = "linear"
    transition: str = "fade"
    time_s: float = 2.0
    beats: float = 0.0
    transitions: list[TransitionTable] = []
