"""Freeze: some rows of a path's latents stay what they were, while the others move on.

Where a port names the group of each of its rows (``coarse`` …), its path has a parameter for each
group. When that leaves 0, the rows' coordinates are kept; at 1 they are what was kept, in between
they lie on the way there, so that a group may be caught and let go gently.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.core.latent.geometry import Vector, slerp
from engine.core.path.model import Path, PathState

Kept = tuple[Vector | None, ...]
LARGEST = 1e15


def frozen(path: Path, held: PathState, values: Sequence[float], found: Vector) -> Vector:
    """Put what is kept in its place among coordinates [shape=path.shape]."""
    if held.more.frozen is None:
        return found
    found = found.copy()
    for (rows, place), kept in zip(path.freezes, held.more.frozen, strict=True):
        share = min(values[place], 1.0)
        if kept is None or share <= 0.0:
            continue
        for row, old in zip(rows, kept, strict=True):
            found[row] = old if share >= 1.0 else slerp(found[row], old, share)
    return found


def write(kept: Kept) -> list[Any]:
    """Write what is kept as JSON-ready data."""
    return [None if each is None else each.tolist() for each in kept]


def read(path: Path, data: Any) -> Kept | None:
    """Read it back; None if it is another path's."""
    shapes = [(len(rows), path.size) for rows, _ in path.freezes]
    found = [None if each is None else np.asarray(each, np.float64) for each in data]
    fits = [
        x is None or (x.shape == shape and bool((np.abs(x) <= LARGEST).all()))
        for x, shape in zip(found, shapes, strict=False)
    ]
    return tuple(found) if len(found) == len(shapes) and all(fits) else None
