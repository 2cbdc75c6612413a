"""A table of how fast a picture changes along a path, and even motion by it.

A path is probed at equal places; between two probes lies a cell with the perceived distance of its
ends (`engine.core.path.perceived_change`). The distance travelled is a monotone cubic through the
cells' sums (PCHIP: Fritsch and Carlson 1980), its derivative the speed at a place. Dividing by it
gives an even speed; the way through the space stays what it is (Shao et al. 2017: bending it is not
worth it).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

JUMP = 6.0
"""A step that many times the median may be no motion but a jump."""
WIDEST = 8.0
"""Most that a place is hurried or slowed."""
PERCEIVED_WIDEST = 4.0
"""The same by the newest frames alone."""
PERCEIVED_SHARE, PERCEIVED_TREND = 0.7, 0.5
"""Of the newest step in what is perceived · of its growth that is expected to go on."""
MOST_CELLS = 4096
_MOST_BENT = 2.0
_HEAD = 4


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Perceived change along a stretch of a path.

    Parameters
    ----------
    start
        Place of the first cell, in knots.
    per_knot
        Cells in a knot.
    is_closed
        Whether the cells are the whole of a loop.
    mean
        Perceived change per knot that counts as ordinary.
    steps
        Of each cell, without what jumps: nothing is slowed down for that.
    slopes
        Of the distance at the ends of cells, per knot [shape=(cells + 1,)].
    """

    start: float
    per_knot: float
    is_closed: bool
    mean: float
    steps: tuple[float, ...]
    slopes: tuple[float, ...]

    def speed_at(self, place: float) -> float | None:
        """Perceived change per knot at a place; None outside the table."""
        found = (place - self.start) * self.per_knot
        if self.is_closed:
            found %= len(self.steps)
        cell = math.floor(found)
        if not 0 <= cell < len(self.steps):
            return None
        t, step = found - cell, self.steps[cell] * self.per_knot
        a, b = self.slopes[cell], self.slopes[cell + 1]
        # The derivative of the Hermite cubic; its integral over the cell is the step.
        return max(6.0 * t * (1.0 - t) * step + (1.0 - t) * (1.0 - 3.0 * t) * a
                   + t * (3.0 * t - 2.0) * b, 0.0)  # fmt: skip


def arcs(chords: Sequence[float], skips: Sequence[float], is_closed: bool) -> tuple[float, ...]:
    """Estimate how far a picture goes between probes from how far apart they look.

    It bends on its way, so that a distance is shorter than the way. How much is seen from every
    other probe: with ``r = (c_i + c_i+1) / s_i`` the way is about ``c r^1.5``.

    Parameters
    ----------
    chords
        From each probe to the next one.
    skips
        From each probe to the next but one; of an open path one less than chords.
    is_closed
        Whether the last chord leads back to the first probe.
    """
    count = len(chords)
    bends = [
        min(max((chords[i] + chords[(i + 1) % count]) / skip, 1.0), _MOST_BENT)
        if skip > 0.0
        else 1.0
        for i, skip in enumerate(skips)
    ]
    found = []
    for i, chord in enumerate(chords):
        near = [bends[i - 1]] if i or is_closed else []
        near += [bends[i]] if i < len(bends) else []
        found.append(chord * (sum(near) / len(near)) ** 1.5 if near else chord)
    return tuple(found)


class SpeedEstimate(NamedTuple):
    """Perceived speed by the newest frames, while there is no table.

    Change per knot now, smoothed; since the beginning change and knots; what `now` grew by.
    """

    now: float = 0.0
    change: float = 0.0
    knots: float = 0.0
    trend: float = 0.0

    @property
    def perceived(self) -> tuple[float, float]:
        """Change per knot now and on the whole, at most `PERCEIVED_WIDEST` apart."""
        mean = self.change / self.knots
        next_one = self.now + PERCEIVED_TREND * self.trend  # it is always a step late
        return min(max(next_one, mean / PERCEIVED_WIDEST), mean * PERCEIVED_WIDEST), mean


def update_estimate(before: SpeedEstimate, step: float, knots: float) -> SpeedEstimate:
    """Take one more step between frames: how far apart they look, and how far the path went."""
    now, trend = step / knots, 0.0
    if before.knots > 0.0:
        trend = PERCEIVED_SHARE * (now - before.now)
        now = before.now + trend
    return SpeedEstimate(now, before.change + step, before.knots + knots, trend)


