"""Randomness keyed by (seed, name, index): no hidden state, any place at any time."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_WORD = (1 << 64) - 1


@lru_cache(maxsize=256)
def _key(seed: int, name: str) -> int:
    digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=16).digest()
    return int.from_bytes(digest, "little")


@lru_cache(maxsize=1024)
def gaussian(seed: int, name: str, index: int, size: int) -> NDArray[np.float64]:
    """Draw as `draw` does, and remember it: for the knots of trajectories."""
    return draw(seed, name, index, size)


def draw(seed: int, name: str, index: int, size: int) -> NDArray[np.float64]:
    """Draw a standard normal vector [shape=(size,)] of its key alone; it is read-only.

    Philox-4x64 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), keyed by a
    hash of (seed, name); the counter's upper word is the index, so that draws never overlap.

    Parameters
    ----------
    index
        Any whole number; negative ones wrap in 64 bits.
    """
    # The index stands in the counter's third word: the lower 128 bits are left to the draw itself.
    counter = (index & _WORD) << 128
    bits = np.random.Philox(key=_key(seed, name), counter=counter)
    vector = np.random.Generator(bits).standard_normal(size)
    vector.flags.writeable = False
    return vector


def uniform(seed: int, index: int) -> float:
    """Draw from [0, 1) a number that depends on its key alone: cheaper than `draw`, and uncached.

    SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"),
    its `index`-th value.
    """
    x = (seed + (index + 1) * 0x9E3779B97F4A7C15) & _WORD
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & _WORD
    x = (x ^ x >> 27) * 0x94D049BB133111EB & _WORD
    return ((x ^ x >> 31) >> 11) * 2.0**-53
