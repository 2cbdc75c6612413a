"""Bans: caps of the sphere that a path leads around; see `engine.core.latent.caps`."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np

from engine.core.latent.caps import Holes, avoid, centre_bytes, holes, project_out
from engine.core.latent.geometry import Vector, angle, length, onto_shell, slerp
from engine.core.path.memory import Ban
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
    Values,
    is_angular,
)  # fmt: skip
from engine.core.path.setting import Setting, trigger

MOST_BANS = 512


def bans_of(path: Path, state: PathState) -> tuple[Ban, ...]:
    """Places that a path must not come near to."""
    own: tuple[Ban, ...] | None = state.memory.get("bans")
    return own if own is not None else path.past.bans or ()


def is_banned(path: Path, state: PathState, z: Vector) -> bool:
    """Whether any of a path's points [shape=path.shape] lies within a ban."""
    found = holes(bans_of(path, state))
    units = [onto_shell(row, 1.0) for row in z.reshape(-1, path.size)] if found else []
    return found is not None and any(
        angle(hole.cap.centre, unit) < hole.cap.radius
        for unit in units
        for hole in found.near(unit)
    )


def _apply(path: Path, state: PathState, now: Now, rows: Rows) -> Rows:
    found = holes(bans_of(path, state))
    return [_around(path, now.values, row, found) for row in rows] if found else rows


def _around(path: Path, values: Values, z: Vector, found: Holes) -> Vector:
    """Lead around what is banned; of a track, which went around it before, only what lies in it."""
    written = path.track
    share = 0.0 if written is None else min(max(values[written.mix], 0.0), 1.0)
    if share <= 0.0:
        return avoid(z, found)
    firm = project_out(z, found)
    return firm if share >= 1.0 else project_out(slerp(avoid(z, found), firm, share), found)


def _take_ban(path: Path, state: PathState, now: Now, here: Here, _: Data) -> PathState:
    """Ban the neighbourhood of where the path is, of all its points."""
    bans, radius = bans_of(path, state), now.values[path.at["ban_radius"]]
    units: list[Vector] = []
    for row in here().reshape(-1, path.size):
        if length(row) > 0.0 and len(bans) + len(units) < MOST_BANS:
            unit = onto_shell(row, 1.0)
            if all(angle(other, unit) > 1e-3 for other in units):  # the points may be one
                units.append(unit)
    presses = state.memory.get("presses", ())
    return state.remembering(
        bans=(*bans, *((centre_bytes(unit), radius) for unit in units)),
        presses=((*presses, len(units)) if units else presses) or None,
    )


def _take_unban(path: Path, state: PathState, _: Now, __: Here, ___: Data) -> PathState:
    """Lift what the newest press banned; of bans from a file, the last one."""
    bans, presses = bans_of(path, state), state.memory.get("presses", ())
    if not bans:
        return state
    left = bans[: max(len(bans) - (presses[-1] if presses else 1), 0)]
    return state.remembering(bans=left, presses=presses[:-1] or None)


def _take_clear(path: Path, state: PathState, _: Now, __: Here, ___: Data) -> PathState:
    """Lift all bans."""
    if not bans_of(path, state):
        return state
    return state.remembering(bans=(), presses=None)


def _write(bans: tuple[Ban, ...]) -> Any:
    return [[base64.b64encode(centre).decode("ascii"), radius] for centre, radius in bans]


def _read(path: Path, data: Any) -> tuple[Ban, ...] | None:
    found = []
    for text, radius in data:
        centre = base64.b64decode(text, validate=True)
        if len(centre) != 4 * path.size:
            return None
        row = np.frombuffer(centre, "<f4")
        if not (np.isfinite(row).all() and (row != 0.0).any() and 0.0 < radius <= math.pi / 2):
            raise ValueError("not a state snapshot: a ban is out of reason")
        found.append((centre, float(radius)))
    return tuple(found)


BAN = Modifier(
    "ban",
    _apply,
    wakes=("bans",),
    fits=is_angular,
    begins_awake=lambda path: bool(path.past.bans),
    part=Part(
        settings=(
            trigger("ban", "Never again: nothing comes near to where it is now."),
            trigger("unban", "Lifts the newest ban."),
            trigger("clear_bans", "Lifts all bans."),
            Setting(
                "ban_radius", "How near is too near, for the next ban.", 0.35, 0.02, 1.2, "rad"
            ),
        ),
        events={
            "ban": Change(_take_ban, "blend", flights=2.5),
            "unban": Change(_take_unban, "blend", flights=0.0),
            "clear_bans": Change(_take_clear, "blend", flights=0.0),
        },
        memory={
            "bans": Kept(_write, _read),
            "presses": Kept(list, lambda _, data: tuple(map(int, data)) or None),
        },
    ),
)
