"""Flashes in pictures, counted in float64 by the words of WCAG 2.2, success criterion 2.3.1.

Knows nothing of the limiter: it looks at every pixel of what was shown, in squares of three by
three, in which dither is averaged away.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

AREA = 0.25
SQUARE = 3


class Counts(NamedTuple):
    """Opposing changes in the worst second: two are a flash.

    Parameters
    ----------
    general, red
        Of each point of a quarter of the picture · of a quarter of the picture together.
    """

    general: tuple[int, int]
    red: tuple[int, int]

    @property
    def most(self) -> int:
        """The largest of them."""
        return max(*self.general, *self.red)


def count(frames: NDArray[np.uint8], fps: int) -> Counts:
    """Count the opposing changes of frames [shape=(T, H, W, 3)], sRGB."""
    c = frames / 255.0
    light = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    times, height, width, _ = light.shape
    light = light.reshape(times, height // SQUARE, SQUARE, width // SQUARE, SQUARE, 3)
    light = light.mean((2, 4)).reshape(times, -1, 3)
    luminance = light @ [0.2126, 0.7152, 0.0722]
    red, green, blue = np.moveaxis(light, -1, 0)
    total = light.sum(-1)
    redness = np.maximum(red - green - blue, 0.0) * 320.0
    is_red = (total > 1e-4) & (red >= 0.8 * total)
    general = _changes(luminance, 0.1 - 1e-9, lambda low, _: low[0] < 0.8, np.ones_like(is_red))
    reds = _changes(redness, 20.0, lambda low, high: low[1] | high[1], is_red)
    return Counts(_worst(general, fps), _worst(reds, fps))


def _changes(x: Any, step: float, counts: Any, mark: Any) -> NDArray[np.int8]:
    """When each point completes an opposing change: 1 upwards, -1 downwards [shape=(T, N)].

    `counts` is asked with (value, mark) of the lower and of the higher end.
    """
    low, high = (x[0], mark[0]), (x[0], mark[0])
    side = np.zeros(x.shape[1], int)
    found = np.zeros(x.shape, np.int8)
    for t in range(1, len(x)):
        now = x[t], mark[t]
        low, high = _extreme(now, low, now[0] < low[0]), _extreme(now, high, now[0] > high[0])
        up = (now[0] - low[0] >= step) & (side <= 0) & counts(low, now)
        down = (high[0] - now[0] >= step) & (side >= 0) & counts(now, high) & ~up
        found[t] = up.astype(np.int8) - down
        side = np.where(up, 1, np.where(down, -1, side))
        low, high = _extreme(now, low, up | down), _extreme(now, high, up | down)
    return found


def _extreme(now: Any, old: Any, is_new: Any) -> Any:
    return np.where(is_new, now[0], old[0]), np.where(is_new, now[1], old[1])


def _worst(changes: NDArray[np.int8], fps: int) -> tuple[int, int]:
    alone = _of_a_second(changes != 0, fps)
    events = ((changes != 0).mean(1) >= AREA) * np.sign(changes.mean(1))
    # a change that reaches some points a frame later is one
    events[1:][events[1:] == events[:-1]] = 0
    together = _of_a_second(events != 0, fps)
    points = int(alone.shape[1] * (1 - AREA))
    return int(np.sort(alone, axis=1)[:, points].max()), int(together.max())


def _of_a_second(changes: Any, fps: int) -> Any:
    total = np.cumsum(changes, axis=0)
    return np.concatenate([total[:fps], total[fps:] - total[:-fps]])
