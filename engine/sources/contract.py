"""Contract of a source: what sends events into a show, such as OSC, sound or MIDI.

A source is one Python file: on this shelf, in a folder of it, or in an installed package that names
it under the entry points ``latent_cinema.sources``. Its kind, in ``[[sources]]`` of a show, is the
file's name (of an entry point: its name). `silence` is the smallest one; copy it. The file has

``Config``
    A frozen dataclass whose fields are the keys of ``config`` in the show, with their defaults.
    A field ``host`` is what it listens on: the show's is not taken, the operator's is (see below).
``ADDRESSES``
    What it may write: addresses, and with a ``/`` at the end everything below. ``("/",)`` is all
    that a show declares. What the engine makes itself (``/signal/audio``) has to be named in full.
    An event beyond that is refused and counted.
``open(config, now_ns)``
    Opens it without waiting for a device, and returns a `Source`. `now_ns` is the clock that stamps
    arrivals. OSError or ValueError, with one sentence, if it cannot be opened.
``decode(data)``
    Where bytes arrive from outside: a pure function from bytes to messages, so that it can be
    tested with any bytes. It never raises.
``NAME``
    Optional: what takes and messages call it, instead of its kind.

An open source may have more, which is used where it is there: ``tend(now_s)``, called before each
poll; ``state``, a phrase (when it begins with ``lost`` or ``no device`` the operator is told once);
``warning``, a sentence for the operator when it opens; ``refused``, a count of what it left out
itself, and ``refusals()``, what of that is to be said since it was last asked: (address, why);
``facts``, a dict of what its part of the stats file says beside;
``wall_ns``, which is given the clock of the day, in nanoseconds since 1970;
``hears``, whether it is to know who sent what, which ``came(items)`` then tells: host → addresses;
``delay_ns``, which is given the delay that the show asks for, if the source itself knows what of
that has a time already (else the host delays everything);
``samples()`` and ``rate_hz``, sound that a take records; ``keep_time(beat)``, which is told the
beat of the show once a frame (`engine.core.tempo.sync.Beat`), to send it on.

A source of things that hands move (keys, knobs, faders, sticks) knows no addresses. It has
``moved(max_items)`` instead of or beside what it polls: what was moved since it was last asked, in
order and without waiting, as `Moved`; the player turns it into events by the mappings of the show
and of the user. It may have ``show(device, control, value)``: light that control, or move its
motor, to a value as `Moved` has it, without waiting; a control that shows nothing ignores it;
``write(device, data)``: send it bytes, such as those that wake its lights; and
``devices()``, the names of what is plugged in now.

No show opens the network: a source listens on this machine only (127.0.0.1), unless the operator
says another host with ``--osc HOST:PORT``, which then is the host of every source that has one. One
that cannot keep to this machine names in ``ASKS`` the option by which the operator allows it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol, Self

from engine.core.event import Value

Item = tuple[int, str, Value]
"""Arrival in nanoseconds, address, value."""

EVERYTHING = ("/",)


class Moved(NamedTuple):
    """A control that a hand has moved.

    Parameters
    ----------
    arrival_ns
        On the clock that `open` was given.
    device
        Name of the device, as the system has it.
    control
        Which of its controls, as text: ``midi/1/cc/16``, ``gamepad/1/axis/left_x``, ``key/a``.
    value
        0..1 (a button that is let go is 0), and -1..1 of what rests in the middle: a stick, the
        pitch wheel.
    """

    arrival_ns: int
    device: str
    control: str
    value: float


class Source(Protocol):
    """An open source: a context manager that is polled once a frame, from one thread."""

    def poll(self, max_items: int) -> Iterable[Item]:
        """Take what has arrived, in order and without waiting, at most so much of it."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...  # fmt: skip


class Origin(NamedTuple):
    """Who sends an event.

    Parameters
    ----------
    name
        Orders events of one tick, and is what a take says.
    addresses
        What it may write, see ``ADDRESSES``.
    """

    name: str
    addresses: tuple[str, ...] = EVERYTHING

    def may_write(self, address: str) -> bool:
        """Whether it declares an address."""
        for each in self.addresses:  # a loop: every message asks
            if address.startswith(each) if each.endswith("/") else address == each:
                return True
        return False
