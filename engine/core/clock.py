"""The control clock and frame times: exact fractions, computed and never summed."""

from __future__ import annotations

import re
from fractions import Fraction

# Broadcast rates that people write as decimals (SMPTE ST 12-1): 23.976 means 24000/1001.
_NTSC = {
    Fraction(n * 1000, 1001): (f"{n * 1000 / 1001:.2f}", f"{n * 1000 / 1001:.3f}")
    for n in (24, 30, 48, 60, 120)
}
MAX_RATE_HZ = 1000
# `Fraction` would multiply out 1e999999999, digit by digit.
_RATE = re.compile(r"[0-9]{1,9}(/[0-9]{1,9}|(\.[0-9]{1,18})?([eE][-+]?[0-9]{1,2})?)")


def parse_rate(text: str | int | float) -> Fraction:
    """Read a rate in hertz: ``60``, ``59.94``, ``60000/1001``.

    Raises
    ------
    ValueError
        If the text is not a rate above 0 and at most 1000 Hz.
    """
    written = str(text).strip()
    for rate, spellings in _NTSC.items():
        if written in spellings:
            return rate
    try:
        rate = Fraction(written if _RATE.fullmatch(written) else 0).limit_denominator(100_000)
    except ZeroDivisionError:
        rate = Fraction(0)
    if not 0 < rate <= MAX_RATE_HZ:
        raise ValueError(
            f"'{written[:40]}' is not a rate: write a number of hertz above 0 and at most "
            f"{MAX_RATE_HZ}, like 60, 59.94 or 60000/1001"
        )
    return rate


def seconds_at(index: int, rate: Fraction) -> Fraction:
    """Time of a tick or frame, in seconds: ``index / rate``."""
    return Fraction(index) / rate


def newest_index(seconds: Fraction, rate: Fraction) -> int:
    """Index of the newest tick (or step) that is not later than `seconds`."""
    return (seconds * rate).__floor__()


def first_index(seconds: Fraction, rate: Fraction) -> int:
    """Index of the first tick that is not earlier than `seconds`."""
    return (seconds * rate).__ceil__()
