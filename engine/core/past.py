"""What a trajectory has behind it: banned places, traces of visits, the seam it crosses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from engine.core.geometry import Vector
from engine.core.patina import Traces

Ban = tuple[bytes, float]
"""Direction of its centre (see `avoid.centre_bytes`) and radius in radians."""


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What a path begins with, from the files that the show names; None: it names none.

    `bans_file` and `journal` are those that are written while it plays; `problems` say which could
    not be read.
    """

    bans: tuple[Ban, ...] | None = None
    traces: Traces | None = None
    bans_file: str = ""
    journal: str = ""
    problems: tuple[str, ...] = ()


NO_PAST = Past()


class Seam(NamedTuple):
    """Where a path was when what leads it changed at once; it flies over, in the time of a jump.

    Parameters
    ----------
    origin
        Its coordinates then [shape=path.shape].
    left
        Tick of motion.
    firm
        How many of its bans held already: they hold on the way, too.
    """

    origin: Vector
    left: int
    firm: int
