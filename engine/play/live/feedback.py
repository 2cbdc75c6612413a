"""Feedback: what changed goes to whoever shows it, such as faders on a phone, lamps, a browser."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.core.event import Value
from engine.core.frame.values import ramped
from engine.core.parameter import Kind
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.play.event_queue import FRAMES_KNOWN

MOST_PER_FRAME = 64
"""Parameters told to one sink in one frame; the rest follows in the next."""


class Sink(Protocol):
    """Whoever is told values. It neither waits nor keeps what it is told for long.

    Beside this it may have ``begin(show)``, called before the values of a show that begins, which
    returns sentences for the operator; ``flush()``, called after the last value of every frame;
    ``most_per_frame``, if it takes more than `MOST_PER_FRAME`; and ``close()``.

    Attributes
    ----------
    kind
        Source whose values it is not told, because whoever listens here sent them; may be empty.
    """

    kind: str

    def send(self, address: str, value: Value) -> None:
        """Take a value: a number, the word of a choice, or the numbers of a vector."""


class Feedback:
    """Tells each sink all values when it joins or a show begins, and then what changes."""

    def __init__(self, notify: Callable[[str], None]) -> None:
        self._notify = notify
        self._told: list[_Told] = []

    @property
    def kinds(self) -> frozenset[str]:
        """Sources whose arrivals `send` has to know."""
        return frozenset(told.sink.kind for told in self._told)

    def add(self, sink: Sink) -> None:
        """Tell a sink from now on."""
        self._told.append(_Told(sink))

    def remove(self, sink: Sink) -> None:
        """Tell it no more, and close it."""
        self._told = [told for told in self._told if told.sink is not sink]
        with suppress(Exception):
            getattr(sink, "close", lambda: None)()

    def send_all(self, sink: Sink | None = None) -> bool:
        """Tell everything again, to one or to all: who listens came late, or lost something.

        Returns
        -------
        bool
            Whether anybody outside is told.
        """
        for told in self._told:
            if sink is None or told.sink is sink:
                told.show = None
        return any(told.sink.kind for told in self._told)

    def send(self, show: Show, state: State, arrived: Mapping[str, Iterable[str]]) -> None:
        """Tell what changed since the last frame.

        Parameters
        ----------
        arrived
            Kind of a source → addresses that came from it since then.
        """
        if not self._told:
            return
        values = ramped(show, state, max(state.tick, 0) / float(show.control_hz))
        for told in tuple(self._told):
            try:
                if told.show is not show and hasattr(told.sink, "begin"):
                    for text in told.sink.begin(show):
                        self._notify(text)
                told.send(show, values, arrived.get(told.sink.kind, ()))
            except Exception as error:  # noqa: BLE001 - a device, a browser: the show goes on
                self._notify(f"feedback to {told.sink.kind or 'a listener'} ends: {error}")
                self.remove(told.sink)

    def close(self) -> None:
        """Close every sink."""
        for told in tuple(self._told):
            self.remove(told.sink)


class _Told:
    """A sink and what it was told."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.show: Show | None = None
        self._sent: NDArray[np.float64] = np.zeros(0)
        self._vectors: dict[tuple[int, ...], str] = {}
        self._arrived: deque[set[int]] = deque(maxlen=FRAMES_KNOWN)
        self._most = getattr(sink, "most_per_frame", MOST_PER_FRAME)

    def send(self, show: Show, values: NDArray[np.float64], arrived: Iterable[str]) -> None:
        """Tell it what it does not know; of a show that begins, everything."""
        if show is not self.show:
            self.show, self._sent = show, np.full(len(show.registry.parameters), np.nan)
            self._vectors = _vectors(show)
        self._arrived.append({place for address in arrived for place in _places(show, address)})
        known: set[int] = set().union(*self._arrived)
        moved: set[int] = set()
        for place in np.flatnonzero(values != self._sent).tolist():
            if place not in known and place not in show.triggers:
                if len(moved) == self._most:
                    break
                moved.add(place)
                self._send(show, place, float(values[place]))
            self._sent[place] = values[place]
        for places, address in self._vectors.items() if moved else ():
            if not moved.isdisjoint(places):
                self.sink.send(address, tuple(values[list(places)].tolist()))
        if hasattr(self.sink, "flush"):
            self.sink.flush()

    def _send(self, show: Show, place: int, value: float) -> None:
        parameter = show.registry.parameters[place]
        is_word = parameter.kind is Kind.CHOICE
        self.sink.send(parameter.address, parameter.choices[int(value)] if is_word else value)


def _places(show: Show, address: str) -> tuple[int, ...]:
    """Places that an address writes."""
    place = show.registry.index.get(address)
    return show.registry.groups.get(address, ()) if place is None else (place,)


def _vectors(show: Show) -> dict[tuple[int, ...], str]:
    """Places of each vector, and its first address."""
    return {places: name for name, places in reversed([*show.registry.groups.items()])}
