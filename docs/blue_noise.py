"""Write engine/compositor/colour/blue_noise.bin: ``python docs/blue_noise.py`` in a clone.

The mask that finished pictures are dithered with: the ranks 0 to 4095 in a square of 64 by 64,
which repeats; any lowest part of them is spread evenly. Deterministic.

Source: Ulichney, "The void-and-cluster method for dither array generation", 1993.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

OUT = Path(__file__).parents[1] / "engine" / "compositor" / "colour" / "blue_noise.bin"
SIDE = 64
SIGMA_PX = 1.5
FIRST = 10  # one pixel in ten begins


def ranks(side: int) -> NDArray[np.uint16]:
    """Ranks of void and cluster [shape=(side, side)]."""
    away = np.minimum(np.arange(side), side - np.arange(side)) ** 2
    field = np.exp(-(away[:, None] + away[None, :]) / (2.0 * SIGMA_PX**2))

    def near(place: int) -> NDArray[np.float64]:
        """How near every pixel is to one."""
        return np.roll(field, divmod(place, side), (0, 1)).ravel()

    draw = np.random.default_rng(1)
    on = np.zeros(side * side, bool)
    on[draw.permutation(on.size)[: on.size // FIRST]] = True
    energy = sum((near(int(place)) for place in np.flatnonzero(on)), np.zeros(on.size))

    def tightest() -> int:
        return int(np.argmax(np.where(on, energy, -np.inf)))

    def emptiest() -> int:
        return int(np.argmin(np.where(on, np.inf, energy)))

    while True:  # move points from clusters to voids until none moves
        cluster = tightest()
        on[cluster] = False
        energy -= near(cluster)
        void = emptiest()
        on[void] = True
        energy += near(void)
        if void == cluster:
            break
    found = np.zeros(on.size, np.uint16)
    first, kept, kept_energy = int(on.sum()), on.copy(), energy.copy()
    for rank in range(first - 1, -1, -1):
        place = tightest()
        on[place], found[place] = False, rank
        energy -= near(place)
    on, energy = kept, kept_energy
    for rank in range(first, on.size):
        place = emptiest()
        on[place], found[place] = True, rank
        energy += near(place)
    return found.reshape(side, side)


if __name__ == "__main__":
    OUT.write_bytes(ranks(SIDE).astype("<u2").tobytes())
    print(OUT)
