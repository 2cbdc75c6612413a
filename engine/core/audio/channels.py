"""Choice of a sound's channels, and a mix of two that may cancel each other.

The mean of two channels is what most sound means. A balanced line in a stereo socket and a cable
with swapped poles carry it once as it is and once upside down: there it is the difference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.core.tempo.timecode import RATES

MOST_CHANNEL = 64
MOST_GAIN_DB = 60.0
_MEMORY_S = 0.3
_LOUDER = 8.0  # as power: wide music stays below 5; what is less is heard in the mean well enough
_SILENCE = 10.0**-6.6  # mean square: -66 dBFS, as in `features`


@dataclass(frozen=True, slots=True)
class ChannelChoice:
    """What of a sound is analysed; a take records what was heard.

    Parameters
    ----------
    channel
        From 1; 0: all of them.
    gain_db
        How much louder it is analysed than it is.
    ltc, ltc_rate
        Which one carries timecode, from 1, and is not analysed (0: none) · its rate.

    Raises
    ------
    ValueError
        If a number makes no sense.
    """

    channel: int = 0
    gain_db: float = 0.0
    ltc: int = 0
    ltc_rate: str = "auto"

    def __post_init__(self) -> None:
        if not 0 <= self.channel <= MOST_CHANNEL:
            raise ValueError(
                f"sound: channel is {self.channel}; use 1 to {MOST_CHANNEL}, or 0 for all"
            )
        if not abs(self.gain_db) <= MOST_GAIN_DB:
            raise ValueError(
                f"sound: gain_db is {self.gain_db:g}; use -{MOST_GAIN_DB:g} to {MOST_GAIN_DB:g}"
            )
        if not 0 <= self.ltc <= MOST_CHANNEL or self.ltc == self.channel != 0:
            raise ValueError(
                f"sound: ltc_channel is {self.ltc}; use 1 to {MOST_CHANNEL}, another one than is "
                "heard, or 0 for none"
            )
        if self.ltc_rate not in ("auto", *RATES):
            raise ValueError(
                f"sound: ltc_rate is '{self.ltc_rate:.40}'; use auto or one of {', '.join(RATES)}"
            )

    def apply(self, pcm: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take samples [shape=(n, channels)] as they are analysed [shape=(n,) or (n, 2)]."""
        taken = pcm[:, self.channel - 1] if self.channel else pcm
        if self.ltc and not self.channel:
            taken = np.delete(pcm, self.ltc - 1, axis=1)
            taken = taken if taken.shape[1] else np.zeros((len(pcm), 1), np.float32)
        if taken.ndim == 2 and taken.shape[1] != 2:
            taken = mix(taken)
        return taken * np.float32(math.pow(10.0, self.gain_db / 20.0)) if self.gain_db else taken


EVERYTHING = ChannelChoice()


def mix(samples: ArrayLike) -> NDArray[np.float32]:
    """Mix channels to mono by their mean: (n,) or (n, channels) → (n,)."""
    array = np.asarray(samples, np.float32)
    if array.ndim == 1:
        return array
    if array.shape[1] == 2:  # much faster than mean() over two columns, the usual case
        return np.asarray((array[:, 0] + array[:, 1]) * np.float32(0.5))
    return np.asarray(array.mean(axis=1), np.float32)


def differ(samples: ArrayLike) -> NDArray[np.float32]:
    """Half the difference of two channels: (n, 2) → (n,); of one, nothing."""
    array = np.asarray(samples, np.float32)
    if array.ndim == 1 or array.shape[1] != 2:
        return np.zeros(len(array), np.float32)
    return np.asarray((array[:, 0] - array[:, 1]) * np.float32(0.5))


class Balance(NamedTuple):
    """Recent energy of the mean and of the difference, and whether the difference is heard."""

    mean: float = 0.0
    difference: float = 0.0
    is_difference: bool = False


NO_BALANCE = Balance()


def choose(
    before: Balance, mean: NDArray[np.float64], difference: NDArray[np.float64], hop_s: float
) -> tuple[Balance, NDArray[np.bool_]]:
    """Say of each hop whether the difference is heard; the mean is, unless it all but cancels.

    Parameters
    ----------
    mean, difference
        Samples by hop [shape=(m, hop)].

    Returns
    -------
    balance, chosen
        What to go on with, and whether the difference is heard [shape=(m,)].
    """
    kept = math.exp(-hop_s / _MEMORY_S)
    least = _SILENCE * mean.shape[1]
    balance, chosen = before, []
    sums = (np.add.reduce(x * x, axis=1).tolist() for x in (mean, difference))
    for one, other in zip(*sums, strict=True):
        of_mean, of_other = balance.mean * kept + one, balance.difference * kept + other
        is_other = of_other > max(of_mean * (1.0 if balance.is_difference else _LOUDER), least)
        balance = Balance(of_mean, of_other, is_other)
        chosen.append(is_other)
    return balance, np.array(chosen, bool)
