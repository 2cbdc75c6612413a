"""What a mapping makes of a moved control: takeover, codings of encoders, buttons. Pure.

`bind` finds out once what a mapping moves in a show; `move` turns one movement into the value to
send, or none, given the value that is there. Whether a control has its parameter *in hand* follows
from comparing that value with what the control asked for last: a cue, another control or an undo
takes it out of the hand, and the mapping's takeover says how it gets back.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from engine.core.control.recall.ways import ramp_value
from engine.core.curves import CURVES, shape
from engine.core.event import Value
from engine.core.parameter import Kind, Parameter, coerce
from engine.core.scale import position_of, value_at
from engine.core.show.mapping import CODINGS, ControlMapping
from engine.core.show.show import Show
from engine.core.show.state import State

ARRIVED_NS = 250_000_000
"""What was asked for counts as the value so long: events take effect some frames later."""
PRESSED = 0.5
_NEAR = 2.0 / 127.0
"""Part of its way by which a control may miss a value that it picks up."""
_CLICK, _PRESS = 0.01, 0.1
_EXACT = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """A mapping and what it moves in a show.

    Parameters
    ----------
    address
        By its first name.
    place, signal
        Where its value is found; -1: there is none.
    parameter
        What it moves; of a signal, one that is as wide as the mapping's range.
    low, high
        Values at both ends of the control's way.
    ends
        The same as positions on the parameter's scale, see `engine.core.scale`.
    mode, takeover
        As they are meant where the mapping leaves them open.
    step
        Of a click or a press: part of the scale; of whole numbers, steps.
    is_whole
        Whether only whole numbers are stored.
    value
        What is sent by a press of mode ``trigger``.
    follows, is_centred, is_button, is_linear
        Whether it follows a control that has ends · see `ControlMapping` · whether equal steps are
        equal differences: worked out once, because every message asks.
    """

    mapping: ControlMapping
    address: str
    place: int
    signal: int
    parameter: Parameter
    low: float
    high: float
    ends: tuple[float, float]
    mode: str
    takeover: str
    step: float
    is_whole: bool
    value: Value
    follows: bool
    is_centred: bool
    is_button: bool
    is_linear: bool


class Hand(NamedTuple):
    """What a control did last.

    Parameters
    ----------
    at
        How far along its way it is, 0..1; None: nobody knows yet.
    asked, asked_ns
        What it sent last (before rounding), and when; None: nothing.
    is_down
        Whether it is pressed.
    """

    at: float | None = None
    asked: float | None = None
    asked_ns: int = 0
    is_down: bool = False


def bind(show: Show, host: Collection[str], mapping: ControlMapping) -> Bound:
    """Find what a mapping moves.

    Raises
    ------
    KeyError
        If nothing has the address.
    ValueError
        If it cannot be moved like that.
    """
    registry, address = show.registry, mapping.address
    place = registry.index.get(address, -1)
    signal = show.signal_of.get(address.removeprefix("/signal/"), -1)
    if place >= 0:
        parameter, signal = registry.parameters[place], -1
        if mapping.value is not None:
            coerce(parameter, mapping.value)
    elif signal >= 0 and address == f"/signal/{show.signals[signal]}":
        low, high = sorted(mapping.range or (0.0, 1.0))
        parameter = Parameter(address, low=low, high=high)
    else:
        _check_event(show, host, mapping)
        parameter = Parameter(address, Kind.TRIGGER, high=math.inf)
    mode = _mode(mapping, parameter.kind)
    takeover = mapping.takeover or ("pickup" if mapping.rests and mode == "value" else "jump")
    low, high = mapping.range or (parameter.low, parameter.high)
    ends = position_of(parameter, low), position_of(parameter, high)
    is_inside = parameter.low <= min(low, high) and max(low, high) <= parameter.high
    if not is_inside or (ends[0] == ends[1] and parameter.kind is not Kind.TRIGGER):
        raise ValueError(
            f"range: two different numbers from {parameter.low:g} to {parameter.high:g}"
        )
    is_whole = parameter.kind is not Kind.FLOAT
    step = mapping.step or (1.0 if is_whole else _PRESS if mode == "step" else _CLICK)
    step *= math.copysign(1.0, high - low) if is_whole else ends[1] - ends[0]
    value = mapping.value if mapping.value is not None else high
    if parameter.kind is Kind.TRIGGER and mapping.value is None:
        value = True
    is_linear = not is_whole and (mapping.curve, parameter.curve) == ("linear", "linear")
    return Bound(
        mapping, parameter.address, place, signal, parameter, low, high, ends, mode, takeover,
        step, is_whole, value, mode in ("value", "velocity") and mapping.coding == CODINGS[0],
        mapping.is_centred, mapping.is_button, is_linear,
    )  # fmt: skip


def _check_event(show: Show, host: Collection[str], mapping: ControlMapping) -> None:
    """Check that an address without a value is one that can be fired."""
    address = mapping.address
    if address in host:
        return
    parts = show.registry.groups.get(address)
    if parts is not None:
        if not isinstance(mapping.value, tuple) or len(mapping.value) != len(parts):
            names = " and ".join(show.registry.parameters[place].address for place in parts)
            raise ValueError(f"{address} is several numbers: map {names}, or say value = [...]")
        return
    root, _, name = address.rpartition("/")
    path = show.constants.path_of.get(root)
    if not root or path is None or name not in show.constants.paths[path].parts.events:
        raise KeyError(address)
    lengths = show.constants.paths[path].parts.events[name].lengths
    count = len(mapping.value) if isinstance(mapping.value, tuple) else mapping.value is not None
    if lengths is not None and count not in lengths(show.constants.paths[path]):
        raise ValueError(f"{address} takes numbers: say them all with value = [...]")


def _mode(mapping: ControlMapping, kind: Kind) -> str:
    if kind is Kind.TRIGGER:
        if mapping.mode not in ("", "trigger"):
            raise ValueError(f'mode: {mapping.address} is fired; "{mapping.mode}" needs a value')
        return "trigger"
    if mapping.mode:
        return mapping.mode
    if mapping.value is not None:
        return "trigger"
    return "toggle" if kind is Kind.BOOL and mapping.coding == CODINGS[0] else "value"


def present(show: Show, state: State, bound: Bound) -> float:
    """Value that is there now, in stored form; on its way where a cue moves it."""
    if bound.place < 0:
        return float(state.signals[bound.signal]) if bound.signal >= 0 else 0.0
    for ramp in state.ramps:
        if ramp.place == bound.place:
            rate = show.constants.control_hz
            return ramp_value(ramp, max(state.tick, 0) / rate, rate)
    return float(state.base[bound.place])


def move(
    bound: Bound, hand: Hand, value: float, arrival_ns: int, there: float
) -> tuple[Hand, Value | None]:
    """Take one movement of a control.

    Parameters
    ----------
    hand
        What this control did last.
    value
        Of the control, see `engine.sources.contract.Moved`.
    there
        The value that is there now, see `present`.

    Returns
    -------
    hand, value
        What it has done now; what is to be sent, or None.
    """
    at, last, asked_ns, is_down = hand
    is_held = last is not None and (
        arrival_ns - asked_ns < ARRIVED_NS or _stored(bound, last) == there
    )
    now = last if is_held and last is not None else there
    if bound.follows:
        if bound.mode == "velocity" and value <= 0.0:
            return hand, None
        before, at = at, 0.5 * (value + 1.0) if bound.is_centred else value
        at = 0.0 if at < 0.0 else 1.0 if at > 1.0 else at
        asked = _place(bound, before, at, now, is_held)
    elif bound.mode == "value":
        asked = _turned(bound, clicks(bound.mapping.coding, value), now)
    else:
        was_down, is_down = is_down, value > 0.0 if bound.is_button else value >= PRESSED
        if is_down == was_down:
            return hand, None
        if bound.mode == "trigger":
            return Hand(at, last, asked_ns, is_down), bound.value if is_down else None
        asked = _press(bound, is_down, now)
    if asked is None or (asked == last and _stored(bound, asked) == there):
        return Hand(at, last, asked_ns, is_down), None  # it is there already
    return Hand(at, asked, arrival_ns, is_down), _stored(bound, asked)


def _place(
    bound: Bound, before: float | None, at: float, now: float, is_held: bool
) -> float | None:
    """Follow a control that has ends, from where it was to where it is; None: not yet."""
    asked = value_of(bound, at)
    if bound.takeover == "jump" or bound.mode == "velocity":
        return asked
    if bound.takeover == "pickup" or before is None:
        if is_held or asked == now:
            return asked
        goal, before = position(bound, now), at if before is None else before
        is_met = min(before, at) - _NEAR <= goal <= max(before, at) + _NEAR
        return asked if is_met else None
    return value_of(bound, _together(before, at, position(bound, now)))


def _together(before: float, at: float, goal: float) -> float:
    """Move a value so that it reaches the end together with the control."""
    if at == before or goal == before:  # where it is in hand, it is exactly where the control is
        return goal if at == before else at
    if at > before:
        return min(goal + (at - before) * (1.0 - goal) / (1.0 - before), 1.0)  # by a rounding
    return goal * at / before


def clicks(coding: str, value: float) -> int:
    """How far an encoder of a coding was turned, clockwise positive: its 7 bits come by 127."""
    bits = min(max(round(value * 127.0), 0), 127)
    match coding:
        case "twos_complement":
            return bits - 128 if bits > 63 else bits
        case "ones_complement":
            return bits - 127 if bits > 63 else bits
        case "sign_magnitude":
            return 64 - bits if bits > 64 else bits & 63
        case _:
            return bits - 64


def _turned(bound: Bound, count: int, now: float) -> float | None:
    """Turn on by some clicks."""
    if not count:
        return None
    if bound.is_whole:
        low, high = sorted((bound.low, bound.high))
        return min(max(now + bound.step * count, low), high)
    return _along(bound, position_of(bound.parameter, now) + bound.step * count)


def _along(bound: Bound, at: float) -> float:
    """Value at a position on the parameter's scale, between the ends of the mapping."""
    low, high = sorted(bound.ends)
    return value_at(bound.parameter, min(max(at, low), high))


