"""Send one OSC message to a show that plays: for a try, a script, a timer of the system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.sources.osc import sender
from engine.sources.osc.osc import parse_endpoint


def run(address: str, values: Sequence[str], to: str, is_text: bool) -> int:
    """Send numbers as numbers and everything else as text; without values it fires a trigger.

    Raises
    ------
    OSError
        If there is no such host.
    ValueError
        If OSC cannot carry it.
    """
    told: tuple[Any, ...] = tuple(values) if is_text else tuple(map(_read, values))
    if sender.encode(address, told) is None:
        raise ValueError(
            f"'{address}': an address begins with / (a message has 1472 bytes at most)"
        )
    with sender.open(*parse_endpoint(to)) as door:
        door.send(address, told)
    return 0


def _read(text: str) -> int | float | str:
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text
