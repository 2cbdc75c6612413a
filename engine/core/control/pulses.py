"""Pulses: signals that are high for one tick, held until a frame has seen them."""

from __future__ import annotations

from engine.core.show.show import Show
from engine.core.show.state import State

Held = dict[str, float]
"""Name of a pulse → the highest that it was since a frame, or a picture step, was sampled."""


def hold_pulses(show: Show, state: State, held: Held) -> None:
    """Add the pulses of a tick; a frozen show hears none."""
    if state.is_still:
        return
    for place in show.pulses:
        value, name = float(state.signals[place]), show.signals[place]
        if value > held.get(name, 0.0):
            held[name] = value


def with_pulses(show: Show, state: State, held: Held) -> State:
    """The state as who samples it sees it: the very same one where nothing is held."""
    if not held:
        return state
    signals = state.signals.copy()
    for name, value in held.items():
        place = show.signal_of[name]
        signals[place] = max(signals[place], value)
    return state._replace(signals=signals)
