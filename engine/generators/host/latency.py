"""Latency of a generator, and the look-ahead that it asks for. Pure; times are arguments."""

from __future__ import annotations

import math
from dataclasses import dataclass

_GAIN = 0.125  # of a new measurement (RFC 6298 uses the same for round trips)
# Two periods at one frame in four seconds. A slower generator stands still between its fades: what
# a hand does must not take longer than this to be seen.
_MAX_LOOK_AHEAD_S = 8.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Running means over the frames of one host.

    Parameters
    ----------
    period_s
        Between two frames' arrivals; 0 while unknown.
    turnaround_s
        From asking to having, as the display sees it: waiting, rendering and fetching.
    jitter_s
        Mean deviation of the turnaround.
    arrived_s
        When the newest frame came, None before the first.
    """

    period_s: float = 0.0
    turnaround_s: float = 0.0
    jitter_s: float = 0.0
    render_s: float = 0.0
    arrived_s: float | None = None


def note_arrival(
    latency: Latency,
    now_s: float,
    frames: int,
    turnaround_s: float,
    render_s: float,
    asked_period_s: float = math.inf,
) -> Latency:
    """Account for an arrival at `now_s`, the first look since `frames` frames were made.

    One measurement counts for at most twice the mean, so that a restart does not push the lead
    away; nor does a layer that is hidden, and asked for a frame now and then.

    Parameters
    ----------
    asked_period_s
        1 / rate cap: a period is no longer than it takes to ask, and to answer.
    """
    since_s = 0.0 if latency.arrived_s is None else (now_s - latency.arrived_s) / max(frames, 1)
    since_s = min(since_s, asked_period_s + turnaround_s)
    turned_s = _follow(latency.turnaround_s, turnaround_s)
    # `_follow` moved by a share of the (bounded) deviation: this is that deviation again.
    deviation_s = abs(turned_s - latency.turnaround_s) / _GAIN if latency.turnaround_s else 0.0
    return Latency(
        period_s=_follow(latency.period_s, since_s),
        turnaround_s=turned_s,
        jitter_s=latency.jitter_s + _GAIN * (deviation_s - latency.jitter_s),
        render_s=_follow(latency.render_s, render_s),
        arrived_s=now_s,
    )


def _follow(mean: float, measured: float) -> float:
    if mean <= 0:
        return measured
    return mean + _GAIN * (min(measured, 2 * mean) - mean)


def rate_hz(latency: Latency, now_s: float) -> float:
    """Frames per second, falling towards 0 while none comes."""
    if latency.arrived_s is None or latency.period_s <= 0:
        return 0.0
    return 1 / max(latency.period_s, now_s - latency.arrived_s)


def look_ahead_s(latency: Latency, asked_period_s: float, seen_periods: float = 1.0) -> float:
    """How far ahead of the display to ask: at τ, for τ + lead.

    One period plus the turnaround plus twice its jitter. The frame asked for at τ arrives at about
    τ + turnaround, so about one period before the display reaches its stamp, which is just when the
    frame before it is reached: the crossfade always has a frame on either side, and none is made
    only to be replaced unseen. For a generator that works without a pause the turnaround is a
    period, so the lead is about two periods; for one that is held back by its rate cap it is
    less, and the hand feels it.

    Parameters
    ----------
    asked_period_s
        1 / rate cap: what to assume before anything is measured.
    seen_periods
        How long before its own moment a frame is first seen, in periods: 1 where it is blended in
        from the one before, 1/2 where it is seen alone around its moment (latent time-warp), 0
        where it is seen from its moment on. The less it is, the sooner a hand is seen.
    """
    if latency.arrived_s is None or latency.period_s <= 0:
        return min((1 + seen_periods) * asked_period_s, _MAX_LOOK_AHEAD_S)
    lead_s = seen_periods * latency.period_s + latency.turnaround_s + 2 * latency.jitter_s
    return min(lead_s, _MAX_LOOK_AHEAD_S)
