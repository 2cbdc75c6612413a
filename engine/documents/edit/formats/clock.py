"""Times as edits write them: timecodes, and rates of broadcast."""

from __future__ import annotations

import re
from fractions import Fraction

from engine.documents.edit.timeline import EditError

TIMECODE = r"\d{2}[:;]\d{2}[:;]\d{2}[:;.,]\d{2,3}"


def seconds_of(code: str, fps: Fraction, is_drop: bool, place: str) -> Fraction:
    """Time of a timecode (SMPTE ST 12-1), also of one that leaves out frame numbers.

    Raises
    ------
    EditError
        If it is none at that rate.
    """
    parts = re.split(r"[:;.,]", code) if re.fullmatch(TIMECODE, code) else ["0", "99", "0", "0"]
    hours, minutes, seconds, frames = map(int, parts)
    base = -(-fps.numerator // fps.denominator)
    if minutes > 59 or seconds > 59 or frames >= base:
        raise EditError(f"{place}: '{code:.40}' is no timecode at {float(fps):g} frames a second")
    count = ((hours * 60 + minutes) * 60 + seconds) * base + frames
    if (is_drop or ";" in code) and fps in (Fraction(30000, 1001), Fraction(60000, 1001)):
        whole = hours * 60 + minutes
        count -= base // 15 * (whole - whole // 10)
    return count / fps
