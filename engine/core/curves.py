"""Named curves from [0, 1] to [0, 1], and smoothing that is exact in continuous time."""

from __future__ import annotations

import math
from collections.abc import Callable


def _smooth(x: float) -> float:
    return x * x * (3.0 - 2.0 * x)


def _step(x: float) -> float:
    return 1.0 if x >= 0.5 else 0.0


CURVES: dict[str, Callable[[float], float]] = {
    "linear": lambda x: x,
    "square": lambda x: x * x,
    "cube": lambda x: x * x * x,
    "root": math.sqrt,
    "smooth": _smooth,
    "smoother": lambda x: x * x * x * (x * (6.0 * x - 15.0) + 10.0),
    "exponential": lambda x: math.expm1(4.0 * x) / math.expm1(4.0),
    "logarithmic": lambda x: math.log1p(math.expm1(4.0) * x) / 4.0,
    "step": _step,
    "invert": lambda x: 1.0 - x,
}


EURO_SPEED_TAU_S = 1.0 / (2.0 * math.pi)
"""Time constant of the speed of a one-euro filter: a cut-off of 1 Hz, as the paper has it."""


def shape(curve: str, x: float) -> float:
    """Apply a named curve to `x`, clamped into [0, 1]."""
    x = 0.0 if x < 0.0 else 1.0 if x > 1.0 else x
    return x if curve == "linear" else CURVES[curve](x)


def swung(phase: float, swing: float) -> float:
    """Let every second cycle begin later: the first of two lasts ``1 + swing``, the other less.

    Parameters
    ----------
    phase
        In cycles.
    swing
        0 is even, 1/3 that of triplets; below 1.
    """
    if swing <= 0.0:
        return phase
    pair = math.floor(0.5 * phase)
    x, turn = 0.5 * phase - pair, 0.5 + 0.5 * swing
    inner = 0.5 * x / turn if x < turn else 0.5 + 0.5 * (x - turn) / (1.0 - turn)
    return 2.0 * (pair + inner)


def spring(
    position: float, velocity: float, goal: float, seconds: float, omega: float
) -> tuple[float, float]:
    """Let a critically damped spring move towards a goal that holds still: position and velocity.

    Exact: with ``y = x - g`` and ``j = v + omega y``, ``x = g + (y + j t) e^(-omega t)`` and
    ``v = (v - omega j t) e^(-omega t)``. Half way after 1.678 / omega seconds.

    Parameters
    ----------
    omega
        Angular frequency in 1/s, above 0.
    """
    offset = position - goal
    drive = velocity + omega * offset
    decay = math.exp(-omega * seconds)
    return (
        goal + (offset + drive * seconds) * decay,
        (velocity - omega * drive * seconds) * decay,
    )


def filter_euro(
    value: float, raw: float, speed: float, seconds: float, min_cutoff_hz: float, beta: float
) -> float:
    """One-euro filter: follow a raw value the faster, the faster it moves.

    A low-pass whose cut-off is ``min_cutoff_hz + beta |speed|`` (Casiez, Roussel, Vogel 2012,
    equation 8), exact over an interval in which the raw value and its speed hold.

    Parameters
    ----------
    speed
        Of the raw value per second, itself smoothed with `EURO_SPEED_TAU_S`.
    """
    cutoff_hz = min_cutoff_hz + beta * abs(speed)
    return raw + (value - raw) * math.exp(-2.0 * math.pi * cutoff_hz * seconds)
