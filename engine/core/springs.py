"""Springs of parameters: sliders, pads and pushes, all of a layer at once.

A hand that moves K faders moves K springs: critically damped and exact, so that the picture is the
same at any frame rate, and has no steps where a controller has only 128.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.curves import spring

HALF = 1.6783469900166608
"""omega t at which a critically damped spring is half way: the root of ``(1 + x) e^-x = 1/2``."""
_GONE = 1e-13


class Spring(NamedTuple):
    """A parameter on its spring: after `half_s` it is half way to its goal; 0: it is there at once.

    Goal and time hold until the next tick.
    """

    value: float
    speed: float
    goal: float
    half_s: float


def advance_springs(springs: Sequence[Spring], dt: float) -> tuple[Spring, ...]:
    """Carry all springs over an interval."""
    return tuple([g if g[0] == g[2] and not g[1] else _pass(g, dt) for g in springs])


def _pass(before: Spring, dt: float) -> Spring:
    value, speed, goal, half_s = before
    if half_s > 0.0:
        value, speed = spring(value, speed, goal, dt, HALF / half_s)
        if abs(value - goal) > _GONE * max(1.0, abs(goal)) or abs(speed) > _GONE:
            return Spring(value, speed, goal, half_s)
    return Spring(goal, 0.0, goal, half_s)


def aim_springs(
    places: Sequence[tuple[int, int]], springs: Sequence[Spring], values: Sequence[float]
) -> tuple[Spring, ...]:
    """Give every spring its goal.

    Parameters
    ----------
    places
        Of each parameter and of the time in which it is half way there.
    values
        Of all parameters, without springs.
    """
    if not springs:
        return tuple([Spring(values[p], 0.0, values[p], values[time]) for p, time in places])
    aimed = []
    for (place, time), old in zip(places, springs, strict=True):
        goal, half_s = values[place], values[time]
        if old[2] != goal or old[3] != half_s:
            value, speed = (old[0], old[1]) if half_s > 0.0 else (goal, 0.0)
            old = Spring(value, speed, goal, half_s)
        aimed.append(old)
    return tuple(aimed)


def apply_springs(
    places: Sequence[tuple[int, int]],
    springs: Sequence[Spring],
    values: NDArray[np.float64],
    dt: float,
    is_moved: bool = True,
) -> None:
    """Put where the springs are, `dt` seconds after their tick, into values [shape=(P,)].

    Parameters
    ----------
    places
        Index and place of each.
    is_moved
        Whether values may have left where springs at rest hold them.
    """
    for index, place in places:
        each = springs[index]
        if each[0] != each[2] or each[1]:
            values[place] = _pass(each, dt).value
        elif is_moved and each[3] > 0.0:
            values[place] = each[2]
