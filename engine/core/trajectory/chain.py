"""The chain of a trajectory: phase, motion and modifiers, to what its port takes.

Everything works in coordinates (see `engine.core.latent.coordinates`); the last step decodes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from engine.core.curves import shape
from engine.core.latent.geometry import Vector, length
from engine.core.latent.manifold import manifold
from engine.core.motions.move import move
from engine.core.path.model import Apply, Chain, Now, Path, PathState, Rows, Values
from engine.core.path.phase import WRAP_KNOTS, position
from engine.core.path.speed import even_dt
from engine.core.track.track import on_track


def latent(path: Path, state: PathState, now: Now) -> Vector:
    """Latent of a trajectory, as its port takes it.

    A field of noise that is one number takes the phase, modulo `WRAP_KNOTS`.
    """
    if path.geometry == "noise-field" and path.size == 1:
        return np.array([position(path, state, now.values, now.dt) % WRAP_KNOTS])
    found = coordinates(path, state, now)
    return found if path.chart is None else path.chart.decode(found)


def coordinates(path: Path, state: PathState, now: Now) -> Vector:
    """Coordinates of a trajectory [shape=path.shape]."""
    return turned(path, state, now, lead(path, state, now))


def turned(path: Path, state: PathState, now: Now, z: Vector) -> Vector:
    """Turn where a trajectory leads, see `lead`, as everybody wants it turned."""
    return _modified(path.turning, path, state, now, z)


def lead(path: Path, state: PathState, now: Now) -> Vector:
    """Coordinates before anybody turns them: where motion and jumps lead [shape=path.shape]."""
    if path.track is None:
        z = _moved(path, state, now)
    else:
        z = on_track(path.track, now.values, lambda: _moved(path, state, now))
    z = _modified(path.leading, path, state, now, z)
    if state.origin is None:
        return z
    # After a freeze the difference is a rounding below 0 at first.
    since_s = max(now.unfrozen_s - state.left / now.control_hz, 0.0)
    jump_s = now.values[path.jump_s]
    if since_s >= jump_s:
        return z
    rows = zip(z.reshape(-1, path.size), state.origin.reshape(-1, path.size), strict=True)
    share = shape("smoother", since_s / jump_s)
    return np.array([_fly(path, row, origin, share) for row, origin in rows]).reshape(path.shape)


def _moved(path: Path, state: PathState, now: Now) -> Vector:
    dt = even_dt(path, state, now.values, now.dt, 1.0 / now.control_hz)
    return move(path, state, now, position(path, state, now.values, dt))


def _fly(path: Path, z: Vector, origin: Vector, share: float) -> Vector:
    """Fly from where a jump began to the new place, at rest at both ends."""
    return z if length(origin) == 0.0 else manifold(path.geometry).slide(origin, z, share)


def rows_before(path: Path, state: PathState, now: Now, modifier: Apply) -> Rows:
    """Rows of a trajectory as they come to one of the modifiers that turn it."""
    z = lead(path, state, now)
    rows = [z] if path.points == 1 else list(z)
    for apply in _awake(path.turning, now.values, state.memory):
        if apply is modifier:
            break
        rows = apply(path, state, now, rows)
    return rows


def _modified(chain: Chain, path: Path, state: PathState, now: Now, z: Vector) -> Vector:
    """Let the modifiers that are awake turn coordinates, one after the other."""
    values, memory = now.values, state.memory
    is_asleep = not memory
    if is_asleep:
        for place in chain.places:
            if values[place]:
                is_asleep = False
                break
    if is_asleep and not chain.always:
        return z
    own = rows = [z] if path.points == 1 else list(z)
    for apply in chain.always if is_asleep else _awake(chain, values, memory):
        rows = apply(path, state, now, rows)
    if path.points == 1:
        return rows[0]
    return z if all(a is b for a, b in zip(rows, own, strict=True)) else np.stack(rows)


def _awake(chain: Chain, values: Values, memory: Mapping[str, Any]) -> Iterator[Apply]:
    for apply, places, memories in chain.steps:
        if (
            places is None
            or any(values[place] for place in places)
            or not memories.isdisjoint(memory)
        ):
            yield apply
