"""The order of training pictures and their turns; a function of the seed alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_MOST_HELD = 512
_LEAST = 40  # with fewer pictures each one is needed


class Sampler:
    """Pictures in an order that is drawn anew each time all were shown.

    Parameters
    ----------
    pictures
        [shape=(N, S, S, C)].
    names
        The file that each is from: what is held out, is held out with its whole file.
    mirrors, turns
        Whether half of the pictures are mirrored, and whether they are turned by quarters.
    """

    def __init__(
        self, pictures: NDArray[np.uint8], names: list[str], seed: int, *,
        mirrors: bool = False, turns: bool = False,
    ) -> None:  # fmt: skip
        self.pictures, self.seed = pictures, seed
        self.mirrors, self.turns = mirrors, turns
        files = sorted(set(names))
        count = min(len(files) // 20, _MOST_HELD) if len(files) >= _LEAST else 0
        order = np.random.Generator(np.random.Philox([seed, 2**40])).permutation(len(files))
        held = {files[index] for index in order[:count]}
        is_held = np.array([name in held for name in names])
        self.held = np.flatnonzero(is_held)
        self.shown = np.flatnonzero(~is_held)
        self._epoch, self._order = -1, self.shown

    def batch(self, first: int, count: int, choice: np.random.Generator) -> NDArray[np.uint8]:
        """Return the pictures that have these places in the order [shape=(count, S, S, C)]."""
        places = [self._at(place) for place in range(first, first + count)]
        return np.stack([self._varied(self.pictures[place], choice) for place in places])

    def _at(self, place: int) -> int:
        epoch, index = divmod(place, len(self.shown))
        if epoch != self._epoch:
            random = np.random.Generator(np.random.Philox([self.seed, 2**41, epoch]))
            self._epoch, self._order = epoch, random.permutation(self.shown)
        return int(self._order[index])

    def _varied(self, picture: NDArray[np.uint8], choice: np.random.Generator) -> NDArray[np.uint8]:
        drawn = int(choice.integers(8))
        if self.mirrors and drawn & 1:
            picture = picture[:, ::-1]
        return np.rot90(picture, drawn >> 1) if self.turns else picture

    def held_out(self, shown: int, count: int) -> NDArray[np.uint8] | None:
        """Return pictures that are never shown, others each time; None: there are none."""
        if not len(self.held):
            return None
        places = self.held[(np.arange(count) + shown) % len(self.held)]
        return self.pictures[places]
