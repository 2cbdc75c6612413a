"""Scale of a parameter: how a fader, which goes from 0 to 1, covers the range, and back."""

from __future__ import annotations

import math

from engine.core.parameter import Kind, Parameter

CURVES = ("linear", "exponential")
_TRIGGER, _BOOL, _CHOICE, _INT = Kind.TRIGGER, Kind.BOOL, Kind.CHOICE, Kind.INT  # quicker to find
_RATIO = 1000.0
"""Of the ends of an exponential scale that begins at 0, between which steps are equal factors."""


def value_at(parameter: Parameter, position: float) -> float:
    """Find the stored value for a fader's position in [0, 1]; beyond it, that of its end.

    On an ``exponential`` scale equal steps are equal factors: from one end to the other where both
    are positive, else away from 0 (which a scale from -20 to 20 has in its middle), with steps that
    are finest there. Of a choice, every name has an equal share of the way.
    """
    low, high, x = parameter.low, parameter.high, min(max(position, 0.0), 1.0)
    kind = parameter.kind
    if kind is _TRIGGER or kind is _BOOL:
        return float(position >= 0.5)
    if kind is _CHOICE:
        return float(min(int(x * len(parameter.choices)), len(parameter.choices) - 1))
    if x in (0.0, 1.0):
        return high if x else low
    if parameter.curve == "linear":
        found = low + (high - low) * x
    elif low > 0.0:
        found = low * (high / low) ** x
    else:
        zero = low / (low - high)
        reach, way = (high, (x - zero) / (1.0 - zero)) if x >= zero else (low, 1.0 - x / zero)
        found = reach * (_RATIO**way - 1.0) / (_RATIO - 1.0)
    return float(round(found)) if kind is _INT else min(max(found, low), high)


def position_of(parameter: Parameter, value: float) -> float:
    """Find the fader's position in [0, 1] for a stored value: the inverse of `value_at`."""
    low, high = parameter.low, parameter.high
    value = min(max(value, low), high)
    if parameter.kind is Kind.TRIGGER or high <= low:
        return 0.0
    if parameter.curve == "linear":
        return (value - low) / (high - low)
    if low > 0.0:
        return math.log(value / low) / math.log(high / low)
    zero = low / (low - high)
    reach = high if value >= 0.0 else low
    way = math.log1p(value / reach * (_RATIO - 1.0)) / math.log(_RATIO) if reach else 0.0
    return zero + (1.0 - zero) * way if value >= 0.0 else zero * (1.0 - way)
