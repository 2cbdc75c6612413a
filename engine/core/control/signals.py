"""Signals from outside: audio features, named numbers; pulses, held until a frame has seen them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.event import Event, Value
from engine.core.parameter import to_float
from engine.core.show.show import Show
from engine.core.show.state import State

LARGEST_SIGNAL = 1e9  # beyond it the arithmetic of a route would lose its way to infinity


def finite(value: Value) -> float:
    """Read a number; what is none, or is out of reason, is 0."""
    if isinstance(value, (str, tuple)):
        return 0.0
    number = to_float(value)
    return number if abs(number) <= LARGEST_SIGNAL else 0.0


def receive_signal(show: Show, signals: NDArray[np.float64], event: Event) -> None:
    """Take a signal event: the audio vector, or one named signal."""
    name, value = event.address[len("/signal/") :], event.value
    if name == "audio" and isinstance(value, tuple):
        pairs = list(zip(show.audio, value, strict=False))
    elif name in show.signal_of and isinstance(value, (bool, int, float)):
        pairs = [(show.signal_of[name], to_float(value))]
    else:
        return
    for place, number in pairs:
        if place < 0 or number != number:
            continue
        if not -LARGEST_SIGNAL <= number <= LARGEST_SIGNAL:
            number = min(max(number, -LARGEST_SIGNAL), LARGEST_SIGNAL)
        # Two analysis hops may fall on one tick: an onset in either of them is an onset.
        signals[place] = max(signals[place], number) if place in show.pulses else number


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
