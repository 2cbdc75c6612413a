"""Travel: a path goes to a latent that a cue names, and on from there.

It leaves from where it is, goes the shortest way (a geodesic: on the shell a great circle) and is
there exactly when its time is over. From then on its motion, and every hand on it, go on from that
place: the same turn that led the path there is applied to where it would be by itself. A fader
between two cues that both name a latent leads it between them in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.core.bounds import whole
from engine.core.curves import CURVES, shape
from engine.core.latent.geometry import Vector, length
from engine.core.latent.manifold import manifold
from engine.core.path.coordinates import read_coordinates, write_each
from engine.core.path.model import Kept, Modifier, Now, Part, Path, PathState, Rows, is_angular


@dataclass(frozen=True, slots=True, eq=False)
class Travel:
    """A way to a latent.

    Parameters
    ----------
    goal
        [shape=path.shape]; None: its own way again.
    start, ticks
        Tick of motion on which it leaves, and how long it takes.
    origin
        Where it left [shape=path.shape]; None: it has not left yet.
    base
        Where it would have been by itself when it arrived; None: it is on its way.
    before
        What holds until it leaves.
    """

    goal: Vector | None
    start: int
    ticks: int
    curve: str
    origin: Vector | None = None
    base: Vector | None = None
    before: Travel | None = None


def has_places(path: Path) -> bool:
    """Whether a path is anywhere that can be named: not if it is one number, its phase."""
    return not (path.geometry == "noise-field" and path.size == 1)


def turn(path: Path, base: Vector, goal: Vector, z: Vector) -> Vector:
    """Move a point as what moves `base` to `goal`: by the least rotation, and to that length.

    ``R z = z - (u + v) ((u + v) z) / (1 + u v) + 2 v (u z)`` for unit vectors u and v.
    """
    if not is_angular(path):
        return z + (goal - base)
    size, reach = length(base), length(goal)
    if size == 0.0 or reach == 0.0 or np.array_equal(z, base):
        return goal
    u, v = base / size, goal / reach
    both, apart = u + v, 1.0 + float(u @ v)
    if apart < 1e-9:
        return goal
    turned: Vector = z - both * (float(both @ z) / apart) + v * (2.0 * float(u @ z))
    return turned * (reach / size)


def slid(path: Path, a: Vector, b: Vector, share: float) -> Vector:
    """Go the shortest way; both ends are met exactly."""
    if share <= 0.0 or share >= 1.0:
        return a if share <= 0.0 else b
    if is_angular(path) and (length(a) == 0.0 or length(b) == 0.0):
        return b
    return manifold(path.geometry).slide(a, b, share)


def _apply(path: Path, state: PathState, now: Now, rows: Rows) -> Rows:
    travel: Travel | None = state.memory.get("travel")
    if travel is not None:
        rows = led(path, travel, now, rows)
    between: tuple[Vector | None, Vector | None] | None = state.memory.get("between")
    if between is None:
        return rows
    a, b = (rows if end is None else list(end.reshape(-1, path.size)) for end in between)
    return [slid(path, p, q, now.fade) for p, q in zip(a, b, strict=True)]


def led(path: Path, travel: Travel, now: Now, rows: Rows) -> Rows:
    """Rows of a path that travels, from where it would be by itself."""
    if travel.origin is None:
        return rows if travel.before is None else led(path, travel.before, now, rows)
    goal = rows if travel.goal is None else list(travel.goal.reshape(-1, path.size))
    if travel.base is not None:
        bases = travel.base.reshape(-1, path.size)
        return [turn(path, *each) for each in zip(bases, goal, rows, strict=True)]
    gone = now.unfrozen_s * now.control_hz - travel.start
    share = shape(travel.curve, gone / travel.ticks) if gone < travel.ticks else 1.0
    origins = travel.origin.reshape(-1, path.size)
    return [slid(path, a, b, share) for a, b in zip(origins, goal, strict=True)]


def begin(state: PathState, travel: Travel) -> PathState:
    """Let a path leave; until then what led it before does."""
    old: Travel | None = state.memory.get("travel")
    while old is not None and old.origin is None:
        old = old.before
    if travel.goal is None and old is None and "between" not in state.memory:
        return state
    return state.remembering(travel=replace(travel, before=old))


def is_pending(state: PathState) -> bool:
    """Whether a path has yet to leave or to arrive."""
    travel: Travel | None = state.memory.get("travel")
    return travel is not None and travel.base is None


def tend(path: Path, state: PathState, now: Now, rows: Rows) -> PathState:
    """Leave, and arrive, on its tick; `rows` are where the path would be by itself."""
    travel: Travel = state.memory["travel"]
    if travel.origin is None and now.tick >= travel.start:
        here = np.array(_apply(path, state, now, rows)).reshape(path.shape)
        state = state.remembering(travel=replace(travel, origin=here, before=None), between=None)
        travel = state.memory["travel"]
    if travel.origin is None or now.tick < travel.start + travel.ticks:
        return state
    if travel.goal is None:
        return state.remembering(travel=None)
    return state.remembering(travel=replace(travel, base=np.array(rows).reshape(path.shape)))


def _write(travel: Travel) -> Any:
    vectors = (travel.goal, travel.origin, travel.base)
    before = None if travel.before is None else _write(travel.before)
    listed = [None if each is None else each.tolist() for each in vectors]
    return [travel.start, travel.ticks, travel.curve, *listed, before]


def _read(path: Path, data: Any, depth: int = 2) -> Travel | None:
    start, ticks, curve, *listed, before = data
    found = [None if each is None else read_coordinates(path, each) for each in listed]
    if any((a is None) != (b is None) for a, b in zip(listed, found, strict=True)):
        return None  # the path has another shape now
    goal, origin, base = found
    old = _read(path, before, depth - 1) if before is not None and depth else None
    if curve not in CURVES or (base is not None and goal is None):
        raise ValueError("not a state snapshot: its way leads nowhere")
    return Travel(goal, whole(start), max(whole(ticks), 0), curve, origin, base, old)


def _read_between(path: Path, data: Any) -> tuple[Vector | None, Vector | None] | None:
    a, b = data
    ends = [None if end is None else read_coordinates(path, end) for end in (a, b)]
    return None if ends[0] is ends[1] is None else (ends[0], ends[1])


TRAVEL = Modifier(
    "travel",
    _apply,
    wakes=("travel", "between"),
    fits=has_places,
    part=Part(
        memory={
            "travel": Kept(_write, _read),
            "between": Kept(write_each, _read_between),
        }
    ),
)
