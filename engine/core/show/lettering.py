"""Lettering: a layer's text, and how its letters are set. The text is told by an address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from engine.core.event import Value

MOST = 500
"""Characters of a text."""
ALIGNS = ("left", "centre", "right")
PLACES = ("top", "middle", "bottom")


class Lettering(NamedTuple):
    """All that decides how letters look but for their colours and how many are revealed.

    Parameters
    ----------
    font
        Name of a font file of the show; empty: the built-in one.
    size, line
        Height of the letters as a share of the area's height · of a line, as a multiple of it.
    spacing, outline
        Added between letters · width around them; shares of their height.
    """

    text: str
    font: str
    size: float
    line: float
    spacing: float
    outline: float
    align: str
    place: str
    size_px: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Writing:
    """The text of a layer: address, text until somebody tells another, font, places of the rest.

    `places` are those of size, line, spacing, outline, align and place.
    """

    address: str
    text: str
    font: str
    places: tuple[int, ...]


def picture_name(layer: str) -> str:
    """What image inputs call the letters of a layer."""
    return f"text:{layer}"


def refusal(address: str, value: Value) -> str | None:
    """Say why a text is not taken; None if it is."""
    if not isinstance(value, str):
        return f"{address} takes a text"
    if len(value) > MOST:
        return f"{address} takes a text of {MOST} characters at most, not {len(value)}"
    return None
