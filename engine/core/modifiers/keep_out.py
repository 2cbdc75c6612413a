"""Projection out of bans of what a transition or the pace has brought into one."""

from __future__ import annotations

from engine.core.latent.caps import holes, project_out
from engine.core.modifiers.ban import bans_of
from engine.core.modifiers.pace import is_pacing
from engine.core.modifiers.transition import running
from engine.core.path.model import Modifier, Now, Path, PathState, Rows


def _apply(path: Path, state: PathState, now: Now, rows: Rows) -> Rows:
    """Of a transition, only bans that held before it and after it are kept out of."""
    known = running(path, state, now)
    if known is None and not is_pacing(path, state, now):
        return rows
    bans = bans_of(path, state)
    firm = holes(bans if known is None else bans[: known.firm])
    return [project_out(row, firm) for row in rows] if firm else rows


KEEP_OUT = Modifier("keep out", _apply, wakes=("seam", "paced"))
