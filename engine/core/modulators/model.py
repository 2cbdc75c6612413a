"""What a modulator is: a kind, what it hears, and what it remembers from tick to tick."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from engine.core.expressions import Names
from engine.core.path.setting import Setting

Memory = tuple[float, ...]
REQUIRED = object()
"""Default of a key that has to be given."""


class ModulatorState(NamedTuple):
    """What a modulator remembers, and its settings that hold until the next tick."""

    memory: Memory
    held: Memory


class Moment(NamedTuple):
    """When it is asked: seconds since the tick of its state, and the beat."""

    dt: float
    beat: float


class Key(NamedTuple):
    """A key of a show that is no parameter: a list, a text, a number that stays as it is."""

    name: str
    type: Any
    default: Any = REQUIRED


class Heard(NamedTuple):
    """What a modulator hears, as places of signals, and what its keys come to."""

    signals: tuple[int, ...]
    data: Any = None


Reader = Callable[[Mapping[str, Any], Names], Heard]
At = Callable[["Modulator", ModulatorState, Sequence[float], Moment], float]
Step = Callable[["Modulator", ModulatorState, Sequence[float], Moment], Memory]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of modulator; see `engine.core.modulators.table`.

    Parameters
    ----------
    name
        Of the kind; each key of it is written beside that name.
    at
        Its value `dt` seconds after a tick: a closed form of what it remembered and hears then.
    step
        What it remembers on a tick, given what it remembered on the tick before, `dt` seconds ago
        (0 on the first). None: it remembers nothing.
    signals
        Keys that name a signal or an address each, with their defaults.
    settings
        Parameters ``/mod/ID/NAME``; one that `is_timing` is multiplied by ``/master/speed``.
    keys, read
        Further keys · what these say. Raises ValueError: ``key: what is wrong``.
    first
        What it remembers before the first tick.
    is_pulse
        Whether it is high for one tick only.
    """

    name: str
    at: At
    step: Step | None = None
    signals: tuple[Key, ...] = ()
    settings: tuple[Setting, ...] = ()
    keys: tuple[Key, ...] = ()
    read: Reader | None = None
    first: Callable[[Modulator], Memory] = lambda _: ()
    is_pulse: Callable[[Modulator], bool] = lambda _: False


@dataclass(frozen=True, slots=True)
class Modulator:
    """A modulator of a show.

    Parameters
    ----------
    signal
        Place of its own signal, ``mod/ID``.
    hears
        Places of the signals that it hears; -1 for one that is not given.
    settings
        Place of each setting among the parameters, and whether ``/master/speed`` is a factor.
    """

    id: str
    kind: Kind
    signal: int
    hears: tuple[int, ...]
    settings: tuple[tuple[int, bool], ...]
    seed: int
    data: Any = None


def signal(name: str = "signal", default: Any = REQUIRED) -> Key:
    """Make a key that names a signal."""
    return Key(name, str, default)


def is_open(signals: Sequence[float], place: int) -> bool:
    """Whether a gate is open: from 0.5 on."""
    return place >= 0 and signals[place] >= 0.5


def held(_mod: Modulator, state: ModulatorState, _signals: Sequence[float], _now: Moment) -> float:
    """What was remembered first, from tick to tick: the value of kinds that act on ticks."""
    return state.memory[0]
