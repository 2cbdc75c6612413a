"""TODO engine/core/modifiers/push.py."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.latent.geometry import Vector, away
from engine.core.modifiers.pad import PUSHES, push, push_basis
from engine.core.path.model import Path, PathState
from engine.core.rng import gaussian

_PUSHES = tuple(f"push_{k + 1}" for k in range(PUSHES))


def _turn(
    path: Path,
    seed: int,
    held: PathState,
    values: Sequence[float],
    steer: tuple[float, float],
    rows: list[Vector],
) -> list[Vector]:
    """Add steering, throw and pushes."""
    gain, (zero_x, zero_y) = values[path.steer], held.more.steer_zero
    turns = [
        (f"{path.name}/right", 0, (steer[0] - zero_x) * gain),
        (f"{path.name}/up", 0, (steer[1] - zero_y) * gain),
        (f"{path.name}/throw", int(values[path.throw_seed]), values[path.throw]),
    ]
    for name, index, turn in turns:
        if turn != 0.0:
            direction = gaussian(seed, name, index, path.size)
            rows = [away(row, direction, turn) for row in rows]
    sigmas = [values[path.at[name]] for name in _PUSHES]
    if any(sigmas):
        basis = push_basis(seed, path.name, int(values[path.at["push_seed"]]), path.size)
        rows = [push(row, basis, sigmas) for row in rows]
    return rows
