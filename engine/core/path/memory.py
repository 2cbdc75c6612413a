"""Memories of a trajectory: bans, visits, dropped keys, a drag offset, a transition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.latent.geometry import Vector

Ban = tuple[bytes, float]
"""Direction of its centre (see `engine.core.latent.caps.centre_bytes`) and radius in radians."""


@dataclass(frozen=True, slots=True, eq=False)
class Visits:
    """Visited directions.

    Parameters
    ----------
    centres
        Directions [shape=(N, D)], float16, as they are kept.
    weights
        Visits that each stands for [shape=(N,)].
    fresh
        Newest visits, oldest first [shape=(F, D)], float16.
    arriving
        How many of the last centres came with the newest visit: they fade in until the next.
    leaving
        How many of the first ones have become part of others: they fade out meanwhile.
    since
        Tick of motion of the newest visit.
    """

    centres: NDArray[np.float16]
    weights: NDArray[np.float64]
    fresh: NDArray[np.float16]
    arriving: int = 0
    leaving: int = 0
    since: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What a path begins with, from the files that the show names; None: it names none.

    `bans_file` and `journal` are those that are written while it plays; `problems` say which could
    not be read.
    """

    bans: tuple[Ban, ...] | None = None
    visits: Visits | None = None
    bans_file: str = ""
    journal: str = ""
    problems: tuple[str, ...] = ()


NO_PAST = Past()


class Transition(NamedTuple):
    """Where a path was when what turns it changed at once; it flies over, in the time of a jump.

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


class DroppedKey(NamedTuple):
    """A dropped key: its index among the keys then, its time in knots, its coordinates."""

    at: int
    time: float
    latent: Vector


@dataclass(frozen=True, slots=True, eq=False)
class DroppedKeys:
    """Keys that were dropped, the oldest first.

    `is_alone` says that the show lists none and the path did not go through keys: then they are
    all its keys, without the seeds that stand in for missing ones.
    """

    keys: tuple[DroppedKey, ...]
    is_alone: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Pull:
    """A drag offset on its spring.

    Parameters
    ----------
    place, speed
        Displacement and its speed per second at tick `since` [shape=path.shape].
    goal
        Where it goes [shape=path.shape]; None: back to nothing.
    omega
        Of the spring, in 1/s.
    since
        Tick of motion of the newest pull or release.
    """

    place: Vector
    speed: Vector
    goal: Vector | None
    omega: float
    since: int
