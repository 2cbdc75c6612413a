"""Ways: how a value of each kind goes from where it is to a goal, in closed form.

Numbers go straight or exponentially (by equal ratios: rates, times), colours component by component
or in OKLab (Ottosson 2020, https://bottosson.github.io/posts/oklab/), in which equal steps look
equal. Choices and switches have nothing between their values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache

from engine.core.curves import shape
from engine.core.show.controls import Cue
from engine.core.show.show import Show
from engine.core.show.state import Ramp

Triple = tuple[float, float, float]
LINEAR, EXPONENTIAL, OWN, OKLAB = "linear", "exponential", "own", "oklab"
"""Kinds of a way; `OWN`: exponential where the parameter's own curve is."""
BEAT = "beat"
"""Kind of the way of what switches on the next beat."""


def _decode(x: float) -> float:
    return x / 12.92 if x <= 0.04045 else math.pow((x + 0.055) / 1.055, 2.4)


def _encode(x: float) -> float:
    x = min(max(x, 0.0), 1.0)
    return x * 12.92 if x <= 0.0031308 else 1.055 * math.pow(x, 1 / 2.4) - 0.055


@lru_cache(maxsize=256)
def to_oklab(colour: Triple) -> Triple:
    """Turn a display-referred sRGB colour (0 to 1) into OKLab: lightness and two hues."""
    r, g, b = map(_decode, colour)
    long = math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    mid = math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    short = math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    return (
        0.2104542553 * long + 0.7936177850 * mid - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * mid + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * mid - 0.8086757660 * short,
    )


def from_oklab(lab: Triple) -> Triple:
    """Turn it back; what no screen shows is clipped."""
    light, a, b = lab
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    mid = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _encode(4.0767416621 * long - 3.3077115913 * mid + 0.2309699292 * short),
        _encode(-1.2684380046 * long + 2.6097574011 * mid - 0.3413193965 * short),
        _encode(-0.0041960863 * long - 0.7034186147 * mid + 1.7076147010 * short),
    )


@lru_cache(maxsize=64)
def mix_colours(origin: Triple, goal: Triple, share: float) -> Triple:
    """Go from one colour to another in OKLab; both ends are met exactly."""
    if share <= 0.0 or share >= 1.0:
        return origin if share <= 0.0 else goal
    a, b = to_oklab(origin), to_oklab(goal)
    x, y, z = (p + (q - p) * share for p, q in zip(a, b, strict=True))
    return from_oklab((x, y, z))


def mix_numbers(origin: float, goal: float, share: float, is_exponential: bool) -> float:
    """Go straight from one number to another, or by equal ratios where both have one sign."""
    if is_exponential and origin * goal > 0.0 and 0.0 < share < 1.0:
        return origin * math.pow(goal / origin, share)
    return origin + (goal - origin) * share


def ramp_value(ramp: Ramp, seconds: float, rate: float) -> float:
    """Value of a parameter on its way, at show time `seconds`."""
    since = seconds - ramp.start / rate
    if ramp.way == BEAT:
        return ramp.origin
    if ramp.time_s <= 0.0 or since >= ramp.time_s:
        return ramp.goal if since >= 0.0 else ramp.origin
    share = shape(ramp.curve, since / ramp.time_s)
    if ramp.colours is not None:
        origin, goal, part = ramp.colours
        return mix_colours(origin, goal, share)[part]
    return mix_numbers(ramp.origin, ramp.goal, share, ramp.way == EXPONENTIAL)


def ramps_to(
    show: Show, cue: Cue, tick: int, now: Sequence[float], goals: Mapping[int, float]
) -> tuple[Ramp, ...]:
    """Send values on their way to goals, by place."""
    constants, made = show.constants, []
    for place, goal in goals.items():
        origin, parts = now[place], constants.colours.get(place)
        if show.discrete[place]:  # it has nothing between its values
            start = tick + round(cue.choices.delay_s * constants.control_hz)
            made.append(Ramp(place, origin, goal, start, 0.0, cue.choices.curve, cue.choices.kind))
            continue
        way = cue.numbers if parts is None else cue.colours
        start, kind, colours = tick + round(way.delay_s * constants.control_hz), way.kind, None
        if kind == OKLAB and parts is not None and place in parts:
            r, g, b = parts
            here = now[r], now[g], now[b]
            there = goals.get(r, here[0]), goals.get(g, here[1]), goals.get(b, here[2])
            colours = here, there, parts.index(place)
        elif kind == OWN:
            kind = EXPONENTIAL if place in constants.exponential else LINEAR
        made.append(Ramp(place, origin, goal, start, way.time_s, way.curve, kind, colours))
    return tuple(made)
