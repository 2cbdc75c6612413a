"""What is seen between a generator's frames, by display time. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

_MAX_CATCH_UP_S = 0.5  # after a long gap (a restart) the next frame is faded in within this


@dataclass(frozen=True, slots=True)
class TimedFrame:
    """A frame on the device, the show time that it is for, and how long it fades in at least.

    `number` tells its picture from others: a texture is used again for the next one.
    """

    texture: Any
    seconds: float
    fade_s: float = 0.0
    number: int = 0


@dataclass(frozen=True, slots=True)
class Fade:
    """Where a slot's crossfade stands.

    Parameters
    ----------
    older, newer, pending
        The frames before, after and beyond the display time.
    begin_s, end_s
        Display times at which only `older` and only `newer` is seen.
    shown_s
        Display time last asked for.
    """

    older: TimedFrame
    newer: TimedFrame
    pending: TimedFrame | None
    begin_s: float
    end_s: float
    shown_s: float = -math.inf


def begin_fade(frame: TimedFrame) -> Fade:
    """Show the first frame of a slot at once, whatever its stamp."""
    return Fade(frame, frame, None, frame.seconds, frame.seconds)


def advance_fade(fade: Fade, seconds: float) -> Fade:
    """Move on to a display time; the pending frame takes over once newer's time is reached.

    When frames come in time, the blend of their stamps *is* the display time. A late frame is faded
    in from what is shown, at most twice as fast as the time it makes up for. When the time runs
    backwards the picture stays and the next frame is faded to.
    """
    if seconds < fade.shown_s:
        fade = replace(fade, begin_s=seconds, end_s=seconds, shown_s=seconds)
    if fade.pending is not None and seconds >= fade.end_s:
        fade = _promote(fade, fade.pending)
    return replace(fade, shown_s=seconds)


def _promote(fade: Fade, pending: TimedFrame) -> Fade:
    # Late: newer was already shown alone at `shown_s`, so that is where the new fade starts.
    begin_s = max(fade.end_s, fade.shown_s)
    gap_s = abs(pending.seconds - fade.newer.seconds)
    least_s = max(min(gap_s / 2, _MAX_CATCH_UP_S), pending.fade_s)
    end_s = max(pending.seconds, begin_s + least_s)
    return Fade(fade.newer, pending, None, begin_s, end_s, fade.shown_s)


def weigh(fade: Fade, seconds: float, in_between: str = "fade") -> float:
    """Share of the newer frame at a display time, 0..1.

    Parameters
    ----------
    in_between
        One of `engine.core.show.layer.IN_BETWEENS`. With ``warp`` the frame is seen whose moment is
        nearest, with ``none`` the newest whose moment has come, each alone; the others blend. A
        frame of another model is always faded in.
    """
    if in_between in ("warp", "none") and not fade.newer.fade_s:
        older_s, newer_s = fade.older.seconds, fade.newer.seconds
        moment_s = (older_s + newer_s) / 2 if in_between == "warp" else newer_s
        return float(seconds >= moment_s or newer_s <= older_s)
    span_s = fade.end_s - fade.begin_s
    if span_s <= 0:
        return 1.0
    return min(max((seconds - fade.begin_s) / span_s, 0.0), 1.0)
