"""Times as edits write them: timecodes, and rates of broadcast."""

from __future__ import annotations

from fractions import Fraction

from engine.core.tempo.timecode import TEXT, Rate, parse
from engine.documents.edit.timeline import EditError

TIMECODE = TEXT


def seconds_of(code: str, fps: Fraction, is_drop: bool, place: str) -> Fraction:
    """Time of a timecode (SMPTE ST 12-1), also of one that leaves out frame numbers.

    Raises
    ------
    EditError
        If it is none at that rate.
    """
    try:
        return parse(code, Rate(fps, is_drop))
    except ValueError:
        raise EditError(
            f"{place}: '{code:.40}' is no timecode at {float(fps):g} frames a second"
        ) from None