def _press(bound: Bound, is_down: bool, now: float) -> float | None:
    """Say what a button asks for when pressed, and when let go."""
    if bound.mode == "momentary":
        return bound.high if is_down else bound.low
    if not is_down:
        return None
    if bound.mode == "step":
        return _next(bound, now)
    is_on = abs(now - bound.high) < abs(now - bound.low)
    return bound.low if is_on else bound.high


def _next(bound: Bound, now: float) -> float:
    """Value of the next press: after the last one the first."""
    low, high = sorted((bound.low, bound.high))
    if bound.is_whole:
        return low + (round(now) - low + (round(bound.step) or 1)) % (high - low + 1.0)
    first, last = sorted(bound.ends)
    after = position_of(bound.parameter, now) + bound.step
    if first - _EXACT <= after <= last + _EXACT:
        return _along(bound, after)
    return low if bound.step > 0.0 else high


def _stored(bound: Bound, value: float) -> float:
    return float(round(value)) if bound.is_whole else value


def value_of(bound: Bound, at: float) -> float:
    """Value, in stored form, of a control that is so far along its way (0..1)."""
    if bound.is_linear:
        return bound.high if at == 1.0 else bound.low + at * (bound.high - bound.low)
    first, last = bound.ends
    return value_at(bound.parameter, first + shape(bound.mapping.curve, at) * (last - first))


def position(bound: Bound, value: float) -> float:
    """How far along its way (0..1) a control would be for a value: what motors and lights show."""
    first, last = bound.ends
    way = (position_of(bound.parameter, value) - first) / (last - first)
    return _unshaped(bound.mapping.curve, min(max(way, 0.0), 1.0))


def _unshaped(curve: str, y: float) -> float:
    """Find x with ``shape(curve, x) = y``, halving [0, 1]: all curves are monotonic."""
    if curve == "linear":
        return y
    of = CURVES[curve]
    rises = of(1.0) > of(0.0)
    low, high = 0.0, 1.0
    for _ in range(48):
        middle = 0.5 * (low + high)
        if (of(middle) < y) == rises:
            low = middle
        else:
            high = middle
    return high
