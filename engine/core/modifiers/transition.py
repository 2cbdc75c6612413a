"""Transition: a flight of a path whose modifiers changed at once, in the time of a jump."""

from __future__ import annotations

from typing import Any

from engine.core.bounds import whole
from engine.core.curves import shape
from engine.core.latent.geometry import Vector, slerp
from engine.core.modifiers.ban import bans_of
from engine.core.path.coordinates import read_coordinates
from engine.core.path.memory import Transition
from engine.core.path.model import Kept, Modifier, Now, Part, Path, PathState, Rows


def running(path: Path, state: PathState, now: Now) -> Transition | None:
    """The transition that a path is in; None: in none."""
    known: Transition | None = state.memory.get("seam")
    if known is None or not _since_s(known, now) < now.values[path.jump_s]:
        return None
    return known


def _since_s(known: Transition, now: Now) -> float:
    """Seconds of motion since it began; after a freeze a rounding would be below 0."""
    return max(now.unfrozen_s - known.left / now.control_hz, 0.0)


def begin(path: Path, before: PathState, after: PathState, now: Now, origin: Vector) -> PathState:
    """Let a path that is elsewhere now fly there from its `origin`.

    Bans hold on the way as far as they held before and hold after it.
    """
    firm = min(len(bans_of(path, before)), len(bans_of(path, after)))
    old: Transition | None = before.memory.get("seam")
    if old is not None and (now.tick - old.left) / now.control_hz < now.values[path.jump_s]:
        firm = min(firm, old.firm)
    return after.remembering(seam=Transition(origin.reshape(path.shape), now.tick, firm))


def _apply(path: Path, state: PathState, now: Now, rows: Rows) -> Rows:
    known = running(path, state, now)
    if known is None:
        return rows
    share = shape("smoother", _since_s(known, now) / now.values[path.jump_s])
    origins = known.origin.reshape(-1, path.size)
    return [slerp(a, b, share) for a, b in zip(origins, rows, strict=True)]


def _write(known: Transition) -> Any:
    return [known.origin.tolist(), known.left, known.firm]


def _read(path: Path, data: Any) -> Transition | None:
    origin, left, firm = data
    found = read_coordinates(path, origin)
    return None if found is None else Transition(found, whole(left), max(whole(firm), 0))


TRANSITION = Modifier(
    "transition", _apply, wakes=("seam",), part=Part(memory={"seam": Kept(_write, _read)})
)
