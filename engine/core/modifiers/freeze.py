"""Freeze: some rows of a path's latents stay what they were, while the others move on.

Where a port names the group of each of its rows (``coarse`` …), its path has a parameter for each
group. When that leaves 0, the rows' coordinates are kept; at 1 they are what was kept, in between
they lie on the way there, so that a group may be caught and let go gently.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core.latent.geometry import Vector, slerp
from engine.core.path.coordinates import LARGEST, write_each
from engine.core.path.model import Kept, Modifier, Now, Part, Path, PathState, Rows, Values

Frozen = tuple[Vector | None, ...]
"""Of each group its rows, None while it is free."""


def frozen_rows(path: Path, state: PathState) -> Frozen:
    """Rows that are kept of each of the path's groups."""
    kept: Frozen | None = state.memory.get("frozen")
    return kept or (None,) * len(path.freezes)


def is_changing(path: Path, state: PathState, values: Values) -> bool:
    """Whether a group begins to freeze, or is let go."""
    wanted = [bool(values[place] > 0.0) for _, place in path.freezes]
    return wanted != [rows is not None for rows in frozen_rows(path, state)]


def catch(path: Path, state: PathState, values: Values, here: Vector) -> PathState:
    """Keep rows of groups that begin to freeze as they are here; forget those let go."""
    each = here.reshape(-1, path.size)
    found = tuple(
        None if not values[place] > 0.0 else each[list(rows)] if kept is None else kept
        for (rows, place), kept in zip(path.freezes, frozen_rows(path, state), strict=True)
    )
    return state.remembering(frozen=found if any(x is not None for x in found) else None)


def _apply(path: Path, state: PathState, now: Now, rows: Rows) -> Rows:
    """Put what is kept in its place."""
    found = list(rows)
    for (group, place), kept in zip(path.freezes, frozen_rows(path, state), strict=True):
        share = min(now.values[place], 1.0)
        if kept is None or share <= 0.0:
            continue
        for row, old in zip(group, kept, strict=True):
            found[row] = old if share >= 1.0 else slerp(found[row], old, share)
    return found


def _read(path: Path, data: Any) -> Frozen | None:
    shapes = [(len(rows), path.size) for rows, _ in path.freezes]
    found = [None if each is None else np.asarray(each, np.float64) for each in data]
    fits = [
        x is None or (x.shape == shape and bool((np.abs(x) <= LARGEST).all()))
        for x, shape in zip(found, shapes, strict=False)
    ]
    return tuple(found) if len(found) == len(shapes) and all(fits) else None


FREEZE = Modifier(
    "freeze",
    _apply,
    wakes=("frozen",),
    fits=lambda path: bool(path.freezes),
    part=Part(memory={"frozen": Kept(write_each, _read)}),
)