def make_table(
    start: float, per_knot: float, is_closed: bool, mean: float, steps: Sequence[float]
) -> Table:
    """Make a table of measured steps; a `mean` of 0 per knot is that of the steps."""
    mean = mean or sum(steps) / len(steps) * per_knot
    low, high = mean / per_knot / WIDEST, mean / per_knot * WIDEST
    even = [min(max(step, low), high) for step in steps]
    ends = (even[-1], even[0]) if is_closed else (even[0], even[-1])
    around = [ends[0], *even, ends[1]]
    slopes = [2.0 * a * b / (a + b) * per_knot if a + b > 0.0 else 0.0 for a, b in pairwise(around)]
    return Table(start, per_knot, is_closed, mean, tuple(even), tuple(slopes))


def to_numbers(
    start: float, per_knot: float, is_closed: bool, mean: float, steps: Sequence[float]
) -> tuple[float, ...]:
    """Write a table as the vector of an event."""
    return (start, per_knot, float(is_closed), mean, *steps)


def from_numbers(numbers: Sequence[float]) -> Table | None:
    """Read a table from an event's finite numbers; None if it is none, or an empty one."""
    start, per_knot, is_closed, mean, *steps = numbers if len(numbers) > _HEAD else (0, 0, 0, 0)
    if not (0 < len(steps) <= MOST_CELLS and abs(start) <= 1e9 and 1.0 <= per_knot <= 1024.0):
        return None
    if not (0.0 <= mean <= 1e6 and all(0.0 <= step <= 1e6 for step in steps)):
        return None
    if sum(steps) + mean <= 0.0:
        return None
    return make_table(start, per_knot, is_closed >= 0.5, mean, steps)


def rate(speed: float, mean: float, even: float) -> float:
    """How much faster to go where a picture changes at `speed`, not `mean`; `even` is 0..1.

    ``1 / ((1 - k) + k v / mean)``: with k = 1 the perceived speed is `mean` everywhere; with any k
    a loop takes as long as without.
    """
    if mean <= 0.0:
        return 1.0
    ratio = min(max(speed / mean, 1.0 / WIDEST), WIDEST)
    return 1.0 / ((1.0 - even) + even * ratio)


def warp(table: Table | None, even: float, place: float) -> float:
    """Bend a place within its knot by a strength of 0..1 so that the picture changes evenly there.

    For a motion that is locked to something: keys are met when they are due. The inverse of the
    distance within each knot is a PCHIP, once differentiable also at the knots.

    Returns
    -------
    float
        In the same knot; `place` itself where the table knows nothing.
    """
    knot = math.floor(place)
    if table is None or even <= 0.0 or table.per_knot < 2:
        return place
    here = _times(table, even, knot)
    if here is None:
        return place
    cells = len(here) - 1
    t = place - knot
    cell = min(max(_last(here, t), 0), cells - 1)
    before, after = here[cell] - here[max(cell - 1, 0)], here[min(cell + 2, cells)] - here[cell + 1]
    if cell == 0:
        other = _times(table, even, knot - 1)
        before = other[-1] - other[-2] if other else here[1]
    if cell == cells - 1:
        other = _times(table, even, knot + 1)
        after = other[1] - other[0] if other else here[-1] - here[-2]
    width = here[cell + 1] - here[cell]
    # Slopes of place over time: of the harmonic mean, as in any PCHIP.
    m0, m1 = 2.0 / (before + width), 2.0 / (width + after)
    x = (t - here[cell]) / width
    bend = x * (1.0 - x) * ((1.0 - x) * (m0 * width - 1.0) - x * (m1 * width - 1.0))
    return knot + (cell + x + bend) / cells


def _times(table: Table, even: float, knot: int) -> list[float] | None:
    """When the ends of a knot's cells are reached, 0 to 1; None where the table does not reach."""
    cells = round(table.per_knot)
    first = round((knot - table.start) * table.per_knot)
    count = len(table.steps)
    if not table.is_closed and not 0 <= first <= count - cells:
        return None
    steps = [table.steps[(first + cell) % count] for cell in range(cells)]
    whole, reached = sum(steps), [0.0]
    if whole <= 0.0:
        return None
    for step in steps:
        reached.append(reached[-1] + (1.0 - even) / cells + even * step / whole)
    reached[-1] = 1.0
    return reached


def _last(rising: Sequence[float], t: float) -> int:
    low, high = 0, len(rising)
    while low < high:
        middle = (low + high) // 2
        if t < rising[middle]:
            high = middle
        else:
            low = middle + 1
    return low - 1
