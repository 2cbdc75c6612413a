"""Steering: two axes that turn a latent, and a throw in a random direction."""

from __future__ import annotations

from typing import Any

from engine.core.latent.geometry import away
from engine.core.path.coordinates import LARGEST
from engine.core.path.model import Kept, Modifier, Now, Part, Path, PathState, Rows
from engine.core.rng import gaussian


def _apply(path: Path, state: PathState, now: Now, rows: Rows) -> Rows:
    values, (x, y) = now.values, now.steer
    throw = values[path.throw]
    zero_x, zero_y = state.memory.get("steer_zero", (0.0, 0.0))
    if x == zero_x and y == zero_y and throw == 0.0:
        return rows
    gain = values[path.steer]
    for name, index, turn in (
        ("right", 0, (x - zero_x) * gain),
        ("up", 0, (y - zero_y) * gain),
        ("throw", int(values[path.throw_seed]), throw),
    ):
        if turn != 0.0:
            direction = gaussian(now.seed, f"{path.name}/{name}", index, path.size)
            rows = [away(row, direction, turn) for row in rows]
    return rows


def _read(_: Path, data: Any) -> tuple[float, float]:
    """Read the angles at which steering begins."""
    x, y = (float(each) for each in data)
    if not (abs(x) <= LARGEST and abs(y) <= LARGEST):
        raise ValueError("not a state snapshot: an angle is not finite")
    return x, y


STEER = Modifier("steer", _apply, part=Part(memory={"steer_zero": Kept(list, _read)}))
