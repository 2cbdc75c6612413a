"""What a control is, guessed from how it moves: pure functions, for learning."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from engine.core.parameter import Kind
from engine.core.show.mapping import CODINGS, ControlMapping, kind_of
from engine.core.show.show import Show
from engine.sources.contract import Moved

WAIT_NS = 1_500_000_000
"""After a control's first movement: then what was seen has to do."""
BUTTON = "button"
_FEW = 10
"""Clicks that an encoder sends at once, at most, when it is turned quickly."""
_TRAVEL = 6


def guess(bits: Sequence[int], is_over: bool) -> str | None:
    """Guess from its first messages what a control is: a coding, ``button``, or not known yet.

    Parameters
    ----------
    bits
        What it sent, 0..127 each.
    is_over
        Whether it has to be guessed now.
    """
    if set(bits) <= {0, 127} and (0 in bits or (is_over and len(bits) < 3)):
        return BUTTON if len(bits) > 1 or is_over else None
    # No fader says the same twice, or jumps from end to end.
    is_odd = any(a == b or abs(a - b) > 100 for a, b in pairwise(bits))
    fitting = [name for name, fits in _FITS.items() if all(map(fits, bits))]
    if not fitting:
        return CODINGS[0] if is_over or max(bits) - min(bits) >= _TRAVEL else None
    if not is_over and (len(bits) < 4 or max(bits) <= _FEW):
        return None  # turned to one side only, it may be any of three
    if is_odd and "ones_complement" in fitting and 127 not in bits and 126 in bits:
        return "ones_complement"
    return fitting[0] if is_odd else CODINGS[0] if is_over else None


_FITS: dict[str, Callable[[int], bool]] = {
    "twos_complement": lambda b: 0 < b <= _FEW or b >= 128 - _FEW,
    "ones_complement": lambda b: 0 < b <= _FEW or 127 - _FEW <= b < 127,
    "sign_magnitude": lambda b: 0 < b <= _FEW or 64 < b <= 64 + _FEW,
    "offset_64": lambda b: 0 < abs(b - 64) <= _FEW,
}


def found(
    show: Show, target: str, seen: Mapping[tuple[str, str], Sequence[Moved]], now_ns: int
) -> ControlMapping | None:
    """Say which control of those `seen` was meant, and map it; None: it is not clear yet."""
    for (device, control), moved in seen.items():
        kind = _kind(control, moved, now_ns - moved[0].arrival_ns > WAIT_NS)
        if kind is not None:
            return _mapping(show, ControlMapping(control, target, device), kind)
    return None


def _kind(control: str, seen: Sequence[Moved], is_over: bool) -> str | None:
    """What a control is, see `guess`; None: not known yet, or nobody has moved it far enough."""
    values = [each.value for each in seen]
    if ControlMapping(control, "").is_button:
        return BUTTON if any(value > 0.0 for value in values) else None
    if kind_of(control) == "cc":
        return guess([round(127.0 * value) for value in values], is_over)
    is_far = max(values) - min(values) > 0.04 or (is_over and len(values) > 1)
    if kind_of(control) == "axis":
        is_far = max(map(abs, values)) > 0.5
    return CODINGS[0] if is_far or (kind_of(control) == "osc" and is_over) else None


def _mapping(show: Show, found: ControlMapping, kind: str) -> ControlMapping:
    """Choose what a control of that kind does to its target."""
    place = show.registry.index.get(found.address, -1)
    target = show.registry.parameters[place].kind if place >= 0 else Kind.FLOAT
    if target is Kind.TRIGGER:
        return found
    if kind == BUTTON:
        is_switch = target in (Kind.FLOAT, Kind.BOOL)
        return replace(found, mode="toggle" if is_switch and place >= 0 else "step" * (place >= 0))
    if kind != CODINGS[0]:
        return replace(found, coding=kind)
    return replace(found, mode="value") if target is Kind.BOOL else found
