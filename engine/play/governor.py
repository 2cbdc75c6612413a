"""Governor: what a performance gives up where the machine cannot keep up, and takes back later.

Sharpness goes first, in steps, then frames. Pure: times are arguments, so that the same
measurements lead to the same decisions. Films are not governed.
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import NamedTuple

SCALES = (1.0, 0.75, 0.5, 0.375, 0.25)
FEWEST_LINES = 180
"""Fewer would show in the pictures of small networks, too."""
FEWEST_HZ = 15
STEADY_HZ = 30
"""Down to so many frames are given up for those that remain to come steadily."""
HURRY_S = 0.5
JUDGED_S = 2.0
STARVED_S = 4.0
"""A generator is given so long to show that a step has helped it."""
CALM_S = 10.0
"""So long all must be well before a step is taken back; after one in vain twice as long."""
MOST_CALM_S = 320.0
_FULL = 0.9  # of the time that a frame has
_ROOM = 0.75  # what a step is expected to leave of it in use
_NOTHING_LEFT = 0.25  # a display that uses less of it has nothing to give to a generator


class Level(NamedTuple):
    """How much is drawn: the canvas at a scale, and every so many frames."""

    scale: float = 1.0
    every: int = 1


def levels_of(fps: Fraction, size_px: tuple[int, int]) -> list[Level]:
    """All levels from the best one down."""
    scales = [s for s in SCALES if s == 1.0 or s * min(size_px) >= FEWEST_LINES]
    rates = range(2, int(fps / FEWEST_HZ) + 1)
    return [*map(Level, scales), *(Level(scales[-1], every) for every in rates)]


class Governor:
    """Chooses the level from how long frames take and whether generators starve.

    Parameters
    ----------
    fps
        Frames a second that were asked for.
    size_px
        Of the canvas at scale 1.

    Attributes
    ----------
    changes
        Seconds, level and reason of the newest changes.
    """

    def __init__(self, fps: Fraction, size_px: tuple[int, int]) -> None:
        self._fps = fps
        self._whole_px = size_px
        self._levels = levels_of(fps, size_px)
        self._at = 0
        self._busy_s: deque[float] = deque(maxlen=int(CALM_S * fps))
        self._calm_s = CALM_S
        self._changed_s = 0.0
        self._is_trial = False  # whether the newest change was a step back up
        self._told = Level()
        self.changes: deque[tuple[float, Level, str]] = deque(maxlen=64)

    @property
    def level(self) -> Level:
        """What is drawn now."""
        return self._levels[self._at]

    @property
    def size_px(self) -> tuple[int, int]:
        """Size of the canvas now."""
        width, height = self._whole_px
        return max(1, round(width * self.level.scale)), max(1, round(height * self.level.scale))

    def begin(self, busy_s: float) -> bool:
        """Choose the level to begin with, by the time of a frame at scale 1; true if it is less."""
        is_too_long = self._load(self._at, busy_s) > _FULL
        return is_too_long and self._descend(0.0, self._too_long(busy_s), busy_s)

    def note(self, now_s: float, busy_s: float, starved: str = "") -> bool:
        """Account for a frame; true if the level changed.

        Parameters
        ----------
        now_s
            Show time of the frame.
        busy_s
            From its beginning until it was drawn.
        starved
            What is to be said of a generator that gets too little time; empty if none does.
        """
        self._busy_s.append(busy_s)
        since_s = now_s - self._changed_s
        if since_s < HURRY_S:
            return False
        usual_s = self._quantile(0.5, HURRY_S)
        if self._load(self._at, usual_s) > 1.0:
            return self._descend(now_s, self._too_long(usual_s), usual_s)
        if since_s < JUDGED_S:
            return False
        high_s = self._quantile(0.95, JUDGED_S)
        if self._load(self._at, high_s) > _FULL and self._is_steadier_below():
            return self._descend(now_s, self._too_long(high_s))
        if starved:
            can_give = self._load(self._at, usual_s) > _NOTHING_LEFT
            return can_give and since_s >= STARVED_S and self._descend(now_s, starved)
        return since_s >= self._calm_s and self._ascend(now_s)

    def news(self, now_s: float) -> str:
        """Say what was given up, why, and what to change: once for sharpness, once for frames."""
        level, size_px = self.level, self.size_px
        if level == Level() or now_s - self._changed_s < JUDGED_S:
            return ""  # it may go on
        if level.every > 1 and self._told.every == 1:
            what = f"only {float(self._fps / level.every):g} frames a second are drawn"
        elif level.scale < 1.0 and self._told.scale == 1.0:
            what = f"the picture is drawn at {size_px[0]}x{size_px[1]} and enlarged"
        else:
            return ""
        self._told = level
        return (
            f"{what}: {self.changes[-1][2]}; fewer programs beside it, a smaller --size, a lower "
            "--fps or fewer effects keep it whole"
        )

    def _load(self, at: int, busy_s: float) -> float:
        """Share of a frame's time that is expected to be in use at a level.

        A smaller picture saves its share of the pixels at best, a larger one costs it at most.
        """
        level = self._levels[at]
        pixels = (level.scale / self.level.scale) ** 2
        return busy_s * pixels * float(self._fps / level.every)

    def _is_steadier_below(self) -> bool:
        """Whether a step down is worth it where only some frames take too long.

        Others that take the machine now and then are not helped by ever fewer frames.
        """
        below = self._levels[self._at + 1 :]
        return bool(below) and (below[0].every == 1 or self._fps / below[0].every >= STEADY_HZ)

    def _too_long(self, busy_s: float) -> str:
        budget_s = float(self.level.every / self._fps)
        return f"a frame took {1000 * busy_s:.0f} ms where there are {1000 * budget_s:.0f}"

    def _quantile(self, share: float, seconds: float) -> float:
        """Time that a share of the newest frames did not exceed."""
        count = min(len(self._busy_s), int(seconds * self._fps / self.level.every))
        newest = sorted(self._busy_s[i] for i in range(-count, 0))
        return newest[int(share * (count - 1))]

    def _descend(self, now_s: float, why: str, busy_s: float = 0.0) -> bool:
        """Go down to the first level at which a frame is expected to fit, at least by one."""
        below = range(self._at + 1, len(self._levels))
        if not below:
            return False
        if self._is_trial and now_s - self._changed_s < CALM_S:
            self._calm_s = min(2.0 * self._calm_s, MOST_CALM_S)
        fitting = (at for at in below if self._load(at, busy_s) <= _ROOM)
        self._change(now_s, next(fitting, below[-1]), why)
        return True

    def _ascend(self, now_s: float) -> bool:
        """Go up by one if a frame is expected to fit there as well."""
        if self._is_trial:  # it went well
            self._calm_s = CALM_S
        usual_s = self._quantile(0.5, CALM_S)
        if self._at == 0 or self._load(self._at - 1, usual_s) > _ROOM:
            return False
        self._change(now_s, self._at - 1, f"a frame took {1000 * usual_s:.0f} ms")
        self._is_trial = True
        return True

    def _change(self, now_s: float, at: int, why: str) -> None:
        self._at, self._changed_s, self._is_trial = at, now_s, False
        self._busy_s.clear()
        self.changes.append((round(now_s, 3), self.level, why))
