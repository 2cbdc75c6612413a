"""Low-frequency oscillators, and all signals at a moment between ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable

from engine.core.control.transport import spans
from engine.core.curves import swung
from engine.core.rng import gaussian
from engine.core.show.controls import Lfo
from engine.core.show.show import Show
from engine.core.show.state import State


def wave(lfo: Lfo, phase: float, seed: int) -> float:
    """Value of an oscillator in [0, 1] at a phase in cycles.

    ``sine`` starts at 0.5 and rises; ``noise`` is smooth, ``steps`` holds one value a cycle, and
    both depend on the seed, the oscillator's ID and the phase only.
    """
    x, name = phase - math.floor(phase), lfo.wave
    if name == "sine":
        return 0.5 + 0.5 * math.sin(2.0 * math.pi * x)
    if name == "triangle":
        return 1.0 - abs(2.0 * x - 1.0)
    if name == "saw":
        return x
    if name == "square":
        return 1.0 if x < lfo.width else 0.0
    knot = math.floor(phase)
    a = _level(seed, lfo.id, knot)
    if name == "noise":
        b = _level(seed, lfo.id, knot + 1)
        a += (b - a) * x * x * (3.0 - 2.0 * x)
    return 0.5 + 0.5 * a


def _level(seed: int, key: str, knot: int) -> float:
    return math.erf(float(gaussian(seed, key, knot, 1)[0]) / math.sqrt(2.0))


def lfo_phase(state: State, place: int, dt: float, lfo: Lfo) -> float:
    """Phase of an oscillator in cycles, `dt` seconds after the state's tick."""
    if lfo.beats > 0.0:
        found = beat_at(state, dt) / lfo.beats
    else:
        phase, rate = state.lfos[place]
        found = phase + rate * dt
    return swung(found, lfo.swing) + lfo.phase


def beat_at(state: State, dt: float) -> float:
    """Beats since the start, `dt` seconds after the state's tick."""
    return state.transport.beat + state.transport.bpm / 60.0 * dt


def signals_at(
    show: Show, state: State, dt: float, lfos: Iterable[int] | None = None
) -> list[float]:
    """Signals between ticks: what comes from outside holds, beats and these oscillators go on."""
    signals: list[float] = state.signals.tolist()
    beat = beat_at(state, dt)
    for place, beats in zip(show.beat[::2], spans(show, state), strict=True):
        signals[place] = beat / beats - math.floor(beat / beats)
    if not state.is_still:
        for place in range(len(show.lfos)) if lfos is None else lfos:
            lfo = show.lfos[place]
            phase = lfo_phase(state, place, dt, lfo)
            signals[lfo.signal] = wave(lfo, phase, show.seed)
    return signals
