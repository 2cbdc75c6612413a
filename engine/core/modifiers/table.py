"""The table of modifiers, in the order in which they turn a path: add a row for a new one."""

from __future__ import annotations

from engine.core.modifiers.ban import BAN
from engine.core.modifiers.drag import DRAG
from engine.core.modifiers.freeze import FREEZE
from engine.core.modifiers.keep_out import KEEP_OUT
from engine.core.modifiers.limiter import LIMIT
from engine.core.modifiers.magnet import MAGNET
from engine.core.modifiers.pace import PACE
from engine.core.modifiers.pad import PAD
from engine.core.modifiers.patina import PATINA
from engine.core.modifiers.push import PUSH
from engine.core.modifiers.steer import STEER
from engine.core.modifiers.transition import TRANSITION
from engine.core.modifiers.travel import TRAVEL
from engine.core.path.model import Modifier

MODIFIERS: tuple[Modifier, ...] = (
    PATINA, STEER, PUSH, PAD, DRAG, MAGNET, TRAVEL, BAN, TRANSITION, PACE, KEEP_OUT, LIMIT, FREEZE
)  # fmt: skip
