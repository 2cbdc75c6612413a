"""The trajectory model: its parameters, its state, the time it is asked at, and its parts.

A trajectory is made of motions (where it moves by itself) and modifiers (what turns it), each one
record in a table. A record brings its own settings, events and memory; what follows from all of
them together is a path's `Parts`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.latent.examples import Examples
from engine.core.latent.geometry import Vector
from engine.core.latent.manifold import AnyChart
from engine.core.path.memory import NO_PAST, Past
from engine.core.path.setting import Setting
from engine.core.track.track import Written

Values = Sequence[float]
"""Effective values of all parameters."""
Rows = list[Vector]
"""Coordinates of each point of a path [shape=(D,) each]."""
Data = tuple[float, ...]
Here = Callable[[], Vector]
"""Gives where the path is now, in coordinates [shape=path.shape]."""


class Key(NamedTuple):
    """One keyframe: of a seed, or a latent in coordinates [shape=path.shape]; its time in knots."""

    seed: int = 0
    latent: Vector | None = None
    time: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ListedKeys:
    """Keyframes that a show lists; all of them have times, or none."""

    keys: tuple[Key, ...] = ()


NO_KEYS = ListedKeys()


class Now(NamedTuple):
    """When trajectories are asked where they are, and all that holds then.

    Parameters
    ----------
    values
        Effective values of all parameters.
    unfrozen_s
        Show time without the frozen stretches.
    dt
        Seconds of it since the state's tick.
    steer
        Both steering axes in radians.
    tick
        Tick of motion: the state's tick less the frozen ones.
    steer_rest
        Where the steering axes come to rest; only events know it.
    fade
        What the fader between two cues is at.
    """

    seed: int
    values: Values
    unfrozen_s: float
    dt: float
    steer: tuple[float, float]
    control_hz: float
    tick: int
    steer_rest: tuple[float, float] = (0.0, 0.0)
    fade: float = 0.0


class Extent(NamedTuple):
    """What there is of a path: from `start`, `length` knots; endless if that is 0."""

    start: float
    length: float
    is_closed: bool


class Change(NamedTuple):
    """What an event does to a path.

    Parameters
    ----------
    take
        (path, its state, now, here, data) → its next state; the same one if nothing changes.
    transition
        How the path comes to where it is then: ``cut`` at once · ``jump``: it flies, as after a
        jump, because it is led elsewhere · ``blend``: it flies, because what turns it has changed.
    lengths
        How many numbers the event may bring; None: any.
    text
        One sentence for people; a trigger has that of its setting.
    flights
        What it costs, in flights of a path. What only takes away costs little: when the path flies
        because of it, somebody has paid for what it takes away.
    """

    take: Callable[[Path, PathState, Now, Here, Data], PathState]
    transition: Literal["cut", "jump", "blend"] = "cut"
    lengths: Callable[[Path], tuple[int, ...]] | None = None
    text: str = ""
    flights: float = 1.0


class Kept(NamedTuple):
    """How something that a path remembers is written as JSON-ready data, and read back.

    The reader gives None for what does not fit the path any more (an edited show), and raises
    ValueError or TypeError for what is no such data.
    """

    write: Callable[[Any], Any]
    read: Callable[[Path, Any], Any]


class Part(NamedTuple):
    """What a motion, a modifier or the timing of a path brings along.

    Parameters
    ----------
    events
        By name: of a trigger, that of its setting; else of an event ``/layer/ID/path/NAME``.
    memory
        By name: what it remembers, in `PathState.memory` and in snapshots.
    vectors
        By name: settings that one message sets together, in order.
    """

    settings: tuple[Setting, ...] = ()
    events: Mapping[str, Change] = {}
    memory: Mapping[str, Kept] = {}
    vectors: Mapping[str, tuple[str, ...]] = {}


class Motion(NamedTuple):
    """A way to move.

    Parameters
    ----------
    name
        As the show file and the parameter ``motion`` have it.
    move
        (path, its state, now, phase) → coordinates [shape=path.shape].
    period
        (path, values) → knots after which it repeats; 0: never.
    extent
        (path, its state, values) → where it begins and ends; None: it has its period.
    closes
        Setting that says whether its end leads back to its beginning; empty: it does.
    is_keyed
        It goes through keys: a jump is a step of one key.
    is_still
        It does not move by itself.
    """

    name: str
    move: Callable[[Path, PathState, Now, float], Vector]
    period: Callable[[Path, Values], float] = lambda _, __: 0.0
    extent: Callable[[Path, PathState, Values], Extent] | None = None
    closes: str = ""
    is_keyed: bool = False
    is_still: bool = False
    part: Part = Part()


def is_angular(path: Path) -> bool:
    """Whether a path's coordinates are directions that can be turned."""
    return path.geometry != "affine2d"


