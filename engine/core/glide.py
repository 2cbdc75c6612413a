"""Glides: sliders, pads and pushes on springs, all of a layer at once.

A hand that moves K faders moves K springs: critically damped and exact, so that the picture is the
same at any frame rate, and has no steps where a controller has only 128.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.curve import spring

HALF = 1.6783469900166608
"""omega t at which a critically damped spring is half way: the root of ``(1 + x) e^-x = 1/2``."""
_GONE = 1e-13


class Glide(NamedTuple):
    """A parameter on its spring: its omega holds until the next tick; 0: it is there at once."""

    value: float
    speed: float
    goal: float
    omega: float


def pass_glides(glides: Sequence[Glide], dt: float) -> tuple[Glide, ...]:
    """Carry all springs over an interval."""
    return tuple([_pass(g, dt) if g.speed or g.value != g.goal else g for g in glides])


def _pass(glide: Glide, dt: float) -> Glide:
    _, speed, goal, omega = glide
    value = goal
    if omega:
        value, speed = spring(glide.value, speed, goal, dt, omega)
    if not omega or (abs(value - goal) <= _GONE * max(1.0, abs(goal)) and abs(speed) <= _GONE):
        return Glide(goal, 0.0, goal, omega)
    return Glide(value, speed, goal, omega)


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
    aimed = []
    for k, (place, time) in enumerate(places):
        goal, half_s = values[place], values[time]
        omega = HALF / half_s if half_s > 0.0 else 0.0
        old = glides[k] if k < len(glides) else Glide(goal, 0.0, goal, omega)
        if old.goal != goal or old.omega != omega:
            old = Glide(old.value, old.speed, goal, omega) if omega else Glide(goal, 0.0, goal, 0.0)
        aimed.append(old)
    return tuple(aimed)


def glide(
    places: Sequence[tuple[int, int]],
    glides: Sequence[Glide],
    values: NDArray[np.float64],
    dt: float,
) -> None:
    """Put where the springs are, `dt` seconds after their tick, into values [shape=(P,)]."""
    for (place, _), each in zip(places, glides, strict=True):
        if each.omega > 0.0:
            values[place] = _pass(each, dt).value
