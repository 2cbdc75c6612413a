"""Coordinates of a path as plain data in snapshots."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from engine.core.latent.geometry import Vector
from engine.core.path.model import Path

LARGEST = 1e15


def write_each(rows: Iterable[Vector | None]) -> list[Any]:
    """Write coordinates, some of which may be missing."""
    return [None if row is None else row.tolist() for row in rows]


def read_coordinates(path: Path, data: Any) -> Vector | None:
    """Read coordinates [shape=path.shape]; None if they are of another shape.

    Raises
    ------
    ValueError, TypeError
        If they are no numbers, or not finite.
    """
    found = np.asarray(data, np.float64)
    if found.shape != path.shape:
        return None
    if not (np.abs(found) <= LARGEST).all():
        raise ValueError("not a state snapshot: it holds a number that is not finite")
    return found
