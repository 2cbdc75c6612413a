"""Steering: two axes that hands move, as places on springs or as a joystick's speeds.

In position mode an axis is a critically damped spring towards where the hand is. Let go of
(``/master/steer_release``), it goes on by itself and comes to rest: its speed falls with
``exp(-t / tau)``, which is the very spring with ``omega = 1 / tau`` towards ``p + v tau``. In
velocity mode the deflection is a speed: the axis takes it on with ``1 / omega`` and, when the stick
is back in its middle, loses it with tau. All of it is exact over any interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from engine.core.curves import spring
from engine.core.parameter import coerce
from engine.core.show.show import Show
from engine.core.show.state import State

LEAST_TAU_S = 1e-3
Axis = tuple[float, float, float]
"""Angle, its speed, and the goal: an angle, or a speed in velocity mode."""


class SteeringState(NamedTuple):
    """What holds for both axes until the next tick: fields of the state."""

    steer: tuple[Axis, Axis]
    steer_omega: float
    steer_tau: tuple[float, float]
    steer_rest: tuple[float, float] | None


def axis_at(axis: Axis, dt: float, omega: float, tau: float) -> Axis:
    """Carry an axis over an interval.

    Parameters
    ----------
    omega
        Of the spring, in 1/s.
    tau
        If above 0, the time in s in which the axis takes on the speed that is its goal:
        ``v = g + (v0 - g) e^(-t/tau)``, ``p = p0 + g t + (v0 - g) tau (1 - e^(-t/tau))``.
    """
    place, speed, goal = axis
    if speed == 0.0 and place == goal and tau <= 0.0:
        return axis
    if tau <= 0.0:
        return (*spring(place, speed, goal, dt, omega), goal)
    gone = -math.expm1(-dt / tau)
    excess = speed - goal
    return place + goal * dt + excess * tau * gone, goal + excess * (1.0 - gone), goal


def pass_steer(state: State, dt: float) -> tuple[Axis, Axis]:
    """Carry both axes on from the state's tick."""
    (x, y), (tau_x, tau_y) = state.steer, state.steer_tau
    return axis_at(x, dt, state.steer_omega, tau_x), axis_at(y, dt, state.steer_omega, tau_y)


def aim_steer(show: Show, state: State, values: Sequence[float]) -> SteeringState:
    """Set the goals of both axes and how they go there until the next tick."""
    master, steering = show.master, show.constants.steering
    goals = (values[master.steer_x], values[master.steer_y])
    omega, rest, taus = values[master.steer_omega], state.steer_rest, (0.0, 0.0)
    momentum_s = max(values[steering.momentum_s], LEAST_TAU_S)
    if values[steering.mode] >= 0.5:
        one, other = (momentum_s if goal == 0.0 else 1.0 / omega for goal in goals)
        rest, taus = None, (one, other)
    elif rest == goals:
        omega = 1.0 / momentum_s
    else:
        rest = None
    x, y = ((p, v, goal) for (p, v, _), goal in zip(state.steer, goals, strict=True))
    return SteeringState((x, y), omega, taus, rest)


def let_go(show: Show, state: State, fired: Sequence[int]) -> State:
    """Let go of the stick: what turns goes on turning, and comes to rest by itself."""
    master, steering = show.master, show.constants.steering
    if steering.release not in fired or state.is_still:
        return state
    base, rest = state.base.copy(), []
    momentum_s = max(float(base[steering.momentum_s]), LEAST_TAU_S)
    is_rate = base[steering.mode] >= 0.5
    for place, (angle, speed, _) in zip((master.steer_x, master.steer_y), state.steer, strict=True):
        goal = 0.0 if is_rate else angle + speed * momentum_s
        base[place] = coerce(show.registry.parameters[place], goal)
        rest.append(float(base[place]))
    return state._replace(base=base, steer_rest=(rest[0], rest[1]))
