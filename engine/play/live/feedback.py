"""OSC feedback of changed parameters to controllers, at most a few per frame."""

from __future__ import annotations

from collections.abc import Iterable

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
        self._sent: dict[str, float] = {}
        self._arrived: set[str] = set()

    def send(self, show: Show, state: State, arrived: Iterable[str]) -> None:
        """Send what changed since the last frame.

        Parameters
        ----------
        arrived
            Addresses that came by OSC since then: their sender knows the value.
        """
        seconds = max(state.tick, 0) / float(show.control_hz)
        values: list[float] = ramped(show, state, seconds).tolist()
        if not self._sent:
            self._sent = dict.fromkeys((p.address for p in show.registry.parameters), float("nan"))
        # A value that came by OSC is in force from the next tick on: it is not sent back then.
        fresh = set(arrived)
        known, self._arrived = self._arrived | fresh, fresh
        left = MOST_PER_FRAME
        for parameter, value in zip(show.registry.parameters, values, strict=True):
            address = parameter.address
            if self._sent.get(address) == value or parameter.kind is Kind.TRIGGER:
                continue
            if address not in known:
                if left == 0:
                    continue
                left -= 1
                is_word = parameter.kind is Kind.CHOICE
                self._sender.send(address, parameter.choices[int(value)] if is_word else value)
            self._sent[address] = value

    def close(self) -> None:
        """Close the socket."""
        self._sender.close()
