"""The parts of trajectories: what the tables of motions and modifiers make together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from engine.core.modifiers import table as modifiers
from engine.core.motions import table as motions
from engine.core.path.model import Change, Kept, Parts
from engine.core.path.setting import Setting
from engine.core.path.speed import TIMING

T = TypeVar("T")

RECORDED = (
    "teach", "forget", "spline", "tension", "closed", "ease", "turning", "period", "octaves",
    "wander", "centre", "beats", "beat_ratio", "drop_key", "take_key", "clear_keys",
    "centre_here", "snap", "magnet", "magnet_rad", "snap_rad", "pad", "pad_x", "pad_y", "push_1",
    "push_2", "push_3", "push_4", "push_5", "push_6", "push_7", "push_8", "push_seed", "glide_s",
    "limit", "pace", "ban", "unban", "clear_bans", "ban_radius", "patina", "patina_s", "even",
    "change", "invert", "release", "pull_s",
)  # fmt: skip
"""Settings in the order of the registry, so that recorded shows keep their places; what is not in
this list follows in the order of the tables."""


def make_parts() -> Parts:
    """Put the tables together, as they are now.

    Raises
    ------
    ValueError
        If two parts share a name.
    """
    settings: dict[str, Setting] = {}
    events: dict[str, Change] = {}
    memory: dict[str, Kept] = {}
    vectors: dict[str, tuple[str, ...]] = {}
    own = [m.part for m in motions.MOTIONS] + [m.part for m in modifiers.MODIFIERS]
    for part in (TIMING, *own):
        _join(settings, {setting.name: setting for setting in part.settings})
        _join(events, part.events)
        _join(memory, part.memory)
        _join(vectors, part.vectors)
    order = dict.fromkeys((*RECORDED, *settings))
    return Parts(
        motions.MOTIONS,
        modifiers.MODIFIERS,
        tuple(settings[name] for name in order if name in settings),
        events,
        memory,
        vectors,
    )


def _join(known: dict[str, T], more: Mapping[str, T]) -> None:
    twice = known.keys() & more.keys()
    if twice:
        raise ValueError(f"two parts of trajectories share the name '{min(twice)}'; rename one")
    known.update(more)
