"""The movement of a trajectory by itself: its motion, and the walk mixed into it."""

from __future__ import annotations

from engine.core.latent.geometry import Vector, around
from engine.core.motions.points import spread_out
from engine.core.motions.walk import walks
from engine.core.path.model import Now, Path, PathState


def move(path: Path, state: PathState, now: Now, phase: float) -> Vector:
    """Coordinates of the motion alone [shape=path.shape] at a phase of `engine.core.path.phase`."""
    values = now.values
    found = path.motion_of(values).move(path, state, now, phase)
    wander = values[path.at["wander"]]
    if wander > 0.0:
        name = f"{path.name}/{int(values[path.seed])}/wander"
        walked = walks(now.seed, name, phase, path.size, path.points)
        if path.points > 1:
            walked = spread_out(walked, values[path.spread])
        found = around(found, walked.reshape(path.shape), wander)
    return found