class Modifier(NamedTuple):
    """What turns a path that is led somewhere.

    Parameters
    ----------
    apply
        (path, its state, now, rows) → rows; the very same ones where it does nothing.
    wakes
        Settings and memories: while all of them are 0 or missing, it is not applied at all. Empty:
        it always is.
    fits
        Whether a path can have it.
    begins_awake
        Whether a path begins with something that it acts by.
    leads
        It is part of where the path itself leads, before anybody turns it: jumps leave from there.
    remember
        (path, its state, now, here) → its next state, on every tick on which it is awake.
    """

    name: str
    apply: Callable[[Path, PathState, Now, Rows], Rows]
    wakes: tuple[str, ...] = ()
    fits: Callable[[Path], bool] = is_angular
    begins_awake: Callable[[Path], bool] = lambda _: False
    leads: bool = False
    remember: Callable[[Path, PathState, Now, Here], PathState] | None = None
    part: Part = Part()


class Parts(NamedTuple):
    """All that trajectories can be made of, see `engine.core.trajectory.parts`."""

    motions: tuple[Motion, ...] = ()
    modifiers: tuple[Modifier, ...] = ()
    settings: tuple[Setting, ...] = ()
    events: Mapping[str, Change] = {}
    memory: Mapping[str, Kept] = {}
    vectors: Mapping[str, tuple[str, ...]] = {}


NO_PARTS = Parts()


Apply = Callable[["Path", "PathState", Now, Rows], Rows]


class Step(NamedTuple):
    """A modifier of one path: the places and memories that wake it; no places: it is awake."""

    apply: Apply
    places: tuple[int, ...] | None
    memories: frozenset[str]


class Chain(NamedTuple):
    """Modifiers of one path in order.

    While nothing is remembered and the values at all `places` are 0, only those `always` awake
    have anything to do.
    """

    steps: tuple[Step, ...]
    places: tuple[int, ...]
    always: tuple[Apply, ...]


def make_chain(at: Mapping[str, int], listed: Sequence[tuple[Modifier, bool]]) -> Chain:
    """Make a chain of modifiers, each with whether a path begins with it awake."""
    steps = []
    for modifier, is_awake in listed:
        places = tuple(at[name] for name in modifier.wakes if name in at)
        is_on = any(s.default for s in modifier.part.settings if s.name in modifier.wakes)
        asleep = None if is_awake or is_on or not modifier.wakes else places
        steps.append(Step(modifier.apply, asleep, frozenset(modifier.wakes)))
    return Chain(
        tuple(steps),
        tuple(place for step in steps for place in step.places or ()),
        tuple(step.apply for step in steps if step.places is None),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """One trajectory: the places of its parameters and the port that it feeds.

    `name` is its randomness key, `size` the number of latent components, `seeds` the keyframes of
    the ``keys`` motion. With `points` above 1 it moves as many latents, each its own way. `chart`
    turns its coordinates into what the port takes; `at` gives the places of the parameters that its
    `parts` declare; `examples` are those of the ``map`` motion, `inputs` the places of its
    controllers. `pictures` are keys whose latents are still to be found, `invert` is what the
    trigger of that name inverts, `freezes` are rows that freeze together and the place of how much.
    The other fields are places in the registry (`spread` -1: one point). `leading` and `turning`
    are its modifiers in order: those that lead it, and those that turn what is led.
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
    examples: Examples | None = None
    inputs: tuple[int, ...] = ()
    geometry: str = "gaussian"
    keys: ListedKeys = NO_KEYS
    past: Past = NO_PAST
    pictures: tuple[str, ...] = ()
    invert: str = ""
    freezes: tuple[tuple[tuple[int, ...], int], ...] = ()
    parts: Parts = NO_PARTS
    leading: Chain = field(init=False, repr=False)
    turning: Chain = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name, leads in (("leading", True), ("turning", False)):
            there = [m for m in self.parts.modifiers if m.leads == leads and m.fits(self)]
            chain = make_chain(self.at, [(m, m.begins_awake(self)) for m in there])
            object.__setattr__(self, name, chain)

    def motion_of(self, values: Values) -> Motion:
        """How it moves."""
        return self.parts.motions[int(values[self.motion])]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of its latents: (size,), or of several points (points, size)."""
        return (self.size,) if self.points == 1 else (self.points, self.size)


NOTHING: Mapping[str, Any] = {}
"""What a path remembers at first."""


class PathState(NamedTuple):
    """Where a trajectory is; a tuple, because every tick makes one.

    `phase` in knots, with the speed that holds until the next tick; after a jump, `origin` is the
    latent that it left at tick of motion `left`, and `place` the number of jumps so far; `memory`
    is what its parts remember, by name.
    """

    phase: float = 0.0
    speed: float = 0.0
    place: int = 0
    left: int = -1
    origin: NDArray[np.float64] | None = None
    memory: Mapping[str, Any] = NOTHING

    def remembering(self, **changes: Any) -> PathState:
        """Make the state that remembers something else; what is None is forgotten."""
        memory = {**self.memory, **changes}
        return self._replace(memory={k: v for k, v in memory.items() if v is not None})
