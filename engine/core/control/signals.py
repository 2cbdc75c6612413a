"""Signals from outside: audio features and named numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.event import Event, Value
from engine.core.parameter import to_float
from engine.core.show.show import Show

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
