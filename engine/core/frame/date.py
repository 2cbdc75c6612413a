"""The date of a performance: begun by an event, carried on by show time."""

from __future__ import annotations

import math
from datetime import date

from engine.core.show.show import Show
from engine.core.show.state import State

DAY_S = 86_400.0
FIRST = date(2000, 1, 1)
"""Day 0 of the signal ``date/day``."""


def begun(today: tuple[int, int, int], second: float) -> tuple[float, float]:
    """Values of both signals: the day and second at which show time was 0.

    Parameters
    ----------
    today
        Year, month and day.
    second
        Of today; below 0 it was another day.
    """
    days = date(*today).toordinal() - FIRST.toordinal() + math.floor(second / DAY_S)
    return float(days), second % DAY_S


def date_at(show: Show, state: State, seconds: float) -> tuple[float, float, float, float] | None:
    """Year, month, day and second of the day at a show time; None: nobody has said the date.

    References
    ----------
    ISF specification v2, DATE.
    """
    places = show.constants.date
    if places is None or not (day := float(state.signals[places[0]])):
        return None
    since = float(state.signals[places[1]]) + seconds + state.lost_s
    day += math.floor(since / DAY_S)
    found = date.fromordinal(min(max(FIRST.toordinal() + int(day), 1), date.max.toordinal()))
    return float(found.year), float(found.month), float(found.day), since % DAY_S
