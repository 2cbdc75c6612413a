"""Placing of a layer on the canvas: what each layer has beside opacity, blend and scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

FITS = ("fit", "fill", "stretch")
MIRRORS = ("none", "across", "down", "both")
TILES = ("none", "repeat", "mirror")


class Placing(NamedTuple):
    """Where a layer lies, all but its scale; the fields are its parameters, in this order.

    Parameters
    ----------
    x, y
        Way of the layer from where it would lie, in widths and heights of the canvas, to the right
        and upwards.
    rotation
        Clockwise, in degrees.
    anchor_x, anchor_y
        Point of the layer's area that stays where it is when it is scaled and turned, 0..1 from the
        left and from below.
    crop_left, crop_right, crop_top, crop_bottom
        Part of the layer that is not seen, from each side.
    fit
        Index in `FITS`: it lies whole in the canvas, covers it, or is stretched over it.
    mirror
        Index in `MIRRORS`: which way its picture is turned over.
    tile
        Index in `TILES`: whether what is left of it is repeated over the whole canvas.
    """

    x: float = 0.0
    y: float = 0.0
    rotation: float = 0.0
    anchor_x: float = 0.5
    anchor_y: float = 0.5
    crop_left: float = 0.0
    crop_right: float = 0.0
    crop_top: float = 0.0
    crop_bottom: float = 0.0
    fit: float = 0.0
    mirror: float = 0.0
    tile: float = 0.0


REST = list(Placing())
"""Values of a layer that lies as it would; a list, because a slice of the values is one."""


def placing_of(values: Sequence[float], first: int) -> Placing | None:
    """Read a layer's placing from all values, its first place on; None: it is at rest."""
    found = values[first : first + len(REST)]
    return None if found == REST else Placing(*found)
