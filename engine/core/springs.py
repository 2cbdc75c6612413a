"""Glides: sliders, pads and pushes on springs, all of a layer at once.

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


class Glide(NamedTuple):
    """A parameter on its spring: after `half_s` it is half way to its goal; 0: it is there at once.

    Goal and time hold until the next tick.
    """

    value: float
    speed: float
    goal: float
    half_s: float


def pass_glides(glides: Sequence[Glide], dt: float) -> tuple[Glide, ...]:
    """Carry all springs over an interval."""
    return tuple([g if g[0] == g[2] and not g[1] else _pass(g, dt) for g in glides])


def _pass(glide: Glide, dt: float) -> Glide:
    value, speed, goal, half_s = glide
    if half_s > 0.0:
        value, speed = spring(value, speed, goal, dt, HALF / half_s)
        if abs(value - goal) > _GONE * max(1.0, abs(goal)) or abs(speed) > _GONE:
            return Glide(value, speed, goal, half_s)
    return Glide(goal, 0.0, goal, half_s)


def aim_glides(
    places: Sequence[tuple[int, int]], glides: Sequence[Glide], values: Sequence[float]
) -> tuple[Glide, ...]:
    """Give every spring its goal.

    Parameters
    ----------
    places
        Of each parameter and of the time in which it is half way there.
    values
        Of all parameters, without springs.
    """
    if not glides:
        return tuple([Glide(values[p], 0.0, values[p], values[time]) for p, time in places])
    aimed = []
    for (place, time), old in zip(places, glides, strict=True):
        goal, half_s = values[place], values[time]
        if old[2] != goal or old[3] != half_s:
            value, speed = (old[0], old[1]) if half_s > 0.0 else (goal, 0.0)
            old = Glide(value, speed, goal, half_s)
        aimed.append(old)
    return tuple(aimed)


def glide(
    springs: Sequence[tuple[int, int]],
    glides: Sequence[Glide],
    values: NDArray[np.float64],
    dt: float,
    is_moved: bool = True,
) -> None:
    """Put where the springs are, `dt` seconds after their tick, into values [shape=(P,)].

    Parameters
    ----------
    springs
        Index and place of each.
    is_moved
        Whether values may have left where springs at rest hold them.
    """
    for index, place in springs:
        each = glides[index]
        if each[0] != each[2] or each[1]:
            values[place] = _pass(each, dt).value
        elif is_moved and each[3] > 0.0:
            values[place] = each[2]
