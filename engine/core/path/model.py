"""What a trajectory has behind it: banned places, traces of visits, the seam it crosses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.latent.geometry import Vector

if TYPE_CHECKING:
    pass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass
from dataclasses import field

from engine.core.latent.examples import Atlas
from engine.core.latent.manifold import AnyChart
from engine.core.path.arc_length import Table
from engine.core.track.track import Written

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


class Key(NamedTuple):
    """One keyframe: of a seed, or a latent in coordinates [shape=path.shape]; its time in knots."""

    seed: int = 0
    latent: Vector | None = None
    time: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Keyframes:
    """Keyframes that a show lists; all of them have times, or none."""

    keys: tuple[Key, ...] = ()


NO_KEYS = Keyframes()


class Drop(NamedTuple):
    """A dropped key: its index in the row as it was then, its time in knots, its coordinates."""

    at: int
    time: float
    latent: Vector


@dataclass(frozen=True, slots=True, eq=False)
class Dropped:
    """Keys that were dropped, the oldest first.

    `is_alone` says that the show lists none and the path did not go through keys: then they are
    the whole row, without the seeds that stand in for missing keys.
    """

    keys: tuple[Drop, ...]
    is_alone: bool = False


class Moment(NamedTuple):
    """When a path is told something.

    Parameters
    ----------
    seed
        Of the show.
    control_hz
        Ticks per second.
    tick
        Tick of motion: ticks less the frozen ones.
    steer, steer_rest
        Both steering axes in radians, now and where they come to rest.
    values
        Effective values of all parameters.
    coordinates
        Gives where the path is now, in coordinates [shape=path.shape].
    """

    seed: int
    control_hz: float
    tick: int
    steer: tuple[float, float]
    steer_rest: tuple[float, float]
    values: Sequence[float]
    coordinates: Callable[[], Vector]


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """Visited places.

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
class Pull:
    """A spring on its way.

    Parameters
    ----------
    place, speed
        Displacement and its speed per second when it was told last [shape=path.shape].
    goal
        Where it goes [shape=path.shape]; None: back to nothing.
    omega
        Of the spring, in 1/s.
    since
        Tick of motion at which it was told.
    """

    place: Vector
    speed: Vector
    goal: Vector | None
    omega: float
    since: int


MOTIONS = (
    "walk", "keys", "orbit", "still", "map", "loop", "drift", "noise", "opensimplex"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Path:
    """One trajectory: the places of its parameters and the port that it feeds.

    `name` is its randomness key, `size` the number of latent components, `seeds` the keyframes of
    the ``keys`` motion. With `points` above 1 it moves as many latents, each its own way. `chart`
    turns its coordinates into what the port takes; `at` gives the places of the parameters of
    `engine.core.trajectory.settings`; `atlas` holds the examples of the ``map`` motion, `inputs`
    the places of its controllers. `pictures` are keys whose latents are still to be found, `invert`
    is what the trigger of that name inverts, `freezes` are rows that freeze together and the place
    of how much. The other fields are places in the registry (`spread` -1: one point).
    """

    name: str
    port: str
    size: int
    seeds: tuple[int, ...]
    motion: int
    seed: int
    speed: int
    offset: int
    radius: int
    throw: int
    throw_seed: int
    steer: int
    jump: int
    jump_s: int
    points: int = 1
    spread: int = -1
    chart: AnyChart | None = None
    at: Mapping[str, int] = field(default_factory=dict)
    track: Written | None = None
    atlas: Atlas | None = None
    inputs: tuple[int, ...] = ()
    geometry: str = "gaussian"
    keys: Keyframes = NO_KEYS
    past: Past = NO_PAST
    pictures: tuple[str, ...] = ()
    invert: str = ""
    freezes: tuple[tuple[tuple[int, ...], int], ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of its latents: (size,), or of several points (points, size)."""
        return (self.size,) if self.points == 1 else (self.points, self.size)


@dataclass(frozen=True, slots=True)
class More:
    """What a trajectory has been told, see `engine.core.trajectory.events`; it seldom changes.

    `lessons` are examples of the ``map`` motion that were taught while it played, instead of those
    of its file. `keys` were dropped into its row of keys, `centre` is what it orbits "here";
    `is_relocating`: it makes good what it is off the beat by. `table` and `felt` tell how fast its
    picture changes, see `engine.core.path.speed`; `pull` is what a hand has pulled it by,
    `frozen` the rows of each group that is frozen, see `engine.core.modifiers.freeze`.
    """

    lessons: Atlas | None = None
    keys: Dropped | None = None
    centre: NDArray[np.float64] | None = None
    is_relocating: bool = False
    bans: tuple[Ban, ...] | None = None
    presses: tuple[int, ...] = ()
    traces: Traces | None = None
    seam: Seam | None = None
    steer_zero: tuple[float, float] = (0.0, 0.0)
    paced: tuple[NDArray[np.float64], int] | None = None
    corners: tuple[NDArray[np.float64] | None, ...] | None = None
    table: Table | None = None
    felt: tuple[float, float] | None = None
    pull: Pull | None = None
    frozen: tuple[NDArray[np.float64] | None, ...] | None = None


NOTHING = More()


@dataclass(frozen=True, slots=True)
class PathState:
    """Where a trajectory is.

    `phase` in knots, with the speed that holds until the next tick; after a jump, `origin` is the
    latent that it left at tick of motion `left`, and `place` the number of jumps so far; `more` is
    what it has been told.
    """

    phase: float = 0.0
    speed: float = 0.0
    place: int = 0
    left: int = -1
    origin: NDArray[np.float64] | None = None
    more: More = NOTHING
