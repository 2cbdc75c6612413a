"""TOML texts from anywhere: what could take long is read in a limited child.

The parser is quadratic in the parts of a key: 16 kB can cost half a second, 400 kB ten minutes.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import Any

from engine.system.limited_child import Bounds, ask

SMALL = 16 << 10
"""Characters that are parsed at once: twice the largest show of ours."""
BOUNDS = Bounds(512 << 20, 10)


def loads(text: str) -> dict[str, Any]:
    """Parse a text.

    Raises
    ------
    ValueError
        If it is no TOML, or takes too long.
    RecursionError
        If it is nested without end.
    """
    if len(text) <= SMALL:
        return tomllib.loads(text)
    found: dict[str, Any] = ask(f"{__name__}:_loads", {}, BOUNDS, text.encode())
    return found


def _loads(data: bytes, _: Mapping[str, Any]) -> Any:
    # Dates, which nothing of ours has, come as texts.
    return json.loads(json.dumps(tomllib.loads(data.decode()), default=str))
