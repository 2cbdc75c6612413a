"""Rounds of shaders: how far each rate has got is kept when it is moved, in closed form."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.frame.now import unfrozen_at
from engine.core.frame.values import effective
from engine.core.show.layer import WRAP_S
from engine.core.show.show import Show
from engine.core.show.state import State, Turn
from engine.core.track.track import clock


def aim_turns(
    show: Show, state: State, values: Sequence[float], seconds: float
) -> tuple[Turn, ...]:
    """Give each rate what holds from this tick on; where its rounds are does not change.

    Parameters
    ----------
    values
        At the tick, of which those of the rates are effective.
    """
    turning = show.constants.turning
    rates = [float(round(values[place])) for place, _ in turning]
    turns = state.turns or tuple([Turn(0.0, rate) for rate in rates])
    if rates == [turn.rate for turn in turns]:
        return turns
    own_s = unfrozen_at(show, state, seconds)
    if show.track is not None:
        own_s = clock(show.track, effective(show, state, seconds).tolist(), own_s)
    time_s = own_s % WRAP_S
    return tuple(
        [
            Turn((shift + time_s * ((rate if old is None else old) - rate) / round_s) % 1.0, rate)
            for (shift, old), rate, (_, round_s) in zip(turns, rates, turning, strict=True)
        ]
    )
