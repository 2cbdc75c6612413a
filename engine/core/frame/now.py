"""The time of a frame: show time without its frozen parts, and what holds then."""

from __future__ import annotations

from engine.core.control.steering import pass_steer
from engine.core.frame.values import between, effective
from engine.core.path.model import Now, Values
from engine.core.show.show import Show
from engine.core.show.state import State


def unfrozen_at(show: Show, state: State, seconds: float) -> float:
    """Show time without the frozen parts, at show time `seconds`."""
    rate = show.constants.control_hz
    tick_s = state.tick / rate
    moment = tick_s if state.is_still else max(seconds, tick_s)
    return moment - state.still_ticks / rate


def now_at(show: Show, state: State, seconds: float, values: Values) -> Now:
    """What holds at show time `seconds`, not before the state's tick.

    Parameters
    ----------
    values
        Effective ones at that time, of all parameters that are asked for.
    """
    rate, dt = show.constants.control_hz, between(show, state, seconds)
    steer = steer_at(state, dt)
    unfrozen_s = unfrozen_at(show, state, seconds)
    tick, fade = state.tick - state.still_ticks, fade_of(show, values)
    return Now(show.seed, values, unfrozen_s, dt, steer, rate, tick, fade=fade)


def now_on_tick(show: Show, state: State) -> Now:
    """What holds at the state's tick, for what paths remember and what events do to them."""
    rate, tick = show.constants.control_hz, state.tick - state.still_ticks
    values: list[float] = effective(show, state, state.tick / rate).tolist()
    # A joystick's angle goes on from where it is.
    x, y = (
        a[2] if tau <= 0.0 else a[0] for a, tau in zip(state.steer, state.steer_tau, strict=True)
    )
    rest, fade = (x, y), fade_of(show, values)
    return Now(show.seed, values, tick / rate, 0.0, steer_at(state, 0.0), rate, tick, rest, fade)


def fade_of(show: Show, values: Values) -> float:
    """What the fader between two cues is at."""
    return 0.0 if show.fader is None else values[show.fader.fade]


def steer_at(state: State, dt: float) -> tuple[float, float]:
    """Both steering axes `dt` seconds after the state's tick, in radians."""
    x, y = pass_steer(state, dt)
    return x[0], y[0]
