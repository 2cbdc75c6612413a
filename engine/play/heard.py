"""What a performance has heard newest, by its place in show time: for shaders that see it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.audio.textures import MOST_COLUMNS

_KEPT = 16 * MOST_COLUMNS


class Heard:
    """The newest samples, placed as the take places them: a film of it sees the same."""

    def __init__(self) -> None:
        self._samples = np.zeros((0, 2), np.float32)
        self.end = 0
        """Place after the newest sample."""

    def add(self, place: int, samples: NDArray[np.float32]) -> None:
        """Take the next samples [shape=(n, channels)]; what lies between is silence."""
        if not len(samples):
            return
        gap = place - self.end
        kept = self._samples
        if not 0 <= gap < _KEPT or kept.shape[1:] != samples.shape[1:]:
            kept, gap = samples[:0], 0
        hole = np.zeros((gap, samples.shape[1]), np.float32)
        self._samples = np.concatenate([kept, hole, samples])[-_KEPT:]
        self.end = place + len(samples)

    def read(self, start: int, count: int) -> NDArray[np.float32]:
        """Samples from a place on; silence where none are kept."""
        begin = self.end - len(self._samples)
        out = np.zeros((count, max(self._samples.shape[1], 1)), np.float32)
        low, high = max(start, begin), min(start + count, self.end)
        if low < high:
            out[low - start : high - start] = self._samples[low - begin : high - begin]
        return out
