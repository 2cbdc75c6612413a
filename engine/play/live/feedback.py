"""OSC feedback of changed parameters and vectors to controllers, at most a few per frame."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from engine.core.frame.values import ramped
from engine.core.parameter import Kind
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.sources.osc import osc, sender

MOST_PER_FRAME = 64


class Feedback:
    """Sends values by OSC to one address; what came from OSC itself is not echoed.

    Parameters
    ----------
    endpoint
        ``HOST:PORT``.

    Raises
    ------
    ValueError
        If it is none.
    """

    kind = "osc"
    """Source whose values are not sent back."""

    def __init__(self, endpoint: str) -> None:
        self._sender = sender.open(*osc.parse_endpoint(endpoint))
        self._show: Show | None = None
        self._sent = np.zeros(0)
        self._vectors: dict[tuple[int, ...], str] = {}
        self._arrived: set[int] = set()

    def send_all(self) -> None:
        """Send everything again: whoever listens has come later, or lost something."""
        self._sent[:] = np.nan

    def send(self, show: Show, state: State, arrived: Iterable[str]) -> None:
        """Send what changed since the last frame; of a show that begins, everything.

        Parameters
        ----------
        arrived
            Addresses that came by OSC since then: their sender knows the value.
        """
        if show is not self._show:
            self._show, self._sent = show, np.full(len(show.registry.parameters), np.nan)
            self._vectors = _vectors(show)
        values = ramped(show, state, max(state.tick, 0) / float(show.control_hz))
        # A value that came by OSC is in force from the next tick on: it is not sent back then.
        fresh = {place for address in arrived for place in _places(show, address)}
        known, self._arrived = self._arrived | fresh, fresh
        moved: set[int] = set()
        for place in np.flatnonzero(values != self._sent).tolist():
            if place not in known and place not in show.triggers:
                if len(moved) == MOST_PER_FRAME:
                    break
                moved.add(place)
                self._send(show, place, float(values[place]))
            self._sent[place] = values[place]
        for places, address in self._vectors.items():
            if not moved.isdisjoint(places):
                self._sender.send(address, tuple(values[list(places)].tolist()))

    def _send(self, show: Show, place: int, value: float) -> None:
        parameter = show.registry.parameters[place]
        is_word = parameter.kind is Kind.CHOICE
        self._sender.send(parameter.address, parameter.choices[int(value)] if is_word else value)

    def close(self) -> None:
        """Close the socket."""
        self._sender.close()


def _places(show: Show, address: str) -> tuple[int, ...]:
    """Places that an address writes."""
    place = show.registry.index.get(address)
    return show.registry.groups.get(address, ()) if place is None else (place,)


def _vectors(show: Show) -> dict[tuple[int, ...], str]:
    """Places of each vector, and its first address."""
    return {places: name for name, places in reversed([*show.registry.groups.items()])}
