"""TODO engine/core/modifiers/ban.py."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.curves import shape
from engine.core.latent.caps import Holes, angle, avoid, expel, holes
from engine.core.latent.geometry import Vector, length, slerp
from engine.core.path.model import Ban, Path, PathState


def bans_of(path: Path, held: PathState) -> tuple[Ban, ...]:
    """Places that a path must not come near to."""
    return held.more.bans if held.more.bans is not None else path.past.bans or ()


def _keep_out(
    path: Path,
    held: PathState,
    values: Sequence[float],
    now: tuple[float, float],
    rows: list[Vector],
) -> list[Vector]:
    """Lead around what is banned, over seams, and not too fast; nothing ends in a ban."""
    motion_s, control_hz = now
    bans, seam, jump_s = bans_of(path, held), held.more.seam, values[path.jump_s]
    found = firm = holes(bans)
    rows = [_around(path, values, row, found) for row in rows] if found else rows
    is_led = False
    if seam is not None and (since_s := motion_s - seam.left / control_hz) < jump_s:
        is_led, firm = True, holes(bans[: seam.firm])
        share = shape("smoother", since_s / jump_s)
        rows = [slerp(a, b, share) for a, b in zip(_rows(path, seam.origin), rows, strict=True)]
    pace, last = values[path.at["pace"]], held.more.paced
    if pace > 0.0 and last is not None:
        is_led, reach = True, pace * max(motion_s - last[1] / control_hz, 0.0)
        rows = [_within(a, b, reach) for a, b in zip(_rows(path, last[0]), rows, strict=True)]
    return [expel(row, firm) for row in rows] if is_led and firm else rows


def _around(path: Path, values: Sequence[float], z: Vector, found: Holes) -> Vector:
    """Lead around what is banned; of a track, which went around it before, only what lies in it."""
    written = path.track
    share = 0.0 if written is None else min(max(values[written.mix], 0.0), 1.0)
    if share <= 0.0:
        return avoid(z, found)
    firm = expel(z, found)
    return firm if share >= 1.0 else expel(slerp(avoid(z, found), firm, share), found)


def _rows(path: Path, z: Vector) -> Vector:
    return z.reshape(-1, path.size)


def _within(last: Vector, z: Vector, reach: float) -> Vector:
    """Go from a latent towards another by an angle (rad) at most."""
    if length(last) == 0.0 or length(z) == 0.0:
        return z
    way = angle(last / length(last), z / length(z))
    return z if way <= reach else slerp(last, z, reach / way)
