"""XY pad: draws a latent to a place between four corners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.core.latent.geometry import Vector, slerp
from engine.core.latent.mean import frechet_mean
from engine.core.path.coordinates import read_coordinates, write_each
from engine.core.path.keyframes import keyframes_of
from engine.core.path.model import (
    Change,
    Data,
    Here,
    Kept,
    Modifier,
    Now,
    Part,
    Path,
    PathState,
    Rows,
)  # fmt: skip
from engine.core.path.setting import Setting

CORNERS = 4


def bilinear(x: float, y: float) -> Vector:
    """Weights of the corners: bottom left, bottom right, top left, top right [shape=(4,)]."""
    return np.array([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y])


def on_pad(z: Vector, corners: Sequence[Vector], x: float, y: float, amount: float) -> Vector:
    """Draw latents to the place of a pad: the Fréchet mean of its corners, bilinear weights.

    Parameters
    ----------
    z [shape=(D,) or (R, D)]
    corners
        Four of the same shape.
    x, y
        0..1, from the bottom left.
    amount
        0 leaves the latent as it is, 1 is the pad alone.
    """
    weights = bilinear(x, y)
    used = np.flatnonzero(weights > 0.0).tolist()
    place = corners[used[0]]
    if len(used) > 1:
        place = frechet_mean(np.stack([corners[k] for k in used], axis=-2), weights[used])
    if amount >= 1.0:
        return place
    if z.ndim == 1:
        return slerp(z, place, amount)
    return np.stack([slerp(a, b, amount) for a, b in zip(z, place, strict=True)])


def _apply(path: Path, state: PathState, now: Now, rows: Rows) -> Rows:
    """Draw every point to the place of the pad; corners that were not set are keys."""
    values = now.values
    x, y, amount = (values[path.at[name]] for name in ("pad_x", "pad_y", "pad"))
    if amount <= 0.0:
        return rows
    keys = keyframes_of(path, state, values).points
    own = state.memory.get("corners") or (None,) * CORNERS
    corners: list[Vector] = [
        keys[k % len(keys)] if corner is None else corner for k, corner in enumerate(own)
    ]
    split = [corner.reshape(-1, path.size) for corner in corners]
    return list(on_pad(np.stack(rows), split, x, y, amount))


def _take_corner(path: Path, state: PathState, _: Now, here: Here, data: Data) -> PathState:
    """Let where the path is be a corner of its pad: 1 to 4, from the bottom left."""
    if len(data) != 1 or not 1.0 <= data[0] <= CORNERS:
        return state
    known = list(state.memory.get("corners") or (None,) * CORNERS)
    known[round(data[0]) - 1] = here().reshape(path.shape)
    return state.remembering(corners=tuple(known))


def _read(path: Path, data: Any) -> tuple[Vector | None, ...]:
    found = tuple(None if corner is None else read_coordinates(path, corner) for corner in data)
    if len(found) != CORNERS:
        raise ValueError("not a state snapshot: a pad has four corners")
    return found


PAD = Modifier(
    "pad",
    _apply,
    wakes=("pad",),
    part=Part(
        settings=(
            Setting("pad", "How much the pad leads it.", 0.0, glides=True),
            Setting("pad_x", "On the pad, from the left.", 0.5, glides=True),
            Setting("pad_y", "On the pad, from the bottom.", 0.5, glides=True),
        ),
        events={
            "corner": Change(
                _take_corner,
                "blend",
                lambda _: (1,),
                "Where it is now becomes a corner of its pad: 1 to 4, from the bottom left.",
            )
        },
        vectors={"pad_xy": ("pad_x", "pad_y")},
        memory={"corners": Kept(write_each, _read)},
    ),
)
