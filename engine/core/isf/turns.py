"""Rates of shaders: whole rounds in a time, which go on from where they are when they are moved.

A shader counts its rounds as ``TIME * float(rate) / 3600.0``. Moved from one rate to another that
would jump by all the time that has passed. So a part of a round is added to it, which a show keeps
(`engine.core.frame.turns`) and which is 0 while nobody moves the rate.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.core.isf.inputs import Input
from engine.core.isf.source import bare

PREFIX = "host_turns_"
"""Of the uniform with the part of a round that is added for an input."""
_HOUR_S = 7200  # two: where TIME begins anew, these rounds are whole or halves
_TURNS = re.compile(r"\bTIME\s*\*\s*float\s*\(\s*(\w+)\s*\)\s*/\s*(\d+)\.0*(?![\w.])")


def turning(inputs: Iterable[Input], body: str) -> dict[str, float]:
    """Inputs that are rates, and the seconds in which a rate of 1 goes round."""
    longs = {item.name for item in inputs if item.type == "long" and not item.values}
    found: dict[str, set[int]] = {}
    for name, seconds in _TURNS.findall(bare(body)):
        if name in longs:
            found.setdefault(name, set()).add(int(seconds))
    return {
        name: float(each)
        for name, (each, *more) in found.items()
        if not more and each and _HOUR_S % each == 0
    }


def shifted(body: str, names: Iterable[str]) -> str:
    """Add what the show keeps of rates to their rounds; every line stays in its place."""
    wanted = set(names)

    def add(found: re.Match[str]) -> str:
        return f"({found[0]} + {PREFIX}{found[1]})" if found[1] in wanted else found[0]

    return _TURNS.sub(add, body) if wanted else body
