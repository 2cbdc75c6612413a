"""Tables of what a layer shows: ``[layers.film]``, ``[layers.solid]`` and ``[layers.text]``."""

from __future__ import annotations

from typing import Literal

import msgspec


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
